/**
 * Audio and video on their way to a job: streamed to a file, so that an hour of film costs no memory.
 *
 * A file is named by a random id and stays until its job has succeeded or its conversation is deleted; what never came that far is
 * dropped after `uploadRetainMs`, since a failed job may be run again. It is on the disk, name and all, before the caller hears of it: a power cut takes no acknowledged upload.
 * An upload that is cut off, empty, too large or finds the disk full leaves no file and no job.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { BideError } from '../../core/errors.ts';
import { type Disk, systemDisk } from '../../disk/disk.ts';
import { makeLastingFolder, writeLasting } from '../../disk/lasting.ts';
import { writeRefusal } from '../../disk/write-refusal.ts';

export interface Upload {
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

export interface Uploads {
  /** BODY_TOO_LARGE past `bytesMax`, INVALID_REQUEST for nothing at all or a body that was cut off, STORE_FULL, STORE_READ_ONLY. */
  take(body: Readable, announcedBytes?: number): Promise<Upload>;
  /** Forgets the file; one that is not there is fine. */
  drop(name: string): Promise<void>;
  /** Drops what was uploaded before this time, epoch ms. */
  dropOlderThan(time: number): Promise<void>;
}

export interface UploadOptions {
  readonly folder: string;
  readonly bytesMax: number;
  readonly disk?: Disk;
}

export function createUploads({ folder, bytesMax, disk = systemDisk }: UploadOptions): Uploads {
  const root = resolve(folder);
  const fileOf = (name: string) => join(root, name);
  const drop = (name: string) => disk.remove(fileOf(name));
  let isLasting = false;
  const prepare = async () => {
    // An operator may have removed the folder meanwhile.
    if (!(await disk.makeFolder(root)) && isLasting) return;
    await makeLastingFolder(root, disk);
    isLasting = true;
  };
  return {
    async take(body, announcedBytes = 0) {
      if (announcedBytes > bytesMax) throw tooLarge(bytesMax);
      const name = randomUUID();
      const file = fileOf(name);
      const measured = measure(body, bytesMax);
      try {
        await prepare();
        await writeLasting(file, measured.chunks, disk);
      } catch (error) {
        throw writeRefusal(error, 'the upload', root) ?? error;
      }
      return { name, file, ...measured.facts() };
    },
    drop,
    async dropOlderThan(time) {
      for (const name of await namesIn(root)) {
        const { mtimeMs } = await stat(fileOf(name)).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
        if (mtimeMs < time) await drop(name);
      }
    },
  };
}

/** The chunks of the body, and what they were when all have been read. */
function measure(body: Readable, bytesMax: number) {
  const hash = createHash('sha256');
  let bytes = 0;
  async function* chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of arriving(body)) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      hash.update(chunk);
      yield chunk;
    }
    if (bytes === 0) throw new BideError('INVALID_REQUEST', 'The body is empty: send the media as the body.');
  }
  return { chunks: chunks(), facts: () => ({ bytes, sha256: hash.digest('hex') }) };
}

/** A caller who goes away in the middle is no fault of the server: that is not to be told as one. */
async function* arriving(body: Readable): AsyncGenerator<Buffer> {
  try {
    // Not destroyed with an upload that is refused: the socket would go with it, and the refusal would never arrive.
    yield* body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  } catch (cause) {
    throw new BideError('INVALID_REQUEST', 'The upload was cut off before its end.', {}, { cause });
  }
}

function tooLarge(bytesMax: number): BideError {
  return new BideError('BODY_TOO_LARGE', `The upload is larger than ${bytesMax} bytes.`, { limit: bytesMax });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
