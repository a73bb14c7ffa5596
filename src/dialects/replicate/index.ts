/** Replicate: predictions that are created, held, polled, streamed and announced, for the vendor's clients as they are. */
import type { Dialect } from '../../http/dialect.ts';
import { DIALECT, errorBody, WORDS } from './mapping.ts';
import { DEFAULT_OPTIONS, parseOptions, type ReplicateOptions } from './options.ts';
import { renderDelivery } from './render-delivery.ts';
import { register } from './routes.ts';
import { STATUS_WORDS } from './wire.ts';

export const replicate: Dialect<ReplicateOptions> = {
  name: DIALECT,
  title: 'Replicate',
  vocabulary: {
    words: STATUS_WORDS,
    states: WORDS,
    unsupported: { aborted: 'The vendor’s own client knows no such end, and would poll for ever.' },
  },
  serves: [
    {
      method: 'POST',
      path: '/v1/predictions',
      purpose: 'Starts a job of a type (`version`), held with `Prefer: wait=n`',
    },
    { method: 'GET', path: '/v1/predictions/{id}', purpose: 'A job with input, logs, output and error' },
    { method: 'POST', path: '/v1/predictions/{id}/cancel', purpose: 'Cancels a job' },
    {
      method: 'POST',
      path: '/v1/models/{owner}/{name}/predictions',
      purpose: 'Starts a job of the type that is the model',
    },
    {
      method: 'POST',
      path: '/v1/deployments/{owner}/{name}/predictions',
      purpose: 'Starts a job of the type that is the deployment',
    },
    { method: 'GET', path: '/v1/predictions', purpose: 'Jobs, newest first, a hundred a page' },
    { method: 'GET', path: '/v1/streams/{pass}', purpose: 'Output as server-sent events, as it is emitted' },
    { method: 'GET', path: '/v1/webhooks/default/secret', purpose: 'The secret that signs webhooks' },
    { method: 'GET', path: '/v1/models', purpose: 'Job types' },
    { method: 'GET', path: '/v1/models/{owner}/{name}', purpose: 'A job type, with the schema of its input' },
    { method: 'GET', path: '/v1/models/{owner}/{name}/versions', purpose: 'Its one version: the type' },
    { method: 'GET', path: '/v1/models/{owner}/{name}/versions/{version}', purpose: 'The same by its name' },
    { method: 'GET', path: '/v1/deployments', purpose: 'Job types' },
    { method: 'GET', path: '/v1/deployments/{owner}/{name}', purpose: 'A job type' },
    { method: 'POST', path: '/v1/files', purpose: 'Says 501, upon which the client sends files as data URLs' },
  ],
  omits: [
    {
      what: 'GET /v1/files and what stores files',
      why: 'Inputs are JSON: a file is in them as a data URL, or by its address.',
    },
    {
      what: 'POST /v1/models, POST, PATCH and DELETE /v1/deployments, QUERY /v1/models',
      why: 'Job types are what the config says.',
    },
    {
      what: '/v1/trainings, /v1/collections, /v1/hardware, /v1/account',
      why: 'A training is a job type like any other; the rest is the vendor’s shop.',
    },
    { what: '`previous` of a page', why: 'The vendor’s client only goes on; it is always null.' },
  ],
  errorBody,
  setup: 'curl -H "Authorization: Bearer $BIDE_KEY" "{url}/v1/predictions/$JOB"',
  clientPath: '/v1',
  parseOptions,
  playground: DEFAULT_OPTIONS,
  register,
  renderDelivery,
};
