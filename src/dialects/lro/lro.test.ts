/** Long-running operations under the suite of all dialects: once as Google's clients speak, once as Azure's do. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
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
  type WireAnswer,
  type WireRequest,
} from '../contract-suite.ts';
import { lro } from './index.ts';
import { DEFAULT_OPTIONS, type LroOptions } from './options.ts';
import {
  AzureError,
  Empty,
  GoogleError,
  Operation,
  OperationList,
  Resource,
  STRUCT_TYPE,
  StatusMonitor,
  VALUE_TYPE,
} from './wire.ts';

const post = (path: string, json: Record<string, unknown> = {}) => ({ method: 'POST', path, json: json as never });
const get = (path: string) => ({ method: 'GET', path });

/** What the answer says of a job, in Azure's words: by Google's own facts, `done` and the code of the error. */
function wordOf(answer: WireAnswer): string | undefined {
  const { done, error, response, metadata } = (jsonOf(answer) ?? {}) as Partial<Operation>;
  const { state } = (metadata?.value ?? {}) as { readonly state?: string };
  if (done === false) return state === 'RUNNING' || state === 'RETRYING' ? 'Running' : 'NotStarted';
  if (done !== true) return undefined;
  if (response !== undefined) return 'Succeeded';
  return error?.code === 1 ? 'Canceled' : 'Failed';
}

function googleComplaint(answer: WireAnswer, request: WireRequest): string | null {
  if (answer.status >= 400) return complaintAboutJson(answer, GoogleError);
  if (/:cancel|%3Acancel/i.test(request.path) || request.method === 'DELETE') return complaintAboutJson(answer, Empty);
  if (/\/operations(?:$|\?)/.test(request.path)) return complaintAboutJson(answer, OperationList);
  return complaintAboutJson(answer, Operation);
}

const isAzure = ({ path }: WireRequest) => path.startsWith('/azure/');

function azureComplaint(answer: WireAnswer, request: WireRequest): string | null {
  if (answer.status >= 400) {
    const wrong = complaintAboutJson(answer, AzureError);
    if (wrong !== null || answer.headers['x-ms-error-code'] === memberOf(answer, ['error', 'code'])) return wrong;
    return 'the header has another code than the body';
  }
  if (answer.status === 204) return null;
  if (request.path.includes('/resources/')) return complaintAboutJson(answer, Resource);
  if (request.path.includes('/result') && answer.status === 200) return null;
  return complaintAboutJson(answer, StatusMonitor);
}

const complaint = (answer: WireAnswer, request: WireRequest) =>
  isAzure(request) ? azureComplaint(answer, request) : googleComplaint(answer, request);

