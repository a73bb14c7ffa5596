/** `bide mcp`, started as local clients start it: by the protocol's own client over stdio, and over a restart of the server. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { startServer } from '../process/server-process.ts';

const BIDE = join(import.meta.dirname, '../../bin/bide.js');
const CONFIG = `
const ROUTED = { type: 'object', properties: {
  region: { type: ['string', 'null'], 'x-mcp-header': 'Region' },
  at: { type: 'object', properties: { floor: { type: 'integer', 'x-mcp-header': 'Floor' } } },
} };
export default { types: {
  sum: { description: 'Adds.', expectedMs: 100, run: ({ numbers }) => numbers.reduce((sum, one) => sum + one, 0) },
  routed: {
    description: 'Has arguments that headers repeat.',
    expectedMs: 100,
    input: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }), jsonSchema: { input: () => ROUTED } } },
    run: (input) => input,
  },
  far: { description: 'Done by a worker elsewhere.', kind: 'remote' },
} };`;

const folder = mkdtempSync(join(tmpdir(), 'bide-mcp-'));
const config = join(folder, 'bide.config.mjs');
writeFileSync(config, CONFIG);
after(() => rmSync(folder, { recursive: true, force: true }));

async function connectOverStdio(url: string, key: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  const args = [BIDE, 'mcp', '--url', url, '--key', key];
  await client.connect(new StdioClientTransport({ command: process.execPath, args, cwd: folder }));
  return client;
}

test('a client over stdio lists tools, calls them and waits for tasks, also while the server is restarted', async () => {
  const args = ['--config', config];
  const first = await startServer({ data: join(folder, 'data'), cwd: folder, args });
  const client = await connectOverStdio(first.url, first.key);
  assert.equal((await client.listTools()).tools.length, 6);
  const sum = await client.callTool({ name: 'sum', arguments: { numbers: [1, 2] } });
  assert.deepEqual(sum.content, [{ type: 'text', text: '3' }]);
  const call = { name: 'far', arguments: {} };
  for await (const message of client.experimental.tasks.callToolStream(call, CallToolResultSchema, { task: {} }))
    if (message.type === 'taskStatus') break;

  const held = Promise.withResolvers<void>();
  const called = client.callTool(call, undefined, { onprogress: () => held.resolve() });
  await held.promise;
  await first.end('SIGKILL');
  const port = new URL(first.url).port;
  await using second = await startServer({ data: join(folder, 'data'), cwd: folder, args: [...args, '--port', port] });
  const headers = { authorization: `Bearer ${second.key}`, 'content-type': 'application/json' };
  const ask = async (path: string, body: object): Promise<unknown> =>
    (await fetch(`${second.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })).json();
  const claimed = await ask('/v1/work/claim', { types: ['far'], max: 2, worker: 'test' });
  const { jobs } = claimed as { readonly jobs: readonly { readonly id: string; readonly fence: number }[] };
  assert.equal(jobs.length, 2);
  for (const { id, fence } of jobs) await ask(`/v1/work/${id}/succeed`, { fence, result: { rows: 12 } });
  assert.deepEqual((await called).structuredContent, { rows: 12 });
  await client.close();
});

test('a client over stdio is told of a wrong key', async () => {
  await using server = await startServer({ data: join(folder, 'other'), cwd: folder, args: ['--config', config] });
  await assert.rejects(connectOverStdio(server.url, 'none'), /No valid API key/);
});

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

test('what a tool wants repeated in headers is repeated for a client of 2026, which cannot over stdio', async (t) => {
  await using server = await startServer({ data: join(folder, 'headers'), cwd: folder, args: ['--config', config] });
  const args = [BIDE, 'mcp', '--url', server.url, '--key', server.key];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill());
  const ask = async (given: object) => {
    const params = { name: 'routed', arguments: given, _meta: META };
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })}\n`);
    const [line] = await once(child.stdout, 'data');
    const { result, error } = JSON.parse(String(line));
    assert.equal(error, undefined);
    return result.structuredContent;
  };
  for (const given of [{ region: 'Süd', at: { floor: 3 } }, { region: ' North' }, { region: null }, {}])
    assert.deepEqual(await ask(given), given);
  child.stdin.end();
  await once(child, 'exit');
});
