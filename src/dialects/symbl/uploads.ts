/**
 * Audio and video on their way to a job: streamed to a file, so that an hour of film costs no memory.
 *
 * A file is named by a random id and stays until its job has succeeded or its conversation is deleted; what never came that far is
 * dropped after `uploadRetainMs`. An upload that is cut off, empty or too large leaves no file and no job.
 */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BideError } from '../../core/errors.ts';

export interface Upload {
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
  readonly bytes: number;
}

export interface Uploads {
  /** BODY_TOO_LARGE past `bytesMax`, INVALID_REQUEST for nothing at all. */
  take(body: Readable): Promise<Upload>;
  /** Forgets the file; one that is not there is fine. */
  drop(name: string): Promise<void>;
  /** Drops what was uploaded before this time, epoch ms. */
  dropOlderThan(time: number): Promise<void>;
}

export function createUploads({ folder, bytesMax }: { readonly folder: string; readonly bytesMax: number }): Uploads {
  const root = resolve(folder);
  const fileOf = (name: string) => join(root, name);
  const drop = (name: string) => rm(fileOf(name), { force: true });
  return {
    async take(body) {
      await mkdir(root, { recursive: true, mode: 0o700 });
      const name = randomUUID();
      try {
        const bytes = await store(body, fileOf(name), bytesMax);
        return { name, file: fileOf(name), bytes };
      } catch (error) {
        await drop(name);
        throw error;
      }
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

async function store(body: Readable, file: string, bytesMax: number): Promise<number> {
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(bytes > bytesMax ? tooLarge(bytesMax) : null, chunk);
    },
  });
  await pipeline(body, counted, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  if (bytes === 0) throw new BideError('INVALID_REQUEST', 'The body is empty: send the media as the body.');
  return bytes;
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
