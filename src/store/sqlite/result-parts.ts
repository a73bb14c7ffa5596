/**
 * Results in parts: the first stands in the row of the job, so that most are read with it, and those of a large one are read one by one.
 *
 * node:sqlite has no way to read a piece of a value. Of a result of 64 MiB a slice of one takes 4 ms that
 * took 125; the whole takes as long as before.
 */
import type { Connection } from './connection.ts';

export const PART_BYTES = 262_144;

export function firstPart(result: Uint8Array): Uint8Array {
  return result.subarray(0, PART_BYTES);
}

export function insertOtherParts(connection: Connection, number: number, result: Uint8Array): void {
  for (let part = 1; part * PART_BYTES < result.byteLength; part += 1) {
    connection.run('resultPartInsert', number, part, result.subarray(part * PART_BYTES, (part + 1) * PART_BYTES));
  }
}

/** Bytes from `from` to `to` of the result whose first part is given: fewer where it ends before. */
export function resultBetween(
  connection: Connection,
  { number, head }: { readonly number: number; readonly head: Uint8Array },
  from = 0,
  to = Number.MAX_SAFE_INTEGER,
): Uint8Array {
  if (head.byteLength < PART_BYTES) return from === 0 && to >= head.byteLength ? head : head.slice(from, to);
  const first = Math.floor(from / PART_BYTES);
  const last = Math.ceil(to / PART_BYTES) - 1;
  const others = connection.all('resultParts', number, Math.max(1, first), last).map(([bytes]) => bytes as Uint8Array);
  const parts = first === 0 ? [head, ...others] : others;
  return cut(parts, from - first * PART_BYTES, to - first * PART_BYTES);
}

/** A copy, so that no slice keeps its parts. */
function cut(parts: readonly Uint8Array[], from: number, to: number): Uint8Array {
  const total = parts.reduce((sum, part) => sum + part.byteLength, 0);
  const bytes = new Uint8Array(Math.max(0, Math.min(to, total) - from));
  let at = -from;
  for (const part of parts) {
    const piece = part.subarray(Math.max(0, -at), Math.max(0, bytes.byteLength - at));
    if (piece.byteLength > 0) bytes.set(piece, Math.max(0, at));
    at += part.byteLength;
  }
  return bytes;
}
