/** Immuta under the suite of all dialects, and what is the vendor's alone. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Type } from 'typebox';
import {
  complaintAboutJson,
  type DialectAdapter,
  jsonOf,
  memberOf,
  openRig,
  type Rig,
  stageJob,
  TEST_TYPE,
  testDialect,
} from '../contract-suite.ts';
import { immuta } from './index.ts';
import { allServedBy, DEFAULT_OPTIONS, type ImmutaOptions } from './options.ts';

const STATUSES = '/jobs/statuses';
const TRIGGER = '/snowflake/handler/7/triggerHighCardinalityJob';
const post = (json: object) => ({ method: 'POST', path: STATUSES, json: json as never });

const Boom = Type.Object(
  { statusCode: Type.Integer(), error: Type.String(), message: Type.String() },
  { additionalProperties: false },
);

const adapter: DialectAdapter<ImmutaOptions> = {
  options: { ...DEFAULT_OPTIONS, endpoints: allServedBy(TEST_TYPE) },
  credentials: (key) => ({ authorization: key }),
  start: { method: 'PUT', path: TRIGGER },
  started: (answer) => (typeof jsonOf(answer) === 'string' ? String(jsonOf(answer)) : undefined),
  read: ({ id }) => post({ jobIds: [id] }),
  word: (answer, { id }) => memberOf(answer, [id, 'state']) as string | undefined,
  succeeded: (answer, { id }, result) => assert.deepEqual(memberOf(answer, [id, 'output']), { value: result }),
  unknown(answer) {
    assert.equal(answer.status, 200);
    assert.equal(answer.text, '{}');
  },
  hold: ({ id }, seconds) => post({ jobIds: [id], wait: seconds, pollInterval: 1 }),
  readings: () => ({
    submit: { tags: { 'immuta.bulkId': 'b1', 'immuta.connectionString': 'c1' } },
    requests: ({ id }) => [
      post({ jobIds: [id, id], wait: 0 }),
      ...['?bulkId=b1', '?connectionString=c1', '/search', '/summary'].map((rest) => ({
        method: 'GET',
        path: `/jobs${rest}`,
      })),
    ],
  }),
  together: (jobs) => [
    { request: post({ jobIds: jobs.map(({ id }) => id) }), of: (answer, { id }) => memberOf(answer, [id]) },
    { request: post({ jobIds: jobs.map(({ id }) => id), wait: 1 }), of: (answer, { id }) => memberOf(answer, [id]) },
    { request: { method: 'GET', path: '/jobs?bulkId=b1' }, of: (answer, { id }) => memberOf(answer, [id]) },
    {
      request: { method: 'GET', path: '/jobs/search?size=100' },
      of: (answer, { id }) => (memberOf(answer, ['jobs']) as { id: string }[]).find((job) => job.id === id),
    },
  ],
  cancel: null,
  refused: [
    { title: 'statuses without jobIds', request: post({ wait: 1 }), status: 400 },
    { title: 'jobIds that are null', request: post({ jobIds: null }), status: 400 },
    { title: 'jobIds that are numbers', request: post({ jobIds: [1] }), status: 400 },
    { title: 'a fractional wait', request: post({ jobIds: [], wait: 1.5 }), status: 400 },
    { title: 'a wait as text', request: post({ jobIds: [], wait: '5' }), status: 400 },
    { title: 'pollInterval 0', request: post({ jobIds: [], wait: 5, pollInterval: 0 }), status: 400 },
    { title: 'a fractional pollInterval', request: post({ jobIds: [], pollInterval: 1.5 }), status: 400 },
    { title: 'too many ids', request: post({ jobIds: Array.from({ length: 1_001 }, () => 'x') }), status: 400 },
    { title: 'no body', request: { method: 'POST', path: STATUSES }, status: 400 },
    { title: 'broken JSON', request: { method: 'POST', path: STATUSES, body: '{"jobIds":[' }, status: 400 },
    { title: 'jobs without a filter', request: { method: 'GET', path: '/jobs' }, status: 400 },
    { title: 'a state that there is not', request: { method: 'GET', path: '/jobs/search?state=done' }, status: 400 },
    { title: 'a size of 0', request: { method: 'GET', path: '/jobs/search?size=0' }, status: 400 },
    { title: 'a date that is none', request: { method: 'GET', path: '/jobs/search?startDate=soon' }, status: 400 },
    { title: 'an empty bulk', request: { method: 'POST', path: '/snowflake/handler', json: [] }, status: 400 },
    {
      title: 'a wait of a plan that is no number',
      request: { method: 'POST', path: '/api/v2/data?wait=x' },
      status: 400,
    },
  ],
  complaint(answer) {
    if (answer.status !== 200) {
      const complaint = complaintAboutJson(answer, Boom);
      if (complaint !== null) return complaint;
      const code = memberOf(answer, ['statusCode']);
      return code === answer.status ? null : `statusCode is ${code}, the HTTP status ${answer.status}`;
    }
    return jsonOf(answer) === undefined ? `the body is no JSON: ${answer.text}` : null;
  },
  fuzz: {
    query: {
      bulkId: ['x', ''],
      connectionString: ['user@host:443/db', '%zz'],
      state: ['failed', 'created', 'done'],
      size: ['1', '0', '-1', 'x'],
      offset: ['0', '5', '99999999'],
      jobType: ['a', ''],
      startDate: ['2020-01-01', 'x'],
      wait: ['0', '-1', 'x'],
      dryRun: ['true', 'false'],
    },
    bodies: [
      { jobIds: ['cefb58a0-cd71-11ec-8e29-81c20d280994'], wait: 0, pollInterval: 1 },
      { apikey: 'k' },
      { handler: { metadata: { hostname: 'h', database: 'd' } } },
    ],
  },
  golden: new URL('./golden/', import.meta.url),
};

testDialect(immuta, adapter);

describe('Immuta', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig(immuta, adapter);
  });
  after(() => rig.close());
  const outputOf = async (id: string) => memberOf(await rig.send(post({ jobIds: [id] })), [id, 'output']);

  it('a key is exchanged for a token as JSON, as a form and by header; the token works with and without Bearer', async () => {
    const { owner } = rig.keys;
    const path = '/bim/apikey/authenticate';
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const answers = await Promise.all([
      rig.send({ method: 'POST', path, json: { apikey: owner } }, 'nobody'),
      rig.send({ method: 'POST', path, body: `apikey=${owner}`, headers: form }, 'nobody'),
      rig.send({ method: 'POST', path }, 'owner'),
    ]);
    for (const answer of answers) {
      assert.equal(answer.status, 200, answer.text);
      const token = String(memberOf(answer, ['token']));
      for (const authorization of [token, `Bearer ${token}`, `bearer ${token}`]) {
        const read = await rig.send({ ...post({ jobIds: [] }), headers: { authorization } }, 'nobody');
        assert.equal(read.text, '{}');
      }
    }
    assert.equal((await rig.send({ method: 'POST', path, json: { apikey: 'nope' } }, 'nobody')).status, 401);
    assert.equal((await rig.send(post({ jobIds: [] }), 'nobody')).status, 401);
  });

  it('outputs are objects or null: values are boxed, errors have name, message and stack', async () => {
    for (const [result, output] of [
      [{ rows: 12 }, { rows: 12 }],
      ['text', { value: 'text' }],
      [[1, 2], { value: [1, 2] }],
      [null, null],
    ] as const) {
      const { job } = await stageJob(rig, 'succeeded', { result });
      assert.deepEqual(await outputOf(job.id), output);
    }
    for (const state of ['failed', 'retrying'] as const) {
      const output = (await outputOf((await stageJob(rig, state)).job.id)) as Record<string, string>;
      assert.deepEqual(Object.keys(output).slice(0, 3), ['name', 'message', 'stack']);
      assert.equal(output.name, 'Error');
    }
    for (const state of ['cancelled', 'expired', 'queued', 'running'] as const) {
      assert.equal(await outputOf((await stageJob(rig, state)).job.id), null);
    }
  });

  it('ids come once each, in the order asked, unknown ones and ones of another form left out', async () => {
    const first = (await stageJob(rig, 'succeeded')).job.id;
    const second = (await stageJob(rig, 'queued')).job.id;
    const jobIds = [second, 'nonsense', first, second, '00000000-0000-1000-8000-000000000000'];
    const answer = await rig.send(post({ jobIds }));
    assert.deepEqual(Object.keys(jsonOf(answer) as object), [second, first]);
    const bare = await rig.send(post({ jobIds: first }));
    assert.deepEqual(Object.keys(jsonOf(bare) as object), [first]);
  });

  it('a poll for one job says the same however it is written', async () => {
    const { id } = (await stageJob(rig, 'queued')).job;
    const json = { 'content-type': 'application/json' };
    const bodies = [
      `{"jobIds":["${id}"]}`,
      ` { "jobIds" : [ "${id}" ] } `,
      `{"jobIds":["${id.replace('-', '\\u002d')}"]}`,
      `{"jobIds":["${id}","${id}"],"wait":0}`,
      `{"jobIds":"${id}"}`,
    ];
    const answers = await Promise.all(
      bodies.map((body) => rig.send({ method: 'POST', path: STATUSES, body, headers: json })),
    );
    assert.equal(new Set(answers.map(({ text }) => text)).size, 1, answers.map(({ text }) => text).join());
    for (const answer of answers) assert.equal(memberOf(answer, [id, 'state']), 'created');
  });

  it('a wait without end with unknown ids alone is answered at once', async () => {
    const answer = await rig.send(post({ jobIds: ['00000000-0000-1000-8000-000000000000'], wait: -1 }));
    assert.equal(answer.text, '{}');
  });

  it('a wait without end is held until the last job is done, a retry in between counting as open', async () => {
    const staged = await stageJob(rig, 'retrying');
    const done = await stageJob(rig, 'succeeded');
    const answer = rig.send(post({ jobIds: [done.job.id, staged.job.id], wait: -1, pollInterval: 3_600 }));
    await rig.held(1);
    await rig.engine.cancel(rig.tenant, staged.job.id);
    assert.equal(memberOf(await answer, [staged.job.id, 'state']), 'cancelled');
  });

  it('one object with a list of handlers becomes a bulk, found by its id and by its connection', async () => {
    const metadata = { username: 'user', hostname: 'host', port: 443, database: 'db' };
    const body = { handler: [{ metadata }, { metadata, type: 'second' }], dataSource: { name: 'x' } };
    const started = await rig.send({ method: 'POST', path: '/snowflake/handler', json: body });
    const { bulkId, ...rest } = jsonOf(started) as { bulkId: string };
    assert.deepEqual(rest, { connectionString: 'user@host:443/db' });
    const found = await rig.send({ method: 'GET', path: `/jobs?bulkId=${bulkId}` });
    const jobs = Object.values(jsonOf(found) as Record<string, { id: string; state: string }>);
    assert.deepEqual(
      jobs.map(({ state }) => state),
      ['created', 'created'],
    );
    const inputs = await Promise.all(jobs.map(({ id }) => rig.engine.readInput(rig.tenant, id)));
    assert.deepEqual(
      inputs.map((input) => (JSON.parse(input ?? '') as { body: unknown }).body),
      [{ metadata }, { metadata, type: 'second' }].map((handler) => ({ dataSource: { name: 'x' }, handler })),
    );
    const pending = await rig.send({ method: 'GET', path: '/jobs?connectionString=user@host:443/db' });
    assert.equal(pending.text, '{"pending":"2"}');
    const other = await rig.send({ method: 'GET', path: '/jobs?connectionString=user@host:443/other' });
    assert.equal(other.text, '{}');
  });

  const data = (query: string, json: object) => ({ method: 'POST', path: `/api/v2/data${query}`, json: json as never });
  const remove = (key: string, query = '') => ({ method: 'DELETE', path: `/api/v2/data/${key}${query}` });
  const jobsInAll = async () => memberOf(await rig.send({ method: 'GET', path: '/jobs/summary' }), ['jobType']);

  it('a dry run answers the plan and starts nothing', async () => {
    const before = await jobsInAll();
    const body = { connectionKey: 'dry', sources: [{ name: 'a' }, { tableName: 'b' }] };
    const answer = await rig.send(data('?dryRun=true', body));
    assert.deepEqual(jsonOf(answer), {
      ...{ dryRun: true, creating: ['a', 'b'], updating: [], deleting: [], noChange: [] },
      ...{ detectionRunning: false, tagsUpdated: false },
    });
    assert.equal((await rig.send(remove('dry', '?dryRun=true'))).status, 404);
    assert.equal((await rig.send(data('?dryRun=maybe', body))).status, 400);
    assert.deepEqual(await jobsInAll(), before);
  });

  it('a connection exists from its application to its deletion, which is how clients read it', async () => {
    const body = { connectionKey: 'flights', sources: [{ name: 'a' }, { name: 'b' }] };
    const applied = await rig.send(data('', body));
    const { bulkId, jobId } = jsonOf(applied) as { bulkId: string; jobId: string };
    assert.deepEqual(Object.keys(jsonOf(await rig.send({ method: 'GET', path: `/jobs?bulkId=${bulkId}` })) as object), [
      jobId,
    ]);
    const exists = await rig.send(remove('flights', '?dryRun=true'));
    assert.deepEqual([exists.status, memberOf(exists, ['deleting'])], [200, ['a', 'b']]);
    const next = await rig.send(
      data('?dryRun=true', { connectionKey: 'flights', sources: [{ name: 'b' }, { name: 'c' }] }),
    );
    const { creating, updating, deleting } = jsonOf(next) as Record<string, unknown>;
    assert.deepEqual({ creating, updating, deleting }, { creating: ['c'], updating: ['b'], deleting: ['a'] });
    const removed = await rig.send(remove('flights'));
    assert.deepEqual([memberOf(removed, ['dryRun']), memberOf(removed, ['deleting'])], [false, ['a', 'b']]);
    assert.equal((await rig.send(remove('flights', '?dryRun=true'))).status, 404);
  });

  it('descriptions of data sources come in YAML too, and mistakes in them are told by line', async () => {
    const send = (body: string, type = 'application/x-yaml') =>
      rig.send({ method: 'POST', path: '/api/v2/data?dryRun=true', body, headers: { 'content-type': type } });
    const good = await send('connectionKey: yaml\nsources:\n  - name: a # a comment\n  - tableName: b\n');
    assert.deepEqual(memberOf(good, ['creating']), ['a', 'b']);
    assert.match((await send('a: [1,\n')).text, /line \d+, column \d+/);
    assert.equal((await send('['.repeat(100_000))).status, 400);
    assert.equal((await send('a: 9007199254740993')).status, 400);
    const laughs = `a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join()}]`).join('\n')}`;
    assert.equal((await send(laughs)).status, 400);
    assert.equal((await send('{}', 'text/plain')).status, 415);
  });

  it('search pages by offset and size, and finds by state and type', async () => {
    await stageJob(rig, 'failed');
    await stageJob(rig, 'failed');
    const page = await rig.send({ method: 'GET', path: '/jobs/search?state=failed&size=1' });
    const { jobs, next } = jsonOf(page) as { jobs: { state: string; jobType: string }[]; next: string };
    assert.equal(jobs.length, 1);
    assert.equal(jobs[0]?.state, 'failed');
    const rest = await rig.send({ method: 'GET', path: `/jobs/search?state=failed&size=100&offset=${next}` });
    assert.equal(memberOf(rest, ['next']), null);
    const none = await rig.send({ method: 'GET', path: '/jobs/search?jobType=nothing' });
    assert.deepEqual(jsonOf(none), { jobs: [], next: null });
  });

  it('summary counts per type and state', async () => {
    const answer = await rig.send({ method: 'GET', path: '/jobs/summary' });
    const { jobType } = jsonOf(answer) as { jobType: Record<string, string | number>[] };
    assert.ok(jobType.some((row) => Number(row.failed) >= 2));
  });
});
