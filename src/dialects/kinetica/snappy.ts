/**
 * Requests that clients compress when they are told to: raw Snappy blocks around a datum.
 *
 * The codec is `hysnappy` (WASM, no dependencies). `snappyjs` was turned down: five bytes that announce a literal of -5 bytes make it
 * read the same place for ever. Each body gets an instance of its own (0.14 ms), so that no memory of one caller's is there for the
 * next, and nothing is made before the length that the block announces is known to be allowed.
 */
import { snappyUncompress } from 'hysnappy';
import { BideError } from '../../core/errors.ts';

const LENGTH_BYTES_MAX = 5;
const CONTINUED = 128;

/** INVALID_REQUEST where the bytes are no Snappy block, BODY_TOO_LARGE where they are one of more than `bytesMax`. */
export function uncompressed(bytes: Uint8Array, bytesMax: number): Uint8Array {
  const length = announcedLength(bytes);
  if (length > bytesMax) {
    throw new BideError('BODY_TOO_LARGE', `The body is ${length} bytes uncompressed; at most ${bytesMax} are taken.`);
  }
  try {
    return snappyUncompress(bytes, length);
  } catch (cause) {
    throw invalid(cause);
  }
}

function announcedLength(bytes: Uint8Array): number {
  let length = 0;
  for (let at = 0; at < LENGTH_BYTES_MAX; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) break;
    length += (byte % CONTINUED) * CONTINUED ** at;
    if (byte < CONTINUED) return length;
  }
  throw invalid();
}

function invalid(cause?: unknown): BideError {
  return new BideError('INVALID_REQUEST', 'The body is not a Snappy block.', {}, { cause });
}
