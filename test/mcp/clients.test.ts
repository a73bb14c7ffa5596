/** The protocol's own clients against a real server over real sockets: what `docs/dialects/mcp.md` shows, and what it says. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { resultFromTaskOutcome } from '@modelcontextprotocol/ext-tasks/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema, type Progress } from '@modelcontextprotocol/sdk/types.js';
import { createClient } from '../../src/client/index.ts';
import { blocksOf, documentOf, runCode } from '../process/doc-blocks.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';
import { connectClient, connectModern, type ModernSession } from './connect.ts';

const CONFIG = `export default { types: {
  report: { description: 'Makes the report of a region.', run: async ({ region }, job) => {
    job.progress(50, 'half of it');
    return { region, rows: 12 };
  } },
  quick: { description: 'Answers at once.', expectedMs: 100, run: ({ n }) => n + 1 },
  broken: { description: 'Fails.', retry: { attempts: 1 }, run: () => { throw new Error('no such region'); } },
  payout: { description: 'Pays once it is approved.', run: async (_input, job) => ({ approval: await job.waitForSignal('approval') }) },
  far: { description: 'Done by a worker elsewhere.', kind: 'remote' },
  hidden: { kind: 'remote' },
}, dialects: { mcp: { options: { tools: { payout: { inputs: { approval: {
  message: 'Pay it out?',
  schema: { type: 'object', properties: { approved: { type: 'boolean' } }, required: ['approved'] },
} } } } } } } };
`;

const folder = mkdtempSync(join(tmpdir(), 'bide-mcp-'));
const config = join(folder, 'bide.config.mjs');
writeFileSync(config, CONFIG);

let server: ServerProcess;
before(async () => {
  server = await startServer({ data: join(folder, 'data'), cwd: folder, args: ['--config', config] });
});
after(async () => {
  await server.end('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

const textOf = (result: unknown) => (result as { content: readonly { text: string }[] }).content[0]?.text ?? '';

describe('the client of 2025', () => {
  let client: Client;
  before(async () => {
    client = await connectClient(server);
  });
  after(() => client.close());

  test('tools are the types with a description, and those that follow jobs', async () => {
    const { tools } = await client.listTools();
    const supports = Object.fromEntries(tools.map(({ name, execution }) => [name, execution?.taskSupport]));
    assert.deepEqual(supports, {
      report: 'optional',
      quick: 'forbidden',
      broken: 'optional',
      payout: 'optional',
      far: 'optional',
      wait_for_job: 'forbidden',
      get_job: 'forbidden',
      cancel_job: 'forbidden',
    });
  });

  test('a call without a task is held, with its progress', async () => {
    const seen: Progress[] = [];
    const call = { name: 'report', arguments: { region: 'North' } };
    const result = await client.callTool(call, undefined, { onprogress: (progress) => seen.push(progress) });
    assert.deepEqual(result.structuredContent, { region: 'North', rows: 12 });
    assert.equal(seen.at(-1)?.progress, 100);
    assert.equal(textOf(await client.callTool({ name: 'quick', arguments: { n: 1 } })), '2');
  });

  test('a tool that fails says so in its result', async () => {
    const result = await client.callTool({ name: 'broken', arguments: {} });
    assert.deepEqual([result.isError, textOf(result)], [true, 'no such region']);
  });

  test('callToolStream creates a task, polls it and has its result', async () => {
    const call = { name: 'report', arguments: { region: 'North' } };
    const seen: string[] = [];
    for await (const message of client.experimental.tasks.callToolStream(call, CallToolResultSchema, { task: {} })) {
      seen.push(message.type);
      if (message.type === 'result') assert.deepEqual(message.result.structuredContent, { region: 'North', rows: 12 });
      assert.notEqual(message.type, 'error');
    }
    assert.deepEqual([seen[0], seen.at(-1)], ['taskCreated', 'result']);
  });

  test('the recipe of docs/dialects/mcp.md runs', async () => {
    const recipe =
      blocksOf(documentOf('docs/dialects/mcp.md'), 'ts recipe').find((block) => block.includes('callToolStream')) ?? '';
    const printed: unknown[] = [];
    const reader = new Client({ name: 'recipe', version: '1' });
    const names = {
      StreamableHTTPClientTransport,
      CallToolResultSchema,
      client: reader,
      url: server.url,
      key: server.key,
    };
    await runCode(recipe, { ...names, console: { log: (text: unknown) => printed.push(text) } });
    await reader.close();
    assert.deepEqual([typeof printed[0], printed[1]], ['string', { region: 'North', rows: 12 }]);
  });

  test('a task that waits for somebody asks them, and goes on with their answer', async () => {
    const statuses: string[] = [];
    const call = { name: 'payout', arguments: {} };
    let result: unknown = null;
    for await (const message of client.experimental.tasks.callToolStream(call, CallToolResultSchema, { task: {} })) {
      if (message.type === 'taskStatus') statuses.push(message.task.status);
      if (message.type === 'result') result = message.result.structuredContent;
    }
    assert.equal(statuses.at(-1), 'input_required');
    assert.deepEqual(result, { approval: { approved: true } });
  });

  test('a call without a task asks as well', async () => {
    const result = await client.callTool({ name: 'payout', arguments: {} });
    assert.deepEqual(result.structuredContent, { approval: { approved: true } });
  });

  test('tasks are listed and cancelled, once', async () => {
    const call = { name: 'far', arguments: {} };
    let taskId = '';
    for await (const message of client.experimental.tasks.callToolStream(call, CallToolResultSchema, { task: {} })) {
      if (message.type === 'taskCreated') taskId = message.task.taskId;
      if (message.type === 'taskStatus') break;
    }
    const { tasks } = await client.experimental.tasks.listTasks();
    assert.equal(tasks[0]?.taskId, taskId);
    const cancelled = await client.experimental.tasks.cancelTask(taskId);
    assert.equal(cancelled.status, 'cancelled');
    await assert.rejects(client.experimental.tasks.cancelTask(taskId), /has ended already/);
    assert.equal((await client.experimental.tasks.getTask(taskId)).status, 'cancelled');
  });

  test('a model without tasks follows a job with the tools for that', async () => {
    const bide = createClient({ url: server.url, key: server.key });
    const { id } = await bide.submit({ type: 'far', input: null });
    const waited = await client.callTool({ name: 'wait_for_job', arguments: { job_id: id, wait_seconds: 0.1 } });
    assert.equal((waited.structuredContent as { state: string }).state, 'queued');
    assert.match(textOf(waited), /Call wait_for_job/);
    const cancelled = await client.callTool({ name: 'cancel_job', arguments: { job_id: id } });
    assert.equal((cancelled.structuredContent as { state: string }).state, 'cancelled');
    const unknown = await client.callTool({ name: 'get_job', arguments: { job_id: 'none' } });
    assert.equal(unknown.isError, true);
  });

  test('a wrong key, an unknown tool and an unknown task are refused', async () => {
    await assert.rejects(connectClient({ url: server.url, key: 'none' }), /UNAUTHENTICATED|401|Unauthorized/);
    await assert.rejects(client.callTool({ name: 'hidden', arguments: {} }), /Unknown tool/);
    await assert.rejects(client.experimental.tasks.getTask('none'), /Task not found/);
  });
});

describe('the client of 2026 with the extension for tasks', () => {
  let modern: ModernSession;
  before(async () => {
    modern = await connectModern(server);
  });
  after(async () => {
    await modern.session.close();
    await modern.client.close();
  });

  const resultOf = async (name: string, args: Record<string, string>) => {
    const execution = await modern.session.callTool(name, args);
    const { outcome } = await execution.settle();
    return { kind: execution.kind, result: resultFromTaskOutcome(outcome) as { structuredContent?: unknown } };
  };

  test('the server is discovered and lists its tools', async () => {
    assert.equal(modern.client.getProtocolEra(), 'modern');
    const { tools } = await modern.client.listTools();
    assert.equal(tools.length, 8);
  });

  test('a call is a task, whose result comes when it is done', async () => {
    const { kind, result } = await resultOf('report', { region: 'North' });
    assert.equal(kind, 'task');
    assert.deepEqual(result.structuredContent, { region: 'North', rows: 12 });
  });

  test('a task asks what it wants to know', async () => {
    const { result } = await resultOf('payout', {});
    assert.deepEqual(result.structuredContent, { approval: { approved: true } });
  });
});
