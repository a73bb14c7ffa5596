/** Kinetica under the suite of all dialects, and what is the vendor's alone. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { snappyCompress } from 'hysnappy';
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
  suiteJobIds,
  TEST_TYPE,
  testDialect,
  type WireAnswer,
} from '../contract-suite.ts';
import { kinetica } from './index.ts';
import { DEFAULT_OPTIONS, type KineticaOptions } from './options.ts';
import {
  createJobRequest,
  createJobResponse,
  executeSqlRequest,
  executeSqlResponse,
  getJobRequest,
  getJobResponse,
  wrapper,
} from './wire.ts';

const BINARY = { 'content-type': 'application/octet-stream' };
const post = (path: string, json: object) => ({ method: 'POST', path, json: json as never });
const getJob = (id: unknown, options = {}) => post('/get/job', { job_id: id, options });
const create = (endpoint: string, request: object, options: object = {}) =>
  post('/create/job', { endpoint, request_encoding: 'json', data: '', data_str: JSON.stringify(request), options });
const SQL = { statement: 'SELECT id, name FROM t', encoding: 'json' };
const ROWS = {
  columns: ['id', 'name'],
  types: ['INTEGER', 'VARCHAR'],
  rows: [
    [1, 'a'],
    [2, 'b'],
  ],
  row_count: 2,
};

/** What is in `data_str`. */
function payload(answer: WireAnswer): Record<string, unknown> {
  return JSON.parse(String(memberOf(answer, ['data_str']) || 'null')) ?? {};
}

const Wrapper = Type.Object(
  {
    status: Type.Union([Type.Literal('OK'), Type.Literal('ERROR')]),
    message: Type.String(),
    data_type: Type.String(),
    data: Type.String(),
    data_str: Type.String(),
  },
  { additionalProperties: false },
);

