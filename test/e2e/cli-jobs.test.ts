/** Every command of a caller against a real server: once as a process of its own, its further cases in this one. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { JobBody } from '../../src/client/index.ts';
import { bide, startBide } from '../process/bide-command.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';
import { type Called, callBide } from './call-bide.ts';

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

/** With the data folder named, as on the same machine. */
const run = (line: readonly string[], input?: string) => callBide([...line, '--data', data], input);
const runProcess = (line: readonly string[], input?: string) =>
  bide([...line, '--data', data], input === undefined ? {} : { input });
const sleepInput = (input: object) => ['sleep', '--input', JSON.stringify(input)];
const jobOf = ({ stdout }: Pick<Called, 'stdout'>) => JSON.parse(stdout) as JobBody;

async function submitted(...line: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(['submit', ...line]);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

/** A job that stays where it is until a test says otherwise. */
const submittedLater = (...line: readonly string[]) => submitted('echo', '--delay', '1h', ...line);

describe('bide submit', () => {
  test('prints the id alone, which the other commands take', async () => {
    const id = await submitted('echo', '--input', '{"a":1}');
    assert.match(id, /^[0-9a-f-]{36}$/);
    const waited = await runProcess(['wait', id]);
    assert.equal(waited.code, 0);
    assert.match(waited.stdout, new RegExp(`^${id} succeeded \\(.*\\)\n$`));
  });

  test('with --wait prints the result alone on stdout', async () => {
    const { code, stdout, stderr } = await run([
      'submit',
      ...sleepInput({ ms: 60, steps: 2, result: { b: [2] } }),
      '--wait',
    ]);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), { b: [2] });
    assert.match(stderr, /^job [0-9a-f-]{36}\n/);
  });

  test('with --wait prints a result that is no JSON as its bytes', async () => {
    const { code, stdout } = await runProcess(['submit', ...sleepInput({ bytes: 2_000 }), '--wait']);
    assert.deepEqual([code, stdout.length], [0, 2_000]);
  });

  test('with --wait ends with 1 when the job fails, and says why', async () => {
    const { code, stdout, stderr } = await runProcess([
      'submit',
      ...sleepInput({ fail: 'no luck' }),
      '--attempts',
      '1',
      '--wait',
    ]);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /failed .*no luck/);
  });

  test('with --wait and --timeout ends with 4 and says how to go on', async () => {
    const line = ['submit', 'echo', '--delay', '1h', '--wait', '--timeout', '50ms'];
    const { code, stderr } = await run(line);
    assert.equal(code, 4);
    assert.match(stderr, /Not done within 50 ms\. The job goes on; `bide wait [0-9a-f-]{36}` waits again\./);
  });

  test('reads its input from a file and from stdin', async () => {
    const file = join(folder, 'input.json');
    const marked = join(folder, 'marked.json');
    writeFileSync(marked, '\ufeff{"from":"Windows"}');
    assert.match((await run(['submit', 'echo', '--input', `@${marked}`, '--wait'])).stdout, /"from": "Windows"/);
    writeFileSync(file, '{"from":"file"}');
    const fromFile = await run(['submit', 'echo', '-i', `@${file}`, '-w']);
    const fromStdin = await runProcess(['submit', 'echo', '-i', '-', '-w'], '["stdin"]\n');
    assert.deepEqual(JSON.parse(fromFile.stdout), { from: 'file' });
    assert.deepEqual(JSON.parse(fromStdin.stdout), ['stdin']);
  });

  test('passes on tags, priority, delay, attempts and the idempotency key', async () => {
    const facts = ['--tag', 'team=x', '--tag', 'q=a=b', '--priority', '-3', '--delay', '1h', '--attempts', '7'];
    const line = ['submit', 'echo', ...facts, '--idempotency-key', 'cli-once', '--json'];
    const job = jobOf(await run(line));
    assert.deepEqual(
      [job.tags, job.priority, job.state, job.attemptsMax],
      [{ team: 'x', q: 'a=b' }, -3, 'scheduled', 7],
    );
    assert.equal(jobOf(await run(line)).id, job.id);
    const other = await run(['submit', 'echo', '--idempotency-key', 'cli-once']);
    assert.equal(other.code, 2);
    assert.match(other.stderr, /idempotency key/i);
  });

  test('passes on a unique key with its mode, and signals a job that has it', async () => {
    const line = ['submit', 'echo', '--delay', '1h', '--unique', 'cli-unique', '--json'];
    const { id } = jobOf(await run(line));
    assert.equal(jobOf(await run([...line, '--unique-mode', 'existing'])).id, id);
    const held = await run(line);
    assert.match(held.stderr, /unique key/i);
    assert.notEqual(held.code, 0);
    const alone = await run(['submit', 'echo', '--unique-for', '5s']);
    assert.match(alone.stderr, /go with --unique KEY/);
    assert.equal((await run(['signal', id ?? '', 'approved', '--value', '{"by":"ada"}'])).code, 0);
    await run(['cancel', id ?? '']);
    const late = await run(['signal', id ?? '', 'approved']);
    assert.match(late.stderr, /cancelled cannot be signalled/);
  });

  test('refuses what can never work with 2, each with its own sentence', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['submit'], /needs TYPE/],
      [
        ['submit', 'echo', 'more'],
        /does not know what to do with "more": the input goes into --input; see `bide help submit`/,
      ],
      [['submit', 'ecoh'], /no job type named "ecoh"\.\n {2}known types: .*echo/],
      [['submit', 'echo', '--input', '{'], /The input from --input is not JSON/],
      [
        ['submit', 'echo', '--input', '{"id":9007199254740993}'],
        /\/id is 9007199254740993, which a double cannot hold/,
      ],
      [['submit', 'echo', '--input', '@/nowhere.json'], /\/nowhere\.json cannot be read: ENOENT/],
      [['submit', 'echo', '--tag', 'x'], /--tag takes NAME=VALUE, not "x"/],
      [['submit', 'echo', '--priorty', '1'], /Did you mean --priority\?/],
      [['submit', ...sleepInput({ ms: -1 })], /\n {2}\/ms: /],
    ];
    const runs = await Promise.all(cases.map(([line]) => run(line)));
    for (const [at, { code, stdout, stderr }] of runs.entries()) {
      assert.match(stderr, cases[at]?.[1] ?? /^$/);
      assert.deepEqual([code, stdout], [2, ''], stderr);
    }
  });
});

