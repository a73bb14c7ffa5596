/**
 * What the documents show works as it stands there: each call, program and config, of every page of `docs/`. A block that looks like a command or a
 * snippet is run, type-checked or says why it is not; CONTRIBUTING has the kinds.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { runStops } from './process/doc-blocks.ts';
import { type Fence, faultOf, fencesOf, KINDS } from './process/doc-fences.ts';
import { type DocFolder, fillDocFolder } from './process/doc-folder.ts';
import { type ServerProcess, startServer } from './process/server-process.ts';
import { listTree, ROOT, readTree } from './tidy/tree.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'bide-docs-'));
const PAGES = listTree('docs/*.md', 'README.md', 'CONTRIBUTING.md').filter((path) => !path.startsWith('docs/adr/'));
const FENCES = new Map(PAGES.map((path) => [path, fencesOf(path)]));
/** `test/guides.test.ts` runs these, on one server that has the configs of them all. */
function isGuide(path: string): boolean {
  return /^docs\/(?:guides\/|(?:concepts|faq|security|upgrading)\.md)/.test(path);
}

/** The README has a test of its own, since it is the page that a newcomer follows in their own folder. */
const DOCS = [...FENCES].filter(([path]) => path.startsWith(`docs/${process.env.DOCS ?? ''}`) && !isGuide(path));
const folders = new Map(DOCS.map(([path, fences]) => [path, fillDocFolder(fences, folderOf(path))]));
let shared: ServerProcess;

before(async () => {
  installInto(folder);
  shared = await startServer({ data: join(folder, 'data'), cwd: folder, args: ['--playground'] });
});

after(async () => {
  await shared.end('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

describe('each block says how it is held to work', () => {
  const tests = [...readTree('test/*.ts', 'src/*.test.ts')].filter(([path]) => path !== 'test/docs.test.ts');
  const named = new Set(
    PAGES.filter((path) =>
      tests.some(([, text]) => text.includes(`'${path}'`) || text.includes(`'${dirname(path)}/'`)),
    ),
  );

  test('and every page that is run has blocks', () => {
    const faults = [...FENCES].flatMap(([path, fences]) =>
      fences.flatMap((fence) => {
        const fault = faultOf(fence, named.has(path));
        return fault === null ? [] : [`${fence.at} ${fault}`];
      }),
    );
    assert.deepEqual(faults, []);
    assert.ok([...FENCES.values()].flat().length > 60);
  });

  test('a block without a kind, an example without a reason, and an unknown language are refused', () => {
    const block: Fence = { at: 'a.md:1', language: 'sh', kind: '', name: null, why: null, text: '' };
    assert.match(String(faultOf(block, false)), /neither run nor an example/);
    assert.match(String(faultOf({ ...block, kind: 'example' }, false)), /say why/);
    assert.match(String(faultOf({ ...block, language: 'bash' }, false)), /write sh/);
    assert.match(String(faultOf({ ...block, kind: 'example', why: 'as `x` does' }, false)), /backtick/);
    assert.match(String(faultOf({ ...block, kind: 'recipe' }, false)), /no test names/);
    assert.match(String(faultOf({ ...block, language: 'json', text: '{' }, false)), /not JSON/);
    assert.equal(faultOf({ ...block, kind: 'example', why: 'needs systemd' }, false), null);
    assert.equal(faultOf({ ...block, kind: 'run' }, false), null);
  });

  test('and CONTRIBUTING names every kind', () => {
    const text = readTree('CONTRIBUTING.md').get('CONTRIBUTING.md') ?? '';
    for (const kind of ['run', 'config run', 'config', 'file', 'check', 'part', 'recipe', 'example'])
      assert.ok(Object.hasOwn(KINDS, kind) && text.includes(`\`${kind}\``), kind);
  });
});

describe('what the documents show', () => {
  for (const [path, page] of folders) {
    if (page.stops.length === 0) continue;
    test(`${path}: each call prints what it says`, async (t) => {
      const stops = await runnable(page.stops, t);
      assert.ok(
        page.stops.some(({ fragments }) => fragments.length > 0),
        'one of them says what it prints',
      );
      if (page.config === null) return await runStops(stops, shared, folderOf(path));
      await using server = await startServer(optionsOf(path, page.config));
      await runStops(stops, server, folderOf(path));
    });
  }

  test('each config and program type-checks', async () => {
    const files = [...folders].flatMap(([path, { typed }]) => typed.map((name) => join(folderOf(path), name)));
    await typeCheck(files);
  });
});

/** What this machine can run: it may have no Python. */
async function runnable(stops: DocFolder['stops'], t: TestContext): Promise<DocFolder['stops']> {
  const isPython = ({ command }: { readonly command: string }) => command.startsWith('python3 ');
  if (!stops.some(isPython)) return stops;
  const hasPython = await run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']).then(
    () => true,
    () => false,
  );
  if (hasPython) return stops;
  t.diagnostic('no Python from 3.10 on: its programs are not run');
  return stops.filter((stop) => !isPython(stop));
}

function folderOf(path: string): string {
  return join(folder, path.slice('docs/'.length).replaceAll('/', '-').replace('.md', ''));
}

function optionsOf(path: string, config: DocFolder['config']) {
  const args = ['--playground', '--config', String(config)];
  return { data: join(folder, `${basename(folderOf(path))}-data`), cwd: folderOf(path), args };
}

/** As after `npm install` in a folder of one's own, with all that the checkout has. */
function installInto(place: string): void {
  const modules = join(place, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (!name.startsWith('.')) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  if (!existsSync(join(modules, 'bide'))) symlinkSync(ROOT, join(modules, 'bide'));
  symlinkSync(join(ROOT, 'bin/bide.js'), join(modules, '.bin/bide'));
}

async function typeCheck(files: readonly string[]): Promise<void> {
  const compilerOptions = {
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
    noUnusedLocals: false,
    noUnusedParameters: false,
  };
  const tsconfig = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: [], files };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
  await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder, '--singleThreaded']).catch(
    (error: { stdout: string }) => assert.fail(error.stdout),
  );
}