const adapter: DialectAdapter<KineticaOptions> = {
  options: {
    ...DEFAULT_OPTIONS,
    endpoints: {
      '/execute/sql': { type: TEST_TYPE, kind: 'sql' },
      '/alter/table': { type: TEST_TYPE, kind: 'plain' },
    },
  },
  credentials: (key) => ({ authorization: `Basic ${Buffer.from(`admin:${key}`).toString('base64')}` }),
  start: create('/execute/sql', SQL),
  inner: (json) => [
    post('/create/job', { endpoint: '/alter/table', request_encoding: 'json', data: '', data_str: json, options: {} }),
  ],
  started: (answer) => {
    const { job_id: id } = payload(answer);
    return id === undefined ? undefined : String(suiteJobIds.open(Number(id)));
  },
  read: ({ number }) => getJob(suiteJobIds.seal(number)),
  word: (answer) => payload(answer).job_status as string | undefined,
  succeeded(answer, _job, result) {
    assert.deepEqual(JSON.parse(String(payload(answer).job_response_str)), result);
    assert.deepEqual(
      [payload(answer).successful, payload(answer).running, payload(answer).progress],
      [true, false, 100],
    );
  },
  unknown(answer) {
    assert.equal(answer.status, 400);
    assert.match(String(memberOf(answer, ['message'])), /^Job \d+ not found$/);
  },
  readings: () => ({
    requests: ({ number }) => [
      getJob(suiteJobIds.seal(number), { job_tag: 'x' }),
      post('/admin/show/jobs', { options: { show_async_jobs: 'true' } }),
    ],
  }),
  hold: null,
  together: () => [
    {
      request: post('/admin/show/jobs', { options: { show_async_jobs: 'true' } }),
      of: (answer, { number }) => {
        const listed = payload(answer) as Record<string, unknown[]>;
        const at = listed.job_id?.indexOf(suiteJobIds.seal(number)) ?? -1;
        return at === -1 ? undefined : [listed.status?.[at], listed.endpoint_name?.[at], listed.time_received?.[at]];
      },
    },
  ],
  cancel: ({ number }) =>
    post('/admin/alter/jobs', { job_ids: [suiteJobIds.seal(number)], action: 'cancel', options: {} }),
  refused: [
    { title: 'an unknown endpoint', request: post('/nothing/here', {}), status: 404 },
    { title: 'a GET on an endpoint', request: { method: 'GET', path: '/get/job' }, status: 400 },
    { title: 'no body', request: { method: 'POST', path: '/get/job' }, status: 400 },
    {
      title: 'broken JSON',
      request: { method: 'POST', path: '/get/job', body: '{', headers: { 'content-type': 'application/json' } },
      status: 400,
    },
    {
      title: 'a wrong content type',
      request: { method: 'POST', path: '/get/job', body: 'job_id=1', headers: { 'content-type': 'text/plain' } },
      status: 400,
    },
    { title: 'a job id as text', request: getJob('41'), status: 400 },
    { title: 'a fractional job id', request: getJob(41.5), status: 400 },
    { title: 'no job id', request: post('/get/job', {}), status: 400 },
    { title: 'a job tag with spaces', request: create('/execute/sql', SQL, { job_tag: 'a b' }), status: 400 },
    { title: 'an endpoint that is not served', request: create('/insert/records', {}), status: 400 },
    {
      title: 'no inner request',
      request: post('/create/job', { endpoint: '/execute/sql', request_encoding: 'json' }),
      status: 400,
    },
    {
      title: 'an inner request that is no JSON',
      request: post('/create/job', { endpoint: '/execute/sql', data_str: '{' }),
      status: 400,
    },
    { title: 'an inner request without a statement', request: create('/execute/sql', {}), status: 400 },
    {
      title: 'snappy that is none',
      request: post('/create/job', { endpoint: '/execute/sql', request_encoding: 'snappy' }),
      status: 400,
    },
    { title: 'an unknown action', request: post('/admin/alter/jobs', { job_ids: [1], action: 'pause' }), status: 400 },
    {
      title: 'broken Avro',
      request: { method: 'POST', path: '/get/job', body: Buffer.from('d8', 'hex'), headers: BINARY },
      status: 400,
    },
  ],
  complaint(answer, request) {
    if (request.method === 'OPTIONS' || request.method === 'HEAD') return null;
    if (answer.headers['content-type']?.startsWith('text/plain'))
      return answer.text === 'Kinetica is running!' ? null : answer.text;
    if (answer.headers['content-type'] === BINARY['content-type']) {
      wrapper.binary.decode(answer.bytes);
      return null;
    }
    const complaint = complaintAboutJson(answer, Wrapper);
    if (complaint !== null) return complaint;
    const isOk = memberOf(answer, ['status']) === 'OK';
    return isOk === (answer.status === 200) ? null : `status ${answer.status} with ${answer.text}`;
  },
  fuzz: {
    query: {},
    bodies: [
      { endpoint: '/execute/sql', request_encoding: 'json', data_str: JSON.stringify(SQL), options: { job_tag: 't' } },
      { job_id: 1, options: {} },
      { job_ids: [1, 2], action: 'cancel' },
      { statement: 'SELECT 1', limit: -9999 },
    ],
  },
  golden: new URL('./golden/', import.meta.url),
  goldenHeaders: ['access-control-allow-origin', 'access-control-expose-headers'],
};

testDialect(kinetica, adapter);

