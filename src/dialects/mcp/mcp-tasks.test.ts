/** What is MCP's alone: runs of a job as tasks, what people are asked, streams, calls whose client goes away. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Json } from '../../core/job.ts';
import {
  createWorker,
  type DialectAdapter,
  memberOf,
  openRig,
  type Rig,
  stageJob,
  TEST_TYPE,
  type WireAnswer,
  type WireRequest,
} from '../contract-suite.ts';
import { mcp } from './index.ts';
import type { McpOptions } from './options.ts';
import { placeOf, placeText } from './place.ts';
import { META, MODERN_VERSION, TASKS_EXTENSION } from './wire.ts';

type Params = Readonly<Record<string, Json>>;

const legacy = (method: string, params: Params, headers: Record<string, string> = {}): WireRequest => ({
  method: 'POST',
  path: '/',
  headers,
  json: { jsonrpc: '2.0', id: 1, method, params },
});

const FORMS = { elicitation: {}, extensions: { [TASKS_EXTENSION]: {} } };

function modern(method: string, params: Params, capabilities: Json = FORMS, more: Record<string, string> = {}) {
  const name = params.name ?? params.taskId;
  const headers = {
    'mcp-protocol-version': MODERN_VERSION,
    'mcp-method': method,
    ...(name === undefined ? {} : { 'mcp-name': String(name) }),
    ...more,
  };
  return legacy(
    method,
    { ...params, _meta: { [META.version]: MODERN_VERSION, [META.capabilities]: capabilities } },
    headers,
  );
}

const EVENTS = { accept: 'application/json, text/event-stream' };

/** The messages of a stream of events. */
function messagesOf({ text }: WireAnswer): readonly Readonly<Record<string, unknown>>[] {
  return [...text.matchAll(/^data: (\{.*)$/gm)].map(([, json]) => JSON.parse(json ?? ''));
}

const inputs = {
  approval: { message: 'Pay it out?', schema: { type: 'object' as const } },
  amount: { message: 'How much?', with: 'approval' },
};

const adapter = {
  options: { tools: { [TEST_TYPE]: { description: 'Makes a report.', inputs } }, origins: ['https://app.example'] },
  credentials: (key: string) => ({ authorization: `Bearer ${key}` }),
} as unknown as DialectAdapter<McpOptions>;

async function roomFor(holdsMax: number) {
  const rig = await openRig(mcp, adapter, { limits: { holdsMax, holdsPerTenantMax: holdsMax } });
  return { rig, [Symbol.asyncDispose]: () => rig.close() };
}

const statusOf = (answer: WireAnswer) => memberOf(answer, ['result', 'status']);

describe('tasks of MCP', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig(mcp, adapter);
  });
  after(() => rig.close());

  const claim = () => createWorker(rig.engine, rig.tenant).claim(TEST_TYPE);
  const succeed = async (result: Json) => {
    const worker = createWorker(rig.engine, rig.tenant);
    await worker.succeed(await worker.claim(TEST_TYPE), result);
  };
  it('a key that may cancel and not read is not told what came of a job', async () => {
    const { job } = await stageJob(rig, 'succeeded', { result: 'between us' });
    const cancel = legacy('tools/call', { name: 'cancel_job', arguments: { job_id: job.id } });
    const cancelled = await rig.send(cancel, 'submitter');
    assert.equal(memberOf(cancelled, ['result', 'structuredContent', 'state']), 'succeeded');
    assert.doesNotMatch(cancelled.text, /between us/);
    await rig.engine.submit([{ tenant: rig.tenant, type: TEST_TYPE }]);
    const { id } = await claim();
    const again = { name: TEST_TYPE, arguments: {}, requestState: `${id}.1` };
    assert.equal((await rig.send(modern('tools/call', again), 'submitter')).status, 403);
    await rig.engine.cancel(rig.tenant, id);
  });

  it('a call is a part of the trace that its _meta names, before that of its headers', async () => {
    const [own, outer] = ['a', 'b'].map((digit) => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`) as [string, string];
    const call = modern('tools/call', { name: TEST_TYPE }, FORMS, { traceparent: outer });
    const { params, ...message } = call.json as { params: { _meta: object } };
    const traceOf = async (more: object) => {
      const json = { ...message, params: { ...params, _meta: { ...params._meta, ...more } } } as Json;
      const taskId = String(memberOf(await rig.send({ ...call, json }), ['result', 'taskId']));
      await rig.engine.cancel(rig.tenant, taskId);
      const [found] = await rig.engine.read(rig.tenant, [taskId]);
      return found?.kind === 'found' ? found.snapshot.job.terms?.trace : null;
    };
    assert.deepEqual(await traceOf({ traceparent: own, tracestate: 'x=1' }), { parent: own, state: 'x=1' });
    for (const wrong of [{}, { traceparent: 'x', tracestate: 'x=1' }, { traceparent: 5 }, { traceparent: [own] }])
      assert.deepEqual(await traceOf(wrong), { parent: outer }, JSON.stringify(wrong));
  });

  const park = async (signal: string) => {
    const { tenant } = rig;
    await rig.engine.workPark({ tenant, ...(await claim()), signal, timeoutMs: 60_000 });
  };
  const startTask = async () =>
    String(memberOf(await rig.send(modern('tools/call', { name: TEST_TYPE })), ['result', 'taskId']));

  it('a job that is run again is a new task, and the old one is told so', async () => {
    const { job } = await stageJob(rig, 'cancelled');
    assert.equal(statusOf(await rig.send(legacy('tasks/get', { taskId: job.id }))), 'cancelled');
    assert.equal((await rig.engine.retry(rig.tenant, job.id)).kind, 'done');
    for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
      const old = await rig.send(legacy(method, { taskId: job.id }));
      assert.equal(memberOf(old, ['error', 'code']), -32_602);
      assert.match(old.text, new RegExp(`run again, as the task ${job.id}\\.1`));
    }
    const again = await rig.send(legacy('tasks/get', { taskId: `${job.id}.1` }));
    assert.deepEqual([statusOf(again), memberOf(again, ['result', 'taskId'])], ['working', `${job.id}.1`]);
    const later = await rig.send(legacy('tasks/get', { taskId: `${job.id}.2` }));
    assert.match(later.text, /there is none with this taskId/);
    assert.match((await rig.send(legacy('tasks/get', { taskId: job.id }), 'other')).text, /there is none/);
    assert.equal(statusOf(await rig.send(legacy('tasks/cancel', { taskId: `${job.id}.1` }))), 'cancelled');
  });

  it('a parked task asks for what belongs together, keeps asking for what is open, and goes on', async () => {
    const taskId = await startTask();
    await park('approval');
    const asked = await rig.send(modern('tasks/get', { taskId }));
    assert.equal(statusOf(asked), 'input_required');
    assert.deepEqual(memberOf(asked, ['result', 'inputRequests', 'approval', 'params', 'message']), 'Pay it out?');
    assert.deepEqual(Object.keys(memberOf(asked, ['result', 'inputRequests']) as object), ['approval', 'amount']);
    const update = (name: string, response: Json) =>
      rig.send(modern('tasks/update', { taskId, inputResponses: { [name]: response, unknown: {} } }));
    assert.equal(
      memberOf(await update('approval', { action: 'accept', content: { yes: true } }), ['result', 'resultType']),
      'complete',
    );
    const half = await rig.send(modern('tasks/get', { taskId }));
    assert.deepEqual(Object.keys(memberOf(half, ['result', 'inputRequests']) as object), ['amount']);
    await update('amount', { action: 'decline' });
    assert.equal(statusOf(await rig.send(modern('tasks/get', { taskId }))), 'working');
    const { signals } = await marksOf(taskId);
    assert.deepEqual([signals?.approval?.value, signals?.amount?.value], [{ yes: true }, null]);
    await succeed('paid');
  });

  const marksOf = async (id: string) => {
    const [lookup] = await rig.engine.read(rig.tenant, [id]);
    return (lookup?.kind === 'found' && lookup.snapshot.job.marks) || {};
  };

  it('a client that shows no forms is told what the task waits for', async () => {
    const taskId = await startTask();
    await park('approval');
    const shown = await rig.send(modern('tasks/get', { taskId }, { extensions: { [TASKS_EXTENSION]: {} } }));
    assert.deepEqual(
      [statusOf(shown), memberOf(shown, ['result', 'statusMessage'])],
      ['working', 'Waits for the signal approval.'],
    );
    await rig.engine.cancel(rig.tenant, taskId);
  });

  it('a held call of 2026 asks, and goes on when it is called again with its state', async () => {
    const call = (more: Params) => rig.send(modern('tools/call', { name: TEST_TYPE, ...more }, { elicitation: {} }));
    const first = call({});
    await rig.held(1);
    await park('approval');
    const asked = await first;
    assert.equal(memberOf(asked, ['result', 'resultType']), 'input_required');
    const requestState = String(memberOf(asked, ['result', 'requestState']));
    const accept = { action: 'accept', content: { yes: true } };
    assert.equal(memberOf(await call({ requestState: `x${requestState}` }), ['error', 'code']), -32_602);
    const second = call({ requestState, inputResponses: { approval: accept, amount: accept } });
    await rig.held(1);
    await succeed({ paid: true });
    assert.deepEqual(memberOf(await second, ['result', 'structuredContent']), { paid: true });
  });

  it('a call of 2026 whose client goes away is cancelled, one of 2025 goes on', async () => {
    const leave = async (request: WireRequest) => {
      const leaving = new AbortController();
      const answering = rig.send(request, 'owner', leaving.signal);
      await rig.held(1);
      const [snapshot] = (await rig.engine.list({ tenant: rig.tenant, types: [TEST_TYPE], limit: 1 })).snapshots;
      assert.ok(snapshot !== undefined);
      leaving.abort();
      await assert.rejects(answering);
      await rig.released();
      return snapshot.job;
    };
    for (const headers of [{}, EVENTS]) {
      const { id, revision } = await leave(modern('tools/call', { name: TEST_TYPE }, {}, headers));
      const until = { kind: 'change', since: revision } as const;
      const never = new AbortController().signal;
      await rig.engine.wait({ tenant: rig.tenant, ids: [id], for: 'all', until, timeoutMs: 60_000, signal: never });
      const [lookup] = await rig.engine.read(rig.tenant, [id]);
      assert.equal(lookup?.kind === 'found' && lookup.snapshot.job.state, 'cancelled');
    }
    const { id } = await leave(legacy('tools/call', { name: TEST_TYPE }, EVENTS));
    const [lookup] = await rig.engine.read(rig.tenant, [id]);
    assert.equal(lookup?.kind === 'found' && lookup.snapshot.job.state, 'waiting');
    await succeed(null);
  });

  it('subscriptions tell tasks as they change, and end with them', async () => {
    const taskId = await startTask();
    const params = { notifications: { taskIds: [taskId, 'none'], toolsListChanged: true } };
    const listening = rig.send(modern('subscriptions/listen', params));
    await rig.held(1);
    await succeed({ rows: 1 });
    const [acknowledged, ...told] = messagesOf(await listening);
    const tag = { _meta: { [META.subscription]: 1 } };
    assert.deepEqual(acknowledged?.params, { notifications: { taskIds: [taskId] }, ...tag });
    const words = told.map(({ method, params }) => [method, (params as { status?: string } | undefined)?.status]);
    assert.deepEqual(words.at(0), ['notifications/tasks', 'working']);
    assert.deepEqual(words.at(-2), ['notifications/tasks', 'completed']);
    assert.deepEqual(Object.keys(told.at(-1)?.result as object), ['resultType', '_meta']);
    const refused = await rig.send(modern('subscriptions/listen', params, {}));
    assert.equal(memberOf(refused, ['error', 'code']), -32_021);
  });

  it('a stream of 2025 begins with an id, by which it is resumed elsewhere with the same answer', async () => {
    const headers = { ...EVENTS, 'mcp-protocol-version': '2025-11-25' };
    const call = legacy('tools/call', { name: TEST_TYPE, _meta: { progressToken: 'p' } }, headers);
    const answering = rig.send(call);
    await rig.held(1);
    const held = await claim();
    const worker = createWorker(rig.engine, rig.tenant);
    await worker.report(held, 40);
    await worker.succeed(held, { rows: 2 });
    const answer = await answering;
    const messages = messagesOf(answer);
    const progress = messages.flatMap(({ method, params }) =>
      method === 'notifications/progress' ? [(params as { progress: number }).progress] : [],
    );
    assert.equal(progress.at(0), 0);
    assert.equal(progress.at(-1), 100);
    const eventId = /^id: (\S+)$/m.exec(answer.text)?.[1] ?? '';
    const resumed = await rig.send({
      method: 'GET',
      path: '/',
      headers: { ...headers, 'last-event-id': eventId },
    });
    assert.deepEqual(messagesOf(resumed).at(-1), messages.at(-1));
    const foreign = await rig.send({ method: 'GET', path: '/', headers: { 'last-event-id': eventId } }, 'other');
    assert.equal(memberOf(foreign, ['error', 'code']), -32_602);
  });

  it('a form that was shown is not shown again where its stream is resumed, and is where it was cut before', async () => {
    const clientInfo = { name: 'x', version: '1' };
    const params = { protocolVersion: '2025-11-25', capabilities: { elicitation: {} }, clientInfo };
    const initialized = await rig.send(legacy('initialize', params));
    const session = { 'mcp-session-id': initialized.headers['mcp-session-id'] ?? '' };
    const headers = { ...EVENTS, ...session, 'mcp-protocol-version': '2025-11-25' };
    const taskId = await startTask();
    await park('approval');
    const resume = (eventId: string) =>
      rig.send({ method: 'GET', path: '/', headers: { ...headers, 'last-event-id': eventId } });
    const forms = (answer: WireAnswer) => messagesOf(answer).filter(({ method }) => method === 'elicitation/create');
    const firstPlace = { kind: 'result' as const, jobId: taskId, requestId: 1, progressToken: null };
    const result = rig.send(legacy('tasks/result', { taskId }, headers));
    const early = resume(placeText(firstPlace) ?? '');
    const late = resume(placeText({ ...firstPlace, asked: ['approval', 'amount'] }) ?? '');
    await rig.held(3);
    await rig.engine.cancel(rig.tenant, taskId);
    const ids = [...(await result).text.matchAll(/^id: (\S+)$/gm)].map(([, id]) => placeOf(id ?? ''));
    assert.deepEqual(
      ids.map((place) => place?.asked),
      [undefined, ['approval'], ['approval', 'amount']],
    );
    assert.deepEqual([forms(await early).length, forms(await late).length], [2, 0]);
    assert.equal(messagesOf(await late).at(-1)?.id, 1);
  });

  it('a call that the server has no room to hold is answered with its job', async () => {
    await using full = await roomFor(1);
    const waiting = full.rig.send(legacy('tools/call', { name: TEST_TYPE }, EVENTS));
    await full.rig.held(1);
    const answer = await full.rig.send(legacy('tools/call', { name: TEST_TYPE }, EVENTS));
    assert.equal(memberOf(answer, ['result', 'structuredContent', 'state']), 'queued', answer.text);
    const [, first] = (await full.rig.engine.list({ tenant: full.rig.tenant, limit: 2 })).snapshots;
    assert.ok(first !== undefined);
    await full.rig.engine.cancel(full.rig.tenant, first.job.id);
    assert.match((await waiting).text, /was cancelled/);
  });

  it('a session is its id: sealed for its tenant, and opened by any node', async () => {
    const params = {
      protocolVersion: '2025-06-18',
      capabilities: { elicitation: {} },
      clientInfo: { name: 'x', version: '1' },
    };
    const initialized = await rig.send(legacy('initialize', params));
    assert.equal(memberOf(initialized, ['result', 'protocolVersion']), '2025-06-18');
    const headers = { 'mcp-session-id': initialized.headers['mcp-session-id'] ?? '' };
    const ping = legacy('ping', {}, headers);
    assert.deepEqual(memberOf(await rig.send(ping), ['result']), {});
    assert.equal((await rig.send(ping, 'other')).status, 404);
    assert.equal((await rig.send(legacy('ping', {}, { 'mcp-session-id': 'none' }))).status, 404);
    const taskId = await startTask();
    await park('approval');
    assert.equal(statusOf(await rig.send(legacy('tasks/get', { taskId }, headers))), 'input_required');
    assert.equal(statusOf(await rig.send(legacy('tasks/get', { taskId }))), 'working');
    await rig.engine.cancel(rig.tenant, taskId);
  });

  it('who may call: keys by scope, pages by origin, and the refusal says where keys go', async () => {
    const refused = await rig.send(legacy('ping', {}), 'stranger');
    assert.match(refused.headers['www-authenticate'] ?? '', /^Bearer error="invalid_token", resource_metadata="http/);
    const metadata = await rig.send({ method: 'GET', path: '/.well-known/oauth-protected-resource' }, 'nobody');
    assert.equal(memberOf(metadata, ['resource']), rig.url);
    const reader = await rig.send(legacy('tools/call', { name: TEST_TYPE }), 'reader');
    assert.equal(reader.status, 403);
    assert.match(reader.headers['www-authenticate'] ?? '', /insufficient_scope", scope="submit"/);
    const from = async (origin: string) => (await rig.send(legacy('ping', {}, { origin }))).status;
    assert.deepEqual(
      [await from('https://app.example'), await from('http://localhost:6274'), await from('https://app.example.evil')],
      [200, 200, 403],
    );
  });
});
