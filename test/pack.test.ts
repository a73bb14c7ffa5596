/**
 * The package as its users get it: packed, installed in an empty folder, every subpath imported and compiled against, and the
 * server started, with a function handler that runs in a worker thread.
 *
 * A copy of the tree is packed, since packing writes to `package.json` for a moment and other tests read it.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { startServer } from './process/server-process.ts';
import { listTree, ROOT } from './tidy/tree.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'bide-pack-'));
const copy = join(folder, 'copy');
const user = join(folder, 'user');
/** The Node that runs this test, before any other that the machine has. */
const env = {
  PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
  npm_config_update_notifier: 'false',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
};

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
const SUBPATHS = Object.keys(MANIFEST.exports)
  .filter((subpath) => !subpath.endsWith('.json'))
  .map((subpath) => subpath.replace('.', 'bide'));

/** What the package holds at its top; a new name here is a decision, not an accident. */
const SHIPPED = [
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'LICENSE',
  'README.md',
  'bin',
  'deploy',
  'dist',
  'docs',
  'examples',
  'package.json',
];

function sh(command: string, args: readonly string[], cwd: string) {
  return run(command, args, { cwd, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 });
}

before(async () => {
  for (const path of listTree()) cpSync(join(ROOT, path), join(copy, path));
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const { stdout } = await sh('npm', ['pack', '--json'], copy);
  const tarball = /"filename":\s*"([^"]+\.tgz)"/.exec(stdout)?.[1] ?? assert.fail(stdout);
  mkdirSync(user);
  writeFileSync(join(user, 'package.json'), JSON.stringify({ name: 'user', private: true, type: 'module' }));
  const fastCheck = `fast-check@${MANIFEST.devDependencies['fast-check']}`;
  await sh('npm', ['install', '--prefer-offline', '--omit=optional', join(copy, tarball), fastCheck], user);
});

after(() => rmSync(folder, { recursive: true, force: true }));

describe('the packed package', () => {
  test('leaves the manifest of the checkout as it was', () => {
    assert.deepEqual(JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8')), MANIFEST);
  });

  test('has every subpath, as modules that Node runs without stripping types', async () => {
    const script = `for (const name of ${JSON.stringify(SUBPATHS)}) console.log(name, Object.keys(await import(name)).join(' '));`;
    const { stdout } = await sh('node', ['--input-type=module', '-e', script], user);
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]),
      SUBPATHS,
    );
    assert.match(stdout, /^bide .*defineConfig.*openBide/m);
  });

  test('ships no sources, no tests and no maps of them', async () => {
    const files = readdirSync(join(user, 'node_modules/bide/dist'), { recursive: true, encoding: 'utf8' });
    assert.ok(files.length > 100);
    assert.deepEqual(
      files.filter((path) => /(?<!\.d)\.ts$|\.test\.|\.map$|\.snapshot\.|(^|\/)golden\//.test(path)),
      [],
    );
    assert.deepEqual(readdirSync(join(user, 'node_modules/bide')).sort(), SHIPPED);
  });

  test('type-checks its users against its declarations', async () => {
    writeFileSync(join(user, 'user.ts'), USER);
    const compilerOptions = {
      strict: true,
      module: 'nodenext',
      target: 'es2024',
      noEmit: true,
      skipLibCheck: true,
      types: ['node'],
    };
    const typeRoots = [join(ROOT, 'node_modules/@types')];
    writeFileSync(
      join(user, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...compilerOptions, typeRoots }, files: ['user.ts'] }),
    );
    await sh(join(ROOT, 'node_modules/.bin/tsc'), ['-p', '.'], user).catch((error: { stdout: string }) =>
      assert.fail(error.stdout),
    );
  });

  test('serves: npx bide serve with the playground and a config whose function runs in a thread', async () => {
    writeFileSync(join(user, 'bide.config.ts'), CONFIG);
    const data = join(user, 'data');
    await using server = await startServer({
      data,
      cwd: user,
      command: ['npx', '--no-install', 'bide'],
      args: ['--playground', '--config', 'bide.config.ts'],
      env,
    });
    const submit = async (type: string, input: unknown) => {
      const response = await fetch(`${server.url}/v1/jobs?wait=20`, {
        method: 'POST',
        headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ type, input }),
      });
      const job = (await response.json()) as { state: string; result: unknown };
      return [response.status, job.state, job.result];
    };
    assert.deepEqual(await submit('echo', { a: 1 }), [200, 'succeeded', { a: 1 }]);
    const [, state] = await submit('sql', { query: 'SELECT 1' });
    assert.equal(state, 'failed', 'DuckDB is left out: the job says so, and the server lives');
    assert.deepEqual(await submit('double', 21), [200, 'succeeded', { result: 42, isMainThread: false }]);
    await server.end('SIGTERM');
  });
});

const CONFIG = `
import { isMainThread } from 'node:worker_threads';
import { defineConfig } from 'bide';
export default defineConfig({
  types: { double: (input: number) => ({ result: input * 2, isMainThread }) },
});
`;

const USER = `
import { defineConfig, openBide } from 'bide';
import { createClient } from 'bide/client';
import type { Engine } from 'bide/engine';
import type { Store } from 'bide/store/contract';
import type { Dialect } from 'bide/dialects/dialect';
const config = defineConfig({ types: { upper: (input: string) => input.toUpperCase() } });
const bide = await openBide(config, { data: './data' });
const client = createClient({ url: 'http://127.0.0.1:7070', key: 'k' });
// @ts-expect-error A submit without a type is refused by the compiler.
await client.submit({});
export type All = [Engine, Store, Dialect, typeof bide];
`;