const shortId = (id = '') => id.slice(0, 18);

describe('bide status, list and types', () => {
  test('every command takes the beginning of an id, as the list shows it', async () => {
    const id = await submittedLater();
    assert.match((await run(['status', shortId(id)])).stdout, new RegExp(`^id +${id}\n`));
    assert.match((await run(['cancel', shortId(id)])).stdout, new RegExp(`^${id} cancelled`));
    assert.match((await run(['wait', shortId(id)])).stdout, new RegExp(`^${id} cancelled`));
    const none = await run(['status', '0190ffff-0000']);
    assert.deepEqual([none.code, none.stderr], [3, 'bide: There is no job 0190ffff-0000.\n']);
  });

  test('list says that a type is unknown', async () => {
    const { code, stderr } = await run(['list', '--type', 'ecoh']);
    assert.deepEqual([code, stderr], [0, 'No jobs. There is no job type ecoh: did you mean echo?\n']);
  });

  test('status shows each job, and ends with 3 for one that is not there', async () => {
    const id = await submittedLater('--tag', 'kind=shown');
    const known = await runProcess(['status', id]);
    assert.equal(known.code, 0);
    assert.match(known.stdout, new RegExp(`^id +${id}\n`));
    assert.match(known.stdout, /\nstate +scheduled\n[\s\S]*\ntags +kind=shown\n/);
    const mixed = await run(['status', '--json', id, NO_JOB, 'nonsense']);
    assert.equal(mixed.code, 3);
    const states = mixed.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as JobBody).state as string);
    assert.deepEqual(states, ['scheduled', 'unknown', 'unknown']);
  });

  test('list filters by state, type and tag, newest first, and stops at its limit', async () => {
    const ids = [await submittedLater('--tag', 'list=1'), await submittedLater('--tag', 'list=1')].reverse();
    const idsOf = ({ stdout }: Pick<Called, 'stdout'>) =>
      stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as JobBody).id);
    assert.deepEqual(idsOf(await run(['list', '--tag', 'list=1', '--json'])), ids);
    assert.deepEqual(idsOf(await run(['list', '--tag', 'list=1', '--limit', '1', '--json'])), ids.slice(0, 1));
    const table = await runProcess(['list', '--tag', 'list=1', '--state', 'scheduled', '--type', 'echo']);
    assert.match(table.stdout, new RegExp(`^ID .*\n${shortId(ids[0])} +scheduled .*list=1\n${shortId(ids[1])} .*\n$`));
    const none = await run(['list', '--tag', 'list=1', '--state', 'failed']);
    assert.deepEqual([none.code, none.stdout, none.stderr], [0, '', 'No jobs.\n']);
    const wrong = await run(['list', '--state', 'faild']);
    assert.deepEqual([wrong.code, /Did you mean failed\?/.test(wrong.stderr)], [2, true]);
  });

  test('list into a reader that went away is no error', async () => {
    await Promise.all([submittedLater(), submittedLater()]);
    const listing = startBide(['list', '--json', '--data', data]);
    listing.child.stdout?.destroy();
    const { code, stderr } = await listing.ended;
    assert.deepEqual([code, stderr], [0, '']);
  });

  test('types lists the types with their kind', async () => {
    const { stdout } = await run(['types', '--json']);
    const types = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; kind: string });
    assert.ok(types.some(({ name, kind }) => name === 'echo' && kind === 'function'));
    assert.match(
      (await runProcess(['types'])).stdout,
      /^TYPE +KIND +SLOTS +RUNNING +WAITING +OLDEST +FAILED +P95\n[\s\S]*^echo +function +\d+ +\d+ /m,
    );
  });
});

