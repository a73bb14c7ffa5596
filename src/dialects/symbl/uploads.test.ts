import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { type ModelOptions, modelDisk } from '../../../test/disk/model-disk.ts';
import { BideError } from '../../core/errors.ts';
import { createUploads } from './uploads.ts';

const FOLDER = '/data/symbl/uploads';
const MEDIA = Buffer.alloc(30_000, 7);
const inChunks = () => Readable.from([MEDIA.subarray(0, 10_000), MEDIA.subarray(10_000)]);

function open(options: ModelOptions = {}) {
  const disk = modelDisk(options);
  return { disk, uploads: createUploads({ folder: FOLDER, bytesMax: 100_000, disk }) };
}

describe('an upload', () => {
  it('that was taken is whole after a power cut, and one that was not is no loss, wherever the power is cut', async () => {
    const { disk: counted, uploads } = open();
    await uploads.take(inChunks());
    const { steps } = counted;
    for (let cutAt = 0; cutAt <= steps; cutAt += 1) {
      let left = cutAt;
      const attempt = open({
        onStep() {
          if (left === 0) throw new Error('power');
          left -= 1;
        },
      });
      const taken = await attempt.uploads.take(inChunks()).catch(() => null);
      attempt.disk.cutPower();
      assert.equal(taken === null, cutAt < steps, `cut at step ${cutAt}`);
      if (taken !== null) assert.ok(attempt.disk.contentOf(taken.file)?.equals(MEDIA), `cut at step ${cutAt}`);
    }
  });

  it('carries its length and its hash', async () => {
    const { name, bytes, sha256 } = await open().uploads.take(Readable.from([Buffer.from('abc')]));
    assert.match(name, /^[0-9a-f-]{36}$/);
    assert.equal(bytes, 3);
    assert.equal(sha256, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('that finds the disk full is STORE_FULL with the folder, and leaves no file', async () => {
    const { disk, uploads } = open({ bytesMax: 20_000 });
    await assert.rejects(uploads.take(inChunks()), (error) => {
      assert.ok(error instanceof BideError);
      assert.equal(error.code, 'STORE_FULL');
      assert.match(error.message, /\/data\/symbl\/uploads/);
      return true;
    });
    assert.deepEqual(disk.files(), []);
  });

  it('that its caller drops is no fault of the server, and leaves no file', async () => {
    const { disk, uploads } = open();
    const body = new Readable({ read: () => {} });
    body.push(MEDIA);
    const taking = uploads.take(body);
    body.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
    await assert.rejects(taking, { code: 'INVALID_REQUEST' });
    assert.deepEqual(disk.files(), []);
  });

  it('that is empty or too large leaves no file, and what says so beforehand is not read at all', async () => {
    const { disk, uploads } = open();
    await assert.rejects(uploads.take(Readable.from([])), { code: 'INVALID_REQUEST' });
    const endless = new Readable({ read: (size) => endless.push(Buffer.alloc(size)) });
    await assert.rejects(uploads.take(endless), { code: 'BODY_TOO_LARGE' });
    assert.equal(endless.destroyed, false);
    const { steps } = disk;
    await assert.rejects(uploads.take(inChunks(), 100_001), { code: 'BODY_TOO_LARGE' });
    assert.equal(disk.steps, steps);
    assert.deepEqual(disk.files(), []);
  });
});
