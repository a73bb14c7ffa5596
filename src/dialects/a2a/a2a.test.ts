/** A2A under the suite of all dialects, once over HTTP+JSON and once over JSON-RPC of each version, and what is the protocol's alone. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { TSchema } from 'typebox';
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
import { a2a } from './index.ts';
import { newContext } from './mapping.ts';
import { type A2aOptions, DEFAULT_OPTIONS } from './options.ts';
import {
  CARD_PATH,
  HttpError,
  ListTasksResponse,
  PushConfig,
  PushConfigList,
  RpcError,
  SendMessageResponse,
  Task,
  VERSION,
} from './wire.ts';

const V1 = { 'a2a-version': VERSION };
const NOBODY = '00000000-0000-4000-8000-000000000000';
const NO_VERSION = { 'a2a-version': '' };
const get = (path: string): WireRequest => ({ method: 'GET', path, headers: V1 });
const post = (path: string, json: object = {}): WireRequest => ({
  method: 'POST',
  path,
  json: json as never,
  headers: V1,
});
let count = 0;
function message(parts: readonly object[], more: object = {}) {
  count += 1;
  return { messageId: `m-${count}`, role: 'ROLE_USER', parts, metadata: { skill: TEST_TYPE }, ...more };
}
const INPUT = { region: 'North' };
const sending = (parts: readonly object[] = [{ data: INPUT }], more: object = {}) => ({
  message: message(parts, more),
  configuration: { returnImmediately: true },
});

const SCHEMAS: readonly (readonly [RegExp, TSchema])[] = [
  [/^POST \/message:send/, SendMessageResponse],
  [/^GET .*pushNotificationConfigs$/, PushConfigList],
  [/^(?:GET|POST) .*pushNotificationConfigs(?:\/[^/]+)?$/, PushConfig],
  [/^(?:GET|POST) \/tasks\/[^/]+$/, Task],
  [/^GET \/tasks$/, ListTasksResponse],
];

const isStream = ({ headers }: WireAnswer) => headers['content-type']?.startsWith('text/event-stream') === true;

function complaint(answer: WireAnswer, { path, method }: WireRequest): string | null {
  const bare = path.split('?')[0] ?? '';
  if (method === 'POST' && bare === '/') return rpcComplaint(answer);
  if (answer.status >= 400) return complaintAboutJson(answer, HttpError);
  if (isStream(answer)) return null;
  const schema = SCHEMAS.find(([pattern]) => pattern.test(`${method} ${bare}`))?.[1];
  if (schema !== undefined) return complaintAboutJson(answer, schema);
  return jsonOf(answer) === undefined ? `the body is no JSON: ${answer.text}` : null;
}

function rpcComplaint(answer: WireAnswer): string | null {
  if (isStream(answer) || (answer.status === 200 && memberOf(answer, ['result']) !== undefined)) return null;
  return complaintAboutJson(answer, RpcError);
}

const http: DialectAdapter<A2aOptions> = {
  options: { ...DEFAULT_OPTIONS, textFields: { staged: 'text' } },
  credentials: (key) => ({ authorization: `Bearer ${key}`, ...V1 }),
  // A message that was sent before is the task that it started, so that each one has an id of its own.
  get start() {
    return post('/message:send', sending());
  },
  started: (answer) => memberOf(answer, ['task', 'id']) as string | undefined,
  read: ({ id }) => get(`/tasks/${id}`),
  word: (answer) => memberOf(answer, ['status', 'state']) as string | undefined,
  succeeded: (answer, _job, result) =>
    assert.deepEqual(memberOf(answer, ['artifacts', '0', 'parts', '0', 'data']), result),
  unknown(answer) {
    assert.equal(answer.status, 404);
    assert.equal(memberOf(answer, ['error', 'details', '0', 'reason']), 'TASK_NOT_FOUND');
    assert.equal(memberOf(answer, ['error', 'message']), 'There is no such task.');
  },
  hold: null,
  cancel: ({ id }) => post(`/tasks/${id}:cancel`),
  readings: () => ({
    requests: ({ id }) => [get('/tasks?includeArtifacts=true'), get('/tasks'), get(`/tasks/${id}?historyLength=1`)],
  }),
  together: () => [
    {
      request: get('/tasks?includeArtifacts=true'),
      of: (answer, { id }) => (memberOf(answer, ['tasks']) as readonly Task[]).find((task) => task.id === id),
    },
  ],
  refused: [
    { title: 'an id of another form', request: get('/tasks/one'), status: 404 },
    { title: 'a verb that there is not', request: post('/tasks/one:retry'), status: 404 },
    { title: 'a cancel by GET', request: get('/tasks/one:cancel'), status: 404 },
    { title: 'a page of no size', request: get('/tasks?pageSize=0'), status: 400 },
    { title: 'a page of too many', request: get('/tasks?pageSize=101'), status: 400 },
    { title: 'a page token of nobody', request: get('/tasks?pageToken=x'), status: 400 },
    { title: 'a state that there is not', request: get('/tasks?status=working'), status: 400 },
    { title: 'a time that is none', request: get('/tasks?statusTimestampAfter=soon'), status: 400 },
    { title: 'a flag that is none', request: get('/tasks?includeArtifacts=maybe'), status: 400 },
    { title: 'a message without parts', request: post('/message:send', sending([])), status: 400 },
    { title: 'a part of two kinds', request: post('/message:send', sending([{ text: 'a', data: 1 }])), status: 400 },
    { title: 'a part of nothing', request: post('/message:send', sending([{}])), status: 400 },
    { title: 'no message', request: post('/message:send', {}), status: 400 },
    { title: 'a list as the body', request: post('/message:send', []), status: 400 },
    { title: 'no body', request: { method: 'POST', path: '/message:send', headers: V1 }, status: 400 },
    {
      title: 'a skill that there is not',
      request: post('/message:send', sending([{ text: 'a' }], { metadata: { skill: 'none' } })),
      status: 400,
    },
    {
      title: 'no skill where there are several',
      request: post('/message:send', sending([{ text: 'a' }], { metadata: null })),
      status: 400,
    },
    {
      title: 'a task of nobody',
      request: post('/message:send', sending([{ text: 'a' }], { taskId: NOBODY })),
      status: 404,
    },
    {
      title: 'a push notification to what is no URL',
      request: post('/message:send', { ...sending(), configuration: { taskPushNotificationConfig: { url: 'x' } } }),
      status: 400,
    },
    {
      title: 'a push token that no header can carry',
      request: post('/message:send', {
        ...sending(),
        configuration: { taskPushNotificationConfig: { url: 'https://example.org/', token: 'a\nb' } },
      }),
      status: 400,
    },
    {
      title: 'a push notification config of a task of nobody',
      request: post(`/tasks/${NOBODY}/pushNotificationConfigs`, { url: 'https://example.org/' }),
      status: 404,
    },
    { title: 'a config without a URL', request: post(`/tasks/${NOBODY}/pushNotificationConfigs`, {}), status: 400 },
    {
      title: 'a version that there is not',
      request: { ...get('/tasks'), headers: { 'a2a-version': '2.0' } },
      status: 400,
    },
    { title: 'no version', request: { ...get('/tasks'), headers: NO_VERSION }, status: 400 },
    { title: 'a request that is none', request: { method: 'POST', path: '/', json: [] }, status: 200 },
    {
      title: 'a method of nobody',
      request: { method: 'POST', path: '/', json: { jsonrpc: '2.0', id: 1, method: 'x' } },
      status: 200,
    },
  ],
  complaint,
  fuzz: {
    query: {
      status: ['TASK_STATE_WORKING', 'TASK_STATE_REJECTED', 'x'],
      pageSize: ['1', '0', 'x'],
      pageToken: ['', 'x'],
      contextId: ['c', ''],
      statusTimestampAfter: ['2025-01-01T00:00:00Z', 'x'],
      includeArtifacts: ['true', 'x'],
      'A2A-Version': ['1.0', '0.3', '9'],
    },
    bodies: [
      sending() as never,
      sending([{ text: 'a' }, { url: 'https://example.org/', mediaType: 'image/png' }]) as never,
      { jsonrpc: '2.0', id: 1, method: 'SendMessage', params: sending() } as never,
      { jsonrpc: '2.0', id: null, method: 'tasks/get', params: { id: 'x' } } as never,
    ],
  },
  golden: new URL('./golden/', import.meta.url),
  volatile: [{ name: 'page', pattern: /(?<="nextPageToken":")[\w-]{48}/g }],
  goldenHeaders: ['www-authenticate'],
};

/** A request of JSON-RPC. */
const rpc = (method: string, params: object, headers: Record<string, string> = V1): WireRequest => ({
  method: 'POST',
  path: '/',
  json: { jsonrpc: '2.0', id: 7, method, params } as never,
  headers,
});

