/** ToolkitAPI under the suite of all dialects, and what is the vendor's alone. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Type } from 'typebox';
import {
  complaintAboutJson,
  createWorker,
  type DialectAdapter,
  jsonOf,
  memberOf,
  openRig,
  type Rig,
  stageJob,
  TEST_TYPE,
  testDialect,
} from '../contract-suite.ts';
import { submitted } from '../submit-one.ts';
import { toolkitapi } from './index.ts';
import { idOf, vendorId } from './mapping.ts';
import { DEFAULT_OPTIONS, type ToolkitOptions } from './options.ts';
import { callersName } from './submission.ts';

const QUERY = '/v1/query/qry_sales';
const post = (path: string, json: object) => ({ method: 'POST', path, json: json as never });
const ASYNC = { dataset_id: 'dset_sales', execution_mode: 'async', parameters: { month: '2025-01' } };
const TABLE = {
  columns: ['region', 'n'],
  rows: [
    ['North', 12],
    ['South', 7],
  ],
  row_count: 2,
};

const Refusal = Type.Object(
  {
    detail: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }))),
  },
  { additionalProperties: false },
);

const adapter: DialectAdapter<ToolkitOptions> = {
  options: {
    ...DEFAULT_OPTIONS,
    sqlType: TEST_TYPE,
    datasets: { dset_sales: { table: 'sales' } },
    queries: { qry_sales: { name: 'sales', query: 'SELECT region, n FROM dataset', dataset_id: 'dset_sales' } },
  },
  credentials: (key) => ({ 'x-api-key': key }),
  start: post(QUERY, ASYNC),
  started: (answer) => idOf(String(memberOf(answer, ['job_id']))) ?? undefined,
  read: ({ id }) => ({ method: 'GET', path: `/v1/jobs/${vendorId(id)}` }),
  word: (answer) => memberOf(answer, ['status']) as string | undefined,
  succeeded(answer, _job, result) {
    const results = { columns: ['result'], rows: [[result]], row_count: 1 };
    assert.deepEqual(memberOf(answer, ['results']), results);
    assert.equal(memberOf(answer, ['progress']), 100);
  },
  unknown(answer) {
    assert.equal(answer.status, 404);
    assert.equal(answer.text, '{"detail":"Job not found"}');
  },
  hold: null,
  cancel: null,
  refused: [
    { title: 'an id of another form', request: { method: 'GET', path: '/v1/jobs/nope' }, status: 404 },
    { title: 'an unknown query', request: post('/v1/query/qry_none', {}), status: 404 },
    { title: 'an unknown data set', request: post(QUERY, { dataset_id: 'dset_none' }), status: 404 },
    { title: 'a mode that there is not', request: post(QUERY, { execution_mode: 'later' }), status: 422 },
    { title: 'parameters that are a list', request: post(QUERY, { parameters: [1] }), status: 422 },
    { title: 'a save without a query', request: post('/v1/save', { name: 'x' }), status: 422 },
    { title: 'a name that no URL takes', request: post('/v1/save', { name: 'a b', query: 'SELECT 1' }), status: 422 },
    { title: 'a save without a body', request: { method: 'POST', path: '/v1/save' }, status: 400 },
    { title: 'an analysis without a prompt', request: post('/v1/analyze', { data_url: 'https://x' }), status: 422 },
    {
      title: 'an Excel file',
      request: post('/v1/analyze', { data_url: 'https://x', prompt: 'p', file_type: 'excel' }),
      status: 400,
    },
    { title: 'the schema of nothing', request: { method: 'GET', path: '/v1/datasets/dset_none/schema' }, status: 404 },
    { title: 'an endpoint of charts', request: post('/v1/visualize', {}), status: 404 },
    {
      title: 'broken JSON',
      request: { method: 'POST', path: QUERY, body: '{', headers: { 'content-type': 'application/json' } },
      status: 400,
    },
  ],
  complaint(answer) {
    if (answer.status === 200) return jsonOf(answer) === undefined ? `the body is no JSON: ${answer.text}` : null;
    return complaintAboutJson(answer, Refusal);
  },
  fuzz: {
    query: { job_id: ['x', ''], query_id: ['qry_sales', 'x'] },
    bodies: [
      { ...ASYNC },
      { name: 'saved', query: 'SELECT 1', execution_mode: 'async' },
      { data_url: 'https://example.org/a.csv', prompt: 'p', execution_mode: 'async' },
    ],
  },
  golden: new URL('./golden/', import.meta.url),
  goldenHeaders: ['x-ratelimit-limit', 'x-ratelimit-remaining'],
  volatile: [
    { name: 'job', pattern: /job_[0-9a-f]{32}/g },
    { name: 'query', pattern: /qry_[0-9a-f]{16}/g },
    { name: 'dataset', pattern: /dset_[0-9a-f]{16}/g },
  ],
};

testDialect(toolkitapi, adapter);

describe('ToolkitAPI', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig(toolkitapi, adapter);
  });
  after(() => rig.close());

  it('the literal path template of the vendor’s SDK is filled in from the query', async () => {
    const { job } = await stageJob(rig, 'succeeded', { result: TABLE });
    const read = await rig.send({ method: 'GET', path: `/v1/jobs/%7Bjob_id%7D?job_id=${vendorId(job.id)}` });
    assert.deepEqual(memberOf(read, ['results']), TABLE);
    const run = await rig.send(post('/v1/query/%7Bquery_id%7D?query_id=qry_sales', ASYNC));
    assert.equal(memberOf(run, ['query_id']), 'qry_sales');
    const bare = await rig.send({ method: 'GET', path: '/v1/jobs/%7Bjob_id%7D' });
    assert.equal(bare.status, 404);
    const held = await createWorker(rig.engine, rig.tenant).claim(TEST_TYPE);
    await createWorker(rig.engine, rig.tenant).succeed(held, TABLE);
  });

  it('a refusal names what the caller wrote', () => {
    assert.equal(callersName('/datasets/dataset'), 'data_url');
    assert.equal(callersName('/parameters/distance'), 'parameters.distance');
    const issues = [{ path: '/datasets/dataset', message: 'is not below one of the URLs that the config allows' }];
    assert.throws(() => submitted({ kind: 'invalidInput', issues }, callersName), {
      message: 'data_url: is not below one of the URLs that the config allows',
    });
  });

  it('the handler gets the query over its data set, and its parameters as values', async () => {
    const id = idOf(String(memberOf(await rig.send(post(QUERY, ASYNC)), ['job_id']))) ?? '';
    assert.deepEqual(JSON.parse((await rig.engine.readInput(rig.tenant, id)) ?? ''), {
      query: 'WITH dataset AS (SELECT * FROM "sales")\nSELECT * FROM (\nSELECT region, n FROM dataset\n)',
      parameters: { month: '2025-01' },
    });
    await rig.engine.cancel(rig.tenant, id);
  });

  it('a synchronous query is held until its rows are there', async () => {
    const answer = rig.send(post(QUERY, {}));
    await rig.held(1);
    const worker = createWorker(rig.engine, rig.tenant);
    await worker.succeed(await worker.claim(TEST_TYPE), TABLE);
    const body = jsonOf(await answer) as Record<string, unknown>;
    assert.deepEqual(body.results, TABLE);
    assert.deepEqual([body.status, body.execution_mode, body.job_id], ['succeeded', 'sync', null]);
  });

  it('a synchronous query that fails is a 400 with its message, one that takes too long a 504', async () => {
    const worker = createWorker(rig.engine, rig.tenant);
    const failing = rig.send(post(QUERY, {}));
    await rig.held(1);
    await worker.fail(await worker.claim(TEST_TYPE), "column 'region' not found");
    assert.equal((await failing).text, '{"detail":"column \'region\' not found"}');
    const late = rig.send(post(QUERY, {}));
    await rig.held(1);
    rig.clock.advance(DEFAULT_OPTIONS.syncTimeoutMs);
    assert.equal((await late).status, 504);
  });

  it('a saved query is run by its id, by its tenant only', async () => {
    const saved = await rig.send(post('/v1/save', { name: 'by-region', query: 'SELECT 1', dataset_id: 'dset_sales' }));
    assert.equal(memberOf(saved, ['status']), 'saved');
    const path = `/v1/query/${memberOf(saved, ['query_id'])}`;
    const run = await rig.send(post(path, { execution_mode: 'async' }));
    assert.equal(memberOf(run, ['dataset_id']), 'dset_sales');
    assert.equal((await rig.send(post(path, {}), 'other')).status, 404);
    await rig.engine.cancel(rig.tenant, idOf(String(memberOf(run, ['job_id']))) ?? '');
  });

  it('a key that may only read is told no schema, since queries are run to find it out', async () => {
    const refused = await rig.send({ method: 'GET', path: '/v1/datasets/dset_sales/schema' }, 'reader');
    assert.equal(refused.status, 403);
    assert.match(refused.text, /needs the scope submit/);
  });

  it('a job that ended badly is a 200 with an error, its progress frozen', async () => {
    for (const state of ['failed', 'cancelled', 'expired'] as const) {
      const { job } = await stageJob(rig, state);
      const read = jsonOf(await rig.send({ method: 'GET', path: `/v1/jobs/${job.id}` })) as Record<string, unknown>;
      assert.equal(read.status, 'failed');
      assert.equal(typeof read.error, 'string');
      assert.equal(read.results, null);
      assert.match(String(read.completed_at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    }
  });

  it('every answer tells where its caller stands, refusals included', async () => {
    for (const path of ['/v1/jobs/nope', '/v1/nothing', '/v1/status']) {
      for (const caller of ['owner', 'nobody'] as const) {
        const { headers } = await rig.send({ method: 'GET', path }, caller);
        const standing = ['limit', 'remaining', 'reset'].map((name) => Number(headers[`x-ratelimit-${name}`]));
        assert.ok(
          standing.every((value) => Number.isSafeInteger(value)),
          `${path} as ${caller}`,
        );
      }
    }
  });

  it('keys come in any header of the vendor or its marketplace', async () => {
    const { owner } = rig.keys;
    for (const headers of [{ 'x-rapidapi-key': owner }, { authorization: `Bearer ${owner}` }, { 'X-API-Key': owner }]) {
      const answer = await rig.send({ method: 'GET', path: '/v1/jobs/nope', headers: headers as never }, 'nobody');
      assert.equal(answer.status, 404);
    }
    const refused = await rig.send({ method: 'GET', path: '/v1/jobs/nope' }, 'nobody');
    assert.equal(refused.text, '{"detail":"Invalid or missing API key"}');
  });
});

describe('ToolkitAPI with a limit of three requests', () => {
  it('says how many are left, refuses the fourth, and makes room when the window has passed', async () => {
    const options = { ...adapter.options, requestsMax: 3, windowMs: 60_000 };
    const rig = await openRig(toolkitapi, { ...adapter, options });
    const read = () => rig.send({ method: 'GET', path: '/v1/jobs/nope' });
    const remaining = async () => (await read()).headers['x-ratelimit-remaining'];
    assert.deepEqual([await remaining(), await remaining(), await remaining()], ['2', '1', '0']);
    const refused = await read();
    assert.equal(refused.status, 429);
    assert.equal(refused.text, '{"detail":"Rate limit exceeded. Please try again later."}');
    const resetAt = Number(refused.headers['x-ratelimit-reset']) * 1_000;
    assert.equal(Number(refused.headers['retry-after']), Math.ceil((resetAt - rig.clock.now()) / 1_000));
    rig.clock.advance(resetAt - rig.clock.now());
    assert.equal((await read()).status, 404);
    await rig.close();
  });
});

describe('ToolkitAPI as it is today', () => {
  it('answers 501 where the vendor does', async () => {
    const rig = await openRig(toolkitapi, { ...adapter, options: { ...adapter.options, phase1: true } });
    const answers = [
      await rig.send({ method: 'GET', path: '/v1/jobs/job_abc001' }),
      await rig.send(post('/v1/save', {})),
    ];
    for (const answer of answers) {
      assert.equal(answer.status, 501);
      assert.equal(answer.text, '{"detail":"Not implemented"}');
    }
    await rig.close();
  });
});
