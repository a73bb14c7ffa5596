/** The SDKs of A2A, unchanged but for the address and the key, against a real server over real sockets: 1.3 over both bindings, 0.3 over its own. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { SendMessageRequest, type StreamResponse, Task, TaskState } from '@a2a-js/sdk';
import {
  type Client,
  ClientFactory,
  ClientFactoryOptions,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from '@a2a-js/sdk/client';
import { ClientFactory as LegacyFactory, JsonRpcTransportFactory as LegacyTransport } from 'a2a-sdk-0.3/client';
import { createClient, runWorker } from '../../src/client/index.ts';
import { blocksOf, documentOf, runCode } from '../process/doc-blocks.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';

const CONFIG = `export default { types: {
  sum: { description: 'Adds numbers.', run: async ({ numbers }) => numbers.reduce((sum, one) => sum + one, 0) },
  fail: async () => { throw new Error('no such region'); },
  story: async function* ({ words }) { for (const word of words) yield word; },
  far: { kind: 'remote' },
}, deliveries: { allowPrivateAddresses: true } };
`;

const folder = mkdtempSync(join(tmpdir(), 'bide-a2a-'));
const config = join(folder, 'bide.config.mjs');
writeFileSync(config, CONFIG);

const withKey =
  (key: string, fetchImpl: typeof fetch = fetch): typeof fetch =>
  (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${key}`);
    return fetchImpl(input, { ...init, headers });
  };

function clientOf(url: string, fetchImpl: typeof fetch, binding: 'HTTP+JSON' | 'JSONRPC'): Promise<Client> {
  const transports = [new JsonRpcTransportFactory({ fetchImpl }), new RestTransportFactory({ fetchImpl })];
  const options = ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
    transports,
    preferredTransports: [binding],
  });
  return new ClientFactory(options).createFromUrl(url);
}

/** A connection that is kept open does not know that the server behind it is another one: whoever finds it dead connects anew. */
const tenacious: typeof fetch = async (input, init) => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fetch(input, init);
    } catch (error) {
      if (attempt === CONNECTIONS_MAX) throw error;
    }
  }
};
const CONNECTIONS_MAX = 8;

interface Sent {
  readonly skill: string;
  readonly input: unknown;
  readonly messageId?: string;
  readonly returnImmediately?: boolean;
}

function messageOf({ skill, input, messageId = randomUUID(), returnImmediately = false }: Sent): SendMessageRequest {
  const message = { messageId, role: 'ROLE_USER', parts: [{ data: input }], metadata: { skill } };
  return SendMessageRequest.fromJSON({ message, configuration: { returnImmediately } });
}

const taskFrom = (sent: object): Task => {
  assert.ok('status' in sent, JSON.stringify(sent));
  return sent as Task;
};
const valuesOf = ({ artifacts }: Pick<Task, 'artifacts'>) =>
  artifacts.flatMap(({ parts }) => parts.map(({ content }) => content?.value as unknown));
const stateOf = ({ status }: Task) => status?.state;
const TENANT = { tenant: '' };

/** What a stream says, in short. */
async function saidBy(stream: AsyncIterable<StreamResponse>): Promise<readonly unknown[]> {
  const said: unknown[] = [];
  for await (const { payload } of stream) {
    if (payload?.$case === 'task') said.push('task');
    if (payload?.$case === 'statusUpdate') said.push(payload.value.status?.state);
    if (payload?.$case === 'artifactUpdate') {
      const { artifact, append } = payload.value;
      said.push([artifact?.artifactId, append, ...(artifact?.parts.map(({ content }) => content?.value) ?? [])]);
    }
  }
  return said;
}

