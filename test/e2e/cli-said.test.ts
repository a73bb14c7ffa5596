/** What jobs said, emitted and went through, as `bide logs`, `bide output`, `bide attempts` and `bide events` show it, against a real server. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bide } from '../process/bide-command.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';
import { callBide } from './call-bide.ts';

const folder = mkdtempSync(join(tmpdir(), 'bide-cli-'));
const data = join(folder, 'data');
const NO_JOB = '01900000-0000-7000-8000-000000000000';
let server: ServerProcess;

before(async () => {
  server = await startServer({ data, cwd: folder, args: ['--playground'] });
});

after(async () => {
  await server.end('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

const run = (line: readonly string[]) => callBide([...line, '--data', data]);
const runProcess = (line: readonly string[]) => bide([...line, '--data', data]);
const sleepInput = (input: object) => ['sleep', '--input', JSON.stringify(input)];

async function submitted(...line: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(['submit', ...line]);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

describe('bide logs', () => {
  test('shows what a job has said, as lines for people or as JSON', async () => {
    const id = await submitted(...sleepInput({ ms: 20, lines: 3 }));
    const { code, stdout } = await runProcess(['logs', id, '--follow']);
    assert.equal(code, 0);
    const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`;
    const lines = [1, 2, 3].map((line) => `${time} INFO  \\[1\\] line ${line} of 3 \\{"line":${line}\\}\\n`);
    assert.match(stdout, new RegExp(`^${lines.join('')}$`));
    const json = await run(['logs', id, '--json']);
    const texts = json.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { line: string }).line);
    assert.deepEqual(texts, ['line 1 of 3', 'line 2 of 3', 'line 3 of 3']);
    assert.equal((await run(['logs', id, '--level', 'warn'])).stdout, '');
  });

  test('says which levels there are, and that there is no such job', async () => {
    const level = await run(['logs', NO_JOB, '--level', 'loud']);
    assert.deepEqual([level.code, /debug, info, warn/.test(level.stderr)], [2, true], level.stderr);
    assert.equal((await run(['logs', NO_JOB, '--attempt', '0'])).code, 2);
    assert.equal((await run(['logs', NO_JOB])).code, 3);
  });
});

describe('bide output', () => {
  test('shows what a job has emitted as it comes, as text or as JSON', async () => {
    const id = await submitted(...sleepInput({ ms: 60, steps: 3, emits: true }));
    const { code, stdout } = await runProcess(['output', id, '--follow']);
    assert.deepEqual([code, stdout], [0, 'part 1 of 3\npart 2 of 3\npart 3 of 3\n']);
    const json = await run(['output', id, '--json']);
    const chunks = json.stdout.trim().split('\n');
    assert.deepEqual(
      chunks.map((line) => (JSON.parse(line) as { chunk: string }).chunk),
      ['part 1 of 3\n', 'part 2 of 3\n', 'part 3 of 3\n'],
    );
  });

  test('says where another attempt begins anew, and that there is no such job', async () => {
    const id = await submitted(...sleepInput({ steps: 1, emits: true, failTimes: 1 }), '--attempts', '2');
    const { stdout, stderr } = await runProcess(['output', id, '--follow']);
    assert.deepEqual([stdout, stderr], ['part 1 of 1\npart 1 of 1\n', 'Attempt 2 begins anew.\n']);
    assert.match((await run(['output', id, '--attempt', '2'])).stdout, /^part 1 of 1\n\n?$/);
    assert.equal((await run(['output', NO_JOB])).code, 3);
  });
});

describe('bide attempts', () => {
  test('lists the attempts of a job, those before a success included', async () => {
    const id = await submitted(...sleepInput({ failTimes: 1 }), '--attempts', '2');
    assert.equal((await run(['wait', id])).code, 0);
    const { code, stdout } = await runProcess(['attempts', id]);
    assert.equal(code, 0);
    const [first, error, second] = stdout.split('\n');
    const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`;
    assert.match(first ?? '', new RegExp(`^1  ${time}  failed after \\S.* by \\S+$`));
    assert.equal(error, '   HANDLER_FAILED: attempt 1 fails, as asked');
    assert.match(second ?? '', new RegExp(`^2  ${time}  succeeded after \\S.* by \\S+$`));
    const json = await run(['attempts', id, '--json']);
    assert.equal((JSON.parse(json.stdout) as { attempts: object[] }).attempts.length, 2);
    assert.equal((await run(['attempts', await submitted('echo', '--delay', '1h')])).stderr, 'No attempts yet.\n');
  });
});

describe('bide events', () => {
  test('shows how jobs changed since the feed was first read, as lines for people or as JSON', async () => {
    assert.deepEqual(await run(['events']), { code: 0, stdout: '', stderr: '' });
    const id = await submitted('echo', '--input', '5');
    await run(['wait', id]);
    const { code, stdout } = await runProcess(['events', '--type', 'echo']);
    assert.equal(code, 0);
    const lines = stdout.trim().split('\n');
    assert.equal(lines.length, 3, stdout);
    const words = lines.map((line) =>
      line
        .replace(/^\S+Z /, '')
        .split(/ +/)
        .slice(0, 3)
        .join(' '),
    );
    assert.deepEqual(
      words,
      ['waiting', 'running', 'succeeded'].map((word) => `${word} ${id} echo`),
    );
    const json = (await run(['events', '--json', '--state', 'succeeded'])).stdout.trim();
    const change = JSON.parse(json) as { kind: string; cursor: string; job: { id: string } };
    assert.deepEqual([change.kind, change.job.id], ['job.succeeded', id]);
    assert.equal((await run(['events', '--after', change.cursor])).stdout, '');
  });

  test('says which states there are, and that a cursor is none', async () => {
    const state = await run(['events', '--state', 'done']);
    assert.deepEqual([state.code, /queued, retrying, running/.test(state.stderr)], [2, true], state.stderr);
    const cursor = await run(['events', '--after', 'x']);
    assert.match(cursor.stderr, /cursor/i);
    assert.notEqual(cursor.code, 0);
  });
});
