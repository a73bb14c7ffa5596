/** ToolkitAPI: the documented round (async query, poll, results), sync queries, saved ones, schemas, the SDK's literal path, refusals. */
import { anyInteger, anyText, listOf, oneOf, type Pattern } from './pattern.ts';
import type { Stage, VendorDemo } from './stage.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const JOB_ID = /^job_[0-9a-f]{32}$/;
/** The three airports with most flights of 1,000 miles and more, of three million flights. */
const DELAYS: Pattern = {
  columns: ['origin', 'flights', 'delay'],
  rows: listOf(listOf(oneOf(anyText, anyInteger), 3), 3),
  row_count: 3,
};

export const toolkitapiDemo: VendorDemo = {
  dialect: 'toolkitapi',
  title: 'ToolkitAPI',
  async play(stage) {
    const headers = { 'X-API-Key': stage.key };
    await asyncQuery(stage, headers);
    await syncQuery(stage, headers);
    await saved(stage, headers);
    await failing(stage, headers);
    await refusals(stage, headers);
  },
};

type Headers = Readonly<Record<string, string>>;

async function asyncQuery(stage: Stage, headers: Headers): Promise<void> {
  stage.say('A query is run as a job, which is polled as the documentation says.');
  const json = { execution_mode: 'async', parameters: { distance: 1000 } };
  const started = await stage.exchange(
    { method: 'POST', path: '/v1/query/qry_delays', headers, json },
    {
      status: 200,
      json: {
        ...{ query_id: 'qry_delays', dataset_id: 'dset_flights', execution_mode: 'async' },
        ...{ status: oneOf('queued', 'running'), results: null, job_id: JOB_ID, created_at: TIME },
      },
      check: ({ headers: given }) => (given.has('x-ratelimit-remaining') ? null : 'there are no rate limit headers'),
    },
  );
  const { job_id: id } = started.json as { job_id: string };
  const done: Pattern = {
    ...{ job_id: id, query_id: 'qry_delays', dataset_id: 'dset_flights', status: 'succeeded', progress: 100 },
    ...{ results: DELAYS, error: null, created_at: TIME, completed_at: TIME },
  };
  const isDone = ({ json: body }: { json: unknown }) => (body as { status: string }).status === 'succeeded';
  await stage.poll({ path: `/v1/jobs/${id}`, headers }, isDone, { status: 200, json: done });
  stage.say('The vendor’s own SDK never fills in the path; it is understood all the same.');
  await stage.exchange({ path: `/v1/jobs/%7Bjob_id%7D?job_id=${id}`, headers }, { status: 200, json: done });
}

async function syncQuery(stage: Stage, headers: Headers): Promise<void> {
  stage.say('The same query, synchronously.');
  await stage.exchange(
    { method: 'POST', path: '/v1/query/qry_delays', headers, json: { parameters: { distance: 1000 } } },
    {
      status: 200,
      json: {
        ...{ query_id: 'qry_delays', dataset_id: 'dset_flights', execution_mode: 'sync' },
        ...{ status: 'succeeded', results: DELAYS, job_id: null, created_at: TIME },
      },
    },
  );
}

async function saved(stage: Stage, headers: Headers): Promise<void> {
  stage.say('A query is saved and run; its data set is described.');
  const query = 'SELECT weather, count(*) AS days FROM dataset GROUP BY weather ORDER BY days DESC LIMIT 2';
  const save = await stage.exchange(
    { method: 'POST', path: '/v1/save', headers, json: { name: 'days', query, dataset_id: 'dset_weather' } },
    { status: 200, json: { query_id: /^qry_/, name: 'days', created_at: TIME, status: 'saved' } },
  );
  const { query_id: id } = save.json as { query_id: string };
  const rows = [
    ['rain', 641],
    ['sun', 640],
  ];
  await stage.exchange(
    { method: 'POST', path: `/v1/query/${id}`, headers, json: {} },
    {
      status: 200,
      json: {
        ...{ query_id: id, dataset_id: 'dset_weather', execution_mode: 'sync', status: 'succeeded' },
        ...{ results: { columns: ['weather', 'days'], rows, row_count: 2 }, job_id: null, created_at: TIME },
      },
    },
  );
  const column: Pattern = { name: anyText, dtype: anyText, null_count: 0 };
  await stage.exchange(
    { path: '/v1/datasets/dset_weather/schema', headers },
    { status: 200, json: { dataset_id: 'dset_weather', columns: listOf(column, 6), row_count: 1461 } },
  );
}

async function failing(stage: Stage, headers: Headers): Promise<void> {
  stage.say('A job that fails is a 200 that says why.');
  const json = { execution_mode: 'async' };
  const started = await stage.exchange(
    { method: 'POST', path: '/v1/query/qry_broken', headers, json },
    { status: 200, check: () => null },
  );
  const { job_id: id } = started.json as { job_id: string };
  const isDone = ({ json: body }: { json: unknown }) => (body as { status: string }).status === 'failed';
  await stage.poll({ path: `/v1/jobs/${id}`, headers }, isDone, {
    status: 200,
    json: {
      ...{ job_id: id, query_id: 'qry_broken', dataset_id: 'dset_weather', status: 'failed', progress: anyInteger },
      ...{ results: null, error: /region/, created_at: TIME, completed_at: TIME },
    },
  });
}

async function refusals(stage: Stage, headers: Headers): Promise<void> {
  stage.say('The example request of the documentation, for a job that is not there; then what else is refused.');
  await stage.exchange({ path: '/v1/jobs/job_abc001', headers }, { status: 404, json: { detail: 'Job not found' } });
  await stage.exchange(
    { path: '/v1/jobs/job_abc001' },
    { status: 401, json: { detail: 'Invalid or missing API key' } },
  );
  await stage.exchange(
    { method: 'POST', path: '/v1/query/qry_delays', headers, json: { execution_mode: 'later' } },
    {
      status: 422,
      json: {
        detail: 'Validation error',
        errors: [{ field: 'execution_mode', message: 'Must be sync or async' }],
      },
    },
  );
}
