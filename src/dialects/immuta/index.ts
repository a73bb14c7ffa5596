/** Immuta: states and outputs of background jobs, many ids at a time, held as long as the caller likes. */
import type { Dialect } from '../../http/dialect.ts';
import { DIALECT, errorBody, STATES_OF } from './mapping.ts';
import { allServedBy, DEFAULT_OPTIONS, type ImmutaOptions, parseOptions } from './options.ts';
import { register } from './routes.ts';
import { STARTING_ENDPOINTS } from './submission.ts';
import { STATES } from './wire.ts';

export const immuta: Dialect<ImmutaOptions> = {
  name: DIALECT,
  title: 'Immuta',
  vocabulary: { words: STATES, states: STATES_OF, unsupported: {} },
  serves: [
    { method: 'POST', path: '/bim/apikey/authenticate', purpose: 'A token for an API key' },
    { method: 'POST', path: '/jobs/statuses', purpose: 'States and outputs of jobs, with a wait' },
    { method: 'GET', path: '/jobs', purpose: 'Jobs of a bulk, or what is pending for a connection' },
    { method: 'GET', path: '/jobs/search', purpose: 'Jobs by type, state and time' },
    { method: 'GET', path: '/jobs/summary', purpose: 'Jobs per type and state' },
    ...STARTING_ENDPOINTS.map(({ method, path, purpose }) => ({ method, path, purpose })),
  ],
  omits: [
    { what: '/api/connections', why: 'A newer API with tasks of its own, apart from these jobs.' },
    { what: 'Everything that starts no job', why: 'Policies, users and catalogues are the product behind the jobs.' },
  ],
  errorBody,
  setup: `curl -H "Authorization: Bearer $BIDE_KEY" -H "Content-Type: application/json" "{url}/jobs/statuses" -d '{"jobIds":["'$JOB'"],"wait":20}'`,
  parseOptions,
  playground: { ...DEFAULT_OPTIONS, endpoints: allServedBy('echo') },
  register,
};
