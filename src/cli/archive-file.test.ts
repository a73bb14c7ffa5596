import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { after, describe, test } from 'node:test';
import { archiveChunks, saveArchive, sendArchive } from './archive-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'bide-archive-'));
after(() => rmSync(folder, { recursive: true }));

const NEVER = new AbortController().signal;

async function* pieces(...all: readonly (string | (() => void))[]): AsyncGenerator<string> {
  for (const piece of all) {
    if (typeof piece === 'string') yield piece;
    else piece();
  }
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all).toString();
}

const input = (text: string) => () => Readable.from([Buffer.from(text)]);

describe('saveArchive', () => {
  test('gives the file its name when it is whole', async () => {
    const path = join(folder, 'whole');
    const seen: boolean[] = [];
    const text = pieces('a', () => void seen.push(existsSync(path)), 'b');
    assert.equal(await saveArchive(text, path, NEVER), 2);
    assert.deepEqual([readFileSync(path, 'utf8'), seen], ['ab', [false]]);
    assert.ok(!existsSync(`${path}.part`));
  });

  for (const suffix of ['', '.gz']) {
    test(`leaves nothing behind when it fails or is aborted (${suffix || 'plain'})`, async () => {
      const before = readdirSync(folder);
      const path = join(folder, `broken${suffix}`);
      const broken = pieces('a', () => {
        throw new Error('The store is gone.');
      });
      await assert.rejects(saveArchive(broken, path, NEVER), /The store is gone/);
      const stop = new AbortController();
      const stopped = pieces('a', () => stop.abort(), 'b', 'c');
      await assert.rejects(saveArchive(stopped, path, stop.signal), { name: 'AbortError' });
      assert.deepEqual(readdirSync(folder), before);
    });
  }

  test('refuses a file that is there, and a folder that is not', async () => {
    const path = join(folder, 'there');
    writeFileSync(path, 'mine');
    await assert.rejects(saveArchive(pieces('a'), path, NEVER), { code: 'USAGE' });
    assert.equal(readFileSync(path, 'utf8'), 'mine');
    await assert.rejects(saveArchive(pieces('a'), join(folder, 'none', 'x'), NEVER), {
      code: 'USAGE',
      message: /none\/x\.part cannot be made: ENOENT\./,
    });
  });
});

describe('sendArchive', () => {
  test('resolves when the last byte was taken', async () => {
    const taken: string[] = [];
    const output = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        setImmediate(() => {
          taken.push(chunk.toString());
          done();
        });
      },
    });
    await sendArchive(pieces('a', 'b', 'c'), output, NEVER);
    assert.equal(taken.join(''), 'abc');
  });

  test('rejects with EXPORT_UNFINISHED when the reader goes away', async () => {
    const output = new Writable({
      write(_chunk, _encoding, done) {
        done(Object.assign(new Error('gone'), { code: 'EPIPE', syscall: 'write' }));
      },
    });
    await assert.rejects(sendArchive(pieces('a', 'b'), output, NEVER), { code: 'EXPORT_UNFINISHED' });
  });
});

describe('archiveChunks', () => {
  test('reads a file, a zipped file and stdin', async () => {
    const plain = join(folder, 'plain');
    const zipped = join(folder, 'zipped.gz');
    await saveArchive(pieces('same'), plain, NEVER);
    await saveArchive(pieces('same'), zipped, NEVER);
    assert.notEqual(readFileSync(zipped, 'latin1'), 'same');
    for (const path of [plain, zipped, undefined]) {
      assert.equal(await textOf(archiveChunks(path, input('same'), NEVER)), 'same');
    }
  });

  test('rejects when the file is missing, no gzip, or the wait is aborted', async () => {
    const missing = archiveChunks(join(folder, 'missing'), input(''), NEVER);
    await assert.rejects(textOf(missing), { code: 'USAGE', message: /cannot be read: ENOENT/ });
    const path = join(folder, 'plain.gz');
    writeFileSync(path, 'no gzip');
    await assert.rejects(textOf(archiveChunks(path, input(''), NEVER)), { code: 'ARCHIVE_INVALID' });
    const stop = new AbortController();
    const silent = archiveChunks(undefined, () => new Readable({ read: () => {} }), stop.signal);
    const read = textOf(silent);
    setImmediate(() => stop.abort());
    await assert.rejects(read, { name: 'AbortError' });
  });
});