describe('bide wait', () => {
  test('ends with the worst of all: 1 for a failed one, 3 for one that is not there', async () => {
    const good = await submitted('echo');
    const bad = await submitted(...sleepInput({ fail: 'no' }), '--attempts', '1');
    const failed = await runProcess(['wait', good, bad]);
    assert.equal(failed.code, 1);
    assert.match(failed.stdout, new RegExp(`^${good} succeeded.*\n${bad} failed.*no.*\n$`));
    const unknown = await run(['wait', good, NO_JOB]);
    assert.equal(unknown.code, 3);
    assert.match(unknown.stdout, new RegExp(`\n${NO_JOB} unknown\n$`));
  });

  test('tells the steps on stderr, and with --json nothing but the jobs', async () => {
    const id = await submitted(...sleepInput({ ms: 60_000, steps: 1_000 }));
    const [spoken, silent] = [[], ['--json']].map((more) => startBide(['wait', id, ...more, '--data', data]));
    await spoken?.said(/ running \d+(\.\d)? % step \d+ of 1000\n/);
    assert.equal((await run(['cancel', id])).code, 0);
    const [told, untold] = await Promise.all([spoken?.ended, silent?.ended]);
    assert.match(told?.stdout ?? '', new RegExp(`^${id} cancelled .*\n$`));
    assert.equal(untold?.stderr, '');
    assert.equal((JSON.parse(untold?.stdout ?? '') as JobBody).state, 'cancelled');
  });

  test('with --any ends as soon as one is done', async () => {
    const later = await submittedLater();
    const done = await submitted('echo');
    const { code, stdout } = await run(['wait', '--any', later, done]);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^${later} scheduled\n${done} succeeded`));
  });

  test('waits for more jobs than it draws bars for', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => submitted(...sleepInput({ ms: 20, steps: 1 }))));
    const { code, stdout } = await run(['wait', ...ids]);
    assert.equal(code, 0);
    assert.equal(stdout.trim().split('\n').length, 12);
  });

  test('with --timeout ends with 4, and the job goes on', async () => {
    const id = await submittedLater();
    const { code, stdout, stderr } = await run(['wait', id, '--timeout', '30ms']);
    assert.equal(code, 4);
    assert.equal(stdout, `${id} scheduled\n`);
    assert.match(stderr, /The job goes on/);
  });

  test('on ^C ends with 130 and leaves the job alone', async () => {
    const id = await submitted(...sleepInput({ ms: 60_000, steps: 600 }));
    const waiting = startBide(['wait', id, '--data', data]);
    await waiting.said(/ running /);
    waiting.child.kill('SIGINT');
    const { code, stderr } = await waiting.ended;
    assert.equal(code, 130);
    assert.match(stderr, /Interrupted\. The job goes on; `bide wait/);
    assert.equal(jobOf(await run(['status', '--json', id])).state, 'running');
    const cancelled = await run(['cancel', id]);
    assert.equal(cancelled.code, 0);
    const end = await run(['wait', '--json', id]);
    assert.deepEqual([end.code, jobOf(end).state], [1, 'cancelled']);
  });
});

