/** Kinetica: endpoints run as jobs by name, answers wrapped in five fields, JSON and binary Avro bodies. */
import type { Dialect } from '../../http/dialect.ts';
import { DIALECT, errorBody, WORDS } from './mapping.ts';
import { DEFAULT_OPTIONS, type KineticaOptions, parseOptions } from './options.ts';
import { register } from './routes.ts';
import { STATUS_WORDS } from './wire.ts';

export const kinetica: Dialect<KineticaOptions> = {
  name: DIALECT,
  title: 'Kinetica',
  vocabulary: { words: STATUS_WORDS, states: WORDS, unsupported: {} },
  serves: [
    { method: 'POST', path: '/create/job', purpose: 'Runs another endpoint as a job' },
    { method: 'POST', path: '/get/job', purpose: 'Status and answer of a job' },
    { method: 'POST', path: '/admin/alter/jobs', purpose: 'Cancels jobs' },
    { method: 'POST', path: '/admin/show/jobs', purpose: 'Lists jobs' },
    { method: 'POST', path: '/execute/sql', purpose: 'Runs a statement and answers with its rows' },
    { method: 'POST', path: '/show/system/status', purpose: 'Whether the server runs, and its version' },
    { method: 'POST', path: '/show/system/properties', purpose: 'Where clients find the nodes' },
    {
      method: 'POST',
      path: '/clear/table',
      purpose: 'Says that paging is over; what was kept for it goes in its time',
    },
    { method: 'POST', path: '/admin/show/cluster/operations', purpose: 'That the cluster is idle' },
    { method: 'POST', path: '/admin/show/shards', purpose: 'One shard, on the one worker' },
    { method: 'GET', path: '/', purpose: 'Says that the server runs' },
  ],
  omits: [
    {
      what: 'All other endpoints, called directly',
      why: 'They belong to the database; what a config maps runs through /create/job.',
    },
    {
      what: 'data and request_schema_str of /execute/sql',
      why: 'Records are inserted by them, and nothing is inserted here; values for a query come in query_parameters.',
    },
    { what: 'Statements other than queries', why: 'Queries come from callers and run locked down, read only.' },
  ],
  errorBody,
  setup: `curl -u "me:$BIDE_KEY" -H "Content-Type: application/json" "{url}/get/job" -d '{"job_id":'$JOB'}'`,
  parseOptions,
  playground: { ...DEFAULT_OPTIONS, endpoints: { '/execute/sql': { type: 'sql', kind: 'sql' } } },
  register,
};