const jsonRpc: DialectAdapter<A2aOptions> = {
  ...http,
  get start() {
    return rpc('SendMessage', sending());
  },
  started: (answer) => memberOf(answer, ['result', 'task', 'id']) as string | undefined,
  read: ({ id }) => rpc('GetTask', { id }),
  word: (answer) => memberOf(answer, ['result', 'status', 'state']) as string | undefined,
  succeeded: (answer, _job, result) =>
    assert.deepEqual(memberOf(answer, ['result', 'artifacts', '0', 'parts', '0', 'data']), result),
  unknown(answer) {
    assert.equal(answer.status, 200);
    assert.equal(memberOf(answer, ['error', 'code']), -32_001);
  },
  cancel: ({ id }) => rpc('CancelTask', { id }),
};

const LEGACY_WORDS: Readonly<Record<string, string>> = {
  submitted: 'TASK_STATE_SUBMITTED',
  working: 'TASK_STATE_WORKING',
  completed: 'TASK_STATE_COMPLETED',
  failed: 'TASK_STATE_FAILED',
  canceled: 'TASK_STATE_CANCELED',
  'input-required': 'TASK_STATE_INPUT_REQUIRED',
};
const legacySending = (parts: readonly object[] = [{ kind: 'data', data: INPUT }], more: object = {}) => ({
  message: { ...message(parts, more), kind: 'message', role: 'user' },
  configuration: { blocking: false },
});

