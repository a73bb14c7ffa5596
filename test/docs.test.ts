/** What the documents of schedules, limits, unique keys, signals, groups, after and fairness show is run as it stands there: each call, and each config. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { blocksOf, documentOf, runStops, stopsOf } from './process/doc-blocks.ts';
import { type ServerProcess, startServer } from './process/server-process.ts';
import { ROOT } from './tidy/tree.ts';

const run = promisify(execFile);
const NAMES = ['schedules', 'limits-per-key', 'unique', 'signals', 'groups', 'after', 'fairness'];
const folder = mkdtempSync(join(tmpdir(), 'bide-docs-'));
let server: ServerProcess;

before(async () => {
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/bide'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  // As `npm start`, with the config that one of them needs.
  writeFileSync(join(folder, 'bide.config.ts'), blocksOf(documentOf('docs/features/signals.md'), 'ts config')[0] ?? '');
  server = await startServer({
    data: join(folder, 'data'),
    cwd: folder,
    args: ['--playground', '--config', 'bide.config.ts'],
  });
});

after(async () => {
  await server.end('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

describe('what the documents show', () => {
  for (const name of NAMES) {
    test(`${name}.md: each call prints what it says`, async () => {
      const text = documentOf(`docs/features/${name}.md`);
      assert.deepEqual(blocksOf(text, 'sh'), [], 'a block of calls is `sh run`, and is run here');
      const stops = blocksOf(text, 'sh run').flatMap(stopsOf);
      assert.ok(stops.some(({ fragments }) => fragments.length > 0));
      await runStops(stops, server, folder);
    });
  }

  test('each config type-checks', async () => {
    const files = NAMES.flatMap((name) =>
      blocksOf(documentOf(`docs/features/${name}.md`), 'ts config').map((block, at) => {
        writeFileSync(join(folder, `${name}-${at}.ts`), block);
        return `${name}-${at}.ts`;
      }),
    );
    assert.equal(files.length, 6);
    const compilerOptions = { types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')] };
    const tsconfig = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: [], files };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
    await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder, '--singleThreaded']).catch(
      (error: { stdout: string }) => assert.fail(error.stdout),
    );
  });
});
