/**
 * Programs of command jobs when things go wrong around them: the server is killed, or it has no descriptors left to start anything.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ServerProcess, startServer } from '../process/server-process.ts';

/** All but a few descriptors are taken by the main thread, from its start until SIGUSR2. */
const CONFIG = `
import { openSync, closeSync, existsSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
if (isMainThread && process.env.TAKE_DESCRIPTORS) {
  const taken = [];
  process.once('SIGUSR2', () => taken.splice(0).forEach((descriptor) => closeSync(descriptor)));
  process.once('SIGUSR1', () => {
    try { for (;;) taken.push(openSync('/dev/null')); } catch {}
    for (const descriptor of taken.splice(-4)) closeSync(descriptor);
    process.stdout.write('descriptors taken\\n');
  });
}
export default {
  limits: { leaseMs: 1_000, sweepIntervalMs: 50 },
  types: {
    echo: { run: (input) => input },
    cat: { kind: 'command', program: 'cat' },
    nest: { kind: 'command', program: 'sh', args: ['-c', 'sleep 600 & echo $$ $! > "$1.part"; mv "$1.part" "$1"; wait', 'sh', process.env.PIDS ?? ''], output: 'bytes' },
  },
};
`;

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'bide-programs-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'bide.config.mjs'), CONFIG);
  return folder;
}

async function call(server: ServerProcess, path: string, body?: object): Promise<Record<string, unknown>> {
  const answer = await fetch(server.url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as Record<string, unknown>;
}

/** Looks again and again; the runner's deadline ends a look that is in vain. */
async function until(look: () => boolean): Promise<void> {
  while (!look()) await new Promise((resolve) => setImmediate(resolve));
}

/** A process that has ended but was not yet waited for by its new parent counts as gone. */
function isGone(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

function pidsIn(path: string): number[] {
  try {
    return readFileSync(path, 'utf8').trim().split(' ').map(Number);
  } catch {
    return [];
  }
}

test('a program and all that it started end when their server is killed', async (t) => {
  const folder = folderOf(t);
  const pids = join(folder, 'pids');
  const server = await startServer({
    ...{ data: join(folder, 'data'), cwd: folder, args: ['--config', 'bide.config.mjs'] },
    env: { PIDS: pids },
  });
  await call(server, '/v1/jobs', { type: 'nest' });
  await until(() => pidsIn(pids).length === 2);
  const [program, child] = pidsIn(pids) as [number, number];
  assert.deepEqual([isGone(program), isGone(child)], [false, false]);
  // An answer: the turn in which the program was started is over.
  await call(server, '/healthz');
  await server.end('SIGKILL');
  await until(() => isGone(program) && isGone(child));
});

test('attempts that find no descriptors are given back, and run when there are some again', async (t) => {
  const folder = folderOf(t);
  await using server = await startServer({
    ...{ data: join(folder, 'data'), cwd: folder, args: ['--config', 'bide.config.mjs'] },
    command: [
      'sh',
      '-c',
      `ulimit -n 96; exec "$0" "$@"`,
      process.execPath,
      join(import.meta.dirname, '../../bin/bide.js'),
    ],
    env: { TAKE_DESCRIPTORS: '1' },
  });
  const pid = Number(readFileSync(join(folder, 'data/bide.pid'), 'utf8').match(/\d+/)?.[0]);
  process.kill(pid, 'SIGUSR1');
  await until(() => server.output().includes('descriptors taken'));
  const submitted = [];
  for (const type of ['echo', 'cat', 'echo', 'cat']) submitted.push(await call(server, '/v1/jobs', { type, input: 7 }));
  await until(() => (server.output().match(/cannot be started on this machine/g) ?? []).length >= 4);
  for (const { id } of submitted) {
    const { state, attempt, error } = await call(server, `/v1/jobs/${id}`);
    // 1 while the next try of it is under way.
    assert.ok(Number(attempt) <= (state === 'running' ? 1 : 0), `${state} ${attempt}`);
    assert.equal(error, null);
  }
  process.kill(pid, 'SIGUSR2');
  for (const { id } of submitted) {
    const { state, attempt, result } = await call(server, `/v1/jobs/${id}?wait=60`);
    assert.deepEqual({ state, attempt, result }, { state: 'succeeded', attempt: 1, result: 7 });
  }
});