let server: ServerProcess;
before(async () => {
  server = await startServer({ data: join(folder, 'data'), cwd: folder, args: ['--config', config] });
});
after(async () => {
  await server.end('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

const WORKER = { name: 'the tests' } as const;
async function working<T>(node: Pick<ServerProcess, 'url' | 'key'>, during: () => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const handle = async () => 'done';
  const running = runWorker(createClient({ url: node.url, key: node.key }), {
    types: ['far'],
    handle,
    signal: stop.signal,
    ...WORKER,
  });
  try {
    return await during();
  } finally {
    stop.abort();
    await running;
  }
}

for (const binding of ['HTTP+JSON', 'JSONRPC'] as const) {
  describe(`the SDK of A2A 1.0 over ${binding}`, () => {
    let client: Client;
    before(async () => {
      client = await clientOf(server.url, withKey(server.key), binding);
      assert.equal(client.transport.protocolName, binding);
    });

    test('the card says what is there, the extended one says more', async () => {
      const { skills } = await client.getAgentCard();
      assert.deepEqual(skills.map(({ id }) => id).sort(), ['fail', 'far', 'story', 'sum']);
    });

    test('sendMessage gives the task when it has ended, with its result', async () => {
      const task = taskFrom(await client.sendMessage(messageOf({ skill: 'sum', input: { numbers: [1, 2, 3] } })));
      assert.deepEqual([stateOf(task), valuesOf(task)], [TaskState.TASK_STATE_COMPLETED, [6]]);
      const failed = taskFrom(await client.sendMessage(messageOf({ skill: 'fail', input: {} })));
      assert.equal(stateOf(failed), TaskState.TASK_STATE_FAILED);
      assert.match(String(failed.status?.message?.parts[0]?.content?.value), /no such region/);
    });

    test('sendMessageStream tells the task, its output and its end', async () => {
      const input = { words: ['Once', ' upon'] };
      const said = await saidBy(client.sendMessageStream(messageOf({ skill: 'story', input })));
      assert.equal(said[0], 'task');
      assert.equal(said.at(-1), TaskState.TASK_STATE_COMPLETED);
      const words = said.filter(Array.isArray).flatMap(([, , ...values]) => values as string[]);
      assert.deepEqual(words.slice(0, 2), input.words);
    });

    test('a task is read, listed, followed and cancelled', async () => {
      const far = { skill: 'far', input: { region: 'North' }, returnImmediately: true };
      const task = taskFrom(await client.sendMessage(messageOf(far)));
      assert.equal(stateOf(task), TaskState.TASK_STATE_SUBMITTED);
      assert.equal((await client.getTask({ ...TENANT, id: task.id })).id, task.id);
      const { contextId } = task;
      const ask = { ...TENANT, contextId, pageToken: '', statusTimestampAfter: undefined };
      const list = await client.listTasks({ ...ask, status: TaskState.TASK_STATE_UNSPECIFIED });
      assert.deepEqual([list.tasks.map(({ id }) => id), list.totalSize, list.nextPageToken], [[task.id], 1, '']);
      const following = saidBy(client.resubscribeTask({ ...TENANT, id: task.id }));
      const cancelled = await client.cancelTask({ ...TENANT, id: task.id, metadata: undefined });
      assert.equal(stateOf(cancelled), TaskState.TASK_STATE_CANCELED);
      assert.deepEqual((await following).at(-1), TaskState.TASK_STATE_CANCELED);
    });

    test('push notification configs are made, read, listed and deleted, and told of what comes', async () => {
      await using receiver = await receive();
      const far = { skill: 'far', input: {}, returnImmediately: true };
      const { message } = messageOf(far);
      const own = { id: 'own', url: `${receiver.url}/own`, token: 'secret' };
      const configuration = { returnImmediately: true, taskPushNotificationConfig: own };
      const request = SendMessageRequest.fromJSON({
        ...(SendMessageRequest.toJSON({ ...messageOf(far), message }) as object),
        configuration,
      });
      const { id: taskId } = taskFrom(await client.sendMessage(request));
      const ref = { ...TENANT, taskId };
      const authentication = { scheme: 'Bearer', credentials: 'of-the-client' };
      const more = { ...ref, id: 'more', url: `${receiver.url}/more`, token: 'other', authentication };
      const made = await client.createTaskPushNotificationConfig(more);
      assert.deepEqual(made, { ...more, tenant: '' });
      await client.createTaskPushNotificationConfig({ ...more, id: 'gone', url: `${receiver.url}/gone` });
      await client.deleteTaskPushNotificationConfig({ ...ref, id: 'gone' });
      await client.deleteTaskPushNotificationConfig({ ...ref, id: 'gone' });
      const list = await client.listTaskPushNotificationConfig({ ...ref, pageSize: 0, pageToken: '' });
      assert.deepEqual(
        list.configs.map(({ id }) => id),
        ['own', 'more'],
      );
      assert.equal((await client.getTaskPushNotificationConfig({ ...ref, id: 'own' })).url, own.url);
      await assert.rejects(client.getTaskPushNotificationConfig({ ...ref, id: 'gone' }), { name: 'TaskNotFoundError' });
      const told = receiver.until((all) =>
        ['/own', '/more'].every((path) => all.some((one) => one.path === path && one.body.task !== undefined)),
      );
      await working(server, () => told);
      const last = (await told).findLast(({ path }) => path === '/more');
      assert.deepEqual(
        [last?.headers['x-a2a-notification-token'], last?.headers.authorization],
        ['other', 'Bearer of-the-client'],
      );
      const read = await client.getTask({ ...TENANT, id: taskId });
      assert.deepEqual(Task.fromJSON(last?.body.task), read);
      assert.equal(
        (await told).some(({ path }) => path === '/gone'),
        false,
      );
    });

    test('what is refused is the error of its name', async () => {
      const id = '01912c5e-0000-7000-8000-000000000001';
      await assert.rejects(client.getTask({ ...TENANT, id }), { name: 'TaskNotFoundError' });
      const task = taskFrom(await client.sendMessage(messageOf({ skill: 'sum', input: { numbers: [] } })));
      const ended = { ...TENANT, id: task.id };
      await assert.rejects(client.cancelTask({ ...ended, metadata: undefined }), { name: 'TaskNotCancelableError' });
      await assert.rejects(saidBy(client.resubscribeTask(ended)), /has ended/);
      await assert.rejects(client.sendMessage(messageOf({ skill: 'none', input: {} })), /no such skill/);
      const stranger = await clientOf(server.url, withKey('bide_none'), binding);
      await assert.rejects(stranger.getTask(ended), /API key/);
    });

    test('a send and a subscription that a restart cuts off end with the right answer', async () => {
      const data = join(folder, `restarted-${binding.slice(0, 4)}`);
      const args = ['--config', config];
      const first = await startServer({ data, cwd: folder, args });
      const port = new URL(first.url).port;
      const cut = await clientOf(first.url, withKey(first.key), binding);
      const message = messageOf({ skill: 'far', input: {} });
      const held = cut.sendMessage(message).catch((error: unknown) => error);
      const task = await firstTask(cut);
      const following = saidBy(cut.resubscribeTask({ ...TENANT, id: task.id })).catch((error: unknown) => error);
      await cut.getTask({ ...TENANT, id: task.id });
      await first.end('SIGKILL');
      assert.ok((await held) instanceof Error);
      await following;
      await using second = await startServer({ data, cwd: folder, args: [...args, '--port', port] });
      const anew = await clientOf(second.url, withKey(second.key, tenacious), binding);
      const again = anew.sendMessage(message);
      const rest = saidBy(anew.resubscribeTask({ ...TENANT, id: task.id }));
      const [answer, said] = await working(second, () => Promise.all([again, rest]));
      assert.deepEqual([taskFrom(answer).id, valuesOf(taskFrom(answer))], [task.id, ['done']]);
      assert.deepEqual(said.slice(-2), [['result', false, 'done'], TaskState.TASK_STATE_COMPLETED]);
    });

    test('a send that is held when the server shuts down is answered with its task as it is', async () => {
      const data = join(folder, `stopped-${binding.slice(0, 4)}`);
      await using stopping = await startServer({ data, cwd: folder, args: ['--config', config] });
      const held = await clientOf(stopping.url, withKey(stopping.key), binding);
      const answering = held.sendMessage(messageOf({ skill: 'far', input: {} }));
      const { id } = await firstTask(held);
      await stopping.end('SIGTERM');
      const task = taskFrom(await answering);
      assert.deepEqual([task.id, stateOf(task)], [id, TaskState.TASK_STATE_SUBMITTED]);
    });
  });
}

/** The one task there is, once it is there. */
async function firstTask(client: Client): Promise<Task> {
  for (;;) {
    const ask = { ...TENANT, contextId: '', pageToken: '', statusTimestampAfter: undefined };
    const { tasks } = await client.listTasks({ ...ask, status: TaskState.TASK_STATE_UNSPECIFIED });
    if (tasks[0] !== undefined) return tasks[0];
  }
}

interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: { readonly task?: unknown };
}

/** A receiver of push notifications, which answers 200. */
async function receive() {
  const received: Received[] = [];
  let look = () => {};
  const listener = createServer(async (request, response) => {
    const body = JSON.parse(await text(request)) as Received['body'];
    received.push({ path: request.url ?? '', headers: request.headers, body });
    response.end();
    look();
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    until: (isEnough: (all: readonly Received[]) => boolean) =>
      new Promise<readonly Received[]>((resolve) => {
        look = () => {
          if (isEnough(received)) resolve(received);
        };
      }),
    async [Symbol.asyncDispose]() {
      listener.closeAllConnections();
      listener.close();
      await once(listener, 'close');
    },
  };
}

describe('the SDK of A2A 0.3', () => {
  test('sends, streams, reads and cancels', async () => {
    const transports = [new LegacyTransport({ fetchImpl: withKey(server.key) })];
    const client = await new LegacyFactory({ transports }).createFromUrl(server.url);
    const sending = (skill: string, data: Record<string, unknown>, isBlocking = true) => ({
      message: {
        kind: 'message' as const,
        messageId: randomUUID(),
        role: 'user' as const,
        parts: [{ kind: 'data' as const, data }],
        metadata: { skill },
      },
      configuration: { blocking: isBlocking },
    });
    const done = await client.sendMessage(sending('sum', { numbers: [20, 22] }));
    assert.ok(done.kind === 'task');
    assert.equal(done.status.state, 'completed');
    const [part] = done.artifacts?.[0]?.parts ?? [];
    assert.deepEqual(part?.kind === 'data' ? part.data : part, { value: 42 });
    const kinds: string[] = [];
    let last: unknown;
    for await (const event of client.sendMessageStream(sending('story', { words: ['a'] }))) {
      kinds.push(event.kind);
      last = event;
    }
    assert.equal(kinds[0], 'task');
    assert.ok(kinds.includes('artifact-update'), kinds.join());
    assert.deepEqual(
      { final: (last as { final?: boolean }).final, state: (last as { status?: { state: string } }).status?.state },
      { final: true, state: 'completed' },
    );
    const waiting = await client.sendMessage(sending('far', {}, false));
    assert.ok(waiting.kind === 'task');
    assert.equal((await client.getTask({ id: waiting.id })).status.state, 'submitted');
    assert.equal((await client.cancelTask({ id: waiting.id })).status.state, 'canceled');
    await assert.rejects(client.cancelTask({ id: waiting.id }), { name: 'TaskNotCancelableError' });
    const pushNotificationConfig = {
      id: 'one',
      url: 'http://127.0.0.1:9/',
      authentication: { schemes: ['Basic'], credentials: 'x' },
    };
    const set = await client.setTaskPushNotificationConfig({ taskId: waiting.id, pushNotificationConfig });
    assert.deepEqual(set, { taskId: waiting.id, pushNotificationConfig });
    const ref = { id: waiting.id, pushNotificationConfigId: 'one' };
    assert.deepEqual(await client.getTaskPushNotificationConfig(ref), set);
    assert.deepEqual(await client.listTaskPushNotificationConfig({ id: waiting.id }), [set]);
    await client.deleteTaskPushNotificationConfig(ref);
    assert.deepEqual(await client.listTaskPushNotificationConfig({ id: waiting.id }), []);
  });
});

test('the recipe of docs/dialects/a2a.md runs', async () => {
  const [recipe = ''] = blocksOf(documentOf('docs/dialects/a2a.md'), 'js recipe');
  const names = {
    ...{ randomUUID, SendMessageRequest, ClientFactory, ClientFactoryOptions },
    ...{ JsonRpcTransportFactory, RestTransportFactory, KEY: server.key, BIDE: server.url },
  };
  assert.equal(await runCode(recipe, names, 'result.content.value'), 6);
});