const volatile: NonNullable<DialectAdapter<LroOptions>['volatile']> = [
  { name: 'page', pattern: /(?<="nextPageToken":")[\w-]{48}/g },
];

const fuzz = {
  query: {
    filter: ['done=false', 'metadata.type="contract"', 'metadata.state=RUNNING AND done=true', 'done', 'x=1'],
    pageSize: ['0', '3', '-1', '9999'],
    pageToken: ['', 'x'],
    requestId: ['r1'],
    poll: ['operation-location', 'azure-asyncoperation', 'location', 'x'],
    wait: ['0', '1', '-1'],
    operation: ['x'],
    type: [TEST_TYPE],
    name: ['one'],
  },
  bodies: [{ timeout: '1s' }, { timeout: 5 }, { report: 'sales' }],
};

const google: DialectAdapter<LroOptions> = {
  options: DEFAULT_OPTIONS,
  credentials: (key) => ({ authorization: `Bearer ${key}` }),
  start: post(`/v1/types/${TEST_TYPE}:start`, { report: 'sales' }),
  started: (answer) => String(memberOf(answer, ['name'])).replace('operations/', ''),
  read: ({ id }) => get(`/v1/operations/${id}`),
  word: wordOf,
  succeeded: (answer, _job, result) =>
    assert.deepEqual(memberOf(answer, ['response']), { '@type': VALUE_TYPE, value: result }),
  unknown(answer) {
    assert.equal(answer.status, 404);
    assert.equal(memberOf(answer, ['error', 'status']), 'NOT_FOUND');
  },
  hold: ({ id }, seconds) => post(`/v1/operations/${id}:wait`, { timeout: `${seconds}s` }),
  readings: () => ({
    requests: ({ id }) => [
      get('/v1/operations'),
      get(`/azure/operations/${id}`),
      get(`/azure/operations/${id}/result`),
    ],
  }),
  together: () => [
    {
      request: get('/v1/operations'),
      of: (answer, { id }) =>
        (memberOf(answer, ['operations']) as readonly Operation[]).find(({ name }) => name === `operations/${id}`),
    },
  ],
  cancel: ({ id }) => post(`/v1/operations/${id}:cancel`),
  refused: [
    { title: 'an id of the wrong form', request: get('/v1/operations/one'), status: 404 },
    { title: 'a verb that there is not', request: post('/v1/operations/one:retry'), status: 404 },
    { title: 'a type that there is not', request: post('/v1/types/none:start'), status: 404 },
    { title: 'a timeout that is no duration', request: post('/v1/operations/one:wait', { timeout: 10 }), status: 400 },
    { title: 'a filter that nobody knows', request: get('/v1/operations?filter=x%3D1'), status: 400 },
    { title: 'a filter that breaks off', request: get('/v1/operations?filter=done%3Dtrue%20AND'), status: 400 },
    { title: 'a page token of nobody', request: get('/v1/operations?pageToken=x'), status: 400 },
    { title: 'a page of a negative size', request: get('/v1/operations?pageSize=-1'), status: 400 },
    { title: 'a start by PUT', request: { method: 'PUT', path: `/v1/types/${TEST_TYPE}:start` }, status: 405 },
  ],
  complaint,
  fuzz,
  golden: new URL('./golden/', import.meta.url),
  volatile,
  goldenHeaders: ['retry-after', 'location', 'operation-location', 'azure-asyncoperation', 'x-ms-error-code'],
};

const azure: DialectAdapter<LroOptions> = {
  ...google,
  credentials: (key) => ({ 'api-key': key }),
  start: post(`/azure/types/${TEST_TYPE}:start`, { report: 'sales' }),
  started: (answer) => memberOf(answer, ['id']) as string,
  read: ({ id }) => get(`/azure/operations/${id}`),
  word: (answer) => memberOf(answer, ['status']) as string | undefined,
  succeeded: (answer, _job, result) => assert.deepEqual(memberOf(answer, ['result']), result),
  unknown(answer) {
    assert.equal(answer.status, 404);
    assert.equal(memberOf(answer, ['error', 'code']), 'JobNotFound');
  },
  hold: ({ id }, seconds) => get(`/azure/operations/${id}?wait=${seconds}`),
  cancel: ({ id }) => post(`/azure/operations/${id}:cancel`),
  refused: [
    { title: 'an id of the wrong form', request: get('/azure/operations/one'), status: 404 },
    { title: 'a way to poll that there is not', request: post(`/azure/types/${TEST_TYPE}:start?poll=x`), status: 400 },
    { title: 'a type that there is not', request: post('/azure/types/none:start'), status: 404 },
    { title: 'a wait out of range', request: get('/azure/operations/one?wait=-1'), status: 400 },
    { title: 'a resource that nobody made', request: get(`/azure/types/${TEST_TYPE}/resources/none`), status: 404 },
    {
      title: 'a resource with a name of odd letters',
      request: { method: 'PUT', path: `/azure/types/${TEST_TYPE}/resources/a%20b`, json: {} },
      status: 400,
    },
  ],
};

testDialect(lro, google);
testDialect(lro, azure, ['lifecycle', 'errors', 'limits', 'holds', 'polls', 'readings']);

describe('Google operations', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig(lro, {
      ...google,
      options: {
        messages: { [TEST_TYPE]: { response: 'type.googleapis.com/acme.Report', metadata: 'x.org/acme.Meta' } },
      },
    });
  });
  after(() => rig.close());

  it('a result and metadata have the message types of the options, where the result is an object', async () => {
    const worker = createWorker(rig.engine, rig.tenant);
    const started = await rig.send(google.start as WireRequest);
    assert.equal(memberOf(started, ['metadata', '@type']), 'x.org/acme.Meta');
    assert.equal(memberOf(started, ['metadata', 'state']), 'QUEUED');
    await worker.succeed(await worker.claim(TEST_TYPE), { rows: 2, '@type': 'mine' });
    const read = await rig.send(get(`/v1/${memberOf(started, ['name'])}`));
    assert.deepEqual(memberOf(read, ['response']), { rows: 2, '@type': 'type.googleapis.com/acme.Report' });
    const second = await rig.send(google.start as WireRequest);
    await worker.succeed(await worker.claim(TEST_TYPE), [1]);
    const list = await rig.send(get(`/v1/${memberOf(second, ['name'])}`));
    assert.deepEqual(memberOf(list, ['response']), { '@type': VALUE_TYPE, value: [1] });
  });

  it('lists page by page, by done, type and state, and nothing of another tenant', async () => {
    const running = await stageJob(rig, 'running');
    const names = async (query: string, as?: 'other') =>
      (
        (memberOf(await rig.send(get(`/v1/operations?${query}`), as), ['operations']) ?? []) as readonly Operation[]
      ).map(({ name }) => name);
    const filter = (text: string) => `filter=${encodeURIComponent(text)}`;
    assert.deepEqual(await names(filter('done = false')), [`operations/${running.job.id}`]);
    assert.deepEqual(await names(filter('metadata.state=RUNNING AND done=false')), [`operations/${running.job.id}`]);
    assert.deepEqual(await names(filter('metadata.state=RUNNING AND done=true')), []);
    assert.equal((await names(filter(`metadata.type="${TEST_TYPE}"`))).length, 2);
    assert.deepEqual(await names('', 'other'), []);
    const first = await rig.send(get('/v1/operations?pageSize=2'));
    const token = String(memberOf(first, ['nextPageToken']));
    assert.equal((memberOf(first, ['operations']) as unknown[]).length, 2);
    const second = await rig.send(get(`/v1/operations?page_size=2&page_token=${token}`));
    assert.equal((memberOf(second, ['operations']) as unknown[]).length, 1);
    assert.equal(memberOf(second, ['nextPageToken']), '');
    assert.equal((await rig.send(get(`/v1/operations?pageToken=${token}`), 'other')).status, 400);
  });

  it('a page ends before its results are more than 4 MiB', async () => {
    const large = 'x'.repeat(3 * 1_024 * 1_024);
    await stageJob(rig, 'succeeded', { result: large });
    await stageJob(rig, 'succeeded', { result: large });
    const page = await rig.send(get('/v1/operations'));
    assert.equal((memberOf(page, ['operations']) as unknown[]).length, 1);
    const next = await rig.send(get(`/v1/operations?pageSize=1&pageToken=${memberOf(page, ['nextPageToken'])}`));
    assert.equal(memberOf(next, ['operations', '0', 'response', 'value']), large);
  });

  it('the same requestId starts one operation, and is refused with another input', async () => {
    const path = `/v1/types/${TEST_TYPE}:start?requestId=once`;
    const one = await rig.send(post(path, { a: 1 }));
    const two = await rig.send(post(path, { a: 1 }));
    assert.equal(memberOf(one, ['name']), memberOf(two, ['name']));
    const other = await rig.send(post(path, { a: 2 }));
    assert.equal(memberOf(other, ['error', 'status']), 'ALREADY_EXISTS');
  });

  it('delete takes what is done and refuses what runs; cancel of what is done changes nothing', async () => {
    const { job: done } = await stageJob(rig, 'succeeded', { result: 1 });
    const { job: queued } = await stageJob(rig, 'queued');
    const path = (id: string) => `/v1/operations/${id}`;
    assert.deepEqual(jsonOf(await rig.send(post(`${path(done.id)}:cancel`))), {});
    assert.equal(wordOf(await rig.send(get(path(done.id)))), 'Succeeded');
    const refused = await rig.send({ method: 'DELETE', path: path(queued.id) });
    assert.deepEqual([refused.status, memberOf(refused, ['error', 'status'])], [400, 'FAILED_PRECONDITION']);
    assert.equal((await rig.send({ method: 'DELETE', path: path(done.id) }, 'other')).status, 404);
    assert.deepEqual(jsonOf(await rig.send({ method: 'DELETE', path: path(done.id) })), {});
    assert.equal((await rig.send(get(path(done.id)))).status, 404);
  });

  it('a job that ended badly has a code of google.rpc', async () => {
    for (const [shown, code] of [
      ['failed', 2],
      ['cancelled', 1],
      ['expired', 4],
    ] as const) {
      const { job } = await stageJob(rig, shown);
      assert.equal(memberOf(await rig.send(get(`/v1/operations/${job.id}`)), ['error', 'code']), code);
    }
  });

  it('a refusal has the reason of ours; keys come in the header of Google too', async () => {
    const refused = await rig.send(get('/v1/operations/one'), 'nobody');
    assert.equal(memberOf(refused, ['error', 'details', '0', 'reason']), 'UNAUTHENTICATED');
    const headers = { 'x-goog-api-key': rig.keys.owner };
    assert.equal((await rig.send({ ...get('/v1/operations'), headers }, 'nobody')).status, 200);
  });

  it('progress stands in the metadata', async () => {
    const { job } = await stageJob(rig, 'queued');
    const read = await rig.send(get(`/v1/operations/${job.id}`));
    assert.equal(memberOf(read, ['metadata', '@type']), STRUCT_TYPE);
    assert.equal(memberOf(read, ['metadata', 'value', 'progressPercent']), 0);
  });
});

