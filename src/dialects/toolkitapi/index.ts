/** ToolkitAPI Analytics: saved queries over data sets, run at once or as jobs that are polled. */
import type { Dialect } from '../../http/dialect.ts';
import { DIALECT, errorBody, WORDS } from './mapping.ts';
import { DEFAULT_OPTIONS, parseOptions, type ToolkitOptions } from './options.ts';
import { register } from './routes.ts';
import { STATUS_WORDS } from './wire.ts';

export const toolkitapi: Dialect<ToolkitOptions> = {
  name: DIALECT,
  title: 'ToolkitAPI Analytics',
  vocabulary: { words: STATUS_WORDS, states: WORDS, unsupported: {} },
  serves: [
    { method: 'GET', path: '/v1/jobs/{job_id}', purpose: 'Status, progress and rows of a job' },
    { method: 'POST', path: '/v1/query/{query_id}', purpose: 'Runs a saved query, at once or as a job' },
    { method: 'POST', path: '/v1/save', purpose: 'Saves a query' },
    { method: 'POST', path: '/v1/analyze', purpose: 'Registers data by its address and answers a prompt' },
    { method: 'GET', path: '/v1/datasets/{dataset_id}/schema', purpose: 'Columns of a data set' },
    { method: 'GET', path: '/v1/status', purpose: 'Says that the server runs' },
  ],
  omits: [
    { what: 'POST /v1/datasets/bundle', why: 'Its bodies are documented nowhere.' },
    {
      what: 'POST /v1/visualize, POST /v1/validate-chart, GET /v1/image/download/{image_id}',
      why: 'Charts are not jobs.',
    },
    { what: 'Excel files', why: 'The SQL engine reads CSV, JSON and Parquet.' },
  ],
  errorBody,
  setup: 'curl -H "X-API-Key: $BIDE_KEY" "{url}/v1/jobs/$JOB"',
  parseOptions,
  playground: {
    ...DEFAULT_OPTIONS,
    sqlType: 'sql',
    datasets: { dset_weather: { table: 'weather' } },
    queries: {
      qry_weather: {
        name: 'days-by-weather',
        query: 'SELECT weather, count(*) AS days FROM dataset GROUP BY weather ORDER BY days DESC, weather',
        dataset_id: 'dset_weather',
      },
    },
  },
  register,
};
