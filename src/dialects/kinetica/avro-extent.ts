/**
 * How far a binary datum reaches, found without reading it: in linear time, with nothing allocated.
 *
 * The codec believes every count: ten bytes that announce 2^61 entries of a map kept it busy for ever. Here a count or a length
 * must fit into the bytes that are left, so that whatever passes can be decoded in the time that its bytes take.
 */
import type { Schema } from 'avsc';

/** Entries of all lists and maps of one datum: each costs the decoder some 100 bytes, whatever it holds. */
const ENTRIES_MAX = 100_000;
const LONG_BYTES_MAX = 10;
const FIXED_BYTES: Readonly<Record<string, number>> = { boolean: 1, float: 4, double: 8 };

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
  entriesLeft: number;
}

/** Whether the bytes are one whole datum of the schema, and nothing else. */
export function isWholeDatum(schema: Schema, bytes: Uint8Array): boolean {
  const cursor = { bytes, at: 0, entriesLeft: ENTRIES_MAX };
  return skip(schema, cursor) && cursor.at === bytes.length;
}

function skip(schema: Schema, cursor: Cursor): boolean {
  if (schema === 'string' || schema === 'bytes') return skipBytes(cursor, readLong(cursor));
  if (schema === 'int' || schema === 'long') return !Number.isNaN(readLong(cursor));
  if (typeof schema === 'string') return skipBytes(cursor, FIXED_BYTES[schema] ?? (schema === 'null' ? 0 : Number.NaN));
  if (Array.isArray(schema)) return skipBranch(schema, cursor);
  if (!('type' in schema)) return false;
  if (schema.type === 'record') return schema.fields.every((field) => skip(field.type, cursor));
  if (schema.type === 'array') return skipBlocks(cursor, () => skip(schema.items, cursor));
  if (schema.type === 'map') return skipBlocks(cursor, () => skip('string', cursor) && skip(schema.values, cursor));
  return false;
}

function skipBranch(branches: readonly Schema[], cursor: Cursor): boolean {
  const branch = branches[readLong(cursor)];
  return branch !== undefined && skip(branch, cursor);
}

/** Blocks of entries until an empty one. A negative count is followed by the bytes of its block, which nobody needs. */
function skipBlocks(cursor: Cursor, skipEntry: () => boolean): boolean {
  for (;;) {
    const announced = readLong(cursor);
    if (announced === 0) return true;
    if (announced < 0 && Number.isNaN(readLong(cursor))) return false;
    const count = Math.abs(announced);
    // No entry takes less than a byte. NaN fits nowhere.
    if (!(count <= cursor.bytes.length - cursor.at && count <= cursor.entriesLeft)) return false;
    cursor.entriesLeft -= count;
    for (let entry = 0; entry < count; entry += 1) if (!skipEntry()) return false;
  }
}

function skipBytes(cursor: Cursor, length: number): boolean {
  if (!(length >= 0 && length <= cursor.bytes.length - cursor.at)) return false;
  cursor.at += length;
  return true;
}

/** NaN where the bytes end early or the number does not. Exact below 2^53; what is beyond it fits nowhere anyway. */
function readLong(cursor: Cursor): number {
  let zigzag = 0;
  let unit = 1;
  for (let count = 0; count < LONG_BYTES_MAX; count += 1) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) return Number.NaN;
    cursor.at += 1;
    zigzag += (byte % CONTINUED) * unit;
    unit *= CONTINUED;
    if (byte < CONTINUED) return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }
  return Number.NaN;
}

const CONTINUED = 128;