describe('bide input', () => {
  test('gives what was submitted, byte for byte, and with --json as one document', async () => {
    const id = await submittedLater('--input', '{"n":[1,"ü"]}');
    const { code, stdout } = await runProcess(['input', id]);
    assert.deepEqual([code, stdout], [0, '{"n":[1,"ü"]}']);
    assert.equal((await run(['input', id, '--json'])).stdout, `{"id":"${id}","input":{"n":[1,"ü"]}}\n`);
    assert.equal((await run(['input', NO_JOB])).code, 3);
  });
});

describe('bide list --error', () => {
  test('gives the jobs that ended with an error, by the time of their end', async () => {
    const id = await submitted(...sleepInput({ fail: 'no luck' }), '--attempts', '1');
    await run(['wait', id]);
    const { error } = jobOf(await run(['status', id, '--json']));
    const line = ['list', '--error', error?.code ?? '', '--finished-within', '1h', '--limit', '1', '--json'];
    assert.equal(jobOf(await runProcess(line)).id, id);
    const refused = await run(['list', '--sort', 'newst']);
    assert.deepEqual([refused.code, /Did you mean newest\?/.test(refused.stderr)], [2, true]);
  });
});

describe('bide counts', () => {
  test('gives jobs per type and state', async () => {
    await submittedLater();
    const { code, stdout } = await runProcess(['counts', '--type', 'echo']);
    assert.equal(code, 0);
    assert.match(stdout, /^TYPE +WAITING +RUNNING +SUCCEEDED +FAILED +CANCELLED +EXPIRED\necho +[1-9]/);
    const { total, types } = JSON.parse((await run(['counts', '--type', 'echo', '--json'])).stdout);
    assert.deepEqual({ type: 'echo', ...total }, types[0]);
  });
});

describe('bide types', () => {
  test('lists them, pauses one and resumes it', async () => {
    const { code, stdout } = await runProcess(['types', 'pause', 'echo']);
    assert.equal(code, 0);
    assert.match(stdout, /^TYPE +KIND .*\necho +function .* paused\n$/);
    const id = await submitted('echo');
    assert.equal(JSON.parse((await run(['types', 'resume', 'echo', '--json'])).stdout).paused, false);
    assert.equal((await run(['wait', id])).code, 0);
    assert.match((await run(['types'])).stdout, /^sleep +function/m);
  });

  test('says what is meant where a word is wrong', async () => {
    const wrong = await run(['types', 'paus', 'echo']);
    assert.deepEqual([wrong.code, /`bide types pause NAME`/.test(wrong.stderr)], [2, true]);
    const unknown = await run(['types', 'pause', 'eco']);
    assert.match(unknown.stderr, /There is no job type eco/);
  });
});