const legacyRpc: DialectAdapter<A2aOptions> = {
  ...jsonRpc,
  get start() {
    return rpc('message/send', legacySending(), NO_VERSION);
  },
  started: (answer) => memberOf(answer, ['result', 'id']) as string | undefined,
  read: ({ id }) => rpc('tasks/get', { id }, NO_VERSION),
  word: (answer) => LEGACY_WORDS[String(memberOf(answer, ['result', 'status', 'state']))],
  succeeded: (answer, _job, result) =>
    assert.deepEqual(memberOf(answer, ['result', 'artifacts', '0', 'parts', '0', 'data']), { value: result }),
  cancel: ({ id }) => rpc('tasks/cancel', { id }, NO_VERSION),
};

testDialect(a2a, http);
testDialect(a2a, jsonRpc, ['lifecycle', 'polls']);
testDialect(a2a, legacyRpc, ['lifecycle', 'readings']);

describe('A2A', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig(a2a, http);
  });
  after(() => rig.close());

  const worker = () => createWorker(rig.engine, rig.tenant);
  const send = (parts: readonly object[], more: object = {}) => rig.send(post('/message:send', sending(parts, more)));
  const jobOf = async (answer: WireAnswer) => {
    const [lookup] = await rig.engine.read(rig.tenant, [String(memberOf(answer, ['task', 'id']))]);
    assert.equal(lookup?.kind, 'found', answer.text);
    return lookup.snapshot.job;
  };
  const reasonOf = (answer: WireAnswer) => memberOf(answer, ['error', 'details', '0', 'reason']);

  it('a message is answered when its task has ended, with what it brought', async () => {
    const answering = rig.send(post('/message:send', { message: message([{ data: INPUT }]) }));
    await rig.held(1);
    await worker().succeed(await worker().claim(TEST_TYPE), { rows: 3 });
    const answer = await answering;
    assert.equal(memberOf(answer, ['task', 'status', 'state']), 'TASK_STATE_COMPLETED');
    assert.deepEqual(memberOf(answer, ['task', 'artifacts', '0', 'parts']), [
      { data: { rows: 3 }, mediaType: 'application/json' },
    ]);
  });

  it('a message whose wait is over is answered with its task as it is, and sent again with the same task', async () => {
    const request = post('/message:send', { message: message([{ text: 'long' }]) });
    const answering = rig.send(request);
    await rig.held(1);
    rig.clock.advance(rig.engine.limits.waitMsMax);
    const first = await answering;
    assert.equal(memberOf(first, ['task', 'status', 'state']), 'TASK_STATE_SUBMITTED');
    const again = rig.send(request);
    await rig.held(1);
    await worker().succeed(await worker().claim(TEST_TYPE), 'done');
    const second = await again;
    assert.equal(memberOf(second, ['task', 'id']), memberOf(first, ['task', 'id']));
    assert.deepEqual(memberOf(second, ['task', 'artifacts', '0', 'parts']), [
      { text: 'done', mediaType: 'text/plain' },
    ]);
  });

  it('parts are the input: data as it is, text as text, several texts in lines, a mix as a list', async () => {
    const cases: readonly (readonly [readonly object[], unknown])[] = [
      [[{ data: [1, null] }], [1, null]],
      [[{ text: 'a' }], 'a'],
      [[{ text: 'a' }, { text: 'b' }], 'a\nb'],
      [
        [{ text: 'a' }, { data: 1 }],
        ['a', 1],
      ],
      [
        [{ raw: 'AQ==', mediaType: 'image/png', filename: 'x.png' }],
        { bytes: 'AQ==', mediaType: 'image/png', filename: 'x.png' },
      ],
      [[{ url: 'https://example.org/a' }], { url: 'https://example.org/a' }],
    ];
    for (const [parts, input] of cases) {
      const { id } = await jobOf(await send(parts));
      assert.deepEqual(JSON.parse((await rig.engine.readInput(rig.tenant, id)) ?? ''), input);
      await rig.engine.cancel(rig.tenant, id);
    }
    const { id } = await jobOf(await send([{ text: 'a' }], { metadata: { skillId: 'staged' } }));
    assert.equal(await rig.engine.readInput(rig.tenant, id), '{"text":"a"}');
    await rig.engine.cancel(rig.tenant, id);
  });

  it('a context is kept, made where none is named, and must be that of the task', async () => {
    const named = await send([{ text: 'a' }], { contextId: 'talk' });
    assert.equal(memberOf(named, ['task', 'contextId']), 'talk');
    const made = await send([{ text: 'a' }], { messageId: 'fixed' });
    assert.equal(memberOf(made, ['task', 'contextId']), newContext(rig.tenant, 'fixed'));
    const taskId = memberOf(named, ['task', 'id']);
    const other = await send([{ text: 'a' }], { taskId, contextId: 'other' });
    assert.deepEqual([other.status, reasonOf(other)], [400, 'INVALID_PARAMS']);
    const native = await stageJob(rig, 'queued');
    const read = await rig.send(get(`/tasks/${native.job.id}`));
    assert.equal(memberOf(read, ['contextId']), native.job.id);
    const list = await rig.send(get('/tasks?contextId=talk'));
    assert.deepEqual(
      (memberOf(list, ['tasks']) as Task[]).map(({ id }) => id),
      [taskId],
    );
    assert.equal(memberOf(list, ['totalSize']), 1);
    for (const { job } of (await rig.engine.list({ tenant: rig.tenant, limit: 50 })).snapshots)
      await rig.engine.cancel(rig.tenant, job.id);
  });

  it('a message to a task that waits for input is that input; to any other it is refused', async () => {
    const started = await send([{ text: 'may I?' }]);
    const taskId = String(memberOf(started, ['task', 'id']));
    const early = await send([{ text: 'yes' }], { taskId });
    assert.deepEqual([early.status, reasonOf(early)], [400, 'UNSUPPORTED_OPERATION']);
    const { fence } = await worker().claim(TEST_TYPE);
    const { tenant, engine } = rig;
    await engine.workPark({ tenant, id: taskId, fence, signal: 'approval', timeoutMs: 60_000 });
    const waiting = await rig.send(get(`/tasks/${taskId}`));
    assert.equal(memberOf(waiting, ['status', 'state']), 'TASK_STATE_INPUT_REQUIRED');
    assert.match(String(memberOf(waiting, ['status', 'message', 'parts', '0', 'text'])), /approval/);
    const told = await send([{ data: { ok: true } }], { taskId });
    assert.equal(memberOf(told, ['task', 'status', 'state']), 'TASK_STATE_WORKING');
    const { marks } = await jobOf(told);
    assert.deepEqual(marks?.signals?.approval?.value, { ok: true });
    await worker().succeed(await worker().claim(TEST_TYPE), 'approved');
    const late = await send([{ text: 'yes' }], { taskId });
    assert.deepEqual([late.status, reasonOf(late)], [400, 'UNSUPPORTED_OPERATION']);
  });

  it('a blocking send is answered when its task comes to wait for input', async () => {
    const answering = rig.send(post('/message:send', { message: message([{ text: 'ask me' }]) }));
    await rig.held(1);
    const { id, fence } = await worker().claim(TEST_TYPE);
    const { tenant, engine } = rig;
    await engine.workPark({ tenant, id, fence, signal: 'more', timeoutMs: 60_000 });
    assert.equal(memberOf(await answering, ['task', 'status', 'state']), 'TASK_STATE_INPUT_REQUIRED');
    await engine.cancel(tenant, id);
  });

  it('a task that has ended is not cancelled, and not followed', async () => {
    const { job } = await stageJob(rig, 'failed');
    const cancel = await rig.send(post(`/tasks/${job.id}:cancel`));
    assert.deepEqual([cancel.status, reasonOf(cancel)], [409, 'TASK_NOT_CANCELABLE']);
    const byRpc = await rig.send(rpc('CancelTask', { id: job.id }));
    assert.equal(memberOf(byRpc, ['error', 'code']), -32_002);
    for (const method of ['GET', 'POST']) {
      const follow = await rig.send({ method, path: `/tasks/${job.id}:subscribe`, headers: V1 });
      assert.deepEqual([follow.status, reasonOf(follow)], [400, 'UNSUPPORTED_OPERATION']);
    }
  });

  it('lists go page by page, by state and by time', async () => {
    const { job: running } = await stageJob(rig, 'running');
    const ids = async (query: string) =>
      (memberOf(await rig.send(get(`/tasks?${query}`)), ['tasks']) as Task[]).map(({ id }) => id);
    assert.deepEqual(await ids('status=TASK_STATE_WORKING'), [running.id]);
    assert.deepEqual(await ids('status=TASK_STATE_REJECTED'), []);
    const all = await ids('pageSize=100');
    const paged: string[] = [];
    for (let token = ''; ; ) {
      const page = await rig.send(get(`/tasks?pageSize=3&pageToken=${token}`));
      const tasks = memberOf(page, ['tasks']) as Task[];
      assert.ok(tasks.length <= 3 && tasks.every(({ artifacts }) => artifacts === undefined));
      assert.equal(memberOf(page, ['totalSize']), all.length);
      paged.push(...tasks.map(({ id }) => id));
      token = String(memberOf(page, ['nextPageToken']));
      if (token === '') break;
    }
    assert.deepEqual(paged, all);
    const future = new Date(rig.clock.now() + 60_000).toISOString();
    assert.deepEqual(await ids(`statusTimestampAfter=${future}`), []);
    assert.deepEqual((memberOf(await rig.send(get('/tasks'), 'other'), ['tasks']) as Task[]).length, 0);
  });

  it('the card is for anybody, and lists the types that are described; with a key all of them', async () => {
    const card = await rig.send({ method: 'GET', path: CARD_PATH }, 'nobody');
    assert.deepEqual(memberOf(card, ['skills']), []);
    const interfaces = memberOf(card, ['supportedInterfaces']) as readonly Record<string, string>[];
    assert.deepEqual(
      interfaces.map(({ url, protocolBinding, protocolVersion }) => [url, protocolBinding, protocolVersion]),
      [
        [rig.url, 'HTTP+JSON', '1.0'],
        [rig.url, 'JSONRPC', '1.0'],
        [rig.url, 'JSONRPC', '0.3'],
      ],
    );
    const atRoot = await fetch(`${rig.origin}${CARD_PATH}`);
    assert.equal(atRoot.headers.get('vary'), 'a2a-version');
    assert.equal(await atRoot.text(), card.text);
    const extended = await rig.send(get('/extendedAgentCard'));
    assert.equal((memberOf(extended, ['skills']) as unknown[]).length, 3);
    assert.equal((await rig.send(get('/extendedAgentCard'), 'nobody')).status, 401);
  });

  it('a version that is not served is said so, and so is a method of the other version', async () => {
    const code = async (method: string, headers: Record<string, string>) =>
      memberOf(await rig.send(rpc(method, { id: 'x' }, headers)), ['error', 'code']);
    assert.equal(await code('GetTask', { 'a2a-version': '0.2' }), -32_009);
    assert.equal(await code('GetTask', NO_VERSION), -32_009);
    assert.equal(await code('tasks/get', V1), -32_009);
    assert.equal(await code('nothing', V1), -32_601);
    assert.equal(await code('GetTask', { 'a2a-version': '1.0.1' }), -32_001);
    const path = '/tasks?A2A-Version=1.0';
    assert.equal((await rig.send({ method: 'GET', path, headers: NO_VERSION })).status, 200);
  });

  it('errors of JSON-RPC have the id of their request, where that was read', async () => {
    const unknown = await rig.send(rpc('GetTask', { id: 'x' }));
    assert.deepEqual([memberOf(unknown, ['id']), memberOf(unknown, ['error', 'code'])], [7, -32_001]);
    const broken = await rig.send({ method: 'POST', path: '/', headers: V1, body: '{' });
    assert.deepEqual([broken.status, memberOf(broken, ['error', 'code'])], [200, -32_700]);
    const noKey = await rig.send(rpc('GetTask', { id: 'x' }), 'nobody');
    assert.deepEqual([noKey.status, memberOf(noKey, ['id']), memberOf(noKey, ['error', 'code'])], [401, null, -32_000]);
    assert.equal(noKey.headers['www-authenticate'], 'Bearer realm="bide"');
    const noScope = await rig.send(rpc('SendMessage', sending()), 'reader');
    assert.deepEqual([noScope.status, memberOf(noScope, ['id'])], [403, 7]);
    const foreign = await stageJob(rig, 'succeeded');
    const text = async (id: string) => (await rig.send(rpc('GetTask', { id }), 'other')).text;
    assert.equal(await text(foreign.job.id), await text(NOBODY));
  });

  it('a tenant without room is told so, and when to come again', async () => {
    const small = await openRig(a2a, http, { limits: { jobsWaitingMax: 1 } });
    try {
      assert.equal((await small.send(post('/message:send', sending()))).status, 200);
      const full = await small.send(post('/message:send', sending()));
      assert.deepEqual([full.status, memberOf(full, ['error', 'status'])], [429, 'RESOURCE_EXHAUSTED']);
      assert.ok(full.headers['retry-after'] !== undefined);
      const byRpc = await small.send(rpc('SendMessage', sending()));
      assert.deepEqual([byRpc.status, memberOf(byRpc, ['id'])], [429, 7]);
    } finally {
      await small.close();
    }
  });

  it('a task has as many push notification configs as it may, and those of others are not told apart from none', async () => {
    const { job } = await stageJob(rig, 'queued');
    const path = `/tasks/${job.id}/pushNotificationConfigs`;
    const config = (id: string) => post(path, { id, url: 'https://example.org/', token: 't' });
    for (let number = 0; number < rig.engine.limits.callbacksPerJobMax; number += 1)
      assert.equal((await rig.send(config(`c${number}`))).status, 200);
    const full = await rig.send(config('one more'));
    assert.deepEqual([full.status, memberOf(full, ['error', 'status'])], [429, 'RESOURCE_EXHAUSTED']);
    const unnamed = await rig.send(post(path, { url: 'https://example.org/' }));
    assert.equal(unnamed.status, 429);
    const foreign = await rig.send(get(`${path}/c1`), 'other');
    assert.equal(foreign.text, (await rig.send(get(`/tasks/${NOBODY}/pushNotificationConfigs/c1`))).text);
    for (const request of [config('c1'), { ...get(`${path}/c1`), method: 'DELETE' }])
      assert.equal((await rig.send(request, 'other')).status, 404);
    assert.equal((await rig.send(config('c1'), 'reader')).status, 403);
  });

  it('bytes are a file, text is text', async () => {
    const parts: unknown[] = [];
    for (const [contentType, bytes] of [
      ['image/png', Buffer.from([1, 2])],
      ['text/csv', Buffer.from('a,b')],
    ] as const) {
      const { job } = await stageJob(rig, 'queued', { submit: { type: 'staged' } });
      await worker().succeedWith(await worker().claim('staged'), contentType, bytes);
      parts.push(memberOf(await rig.send(get(`/tasks/${job.id}`)), ['artifacts', '0', 'parts', '0']));
    }
    assert.deepEqual(parts, [
      { raw: 'AQI=', mediaType: 'image/png' },
      { text: 'a,b', mediaType: 'text/csv' },
    ]);
  });
});
