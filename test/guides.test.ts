/** The guides are run as they stand there, on one server that has the configs of them all: a server for each would double what they cost. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { runStops } from './process/doc-blocks.ts';
import { type Fence, fencesOf } from './process/doc-fences.ts';
import { fillDocFolder } from './process/doc-folder.ts';
import { type ServerProcess, startServer } from './process/server-process.ts';
import { listTree, ROOT } from './tidy/tree.ts';

const run = promisify(execFile);
const PAGES = new Map(
  listTree('docs/guides/*.md', 'docs/concepts.md', 'docs/faq.md', 'docs/security.md', 'docs/upgrading.md').map(
    (path) => [path, fencesOf(path)] as const,
  ),
);
const folder = mkdtempSync(join(tmpdir(), 'bide-guides-'));
/** What the guides start in a shell of its own. */
const started: Server[] = [];
let hasPython = false;
let server: ServerProcess;

before(async () => {
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/bide'));
  for (const name of ['openai', 'zod', 'pg', '@types'])
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  hasPython = await run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']).then(
    () => true,
    () => false,
  );
  // Each page is filled again when it is run: here for the programs that stand beside the server.
  for (const fences of PAGES.values()) fillDocFolder(fences, folder);
  const env = {
    REPORTS_URL: `${await startBeside('slow-api.mjs')}/reports`,
    MODEL_URL: `${await startBeside('model-server.mjs')}/v1/chat/completions`,
    FFMPEG: join(folder, 'ffmpeg-stand-in.mjs'),
  };
  writeFileSync(join(folder, 'bide.config.ts'), mergedConfig());
  const args = ['--playground', '--config', 'bide.config.ts'];
  server = await startServer({ data: join(folder, 'data'), cwd: folder, args, env });
});

after(async () => {
  await server?.end('SIGTERM');
  for (const each of started) each.close();
  rmSync(folder, { recursive: true, force: true });
});

async function startBeside(file: string): Promise<string> {
  process.env.PORT = '0';
  const { server: beside } = (await import(join(folder, file))) as { server: Server };
  started.push(beside);
  if (!beside.listening) await once(beside, 'listening');
  return `http://127.0.0.1:${(beside.address() as AddressInfo).port}`;
}

/** Each config of a guide is a file of its own, and all of them are one config. */
function mergedConfig(): string {
  const configs = [...PAGES.values()].flat().filter(({ kind }: Fence) => kind === 'config' || kind === 'config run');
  for (const [at, { text }] of configs.entries()) writeFileSync(join(folder, `config-${at}.ts`), text);
  const merged = (key: string) => `${key}: { ${configs.map((_, at) => `...c${at}.${key},`).join(' ')} }`;
  return `${configs.map((_, at) => `import c${at} from './config-${at}.ts';`).join('\n')}
export default { ${['types', 'schedules', 'dialects', 'deliveries', 'limits', 'server'].map(merged).join(', ')} };`;
}

describe('the guides', () => {
  for (const [path, fences] of PAGES) {
    if (!fences.some(({ kind }) => kind === 'run')) continue;
    test(`${path} prints what it says`, async (t) => {
      const { stops } = fillDocFolder(fences, folder);
      const isPython = ({ command }: { readonly command: string }) => command.includes('python3 ');
      if (!hasPython && stops.some(isPython)) t.diagnostic('no Python from 3.10 on: its programs are not run');
      assert.ok(stops.some(({ fragments }) => fragments.length > 0));
      await runStops(
        stops.filter((stop) => hasPython || !isPython(stop)),
        server,
        folder,
      );
    });
  }

  test('have TypeScript that type-checks', async () => {
    const files = [...PAGES.values()].flatMap((fences, page) => {
      const { typed } = fillDocFolder(fences, join(folder, `page-${page}`));
      return typed.map((name) => `page-${page}/${name}`);
    });
    assert.ok(files.length > 0);
    const compilerOptions = { types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')], noUnusedLocals: false };
    const tsconfig = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: [], files };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
    await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder, '--singleThreaded']).catch(
      (error: { stdout: string }) => assert.fail(error.stdout),
    );
  });
});
