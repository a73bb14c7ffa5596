/**
 * The protocol's own conformance suite against a real server, whose job types are what its scenarios call (`bide.config.ts`): every scenario of
 * both wires and of the extension for tasks. What does not apply is listed with its reason in `not-applicable.yaml`; all else must pass.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { type ServerProcess, startServer } from '../process/server-process.ts';
import { type KeyListener, listenWithKey } from './key-listener.ts';

const SUITE = createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/dist/index.js');
const TASKS = [
  'tasks-lifecycle',
  'tasks-capability-negotiation',
  'tasks-wire-fields',
  'tasks-request-state-removal',
  'tasks-mrtr-input',
  'tasks-request-headers',
  'tasks-dispatch-and-envelope',
  'tasks-status-notifications',
  'tasks-required-task-error',
  'tasks-mrtr-composition',
];

const folder = mkdtempSync(join(tmpdir(), 'bide-mcp-'));
let server: ServerProcess;
let listener: KeyListener;

before(async () => {
  const config = join(import.meta.dirname, 'bide.config.ts');
  server = await startServer({ data: join(folder, 'data'), cwd: folder, args: ['--config', config] });
  listener = await listenWithKey(server.url, server.key);
  // The suite gives a call of it 600 ms: threads that have to load the config first take longer on a busy machine.
  await Promise.all(Array.from({ length: WARM_CALLS }, () => call('test_logging_tool')));
});

const WARM_CALLS = 8;

async function call(name: string): Promise<void> {
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name } };
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${listener.url}/mcp`, { method: 'POST', headers, body: JSON.stringify(message) });
  assert.match(await answer.text(), /Logged/);
}

after(async () => {
  await listener[Symbol.asyncDispose]();
  await server.end('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

test('the conformance suite passes but for what does not apply', async (t) => {
  const notApplicable = join(import.meta.dirname, 'not-applicable.yaml');
  const args = ['server', '--url', `${listener.url}/mcp`, '--suite', 'all', '--expected-failures', notApplicable];
  const suite = spawn(process.execPath, [SUITE, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, code] = await Promise.all([
    text(suite.stdout),
    new Promise((resolve) => suite.once('exit', (exitCode) => resolve(exitCode))),
  ]);
  const summary = output.slice(output.indexOf('=== SUMMARY'));
  for (const line of summary.split('\n')) if (line.trim() !== '') t.diagnostic(line);
  assert.equal(code, 0, summary);
  for (const name of TASKS) assert.match(summary, new RegExp(`✓ ${name}: \\d+ passed, 0 failed`));
});
