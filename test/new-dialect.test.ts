/** `npm run new:dialect` in a copy of the sources: what it makes passes the suite at once, and is type-checked like everything else. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
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
  const { stdout, code } = await node('node_modules/typescript/bin/tsc', '--pretty', 'false').then(
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
