/**
 * The bytes of a result for one reader, read from the store slice by slice as they take them: what they leave unread is never read.
 *
 * A job that was retried meanwhile has another result, or none. Its slices are not mixed: the answer breaks off, short of the length that it
 * announced, and the client sees that it has not got all.
 */
import { Readable } from 'node:stream';
import { BideError } from '../../core/errors.ts';
import type { Engine, ResultOutcome, Snapshot } from '../../engine/api.ts';
import type { ByteRange } from './range.ts';

/** Smaller ones go in one piece: they cost less than the calls that would cut them. */
const SLICE_BYTES_MIN = 1_024 * 1_024;
/** A store may have to read the whole for each slice, and so reads a result eight times at the most. */
const SLICES_MAX = 8;

export function sliceBytesOf({ first, last }: ByteRange): number {
  const bytes = last - first + 1;
  return Math.min(bytes, Math.max(SLICE_BYTES_MIN, Math.ceil(bytes / SLICES_MAX)));
}

export interface ResultSource {
  readonly engine: Pick<Engine, 'readResult'>;
  /** Whose result it is; another revision of the same run will do. */
  readonly snapshot: Snapshot;
  readonly range: ByteRange;
}

/** The first slice, or why there is none. */
export function firstSlice(source: ResultSource): Promise<ResultOutcome> {
  const { snapshot, range } = source;
  const slice = { first: range.first, length: sliceBytesOf(range) };
  return source.engine.readResult(snapshot.job.tenant, snapshot.job.id, slice);
}

export function resultStream(source: ResultSource, head: Uint8Array): Readable {
  return Readable.from(slicesOf(source, head), { objectMode: false, highWaterMark: 1 });
}

async function* slicesOf({ engine, snapshot, range }: ResultSource, head: Uint8Array): AsyncGenerator<Uint8Array> {
  const { tenant, id, fence } = snapshot.job;
  const length = sliceBytesOf(range);
  yield head;
  for (let first = range.first + head.byteLength; first <= range.last; first += length) {
    const slice = { first, length: Math.min(length, range.last - first + 1) };
    const outcome = await engine.readResult(tenant, id, slice);
    const isSame = outcome.kind === 'found' && outcome.snapshot.job.fence === fence;
    if (!isSame || outcome.result.bytes.byteLength !== slice.length) {
      throw new BideError('RESULT_NOT_READY', 'The result was replaced while it was read.');
    }
    yield outcome.result.bytes;
  }
}
