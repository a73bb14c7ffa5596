/** Replicate: predictions that are created, held, polled, streamed and announced, for the vendor's clients as they are. */
import type { Dialect } from '../../http/dialect.ts';
import { DIALECT, errorBody, WORDS } from './mapping.ts';
import { DEFAULT_OPTIONS, parseOptions, type ReplicateOptions } from './options.ts';
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
  ],
  omits: [
    {
      what: 'POST /v1/trainings and the like',
      why: 'A training is a job type like any other: run it as a prediction.',
    },
  ],
  errorBody,
  setup: 'curl -H "Authorization: Bearer $BIDE_KEY" "{url}/v1/predictions/$JOB"',
  parseOptions,
  playground: DEFAULT_OPTIONS,
  register,
};