describe('Kinetica', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig(kinetica, adapter);
  });
  after(() => rig.close());

  it('a statement run as a job is encoded three times over', async () => {
    const started = payload(await rig.send(create('/execute/sql', SQL, { job_tag: 'nightly_1' })));
    assert.equal((started.info as Record<string, string>).job_tag, 'nightly_1');
    const worker = createWorker(rig.engine, rig.tenant);
    await worker.succeed(await worker.claim(TEST_TYPE), ROWS);
    const job = payload(await rig.send(getJob(started.job_id)));
    const answer = JSON.parse(String(job.job_response_str)) as Record<string, unknown>;
    assert.deepEqual(JSON.parse(String(answer.json_encoded_response)), {
      column_1: [1, 2],
      column_2: ['a', 'b'],
      column_headers: ['id', 'name'],
      column_datatypes: ['int', 'string'],
    });
    const schema = JSON.parse(String(answer.response_schema_str)) as { fields: { name: string; type: unknown }[] };
    assert.deepEqual(schema.fields[0], { name: 'column_1', type: { type: 'array', items: 'int' } });
    assert.doesNotMatch(String(answer.response_schema_str), /true|false|null/);
    const byTag = payload(await rig.send(getJob(9_999_999, { job_tag: 'nightly_1' })));
    assert.equal(byTag.job_status, 'DONE');
  });

  it('a binary client creates and polls a job with Avro bodies, up to the largest id', async () => {
    const headers = BINARY;
    const request = {
      endpoint: '/execute/sql',
      request_encoding: 'json',
      data: Buffer.alloc(0),
      data_str: JSON.stringify(SQL),
      options: {},
    };
    const created = await rig.send({
      method: 'POST',
      path: '/create/job',
      headers,
      body: createJobRequest.binary.encode(request),
    });
    assert.equal(created.headers['content-type'], 'application/octet-stream');
    const outer = wrapper.binary.decode(created.bytes);
    assert.deepEqual([outer.status, outer.data_type, outer.data_str], ['OK', 'create_job_response', '']);
    const { job_id: number } = createJobResponse.binary.decode(outer.data);
    const body = getJobRequest.binary.encode({ job_id: number, options: {} });
    const polled = wrapper.binary.decode((await rig.send({ method: 'POST', path: '/get/job', headers, body })).bytes);
    assert.equal(getJobResponse.binary.decode(polled.data).job_status, 'RUNNING');
    await rig.engine.cancel(
      rig.tenant,
      (await rig.engine.readByNumber(rig.tenant, [suiteJobIds.open(number)])).map((found) =>
        found.kind === 'found' ? found.snapshot.job.id : '',
      )[0] ?? '',
    );
    const largest = getJobRequest.binary.encode({ job_id: 9223372036854775807n, options: {} });
    const missing = await rig.send({ method: 'POST', path: '/get/job', headers, body: largest });
    assert.equal(missing.status, 400);
    assert.equal(wrapper.binary.decode(missing.bytes).message, 'Job 9223372036854775807 not found');
  });

  it('a binary statement is answered with its columns as a datum of the schema beside it', async () => {
    const worker = createWorker(rig.engine, rig.tenant);
    const request = post('/execute/sql', { ...SQL, encoding: 'binary' });
    const answer = rig.send(request);
    await rig.held(1);
    await worker.succeed(await worker.claim(TEST_TYPE), ROWS);
    const sql = payload(await answer);
    assert.equal(sql.json_encoded_response, '');
    assert.ok(String(sql.binary_encoded_response).length > 0);
    assert.equal(sql.total_number_of_records, 2);
  });

  it('a statement is held until its rows are there, page by page', async () => {
    const worker = createWorker(rig.engine, rig.tenant);
    const answer = rig.send(post('/execute/sql', { ...SQL, offset: 1, limit: 1 }));
    await rig.held(1);
    await worker.succeed(await worker.claim(TEST_TYPE), { ...ROWS, rows: [...ROWS.rows, [3, null]] });
    const sql = payload(await answer);
    assert.deepEqual(JSON.parse(String(sql.json_encoded_response)).column_1, [2]);
    assert.deepEqual([sql.total_number_of_records, sql.has_more_records, sql.count_affected], [3, true, 1]);
  });

  it('a caller who shares a page with one that goes away gets their rows all the same', async () => {
    const worker = createWorker(rig.engine, rig.tenant);
    const leaving = new AbortController();
    const paged = post('/execute/sql', { ...SQL, limit: 1, options: { paging_table: 'left' } });
    const first = rig.send(paged, 'owner', leaving.signal);
    await rig.held(1);
    const second = rig.send(paged);
    await rig.held(2);
    const again = new Promise<void>((resolve) => {
      const stop = rig.engine.subscribe((event) => {
        if (event.kind !== 'changed' || event.shown !== 'queued') return;
        stop();
        resolve();
      });
    });
    leaving.abort();
    await assert.rejects(first);
    await again;
    await worker.succeed(await worker.claim(TEST_TYPE), ROWS);
    const sql = payload(await second);
    assert.deepEqual([sql.total_number_of_records, sql.has_more_records], [2, true]);
  });

  it('a statement that fails is a 400 without a word that clients take for an outage', async () => {
    const worker = createWorker(rig.engine, rig.tenant);
    const answer = rig.send(post('/execute/sql', SQL));
    await rig.held(1);
    await worker.fail(await worker.claim(TEST_TYPE), 'Connection refused by the table');
    const { status, text } = await answer;
    assert.equal(status, 400);
    assert.equal(memberOf(await answer, ['message']), 'connection refused by the table');
    assert.ok(!text.includes('Connection refused'));
  });

  it('a job with remove_job_on_complete goes with its first final answer', async () => {
    const worker = createWorker(rig.engine, rig.tenant);
    const options = { remove_job_on_complete: 'true' };
    const { job_id: number } = payload(await rig.send(create('/alter/table', { table_name: 't' }, options)));
    assert.equal(payload(await rig.send(getJob(number))).job_status, 'RUNNING');
    await worker.succeed(await worker.claim(TEST_TYPE), { table_name: 't' });
    const done = payload(await rig.send(getJob(number)));
    assert.equal(done.job_response_str, '{"table_name":"t"}');
    assert.equal((await rig.send(getJob(number))).status, 400);
  });

  it('a key that may only read gets the answer of a remove_job_on_complete job, and leaves the job there', async () => {
    const worker = createWorker(rig.engine, rig.tenant);
    const options = { remove_job_on_complete: 'true' };
    const { job_id: number } = payload(await rig.send(create('/alter/table', {}, options)));
    await worker.succeed(await worker.claim(TEST_TYPE), { table_name: 't' });
    for (let poll = 0; poll < 2; poll += 1) {
      assert.equal(payload(await rig.send(getJob(number), 'reader')).job_status, 'DONE');
    }
    assert.equal(payload(await rig.send(getJob(number))).job_status, 'DONE');
    assert.equal((await rig.send(getJob(number))).status, 400);
  });

  it('a key that lacks the scope is refused before anything of its body is read', async () => {
    const hostile = Buffer.from('0a80808080808080808040', 'hex');
    for (const body of [hostile, Buffer.alloc(0)]) {
      const refused = await rig.send({ method: 'POST', path: '/get/job', headers: BINARY, body }, 'limited');
      assert.match(wrapper.binary.decode(refused.bytes).message, /needs the scope read/);
    }
    const refused = await rig.send({ method: 'POST', path: '/create/job', headers: BINARY, body: hostile }, 'reader');
    assert.match(wrapper.binary.decode(refused.bytes).message, /needs the scope submit/);
    const owner = await rig.send({ method: 'POST', path: '/get/job', headers: BINARY, body: hostile });
    assert.match(wrapper.binary.decode(owner.bytes).message, /not a valid Avro datum/);
  });

  it('a cancel that was asked for shows at once, while the work winds down', async () => {
    const { job } = await stageJob(rig, 'running');
    const id = suiteJobIds.seal(job.number);
    const cancel = post('/admin/alter/jobs', { job_ids: [id, 999_999], action: 'cancel' });
    assert.deepEqual(payload(await rig.send(cancel)).status, ['OK', 'Job 999999 not found']);
    const { job_status: word, running, successful } = payload(await rig.send(getJob(id)));
    assert.deepEqual([word, running, successful], ['CANCELLED', true, false]);
    assert.deepEqual(payload(await rig.send(cancel)).status, ['OK', 'Job 999999 not found']);
    const done = suiteJobIds.seal((await stageJob(rig, 'succeeded')).job.number);
    const late = await rig.send(post('/admin/alter/jobs', { job_ids: [done], action: 'cancel' }));
    assert.deepEqual(payload(late).status, [`Job ${done} is not running`]);
  });

  it('ids say nothing of how many jobs there are: those of jobs in a row are far apart, and a plain number is nobody’s', async () => {
    const ids = [];
    for (let count = 0; count < 4; count += 1)
      ids.push(Number(payload(await rig.send(create('/alter/table', {}))).job_id));
    for (const [at, id] of ids.entries()) {
      assert.ok(Number.isSafeInteger(id));
      assert.ok(at === 0 || Math.abs(id - (ids[at - 1] ?? 0)) > 1_000_000, ids.join());
      assert.equal((await rig.send(getJob(id), 'other')).status, 400);
      assert.equal((await rig.send(getJob(suiteJobIds.open(id)))).status, 400);
      await rig.send(post('/admin/alter/jobs', { job_ids: [id], action: 'cancel' }));
    }
  });

  it('show jobs lists what runs in parallel arrays, and what is done on request', async () => {
    const done = suiteJobIds.seal((await stageJob(rig, 'succeeded')).job.number);
    const live = payload(await rig.send(post('/admin/show/jobs', {})));
    const all = payload(await rig.send(post('/admin/show/jobs', { options: { show_async_jobs: 'true' } })));
    assert.ok(!(live.job_id as number[]).includes(done));
    const at = (all.job_id as number[]).indexOf(done);
    assert.equal((all.status as string[])[at], 'DONE');
    const lengths = Object.values(all).flatMap((value) => (Array.isArray(value) ? [value.length] : []));
    assert.deepEqual([...new Set(lengths)].length, 1);
  });

  it('DONE carries JSON whatever the job left', async () => {
    const worker = createWorker(rig.engine, rig.tenant);
    for (const [contentType, bytes, expected] of [
      ['application/json', 'null', 'null'],
      ['text/csv', 'a,b', '{"content_type":"text/csv","content_base64":"YSxi"}'],
    ] as const) {
      const { job_id: number } = payload(await rig.send(create('/alter/table', {})));
      await worker.succeedWith(await worker.claim(TEST_TYPE), contentType, Buffer.from(bytes));
      assert.equal(payload(await rig.send(getJob(number))).job_response_str, expected);
    }
  });

  it('clients find a running system, its properties, and one segment before the path', async () => {
    const status = payload(await rig.send(post('/show/system/status', { options: {} }))).status_map as Record<
      string,
      string
    >;
    assert.equal(JSON.parse(String(status.system)).status, 'running');
    const { property_map: map } = payload(await rig.send(post('/gpudb-0/show/system/properties', {})));
    assert.equal((map as Record<string, string>)['conf.number_of_hosts'], '1');
    const ping = await rig.send({ method: 'GET', path: '/' }, 'nobody');
    assert.equal(ping.text, 'Kinetica is running!');
  });

  it('a browser may ask any path, and reads what is wrong with it', async () => {
    const headers = {
      origin: 'https://app.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,x-kinetica-group',
    };
    for (const path of ['/get/job', '/gpudb-0/execute/sql', '/nothing/here', '/a/b/c/d']) {
      const preflight = await rig.send({ method: 'OPTIONS', path, headers }, 'nobody');
      assert.equal(preflight.status, 204, path);
      assert.equal(preflight.headers['access-control-allow-origin'], '*');
      assert.match(String(preflight.headers['access-control-allow-methods']), /POST/);
      assert.equal(preflight.headers['access-control-allow-headers'], headers['access-control-request-headers']);
    }
    for (const [request, status, message] of [
      [post('/nothing/here', {}), 404, /^Unknown URI/],
      [getJob(1), 400, /^Job 1 not found$/],
      [getJob(1), 401, /^Not authorized/],
    ] as const) {
      const as = status === 401 ? 'nobody' : 'owner';
      const answer = await rig.send({ ...request, headers: { origin: headers.origin } }, as);
      assert.deepEqual([answer.status, answer.headers['access-control-allow-origin']], [status, '*']);
      assert.match(String(memberOf(answer, ['message'])), message);
    }
  });

  it('a client that compresses is answered in plain Avro, refusals included', async () => {
    const headers = { 'content-type': 'application/x-snappy' };
    const sent = async (path: string, body: Uint8Array) => {
      const answer = await rig.send({ method: 'POST', path, headers, body });
      assert.equal(answer.headers['content-type'], BINARY['content-type']);
      return wrapper.binary.decode(answer.bytes);
    };
    const inner = executeSqlRequest.binary.encode({
      ...{ statement: SQL.statement, offset: 0, limit: -9_999, encoding: 'json', request_schema_str: '' },
      ...{ data: [], options: {} },
    });
    const request = { endpoint: '/execute/sql', request_encoding: 'snappy', data: Buffer.from(snappyCompress(inner)) };
    const body = createJobRequest.binary.encode({ ...request, data_str: '', options: {} });
    const created = await sent('/create/job', snappyCompress(body));
    const { job_id: id } = createJobResponse.binary.decode(created.data);
    const worker = createWorker(rig.engine, rig.tenant);
    await worker.succeed(await worker.claim(TEST_TYPE), ROWS);
    const poll = getJobRequest.binary.encode({ job_id: id, options: {} });
    const job = getJobResponse.binary.decode((await sent('/get/job', snappyCompress(poll))).data);
    assert.deepEqual([job.job_status, job.response_encoding], ['DONE', 'binary']);
    assert.equal(executeSqlResponse.binary.decode(job.job_response).total_number_of_records, 2);
    assert.match((await sent('/get/job', poll)).message, /not a Snappy block/);
    const unknown = getJobRequest.binary.encode({ job_id: 1, options: {} });
    assert.equal((await sent('/get/job', snappyCompress(unknown))).message, 'Job 1 not found');
    const { bodyBytesMax } = rig.engine.limits;
    const bomb = snappyCompress(new Uint8Array(bodyBytesMax + 1));
    assert.ok(bomb.length < bodyBytesMax / 10);
    assert.match((await sent('/get/job', bomb)).message, /bytes uncompressed; at most/);
  });

  it('a cluster is idle, has one shard, and tells a version that every client reads', async () => {
    for (const path of ['/admin/show/cluster/operations', '/admin/show/shards', '/show/system/properties']) {
      const binary = { method: 'POST', path, headers: BINARY, body: path.endsWith('operations') ? '\0\0' : '\0' };
      assert.equal(wrapper.binary.decode((await rig.send(binary)).bytes).status, 'OK', path);
    }
    const operations = payload(await rig.send(post('/admin/show/cluster/operations', { options: {} })));
    assert.deepEqual([operations.in_progress, operations.overall_status, operations.messages], [false, 'OK', []]);
    assert.deepEqual(payload(await rig.send(post('/admin/show/shards', {}))).rank, [1]);
    const { property_map: map } = payload(await rig.send(post('/show/system/properties', {})));
    const version = String((map as Record<string, string>)['version.gpudb_core_version']);
    // As the Java client reads it: four numbers, and the time of the build.
    assert.match(version, /^\d+\.\d+\.\d+\.\d+\.\d{14}$/);
    assert.equal(kinetica.parseOptions({ version: '7.2.3.12' }).kind, 'invalid');
  });

  it('401 keeps the wrapper, for callers without credentials and with those of nobody', async () => {
    for (const authorization of ['Bearer undefined', 'Basic eDp5', 'x']) {
      const answer = await rig.send({ ...getJob(1), headers: { authorization } }, 'nobody');
      assert.equal(answer.status, 401);
      assert.equal(memberOf(answer, ['status']), 'ERROR');
    }
    assert.equal(jsonOf(await rig.send(getJob(1), 'nobody')) !== undefined, true);
  });
});
