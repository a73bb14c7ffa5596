/** The runner behind `npm run check` and `npm test`: it says yes only when tests ran and all of them passed. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { bundlesOf, entriesOf } from '../scripts/run/bundles.ts';
import { newAccount, noteIn, tableOf } from '../scripts/run/fault-account.ts';
import { isFault, isForCheck, needsPostgres, testFiles } from '../scripts/run/files.ts';
import { runTests, summaryOf, type Tested, type TestRun } from '../scripts/run/node-test.ts';
import type { TestEvent } from '../scripts/run/play-event.ts';

async function tested(text: string, more: Partial<TestRun> = {}): Promise<Tested> {
  const folder = mkdtempSync(join(tmpdir(), 'bide-check-'));
  const file = join(folder, 'a.test.mjs');
  writeFileSync(file, `import test from 'node:test';\n${text}`);
  // A runner that knows that it runs inside of another one runs nothing.
  const env = { NODE_TEST_CONTEXT: undefined };
  const outcome = await runTests({
    ...{ name: 'a', files: [file], env, deadlineMs: 30_000, testDeadlineMs: 20_000 },
    ...more,
  });
  rmSync(folder, { recursive: true, force: true });
  return outcome;
}

describe('runTests', () => {
  test('passes a run whose tests pass, and prints the closing lines and notes of the runner', async () => {
    const { isOk, text } = await tested("test('a', (t) => t.diagnostic('seed 7')); test('b', () => {});");
    assert.ok(isOk, text);
    assert.match(text, /ℹ seed 7/);
    assert.match(text, /^ℹ tests 2$/m);
    assert.match(text, /^ℹ pass 2$/m);
    assert.match(text, /^ℹ fail 0$/m);
  });

  test('fails a run with a failing test, and prints which one and why', async () => {
    const { isOk, text } = await tested("test('good', () => {}); test('bad', () => { throw new Error('because'); });");
    assert.equal(isOk, false);
    assert.match(text, /✖ bad/);
    assert.match(text, /because/);
    assert.match(text, /^ℹ fail 1$/m);
  });

  test('fails a run whose file cannot be loaded', async () => {
    const { isOk, text } = await tested("import './not-there.mjs';");
    assert.equal(isOk, false);
    assert.match(text, /not-there/);
  });

  test('fails a test that never ends, at its deadline', async () => {
    const { isOk, text } = await tested(
      `test('stuck', ({ signal }) => new Promise(() => {
        const timer = setInterval(() => {}, 1_000);
        signal.addEventListener('abort', () => clearInterval(timer));
      }));`,
      { testDeadlineMs: 300 },
    );
    assert.equal(isOk, false);
    assert.match(text, /stuck/);
  });

  test('stops a run that never ends, at the deadline of the run', async () => {
    const { isOk, text } = await tested("setInterval(() => {}, 1_000); test('stuck', () => new Promise(() => {}));", {
      testDeadlineMs: 60_000,
      deadlineMs: 1_500,
    });
    assert.equal(isOk, false);
    assert.match(text, /^Not at its end after \d+ s: \S*a\.test\.mjs$/m);
    assert.match(
      text,
      /took longer than [\d.]+ s and was stopped; nothing had failed until then\. .* BIDE_PATIENCE=\d+ npm test/,
    );
  });

  test('ends a file whose tests have ended and which has left something open, and says what', async () => {
    const left = "import net from 'node:net'; test('a', (t, done) => void net.createServer().listen(0, done));";
    const env = { NODE_TEST_CONTEXT: undefined, BIDE_LEFT_MS_MAX: '200' };
    const { isOk, text } = await tested(left, { env });
    assert.equal(isOk, false);
    assert.match(text, /The tests of \S*a\.test\.mjs have ended, .* Still open: .*TCPServerWrap/);
  });

  test('tells each test and what it noted, as it happens', async () => {
    const events: TestEvent[] = [];
    await tested("test('a', (t) => t.diagnostic('lost 0')); test('b', () => { throw new Error(); });", {
      onEvent: (event) => void events.push(event),
    });
    const told = events.map((event) => (event.kind === 'note' ? event.message : [event.name, event.isOk]));
    assert.deepEqual(told, [['a', true], 'lost 0', ['b', false]]);
  });

  test('fails a run without a file', async () => {
    assert.equal((await runTests({ name: 'none', files: [], deadlineMs: 1, testDeadlineMs: 1 })).isOk, false);
  });
});

describe('files that share a process', () => {
  test('are those that leave it as it was, each once; what starts programs stays alone', () => {
    const files = testFiles();
    const bundles = bundlesOf(files);
    assert.deepEqual(bundles.flatMap((bundle) => bundle.files).sort(), [...files].sort());
    const alone = bundles.filter((bundle) => bundle.files.length === 1).flatMap((bundle) => bundle.files);
    for (const path of files.filter((one) => /^test\/(e2e|faults|browser|postgres|process)/.test(one)))
      assert.ok(alone.includes(path), path);
    assert.ok(bundles.some((bundle) => bundle.files.length > 1));
  });

  test('keep their hooks to themselves, and fail one by one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bide-check-'));
    const fileOf = (name: string, then: string) => {
      const path = join(folder, `${name}.mjs`);
      const log = `(what) => (globalThis.said ??= []).push('${name} ' + what)`;
      const text = `const say = ${log}; before(() => say('before')); after(() => say('after')); ${then}`;
      writeFileSync(path, `import assert from 'node:assert'; import { after, before, test } from 'node:test'; ${text}`);
      return path;
    };
    const first = fileOf('first', "test('one', () => { say('one'); });");
    const bad = fileOf('bad', "test('bad', () => { throw new Error('because'); });");
    const order = ['first before', 'first one', 'first after', 'bad before', 'bad after', 'last before'];
    const last = fileOf('last', `test('last', () => assert.deepEqual(globalThis.said, ${JSON.stringify(order)}));`);
    const files = entriesOf([{ shared: [], files: [first, bad, last] }]);
    const env = { NODE_TEST_CONTEXT: undefined };
    const { isOk, text } = await runTests({ name: 'a', files, env, deadlineMs: 60_000, testDeadlineMs: 30_000 });
    rmSync(folder, { recursive: true, force: true });
    assert.equal(isOk, false);
    assert.match(text, /^ℹ pass 2\nℹ fail 1$/m);
    assert.match(text, /✖ bad[\s\S]*because/);
  });
});

describe('summaryOf', () => {
  const step = { name: 'a', command: 'node', args: [], deadlineMs: 1 };
  const finished = { step, isOk: true, isOverdue: false, durationMs: 1 };

  test('believes no exit code when fewer tests ran than there are files', () => {
    for (const output of ['', 'ℹ tests 0\nℹ pass 0\n', 'ℹ tests 1\nℹ pass 1\n'])
      assert.equal(summaryOf({ ...finished, output }, 2).isOk, false, output);
    assert.equal(summaryOf({ ...finished, output: 'ℹ tests 2\nℹ pass 2\n' }, 2).isOk, true);
  });
});

describe('the account of faults', () => {
  const account = (file: string, notes: readonly string[], done = {}) => {
    const made = Object.assign(
      newAccount(file),
      { ms: 1_234, scenarios: notes.length, isDone: true, isOk: true },
      done,
    );
    for (const note of notes) noteIn(made, note);
    return made;
  };

  test('sums what scenarios counted, and leaves open what none of them did', () => {
    const notes = [
      'fault a: submitted 150, finished 149, lost 1, doubled 0, stuck 2',
      'submitted 20, lost 0, doubled 0',
    ];
    const table = tableOf([account('a', notes), account('b', ['an hour ahead'])], 2).split('\n');
    assert.deepEqual(table.map((line) => line.split(/ +/)).slice(1), [
      ['a', '1.2', '2', '0', '170', '1', '0', '2'],
      ['b', '1.2', '1', '0', '–', '–', '–', '–'],
      ['all', '2.5', '3', '0', '170', '1', '0', '2'],
    ]);
  });

  test('marks the file that failed and the one that was cut off, and says how many are missing', () => {
    const table = tableOf([account('a', [], { isOk: false }), account('b', [], { isDone: false, isOk: false })], 5);
    assert.match(table, /^a ✖ /m);
    assert.match(table, /^b … /m);
    assert.match(table, /cut off: 4 of 5 files/);
  });
});

describe('testFiles', () => {
  const files = testFiles();

  test('finds the tests beside the sources and those across folders', () => {
    for (const path of ['src/core/decide.test.ts', 'test/tidy.test.ts', 'test/faults/kill.test.ts'])
      assert.ok(files.includes(path), path);
  });

  test('puts first what takes seconds', () => {
    for (const path of ['test/pack.test.ts', 'test/python.test.ts', 'test/guides.test.ts', 'test/dev/dev.test.ts'])
      assert.ok(files.indexOf(path) < files.indexOf('src/core/decide.test.ts') && !isForCheck(path), path);
    assert.equal(new Set(files).size, files.length);
  });

  test('keeps out of the check what needs PostgreSQL, what packs, and all faults but the short kill', () => {
    const left = files.filter((path) => !isForCheck(path));
    assert.ok(left.includes('test/pack.test.ts') && left.some(needsPostgres));
    const faults = files.filter((path) => path.startsWith('test/faults/'));
    assert.ok(faults.length > 1 && faults.every(isFault));
    assert.deepEqual(faults.filter(isForCheck), ['test/faults/kill.test.ts']);
    assert.ok(files.filter(isForCheck).every((path) => !needsPostgres(path)));
  });
});
