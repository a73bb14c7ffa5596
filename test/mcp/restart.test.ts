/** A server that is killed and started again in the middle of the clients' waits: they end with the right answer. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { resultFromTaskOutcome } from '@modelcontextprotocol/ext-tasks/client';
import { CallToolResultSchema, CreateTaskResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { startServer } from '../process/server-process.ts';
import { connectClient, connectModern, type Place } from './connect.ts';

const CONFIG = `export default { types: { far: { description: 'Done by a worker elsewhere.', kind: 'remote' } } };`;
const RESULT = { rows: 12 };

const folder = mkdtempSync(join(tmpdir(), 'bide-mcp-'));
const config = join(folder, 'bide.config.mjs');
writeFileSync(config, CONFIG);
after(() => rmSync(folder, { recursive: true, force: true }));

/** The first word of a stream is how far its job is: by then it is held. */
function held() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, options: { onprogress: () => resolve() } };
}

async function ask({ url, key }: Place, path: string, body: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}

test('a held call, the result of a task and a task that is gone on with survive a kill', async () => {
  const args = ['--config', config];
  const first = await startServer({ data: join(folder, 'data'), cwd: folder, args });
  const legacy = await connectClient(first);
  const modern = await connectModern(first);
  const call = { name: 'far', arguments: {} };

  const [callHeld, resultHeld] = [held(), held()];
  const called = legacy.callTool(call, undefined, callHeld.options);
  const created = await legacy.request(
    { method: 'tools/call', params: { ...call, task: { ttl: 600_000 } } },
    CreateTaskResultSchema,
  );
  const { taskId } = created.task;
  const awaited = legacy.experimental.tasks.getTaskResult(taskId, CallToolResultSchema, resultHeld.options);
  const execution = await modern.session.callTool('far', {});
  assert.ok(execution.kind === 'task');
  // This client polls a server that is away twice and gives up: its host keeps the task, and goes on with it.
  const reference = execution.serializeReference();
  await execution.detach();
  await Promise.all([callHeld.promise, resultHeld.promise]);
  await first.end('SIGKILL');

  const port = new URL(first.url).port;
  await using second = await startServer({ data: join(folder, 'data'), cwd: folder, args: [...args, '--port', port] });
  const claimed = await ask(second, '/v1/work/claim', { types: ['far'], max: 3, worker: 'test' });
  const { jobs } = claimed as { readonly jobs: readonly { readonly id: string; readonly fence: number }[] };
  assert.equal(jobs.length, 3);
  for (const { id, fence } of jobs) await ask(second, `/v1/work/${id}/succeed`, { fence, result: RESULT });

  assert.deepEqual((await called).structuredContent, RESULT);
  assert.deepEqual((await awaited).structuredContent, RESULT);
  const { outcome } = await (await modern.session.resumeTask(reference)).settle();
  assert.deepEqual((resultFromTaskOutcome(outcome) as { structuredContent: unknown }).structuredContent, RESULT);
  await modern.session.close();
  await modern.client.close();
  await legacy.close();
});