describe('Azure polling', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig(lro, azure);
  });
  after(() => rig.close());

  const start = (query: string) => rig.send(post(`/azure/types/${TEST_TYPE}:start${query}`, { a: 1 }));
  const end = async (result: unknown) => {
    const worker = createWorker(rig.engine, rig.tenant);
    await worker.succeed(await worker.claim(TEST_TYPE), result as never);
  };

  it('a start tells where to poll in the header that it was asked for, as a whole URL, and when', async () => {
    const { url } = rig;
    const headers = async (query: string) => {
      const answer = await start(query);
      const monitor = `${url}/azure/operations/${memberOf(answer, ['id'])}`;
      const { location, 'operation-location': operation, 'azure-asyncoperation': async } = answer.headers;
      assert.equal(answer.status, 202);
      assert.match(answer.headers['retry-after'] ?? '', /^[1-9]\d*$/);
      await end(null);
      return [operation, async, location].map((one) => one?.replace(monitor, 'M'));
    };
    assert.deepEqual(await headers(''), ['M', undefined, undefined]);
    assert.deepEqual(await headers('?poll=azure-asyncoperation&api-version=2026-01-01'), [undefined, 'M', 'M/result']);
    assert.deepEqual(await headers('?poll=location'), [undefined, undefined, 'M/result']);
    assert.deepEqual(await headers('?wait=20'), ['M?wait=20', undefined, undefined]);
  });

  it('a location says 202 until the result is there, and then the result as it is', async () => {
    const path = new URL((await start('?poll=location')).headers.location ?? '').pathname.slice('/lro'.length);
    const early = await rig.send(get(path));
    assert.equal(early.status, 202);
    assert.match(early.headers.location ?? '', /\/result$/);
    const worker = createWorker(rig.engine, rig.tenant);
    await worker.succeedWith(await worker.claim(TEST_TYPE), 'image/png', Buffer.from([1, 255]));
    const late = await rig.send(get(path));
    assert.deepEqual([late.status, late.headers['content-type'], [...late.bytes]], [200, 'image/png', [1, 255]]);
  });

  it('a location of a job that failed is a 422 with its error, of one that was cancelled a 409', async () => {
    for (const [shown, status, code] of [
      ['failed', 422, 'HandlerFailed'],
      ['cancelled', 409, 'Cancelled'],
    ] as const) {
      const { job } = await stageJob(rig, shown);
      const read = await rig.send(get(`/azure/operations/${job.id}/result`));
      assert.deepEqual([read.status, memberOf(read, ['error', 'code'])], [status, code]);
    }
  });

  it('a PUT makes a resource once, whose state is read at its URL', async () => {
    const path = `/azure/types/${TEST_TYPE}/resources/sales`;
    const put = (json: Record<string, unknown>) => rig.send({ method: 'PUT', path, json: json as never });
    const made = await put({ a: 1 });
    assert.equal(made.status, 201);
    assert.equal(memberOf(await put({ a: 1 }), ['id']), memberOf(made, ['id']));
    assert.equal((await put({ a: 2 })).status, 409);
    assert.equal((await rig.send(get(path), 'other')).status, 404);
    await end({ rows: 2 });
    assert.deepEqual(memberOf(await rig.send(get(path)), ['properties']), {
      provisioningState: 'Succeeded',
      output: { rows: 2 },
    });
  });

  it('a start with the same Repeatability-Request-ID is one job', async () => {
    const again = { headers: { 'repeatability-request-id': 'once' } };
    const one = await rig.send({ ...post(`/azure/types/${TEST_TYPE}:start`, { a: 1 }), ...again });
    const two = await rig.send({ ...post(`/azure/types/${TEST_TYPE}:start`, { a: 1 }), ...again });
    assert.equal(memberOf(one, ['id']), memberOf(two, ['id']));
    assert.equal(two.headers['repeatability-result'], 'accepted');
    await end(null);
    assert.equal(
      (await rig.send({ method: 'DELETE', path: `/azure/operations/${memberOf(one, ['id'])}` })).status,
      204,
    );
  });
});
