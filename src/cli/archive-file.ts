/**
 * Where an archive is written and read: a file or the standard streams, zipped where the name of the file says so.
 *
 * A file has its name once it is whole: until then it is `NAME.part`, which nobody else may read, since inputs, results and
 * hashes of keys are in it. It reaches the disk before it is renamed, and no file that is there is written over.
 */
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { addAbortSignal, pipeline, Readable, type Writable } from 'node:stream';
import { pipeline as pipelineDone } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { BideError } from '../core/errors.ts';
import { placeLasting } from '../disk/lasting.ts';
import { usageError } from './usage-error.ts';

/** Bytes written. Rejects with USAGE where the file cannot be made, with EXPORT_UNFINISHED where it cannot be finished. */
export async function saveArchive(text: AsyncIterable<string>, path: string, signal: AbortSignal): Promise<number> {
  if (existsSync(path)) throw usageError(`The file ${path} is there already: it is not written over.`);
  const draft = `${path}.part`;
  const file = createWriteStream(draft, { flags: 'wx', mode: 0o600 });
  let isOurs = false;
  file.once('open', () => {
    isOurs = true;
  });
  try {
    const source = Readable.from(text);
    if (isZipped(path)) await pipelineDone(source, createGzip(), file, { signal });
    else await pipelineDone(source, file, { signal });
    await placeLasting(draft, path);
    return file.bytesWritten;
  } catch (error) {
    if (isOurs) await rm(draft, { force: true });
    throw isOurs ? unfinished(error, path) : notMade(error, draft);
  }
}

function notMade(error: unknown, draft: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return error;
  const another = 'another export is writing it, or was killed while it did: then remove it';
  return usageError(`The file ${draft} cannot be made: ${code === 'EEXIST' ? another : code}.`);
}

/** Resolves when the reader has all of it. Rejects with EXPORT_UNFINISHED when the reader goes away before. */
export async function sendArchive(text: AsyncIterable<string>, output: Writable, signal: AbortSignal): Promise<void> {
  try {
    await pipelineDone(Readable.from(text), output, { end: false, signal });
    await new Promise<void>((resolve, reject) => {
      output.write('', (error) => (error ? reject(error) : resolve()));
    });
  } catch (error) {
    throw unfinished(error, 'stdout');
  }
}

function unfinished(error: unknown, where: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === 'EPIPE') {
    return new BideError('EXPORT_UNFINISHED', 'Whoever read the archive has gone away before its end.');
  }
  if (syscall === undefined) return error;
  return new BideError(
    'EXPORT_UNFINISHED',
    `The archive could not be written to ${where}: ${code}.`,
    {},
    { cause: error },
  );
}

/** The bytes of an archive. Reading them rejects with USAGE for a file that cannot be read, with ARCHIVE_INVALID for one that cannot be unzipped. */
export async function* archiveChunks(
  path: string | undefined,
  input: () => Readable,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const source = addAbortSignal(signal, path === undefined ? input() : createReadStream(path));
  try {
    yield* path !== undefined && isZipped(path) ? unzipped(source) : source;
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code?.startsWith('Z_')) {
      throw new BideError(
        'ARCHIVE_INVALID',
        `${path} is no gzip file, or was cut off (${code}).`,
        {},
        { cause: error },
      );
    }
    throw path === undefined || syscall === undefined ? error : usageError(`The file ${path} cannot be read: ${code}.`);
  }
}

function unzipped(source: Readable): Readable {
  // Errors of the source come out of the reader too: that is where they are dealt with.
  return pipeline(source, createGunzip(), () => {});
}

function isZipped(path: string): boolean {
  return path.endsWith('.gz');
}
