/** The guides are run as they stand there, on one server that has the config of them all. */
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
import { type PageBlock, pageBlocksOf, runPage, unmarkedOf } from './process/page-blocks.ts';
import { type ServerProcess, startServer } from './process/server-process.ts';
import { ROOT, readTree } from './tidy/tree.ts';

const run = promisify(execFile);
const PAGES = new Map(
  [...readTree('docs/guides/*.md', 'docs/concepts.md', 'docs/faq.md', 'docs/security.md', 'docs/upgrading.md')].map(
    ([path, text]) => [path, pageBlocksOf(text)] as const,
  ),
);
const folder = mkdtempSync(join(tmpdir(), 'bide-guides-'));
const env: Record<string, string> = {};
/** What the guides start in a shell of its own. */
const started: Server[] = [];
let hasPython = false;
let server: ServerProcess;

before(async () => {
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/bide'));
  for (const name of ['openai', 'zod', 'pg', '@types'])
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  hasPython = await run('python3', ['--version']).then(
    () => true,
    () => false,
  );
  for (const { name, text } of blocksFor('file')) writeFileSync(join(folder, name), text);
  env.REPORTS_URL = `${await startBeside('slow-api.mjs')}/reports`;
  env.MODEL_URL = `${await startBeside('model-server.mjs')}/v1/chat/completions`;
  env.FFMPEG = join(folder, 'ffmpeg-stand-in.mjs');
  writeFileSync(join(folder, 'bide.config.ts'), mergedConfig());
  server = await startServer({
    data: join(folder, 'data'),
    cwd: folder,
    args: ['--playground', '--config', 'bide.config.ts'],
    env,
  });
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
  const configs = blocksFor('config').map(({ text }, at) => {
    writeFileSync(join(folder, `config-${at}.ts`), text);
    return at;
  });
  const merged = (key: string) => `${key}: { ${configs.map((at) => `...c${at}.${key},`).join(' ')} }`;
  return `${configs.map((at) => `import c${at} from './config-${at}.ts';`).join('\n')}
export default { ${['types', 'schedules', 'dialects', 'deliveries', 'limits'].map(merged).join(', ')} };`;
}

function blocksFor(purpose: string): readonly PageBlock[] {
  return [...PAGES.values()].flat().filter((block) => block.purpose === purpose);
}

describe('the guides', () => {
  test('have no code that nothing runs', () => {
    const unmarked = [...PAGES].flatMap(([path, blocks]) => unmarkedOf(blocks).map((line) => `${path} ${line}`));
    assert.deepEqual(unmarked, []);
  });

  for (const [path, blocks] of PAGES) {
    if (!blocks.some(({ purpose }) => purpose === 'run')) continue;
    test(`${path} prints what it says`, async (t) => {
      if (!hasPython) t.diagnostic('There is no python3: blocks of Python were not run.');
      assert.ok((await runPage(blocks, { server, folder, env, hasPython })) > 0);
    });
  }

  test('have TypeScript that type-checks', async () => {
    const files = [...PAGES].flatMap(([path, blocks], page) =>
      blocks
        .filter(({ language }) => language === 'ts')
        .map(({ purpose, name, text }, at) => {
          const file = purpose === 'file' ? name : `checked-${page}-${at}.mts`;
          writeFileSync(join(folder, file), `// ${path}\n${text}`);
          return file;
        }),
    );
    assert.ok(files.length > 0);
    const compilerOptions = { types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')], noUnusedLocals: false };
    const tsconfig = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: [], files };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
    await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder, '--singleThreaded']).catch(
      (error: { stdout: string }) => assert.fail(error.stdout),
    );
  });
});