describe('bide stats', () => {
  test('shows figures by time, the minute under way last', async () => {
    const id = await submitted('echo');
    assert.equal((await run(['wait', id])).code, 0);
    const { code, stdout } = await runProcess(['stats', '--within', '2m', '--type', 'echo']);
    assert.equal(code, 0);
    assert.match(stdout, /^TIME +SUBMITTED +SUCCEEDED +FAILED .*P95\n(\d\d-\d\d \d\d:\d\dZ .*\n){2}$/);
    const { stepMinutes, points } = JSON.parse((await run(['stats', '--within', '10m', '--json'])).stdout);
    const count = points.reduce((sum: number, point: { succeeded: number }) => sum + point.succeeded, 0);
    assert.deepEqual([stepMinutes, points.length, count > 0], [1, 10, true]);
  });
});

describe('bide workers', () => {
  test('lists the server itself', async () => {
    const { code, stdout } = await runProcess(['workers']);
    assert.equal(code, 0);
    assert.match(stdout, /^WORKER +KIND +VERSION +RUNNING +SLOTS +SEEN +TYPES\n\S+ +server +\d+\.\d+\.\d+ .*echo/);
    const [worker] = (await run(['workers', '--json'])).stdout.trim().split('\n');
    assert.ok(JSON.parse(worker ?? '').pid > 0);
  });
});

describe('bide result', () => {
  test('gives the bytes as they are, to stdout and to a file', async () => {
    const id = await submitted(...sleepInput({ bytes: 70_000 }));
    assert.equal((await run(['wait', id])).code, 0);
    const printed = await runProcess(['result', id]);
    assert.deepEqual(printed.bytes, Buffer.alloc(70_000, 'z'));
    const file = join(folder, 'result.bin');
    const saved = await run(['result', id, '-o', file, '--json']);
    assert.deepEqual(JSON.parse(saved.stdout), {
      id,
      contentType: 'application/octet-stream',
      bytes: 70_000,
      file,
    });
    assert.deepEqual(readFileSync(file), Buffer.alloc(70_000, 'z'));
  });

  test('with --json is one document, whatever the content type', async () => {
    const json = await submitted('echo', '--input', '{"x":"ü"}');
    await run(['wait', json]);
    assert.deepEqual(JSON.parse((await run(['result', json, '--json'])).stdout).result, { x: 'ü' });
  });

  test('of a job that is not done, failed, or is not there ends with 1, 1 and 3', async () => {
    const failed = await submitted(...sleepInput({ fail: 'no' }), '--attempts', '1');
    await run(['wait', failed]);
    const [waiting, none, unknown] = await Promise.all([
      run(['result', await submittedLater()]),
      run(['result', failed]),
      run(['result', NO_JOB]),
    ]);
    assert.deepEqual([waiting?.code, none?.code, unknown?.code], [1, 1, 3]);
    assert.match(waiting?.stderr ?? '', /no result yet/);
    assert.match(none?.stderr ?? '', /ended without a result/);
    assert.match(unknown?.stderr ?? '', /no job with this id/);
  });

  test('to a place that cannot be written ends with 2 and leaves no half file', async () => {
    const id = await submitted('echo');
    await run(['wait', id]);
    const { code, stderr } = await run(['result', id, '-o', join(folder, 'nowhere', 'file')]);
    assert.deepEqual([code, /cannot be written: ENOENT/.test(stderr)], [2, true]);
    const onto = await run(['result', id, '-o', folder]);
    assert.equal(onto.code, 2);
    assert.deepEqual(
      readdirSync(tmpdir()).filter((name) => name.endsWith('.part')),
      [],
    );
    assert.ok(existsSync(folder));
  });
});

