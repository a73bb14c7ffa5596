import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { modelDisk } from '../../test/disk/model-disk.ts';
import { makeLastingFolder, placeLasting, writeLasting } from './lasting.ts';

const chunks = (...texts: readonly string[]) => Readable.from(texts.map((text) => Buffer.from(text)));

describe('the model of a disk', () => {
  it('forgets content and names that were not synced', async () => {
    const disk = modelDisk();
    await makeLastingFolder('/data', disk);
    const file = await disk.createFile('/data/one');
    await file.write(Buffer.from('abc'));
    await disk.syncFolder('/data');
    const other = await disk.createFile('/data/two');
    await other.write(Buffer.from('abc'));
    await other.sync();
    disk.cutPower();
    assert.deepEqual(disk.contentOf('/data/one'), Buffer.alloc(0));
    assert.equal(disk.contentOf('/data/two'), null);
  });
});

describe('a lasting file', () => {
  it('is whole after a power cut, in folders that were made for it', async () => {
    const disk = modelDisk();
    await makeLastingFolder('/a/b/c', disk);
    await writeLasting('/a/b/c/file', chunks('one', 'two'), disk);
    disk.cutPower();
    assert.equal(String(disk.contentOf('/a/b/c/file')), 'onetwo');
  });

  it('leaves nothing when the disk is full or the source breaks', async () => {
    const disk = modelDisk({ bytesMax: 4 });
    await makeLastingFolder('/a', disk);
    await assert.rejects(writeLasting('/a/file', chunks('one', 'two'), disk), { code: 'ENOSPC' });
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('x');
        throw new Error('broken');
      })(),
    );
    await assert.rejects(writeLasting('/a/file', broken, disk), /broken/);
    assert.deepEqual(disk.files(), []);
  });

  it('has its old or its new content under its name, whenever the power is cut while it is replaced', async () => {
    for (let cutAt = 0; ; cutAt += 1) {
      let left = cutAt;
      const disk = modelDisk({
        onStep() {
          if (left === 0) throw new Error('power');
          left -= 1;
        },
      });
      left = Number.POSITIVE_INFINITY;
      await makeLastingFolder('/a', disk);
      await writeLasting('/a/draft', chunks('old'), disk);
      await placeLasting('/a/draft', '/a/file', disk);
      const draft = await disk.createFile('/a/draft');
      await draft.write(Buffer.from('new'));
      left = cutAt;
      const isDone = await placeLasting('/a/draft', '/a/file', disk).then(
        () => true,
        () => false,
      );
      disk.cutPower();
      const content = String(disk.contentOf('/a/file'));
      assert.ok(isDone ? content === 'new' : ['old', 'new'].includes(content), `cut at ${cutAt}: ${content}`);
      if (isDone) return;
    }
  });

  it('is written and placed on the disk of this machine', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bide-disk-'));
    try {
      const within = join(folder, 'a', 'b');
      await makeLastingFolder(within);
      await writeLasting(join(within, 'draft'), chunks('one', 'two'));
      await assert.rejects(writeLasting(join(within, 'draft'), chunks('x')), { code: 'EEXIST' });
      await placeLasting(join(within, 'draft'), join(within, 'file'));
      assert.equal(await readFile(join(within, 'file'), 'utf8'), 'onetwo');
      assert.equal((await stat(join(within, 'file'))).mode & 0o077, 0);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
