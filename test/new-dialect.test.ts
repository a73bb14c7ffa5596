/** `npm run new:dialect` in a copy of the sources: what it makes passes the suite at once, and is type-checked like everything else. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const run = promisify(execFile);

let copy: string;
before(async () => {
  copy = await mkdtemp(join(tmpdir(), 'bide-new-dialect-'));
  for (const path of ['src', 'scripts', 'package.json', 'tsconfig.json']) {
    await cp(join(ROOT, path), join(copy, path), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction');
});
after(() => rm(copy, { recursive: true, force: true }));

const node = (...args: readonly string[]) => {
  // Without the variable of the outer run, or the inner one would report to it.
  const { NODE_TEST_CONTEXT: _outer, ...env } = process.env;
  return run(process.execPath, args, { cwd: copy, env, timeout: 120_000 });
};

it('new-dialect makes a dialect that passes the suite', async () => {
  await node('scripts/new-dialect.ts', 'acme', 'Acme Jobs');
  const { stdout } = await node('--test', '--test-reporter=spec', 'src/dialects/acme/acme.test.ts');
  assert.match(stdout, /Acme Jobs keeps the contract of a dialect/);
  assert.match(stdout, /fail 0/);
});

it('new-dialect adds the dialect to the list, once', async () => {
  await assert.rejects(node('scripts/new-dialect.ts', 'acme'), /already a dialect/);
  const list = await readFile(join(copy, 'src/dialects/index.ts'), 'utf8');
  assert.equal(list.match(/anyOptions\(acme\)/g)?.length, 1);
});

it('new-dialect makes sources without a type error', async () => {
  const { stdout, code } = await node('node_modules/typescript/bin/tsc', '--pretty', 'false', '--singleThreaded').then(
    ({ stdout }) => ({ stdout, code: 0 }),
    (error: { readonly stdout: string; readonly code: number }) => error,
  );
  assert.ok(code === 0 || stdout.includes('error TS'), `The compiler did not run: ${code} ${stdout}`);
  assert.ok(!stdout.includes('src/dialects/acme/'), stdout);
});

it('new-dialect refuses a name that is no folder name', async () => {
  for (const name of ['Acme', '../acme', '9acme', 'a b']) {
    await assert.rejects(node('scripts/new-dialect.ts', name), /Usage/);
  }
});

/** One change to the new dialect each, and the test of the suite that must fail for it. */
const BREAKS = [
  {
    what: 'a word of the vendor that is never said',
    file: 'mapping.ts',
    from: "running: 'running'",
    to: "running: 'queued'",
    fails: 'vocabulary says every word of the vendor',
  },
  {
    what: 'an error of another shape',
    file: 'mapping.ts',
    from: '{ error: message }',
    to: "{ error: message, stack: 'at' }",
    fails: 'errorBody has a status and a JSON body',
  },
  {
    what: 'a wait that is no wait',
    file: 'routes.ts',
    from: 'waitSeconds(request) * 1_000',
    to: 'waitSeconds(request) * 0',
    fails: 'hold answers with the current state when its time is over',
  },
  {
    what: 'an unknown job that is a crash',
    file: 'routes.ts',
    from: "throw new BideError('JOB_NOT_FOUND')",
    to: "throw new TypeError('no job')",
    fails: 'read says there is no such job when nobody has this id',
  },
  {
    what: 'a status nobody may see',
    file: 'routes.ts',
    from: "requireScope(principal, 'read')",
    to: "requireScope(principal, 'work')",
    fails: 'read and start are refused when the key lacks the scope',
  },
];

for (const { what, file, from, to, fails } of BREAKS) {
  it(`the suite notices ${what}`, async () => {
    const path = join(copy, 'src/dialects/acme', file);
    const sound = await readFile(path, 'utf8');
    assert.ok(sound.includes(from), `${file} does not say ${from} any more`);
    await writeFile(path, sound.replace(from, to));
    const only = ['--test', '--test-reporter=spec', `--test-name-pattern=${fails}`];
    const { stdout } = await node(...only, 'src/dialects/acme/acme.test.ts').then(
      () => assert.fail('The suite passed.'),
      (error: { readonly stdout: string }) => error,
    );
    await writeFile(path, sound);
    assert.ok(stdout.includes(`✖ ${fails}`), stdout);
  });
}