describe('bide cancel and retry', () => {
  test('cancel takes several, says which one it could not, and ends with 3 for it', async () => {
    const [one, two] = [await submittedLater(), await submittedLater()];
    const { code, stdout, stderr } = await runProcess(['cancel', one, NO_JOB, two]);
    assert.equal(code, 3);
    assert.equal(stdout, `${one} cancelled\n${two} cancelled\n`);
    assert.match(stderr, new RegExp(`^${NO_JOB}:\nbide: There is no job with this id`));
  });

  test('cancel of a job that is done, and retry of one that succeeded, end with 1', async () => {
    const id = await submitted('echo');
    await run(['wait', id]);
    const [cancelled, retried] = await Promise.all([run(['cancel', id]), run(['retry', id, '--json'])]);
    assert.deepEqual([cancelled.code, retried.code], [1, 1]);
    assert.match(cancelled.stderr, /succeeded cannot be cancelled/);
    const { error, exitCode } = JSON.parse(retried.stderr) as {
      error: { code: string; status: number };
      exitCode: number;
    };
    assert.deepEqual([error.code, error.status, exitCode], ['WRONG_STATE', 409, 1]);
  });

  test('retry runs a failed job again', async () => {
    const id = await submitted(...sleepInput({ failTimes: 1 }), '--attempts', '1');
    assert.equal((await run(['wait', id])).code, 1);
    assert.equal((await runProcess(['retry', id])).code, 0);
    assert.equal((await run(['wait', id])).code, 1);
  });
});

describe('bide bulk', () => {
  test('says how many there are, changes them, and asks for --all where nothing says which', async () => {
    for (let index = 0; index < 3; index += 1) await submittedLater('--tag', 'batch=one');
    const filter = ['--tag', 'batch=one', '--state', 'scheduled'];
    assert.deepEqual((await run(['bulk', 'cancel', ...filter, '--dry-run'])).stdout, '3 jobs\n');
    const { code, stdout, stderr } = await runProcess(['bulk', 'cancel', ...filter]);
    assert.deepEqual([code, stdout], [0, '3 changed, 0 skipped, 0 failed\n'], stderr);
    const json = await run(['bulk', 'remove', '--text', 'batch:one', '--json']);
    assert.deepEqual(jobOf(json).result, { action: 'remove', changed: 3, skipped: 0, failed: 0 });
    assert.match((await run(['bulk', 'remove'])).stderr, /"confirm": "all"/);
    assert.match((await run(['bulk', 'delete'])).stderr, /There is no `bide bulk delete`/);
    const later = await run(['bulk', 'cancel', ...filter, '--no-wait']);
    assert.match(later.stdout, /^[0-9a-f-]{36}\n$/);
  });
});

describe('bide resubmit and bide amend', () => {
  test('a copy is another job, and a job that waits can be changed', async () => {
    const id = await submittedLater('--input', '{"a":1}', '--tag', 'team=x');
    const copy = jobOf(await run(['resubmit', id, '--input', '{"a":2}', '--delay', '1h', '--json']));
    assert.deepEqual([copy.resubmitOf, copy.tags], [id, { team: 'x' }]);
    const amended = jobOf(await run(['amend', copy.id, '--priority', '-5', '--tag', 'team=y', '--json']));
    assert.deepEqual([amended.id, amended.priority, amended.tags], [copy.id, -5, { team: 'y' }]);
    assert.match((await run(['amend', copy.id])).stderr, /Say what to change/);
    assert.equal((await run(['amend', copy.id, '--delay', '0s'])).code, 0);
    assert.equal((await run(['wait', copy.id])).code, 0);
    assert.match((await run(['amend', copy.id, '--priority', '1'])).stderr, /succeeded/);
  });
});

describe('bide audit', () => {
  test('prints a line per deed of an operator', async () => {
    const made = await run(['keys', 'create', '--name', 'for the audit', '--scope', 'operate']);
    assert.equal(made.code, 0, made.stderr);
    const { code, stdout, stderr } = await run(['audit', '--deed', 'key.create', '--within', '1h', '--limit', '1']);
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^\S+Z {2}key.create {6}first admin key \([0-9a-f]+\) {2}[0-9a-f]+ {2}\{.*"name":"for the audit","scopes":\["operate"\].*\}\n$/,
    );
    assert.match((await run(['audit', '--deed', 'key.creat'])).stderr, /Did you mean key.create\?/);
  });
});
