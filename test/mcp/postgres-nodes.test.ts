/** MCP before two nodes on one PostgreSQL: a round-robin proxy gives each request to another one, one node is killed, and no client notices. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallToolResultSchema, CreateTaskResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { startRoundRobin } from '../browser/round-robin.ts';
import { type Cluster, startCluster, told } from '../postgres/cluster.ts';
import { startTestServer } from '../postgres/server.ts';
import { connectClient, connectModern } from './connect.ts';

const CONFIG = `export default { types: { far: { description: 'Done by a worker elsewhere.', kind: 'remote' } } };`;
const CALL = { name: 'far', arguments: {} };

interface Claimed {
  readonly jobs: readonly { readonly id: string; readonly fence: number }[];
}

/** Claims what there is at one node, says how far it is, and ends it by the function that comes back. */
async function work(cluster: Cluster, url: string, percent: number) {
  const claim = { types: ['far'], max: 10, worker: 'test' };
  const { jobs } = await told<Claimed & Record<string, unknown>>(cluster, `${url}/v1/work/claim`, claim);
  const report = (id: string, path: string, body: object) => told(cluster, `${url}/v1/work/${id}/${path}`, body);
  for (const { id, fence } of jobs) await report(id, 'heartbeat', { fence, progress: { percent } });
  return async (at: string) => {
    for (const { id, fence } of jobs) await told(cluster, `${at}/v1/work/${id}/succeed`, { fence, result: { id } });
    return jobs.map(({ id }) => id);
  };
}

/** Resolves when a stream has told this much. */
function told40() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, options: { onprogress: ({ progress }: { progress: number }) => progress === 40 && resolve() } };
}

/** A call at one node, left once its stream has an id. */
async function leftCall({ key }: Cluster, url: string) {
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2025-11-25',
  };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: CALL });
  const left = new AbortController();
  const answer = await fetch(`${url}/mcp`, { method: 'POST', headers, body, signal: left.signal });
  const { value } = (await answer.body?.getReader().read()) ?? {};
  left.abort();
  const eventId = /^id: (\S+)$/m.exec(Buffer.from(value ?? []).toString())?.[1];
  assert.ok(eventId !== undefined);
  return { ...headers, 'last-event-id': eventId };
}

test('sessions, held calls, results of tasks and streams that are resumed work on either of two nodes', async (t) => {
  const server = await startTestServer({ isDurable: false });
  t.after(() => server.end());
  await using cluster = await startCluster({
    database: await server.createDatabase(),
    nodes: 2,
    workers: 0,
    config: CONFIG,
  });
  const [a = '', b = ''] = cluster.nodes.map(({ url }) => url);
  await using proxy = await startRoundRobin([a, b]);
  const place = { url: proxy.url, key: cluster.key };
  const client = await connectClient(place);
  const modern = await connectModern(place);
  // Each of these goes to another node, with the session that one of them gave out.
  for (let count = 0; count < 4; count += 1) assert.equal((await client.listTools()).tools.length, 4);

  // Each of two in a row is held at another node.
  const progress = [told40(), told40()] as const;
  const calls = progress.map(({ options }) => client.callTool(CALL, undefined, options));
  const start = { method: 'tools/call' as const, params: { ...CALL, task: {} } };
  const { task } = await client.request(start, CreateTaskResultSchema);
  const resultProgress = told40();
  const result = client.experimental.tasks.getTaskResult(task.taskId, CallToolResultSchema, resultProgress.options);
  const execution = await modern.session.callTool('far', {});
  assert.ok(execution.kind === 'task');
  const resuming = await leftCall(cluster, a);
  const end = await work(cluster, b, 40);
  await Promise.all([...progress, resultProgress].map(({ promise }) => promise));
  const resumed = await fetch(`${b}/mcp`, { headers: resuming });

  const [first] = cluster.nodes;
  await first?.end('SIGKILL');
  const ids = await end(b);
  assert.equal(ids.length, 5);
  const answers = (await Promise.all(calls)).map(({ structuredContent }) => structuredContent as { id: string });
  assert.equal(new Set(answers.map(({ id }) => id)).size, 2);
  assert.deepEqual((await result).structuredContent, { id: task.taskId });
  const lines = (await resumed.text()).split('\n').filter((line) => line.startsWith('data: {'));
  const last = JSON.parse(lines.at(-1)?.slice('data: '.length) ?? '');
  assert.equal(last.id, 7);
  assert.ok(ids.includes(last.result.structuredContent.id));
  const reference = execution.serializeReference();
  assert.ok(ids.includes(reference.taskId));
  await execution.detach();
  await Promise.all([client.close(), modern.session.close(), modern.client.close()]);
});
