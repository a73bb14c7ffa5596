/** Long-running operations as Google (AIP-151) and Azure have them: the generic clients of both follow any job. */
import type { Dialect } from '../../http/dialect.ts';
import { DIALECT, errorBody, WORDS } from './mapping.ts';
import { DEFAULT_OPTIONS, type LroOptions, parseOptions } from './options.ts';
import { register } from './routes.ts';
import { STATUS_WORDS } from './wire.ts';

export const lro: Dialect<LroOptions> = {
  name: DIALECT,
  title: 'Long-running operations (Google AIP-151, Azure)',
  vocabulary: { words: STATUS_WORDS, states: WORDS, unsupported: {} },
  serves: [
    { method: 'POST', path: '/v1/types/{type}:start', purpose: 'Google: starts a job, the body is its input' },
    {
      method: 'GET',
      path: '/v1/operations/{operation}',
      purpose: 'Google: the operation, with response or error when done',
    },
    { method: 'GET', path: '/v1/operations', purpose: 'Google: operations page by page, with filter' },
    {
      method: 'POST',
      path: '/v1/operations/{operation}:wait',
      purpose: 'Google: the operation once it is done, or at the timeout',
    },
    { method: 'POST', path: '/v1/operations/{operation}:cancel', purpose: 'Google: asks for a cancel' },
    { method: 'DELETE', path: '/v1/operations/{operation}', purpose: 'Google: forgets an operation that is done' },
    {
      method: 'POST',
      path: '/azure/types/{type}:start',
      purpose: 'Azure: starts a job; poll=operation-location, azure-asyncoperation or location says how it is followed',
    },
    { method: 'GET', path: '/azure/operations/{operation}', purpose: 'Azure: the status monitor, with Retry-After' },
    {
      method: 'GET',
      path: '/azure/operations/{operation}/result',
      purpose: 'Azure: 202 until the result is there, then the result',
    },
    { method: 'POST', path: '/azure/operations/{operation}:cancel', purpose: 'Azure: asks for a cancel' },
    { method: 'DELETE', path: '/azure/operations/{operation}', purpose: 'Azure: forgets an operation that has ended' },
    {
      method: 'PUT',
      path: '/azure/types/{type}/resources/{name}',
      purpose: 'Azure: starts a job under a name, followed at this URL',
    },
    {
      method: 'GET',
      path: '/azure/types/{type}/resources/{name}',
      purpose: 'Azure: the resource and its provisioningState',
    },
  ],
  omits: [
    { what: 'gRPC', why: 'Google’s clients speak REST with `fallback: true`.' },
    {
      what: 'Other fields in filter, order_by',
      why: 'They would read every job; done, metadata.type and metadata.state are looked up.',
    },
    {
      what: 'Operation-Id of the caller',
      why: 'Ids are the server’s, the same in every dialect; Repeatability-Request-ID makes a start safe to repeat.',
    },
    { what: 'PATCH and DELETE as operations that take long', why: 'Jobs are started, not changed.' },
  ],
  errorBody,
  setup: 'curl -H "Authorization: Bearer $BIDE_KEY" "{url}/v1/operations/$JOB"',
  parseOptions,
  playground: DEFAULT_OPTIONS,
  register,
};
