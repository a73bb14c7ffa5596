/** What was acknowledged is there after the process was killed, and after writes to the disk began to fail at any point. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { openSqlite } from './index.ts';

const INDEX = new URL('./index.ts', import.meta.url).href;
const FIXTURES = new URL('../contract-suite/fixtures.ts', import.meta.url).href;

/** Inserts three jobs at a time, four callers at once, and prints `+id` for each that was acknowledged, `-id` for each refused. */
function inserter(folder: string): string {
  return `
    import { writeSync } from 'node:fs';
    import { openSqlite } from ${JSON.stringify(INDEX)};
    import { newJob } from ${JSON.stringify(FIXTURES)};
    const tell = (sign, batch) => writeSync(1, batch.map(({ spec }) => sign + spec.id + '\\n').join(''));
    let refusals = 0;
    try {
      const store = await openSqlite({ folder: ${JSON.stringify(folder)} });
      await store.migrate();
      await Promise.all([1, 2, 3, 4].map(async () => {
        for (let round = 0; round < 2_000 && refusals < 12; round += 1) {
          const batch = [1, 2, 3].map(() => newJob({ tenant: 't', type: 'x' }, { tags: { a: 'b' } }, '"' + 'x'.repeat(300) + '"'));
          await store.insert(batch).then(() => tell('+', batch), (error) => {
            refusals += 1;
            tell('-', batch);
            writeSync(1, '!' + error.code + '\\n');
          });
        }
      }));
    } catch (error) {
      writeSync(1, '!' + error.code + '\\n');
    }
    process.exit();`;
}

interface Told {
  readonly acknowledged: readonly string[];
  readonly refused: readonly string[];
  readonly codes: ReadonlySet<string>;
}

/** @param blocksMax files cannot grow past so many blocks of 512 bytes; @param killAfter acknowledgements after which it is killed */
async function runInserter(folder: string, blocksMax: number | null, killAfter: number): Promise<Told> {
  const limit = blocksMax === null ? '' : `ulimit -f ${blocksMax};`;
  const args = ['-c', `${limit} exec "$0" --input-type=module-typescript -e "$1"`, process.execPath, inserter(folder)];
  const child = spawn('/bin/sh', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === killAfter) child.kill('SIGKILL');
  }
  await exited;
  const marked = (sign: string) => lines.filter((line) => line.startsWith(sign)).map((line) => line.slice(1));
  return { acknowledged: marked('+'), refused: marked('-'), codes: new Set(marked('!')) };
}

/** Every acknowledged job is there, no refused one is, and each batch of three is there whole or not at all. */
async function assertWhole(folder: string, { acknowledged, refused }: Told): Promise<void> {
  const store = await openSqlite({ folder });
  try {
    await store.migrate();
    const found = await store.read(acknowledged.map((id) => ({ id })));
    assert.ok(found.every(({ kind }) => kind === 'found'));
    const inputs = await store.readInput(acknowledged.map((id) => ({ id })));
    assert.ok(inputs.every((input) => input?.length === 302));
    const missing = await store.read(refused.map((id) => ({ id })));
    assert.ok(missing.every(({ kind }) => kind === 'missing'));
    const counted = (await store.count({ tenant: null })).reduce((sum, { count }) => sum + count, 0);
    const listed = (await store.count({ tenant: null, tags: { a: 'b' } })).reduce((sum, { count }) => sum + count, 0);
    assert.equal(counted, listed, 'jobs counted and jobs tagged');
    assert.equal(counted % 3, 0, 'half a batch is stored');
    assert.ok(counted >= acknowledged.length);
  } finally {
    await store.close();
  }
}

test('every acknowledged insert is there when the process is killed, again and again', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-crash-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const all: string[] = [];
  for (const killAfter of [1, 40, 150]) {
    const told = await runInserter(folder, null, killAfter);
    all.push(...told.acknowledged);
    assert.ok(told.acknowledged.length >= killAfter);
    await assertWhole(folder, { ...told, acknowledged: all });
  }
});

test('every acknowledged insert is there and no refused one when the disk takes no more at any point', async (t) => {
  for (const blocksMax of [40, 500, 700, 1_500]) {
    const folder = mkdtempSync(join(tmpdir(), 'bide-crash-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const told = await runInserter(folder, blocksMax, Number.POSITIVE_INFINITY);
    assert.ok(told.codes.size > 0, `nothing failed below ${blocksMax} blocks`);
    for (const code of told.codes) assert.ok(['STORE_UNAVAILABLE', 'STORE_FULL'].includes(code), code);
    if (blocksMax > 1_000) assert.ok(told.acknowledged.length > 0);
    await assertWhole(folder, told);
  }
});
