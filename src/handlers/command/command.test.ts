import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Job, Json } from '../../core/job.ts';
import { DEFAULT_LIMITS, type Limits } from '../../core/limits.ts';
import type { AttemptOutcome } from '../../engine/api.ts';
import { systemClock } from '../../engine/clock.ts';
import { resultOf, sampleAttempt } from '../sample-attempt.ts';
import { commandHandler } from './command.ts';
import type { CommandOptions } from './options.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bide-command-'));
});
after(() => rm(folder, { recursive: true }));

function start(options: CommandOptions, input: Json = null, limits: Partial<Limits> = {}, job: Partial<Job> = {}) {
  const handler = commandHandler(options, {
    limits: { ...DEFAULT_LIMITS, ...limits },
    clock: systemClock,
    baseDir: folder,
  });
  const attempt = sampleAttempt(input, { type: 'program', attempt: 2, ...job });
  return { attempt, ended: handler.run(attempt) };
}

function shell(script: string): CommandOptions {
  return { program: 'sh', args: ['-c', script] };
}

function failureOf(outcome: AttemptOutcome) {
  assert.equal(outcome.kind, 'failed');
  return { ...outcome.failure, isRetryable: outcome.isRetryable };
}

/** A process that has ended but was not yet waited for by its new parent counts as gone. */
async function isRunning(pid: number): Promise<boolean> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}

/** A killed process closes its pipes a moment before it is gone; one that stays makes its test run out of time. */
async function untilGone(pid: number): Promise<void> {
  while (await isRunning(pid));
}

