/** `bide mcp --config`: a server within, started and ended by the protocol's own client as local clients do it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CallToolResultSchema, CreateTaskResultSchema } from '@modelcontextprotocol/sdk/types.js';

const BIDE = join(import.meta.dirname, '../../bin/bide.js');
/** It prints wherever a config can: at its top, in a handler, and past the console. */
const CONFIG = `import { existsSync, writeFileSync } from 'node:fs';
console.log('the config is read');
export default { types: {
  sum: { description: 'Adds.', expectedMs: 100, run: ({ numbers }) => {
    console.log('adding');
    process.stdout.write('still adding\\n');
    return numbers.reduce((sum, one) => sum + one, 0);
  } },
  slow: { description: 'Hangs at first.', expectedMs: 60_000, run: async ({ marker }, job) => {
    if (existsSync(marker)) return { rows: 12 };
    writeFileSync(marker, '');
    job.progress(40);
    await new Promise((_, reject) => job.signal.addEventListener('abort', () => reject(job.signal.reason)));
  } },
} };`;

const folder = mkdtempSync(join(tmpdir(), 'bide-mcp-'));
const config = join(folder, 'bide.config.mjs');
writeFileSync(config, CONFIG);
after(() => rmSync(folder, { recursive: true, force: true }));

const argsOn = (data: string) => [BIDE, 'mcp', '--config', config, '--data', join(folder, data)];

async function connectTo(data: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  // What is no message on stdout is an error of the transport.
  client.onerror = (error) => assert.fail(error);
  await client.connect(new StdioClientTransport({ command: process.execPath, args: argsOn(data), stderr: 'ignore' }));
  return client;
}

test('a client that starts its own server calls tools, and a task goes on at the next start', async () => {
  const first = await connectTo('data');
  assert.equal((await first.listTools()).tools.length, 5);
  const sum = await first.callTool({ name: 'sum', arguments: { numbers: [1, 2] } });
  assert.deepEqual(sum.content, [{ type: 'text', text: '3' }]);
  const call = { name: 'slow', arguments: { marker: join(folder, 'marker') }, task: {} };
  const { task } = await first.request({ method: 'tools/call', params: call }, CreateTaskResultSchema);
  const running = Promise.withResolvers<void>();
  const result = first.experimental.tasks.getTaskResult(task.taskId, CallToolResultSchema, {
    onprogress: ({ progress }) => (progress === 40 ? running.resolve() : undefined),
  });
  const ended = assert.rejects(result);
  await running.promise;
  await first.close();
  await ended;

  const second = await connectTo('data');
  const awaited = await second.experimental.tasks.getTaskResult(task.taskId, CallToolResultSchema);
  assert.deepEqual(awaited.structuredContent, { rows: 12 });
  await second.close();
});

const INITIALIZE = {
  ...{ jsonrpc: '2.0', id: 1, method: 'initialize' },
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};

async function start(data: string) {
  const child = spawn(process.execPath, argsOn(data), { stdio: ['pipe', 'pipe', 'ignore'] });
  const out: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk.toString()));
  child.stdin.write(`${JSON.stringify(INITIALIZE)}\n`);
  await once(child.stdout, 'data');
  return { child, out };
}

test('it ends with its input, and by SIGTERM, with nothing but messages on stdout and no note left', async (t) => {
  for (const end of ['input', 'SIGTERM'] as const) {
    const { child, out } = await start(end);
    t.after(() => child.kill('SIGKILL'));
    const note = join(folder, end, 'server.json');
    assert.ok(existsSync(note), 'the other commands find it');
    if (end === 'input') child.stdin.end();
    else child.kill(end);
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
    assert.equal(existsSync(note), false);
    assert.deepEqual(
      out
        .join('')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
      [1],
    );
  }
});

test('it says what does not go together', async () => {
  const lines = [
    ['--config', config, '--url', 'http://127.0.0.1:1'],
    ['--database', 'postgresql://bide@127.0.0.1/bide'],
  ];
  for (const args of lines) {
    const child = spawn(process.execPath, [BIDE, 'mcp', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    const said: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
    const [code] = await once(child, 'close');
    assert.equal(code, 2, said.join(''));
    assert.match(said.join(''), /--config/);
  }
});
