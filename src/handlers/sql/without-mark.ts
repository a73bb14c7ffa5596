/** JSON files with a byte order mark, which Windows programs write: DuckDB reads them as one text of an unknown form, without a word. */
import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** `file` itself, or where it begins with a mark a copy without it at `copy`, which is the caller's to remove. */
export async function withoutMark(file: string, copy: string): Promise<string> {
  if (!(await hasMark(file))) return file;
  await pipeline(createReadStream(file, { start: MARK.byteLength }), createWriteStream(copy));
  return copy;
}

async function hasMark(file: string): Promise<boolean> {
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(MARK.byteLength), position: 0 });
  return bytesRead === MARK.byteLength && buffer.equals(MARK);
}
