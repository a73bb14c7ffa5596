/** What the README shows is run as it stands there: the tour with curl, the config, and the library in ten lines. */
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
const README = documentOf('README.md');
const folder = mkdtempSync(join(tmpdir(), 'bide-readme-'));

before(() => {
  // As after `npm install bide zod` in a folder of one's own.
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/bide'));
  for (const name of ['fastify', 'zod', 'typescript', '@types'])
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
});

after(() => rmSync(folder, { recursive: true, force: true }));

function blocks(info: string): readonly string[] {
  const found = blocksOf(README, info);
  assert.ok(found.length > 0, `the README has no block "${info}"`);
  return found;
}

describe('the tour with curl', () => {
  test('says what it says', async () => {
    await using server = await startServer({ data: join(folder, 'tour'), cwd: folder, args: ['--playground'] });
    const stops = blocks('sh tour').flatMap(stopsOf);
    assert.ok(stops.length >= 8);
    await runStops(stops, server, folder);
    assert.equal(await server.end('SIGTERM'), 0);
  });
});

describe('the config', () => {
  test('type-checks together with the library', async () => {
    writeFileSync(join(folder, 'bide.config.ts'), blocks('ts config')[0] ?? '');
    writeFileSync(join(folder, 'library.ts'), blocks('ts library')[0] ?? '');
    const compilerOptions = { types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')], noUnusedLocals: false };
    const files = ['bide.config.ts', 'library.ts'];
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: [], files }),
    );
    await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder, '--singleThreaded']).catch(
      (error: { stdout: string }) => assert.fail(error.stdout),
    );
  });

  test('serves its types, with a function in a thread and a program', async () => {
    writeFileSync(join(folder, 'bide.config.ts'), blocks('ts config')[0] ?? '');
    await using server = await startServer({ data: join(folder, 'config'), cwd: folder });
    assert.deepEqual(await submit(server, { type: 'greet', input: { name: 'Ada' } }), { greeting: 'Hello, Ada!' });
    assert.deepEqual(await submit(server, { type: 'lines', input: 'one line' }), 0);
    const refused = await submit(server, { type: 'greet', input: { nam: 'Ada' } });
    assert.deepEqual(refused, undefined);
    assert.equal(await server.end('SIGTERM'), 0);
  });
});

/** The result of a job that is waited for; undefined when it was refused. */
async function submit(server: ServerProcess, body: unknown): Promise<unknown> {
  const response = await fetch(`${server.url}/v1/jobs?wait=20`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return ((await response.json()) as { result?: unknown }).result;
}

describe('the library', () => {
  test('runs in ten lines', async () => {
    const [text = ''] = blocks('ts library');
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('import '));
    assert.ok(lines.length <= 10, `${lines.length} lines`);
    writeFileSync(join(folder, 'library.ts'), text);
    const { stdout } = await run(process.execPath, ['library.ts'], { cwd: folder, timeout: 60_000 });
    const printed = /console\.log\(.*\); \/\/ (.*)$/m.exec(text)?.[1] ?? assert.fail('the example says what it prints');
    assert.equal(stdout.trim(), printed);
  });
});