describe('commandHandler', () => {
  it('gives the input as JSON on stdin and takes stdout as the JSON result', async () => {
    assert.deepEqual(resultOf(await start({ program: 'cat' }, { text: 'ä', list: [1, null] }).ended), {
      text: 'ä',
      list: [1, null],
    });
  });

  it('takes empty stdout as null', async () => {
    assert.equal(resultOf(await start({ program: 'true' }, { much: 'x'.repeat(200_000) }).ended), null);
  });

  it('takes stdout as bytes with the configured content type', async () => {
    const outcome = await start({ ...shell("printf '\\377\\000a'"), output: 'bytes', contentType: 'image/x-any' })
      .ended;
    assert.ok(outcome.kind === 'succeeded' && outcome.result !== null);
    assert.deepEqual([...outcome.result.bytes], [0xff, 0, 0x61]);
    assert.equal(outcome.result.contentType, 'image/x-any');
  });

  it('tells progress and log lines as they come', async () => {
    const { attempt, ended } = start(
      shell('echo "progress 40 half" >&2; echo note >&2; echo "progress 80" >&2; printf rest >&2'),
    );
    await ended;
    assert.deepEqual(attempt.reports, [
      { percent: 40, message: 'half' },
      { percent: 80, message: undefined },
    ]);
    assert.deepEqual(attempt.logs, ['note', 'rest']);
  });

  it('tells progress while the program still runs', async () => {
    const { attempt, ended } = start(shell('echo "progress 10" >&2; exec sleep 60'));
    assert.deepEqual(await attempt.reported(), { percent: 10, message: undefined });
    attempt.abort('cancel');
    assert.deepEqual(await ended, { kind: 'aborted' });
  });

  it('hands arguments over as they are: there is no shell', async () => {
    const script = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
    const args = ['-e', script, '--', '$HOME', '`id`', '; true', '{"a":1}', ''];
    assert.deepEqual(resultOf(await start({ program: process.execPath, args }).ended), args.slice(3));
  });

  it('keeps the environment of the server to itself', async () => {
    process.env.BIDE_TEST_SECRET = 'secret';
    const { attempt, ended } = start({ ...shell('env'), output: 'bytes', env: { OWN: 'value' } });
    const lines = String(resultOf(await ended.then((outcome) => outcome))).split('\n');
    delete process.env.BIDE_TEST_SECRET;
    assert.ok(!lines.some((line) => line.startsWith('BIDE_TEST_SECRET')));
    assert.ok(lines.includes('OWN=value'));
    assert.ok(lines.includes(`BIDE_JOB_ID=${attempt.job.id}`));
    assert.ok(lines.includes('BIDE_ATTEMPT=2'));
    assert.ok(lines.some((line) => line.startsWith('BIDE_FENCE=')));
  });

  it('tells the program which trace it belongs to, and nothing where there is none', async () => {
    const trace = { parent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, state: 'a=1' };
    const options: CommandOptions = { ...shell('env | grep ^TRACE | sort'), output: 'bytes' };
    const told = async (terms: { trace?: { parent: string; state?: string } }) =>
      String(resultOf(await start(options, null, {}, { terms }).ended));
    assert.equal(await told({ trace }), `TRACEPARENT=${trace.parent}\nTRACESTATE=a=1\n`);
    assert.equal(await told({ trace: { parent: trace.parent } }), `TRACEPARENT=${trace.parent}\n`);
    process.env.TRACEPARENT = 'of-the-server';
    assert.equal(await told({}), '');
    delete process.env.TRACEPARENT;
  });

  it('runs a program named from the folder of the config, in that folder', async () => {
    await writeFile(join(folder, 'where.sh'), '#!/bin/sh\nprintf \'"%s"\' "$PWD"\n');
    await chmod(join(folder, 'where.sh'), 0o755);
    assert.equal(resultOf(await start({ program: './where.sh' }).ended), folder);
    assert.equal(resultOf(await start({ program: './where.sh', cwd: '/' }).ended), '/');
  });

  it('fails with the exit code and the end of stderr, retryable', async () => {
    const outcome = failureOf(
      await start(shell('echo "progress 5" >&2; echo first >&2; echo "no such thing" >&2; exit 3')).ended,
    );
    assert.deepEqual(outcome, {
      code: 'COMMAND_FAILED',
      message: 'sh ended with exit code 3: no such thing',
      details: { exitCode: 3, signal: null, stderr: 'first\nno such thing' },
      isRetryable: true,
    });
  });

  it('fails for good with a permanent exit code', async () => {
    assert.equal(
      failureOf(await start({ ...shell('exit 65'), permanentExitCodes: [64, 65] }).ended).isRetryable,
      false,
    );
  });

  it('says which signal ended the program', async () => {
    const failure = failureOf(await start(shell('kill -9 $$')).ended);
    assert.equal(failure.message, 'sh was ended by SIGKILL.');
    assert.deepEqual(failure.details, { exitCode: null, signal: 'SIGKILL', stderr: '' });
  });

  for (const [program, code] of [
    // By its place: a PATH with a folder that this user may not enter makes EACCES of a name that is nowhere.
    ['./no-such-program', 'ENOENT'],
    ['./not-executable', 'EACCES'],
  ] as const) {
    it(`fails for good when the program cannot be started (${code})`, async () => {
      await writeFile(join(folder, 'not-executable'), 'nothing');
      const failure = failureOf(await start({ program }).ended);
      const message = `${program} could not be started: ${code}.`;
      assert.deepEqual(failure, { code: 'COMMAND_NOT_STARTED', message, details: null, isRetryable: false });
    });
  }

  it('says so when it is the working folder that is missing', async () => {
    const failure = failureOf(await start({ program: 'true', cwd: 'nowhere' }).ended);
    assert.equal(failure.message, 'true could not be started: its working folder nowhere does not exist.');
    assert.equal(failure.isRetryable, false);
  });

  it('fails for good when stdout is not JSON', async () => {
    const failure = failureOf(await start(shell('echo hello')).ended);
    assert.equal(failure.code, 'RESULT_NOT_JSON');
    assert.deepEqual(failure.details, { stdout: 'hello\n' });
    assert.equal(failure.isRetryable, false);
  });

  it('fails for good when stdout nests deeper than the limit', async () => {
    const failure = failureOf(await start(shell('head -c 30000 /dev/zero | tr "\\0" "["')).ended);
    assert.equal(failure.code, 'RESULT_NOT_JSON');
    assert.match(failure.message, /nested deeper than 200 levels/);
  });

  it('fails for good when a large stdout is not JSON to its end', async () => {
    const failure = failureOf(await start(shell('printf "[0"; head -c 600000 /dev/zero | tr "\\0" " "')).ended);
    assert.equal(failure.code, 'RESULT_NOT_JSON');
  });

  it('ends a program that writes more than a result may have', async () => {
    const failure = failureOf(await start({ program: 'yes' }, null, { resultBytesMax: 100_000 }).ended);
    assert.equal(failure.code, 'RESULT_TOO_LARGE');
    assert.deepEqual(failure.details, { limit: 'resultBytesMax', value: 100_000 });
    assert.equal(failure.isRetryable, false);
  });

  it('ends the program and what it has started with SIGTERM', async () => {
    const { attempt, ended } = start(shell('sleep 60 & echo "progress 1 $! $$" >&2; wait'));
    const pids = String((await attempt.reported()).message)
      .split(' ')
      .map(Number);
    for (const pid of pids) assert.equal(await isRunning(pid), true);
    attempt.abort('cancel');
    assert.deepEqual(await ended, { kind: 'aborted' });
    for (const pid of pids) await untilGone(pid);
  });

  it('ends a program that ignores SIGTERM with SIGKILL', async () => {
    const script =
      'trap "" TERM; (trap "" TERM; echo "progress 1 $$" >&2; while :; do sleep 1; done) & while :; do wait; done';
    const { attempt, ended } = start(shell(script), null, { cancelGraceMs: 200 });
    const pid = Number((await attempt.reported()).message);
    attempt.abort('timeout');
    assert.deepEqual(await ended, { kind: 'aborted' });
    await untilGone(pid);
  });

  it('leaves no process behind when the program ends by itself', async () => {
    const { attempt, ended } = start(shell('sleep 60 & echo "progress 1 $!" >&2; echo 1'));
    assert.equal(resultOf(await ended), 1);
    const pid = Number(attempt.reports[0]?.message);
    assert.ok(pid > 0, `reported ${attempt.reports[0]?.message}`);
    await untilGone(pid);
  });

  it('does not wait for ever for a child that has left the group and holds stdout', async () => {
    const escaping = 'echo "progress 1 $$" >&2; echo > up; exec sleep 60';
    const { attempt, ended } = start(shell(`mkfifo up; setsid sh -c '${escaping}' & read line < up; echo 2`));
    const pid = Number((await attempt.reported()).message);
    assert.equal(resultOf(await ended), 2);
    process.kill(pid, 'SIGKILL');
  });

  it('starts nothing for a job whose signal has fired', async () => {
    const handler = commandHandler(
      { program: 'touch', args: ['made'] },
      { limits: DEFAULT_LIMITS, clock: systemClock, baseDir: folder },
    );
    const attempt = sampleAttempt();
    attempt.abort('cancel');
    assert.deepEqual(await handler.run(attempt), { kind: 'aborted' });
    await assert.rejects(readFile(join(folder, 'made')), { code: 'ENOENT' });
  });
});
