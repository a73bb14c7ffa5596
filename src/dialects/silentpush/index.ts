/** Silent Push "explore": searches that answer with their rows when these are there soon, else with a job to poll. */
import type { Dialect } from '../../http/dialect.ts';
import { errorBody, NAME, WORDS } from './mapping.ts';
import { parseOptions, type SilentpushOptions } from './options.ts';
import { register } from './routes.ts';
import { JOB_PATH, ME_PATH, READ_ENDPOINTS, STARTING_ENDPOINTS, STATUS_WORDS } from './wire.ts';

export const silentpush: Dialect<SilentpushOptions> = {
  name: NAME,
  title: 'Silent Push',
  vocabulary: {
    words: STATUS_WORDS,
    states: WORDS,
    unsupported: {
      RECEIVED: 'Celery uses it in worker events only; the API never sends it.',
      REJECTED: 'Celery uses it in worker events only; the API never sends it.',
      IGNORED: 'Internal to Celery: a task that chose to leave no state.',
    },
  },
  serves: [
    { method: 'GET', path: JOB_PATH, purpose: 'Status of a job, or its result; held up to 25 s' },
    ...STARTING_ENDPOINTS.map(({ method, path, purpose }) => ({ method, path, purpose })),
    ...READ_ENDPOINTS.map(({ method, path, purpose }) => ({ method, path, purpose })),
    { method: 'GET', path: ME_PATH, purpose: 'Who the key belongs to' },
  ],
  omits: [
    {
      what: '/api/v1/feeds, /api/v1/export, /api/v2/iocs',
      why: 'Other APIs with another error shape; they have no jobs.',
    },
    { what: 'cancel, list, idempotency', why: 'The vendor has none on this surface; the native API offers them.' },
  ],
  errorBody,
  setup: 'curl -H "X-API-KEY: $BIDE_KEY" "{url}/api/v1/merge-api/explore/job/$JOB?max_wait=20"',
  parseOptions,
  playground: {
    endpoints: Object.fromEntries(STARTING_ENDPOINTS.map(({ name }) => [name, { type: 'certificates' }])),
    maxWait: 'clamp',
    unknownJobs: 'notFound',
  },
  register,
  // One client doubles the slash before the job id, others end their paths with one.
  router: { ignoreDuplicateSlashes: true, ignoreTrailingSlash: true, querystringParser: () => ({}) },
};
