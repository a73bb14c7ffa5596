/**
 * Guarded patches: compare, then set, inside the writer's transaction, so that nothing comes between the two.
 *
 * The job is read first although an UPDATE or a DELETE alone could compare: counts, events and sequences need the state before,
 * and from the old row and the patch follows the new one without reading it again.
 */
import type { StoredState } from '../../../core/state.ts';
import { ROOM_COLUMNS, roomOf } from '../../job-rooms.ts';
import { AT, type JobColumn, maskColumns, type Room } from '../../job-row.ts';
import { firstPart, insertOtherParts } from '../result-parts.ts';
import type { Row, Value } from '../rows.ts';
import { isInMask } from '../rows.ts';
import { jobUpdate } from '../statements.ts';
import { END_COLUMNS, type EndOfSeen, endSeen } from './end-seen.ts';
import { changed } from './events.ts';
import { type Family, freeFamily } from './free-family.ts';
import { enterRoom, leaveRoom, requireRoom } from './rooms.ts';
import { stateChanged } from './state-change.ts';
import type { Transaction } from './transaction.ts';

export const APPLIED = 0;
export const STALE = 1;
export const MISSING = 2;
/** Applied to the job that the caller had seen: from it and the patch follows what it is now. */
export const APPLIED_TO_SEEN = 3;

export interface Applied {
  /** Per patch what became of it; the rows of `jobs` are those of the applied and stale ones, in order. */
  readonly kinds: readonly number[];
  readonly jobs: Row;
  readonly freed: readonly FreedFamily[];
}

/** What stands before the values of a patch. */
export interface PatchHead {
  readonly id: string;
  readonly states: number;
  readonly fence: number | null;
  readonly revision: number | null;
  /** When it happens; null when the caller did not say. */
  readonly at: number | null;
  readonly mask: number;
  readonly resultBytes: number | null;
  /** For a running job that the patch ends: its row in `finished` stands in place of the values of the patch. */
  readonly end: EndOfSeen | null;
}

export interface PatchBatch {
  readonly heads: readonly Value[];
  readonly values: readonly Value[];
  /** One after another. */
  readonly results: Uint8Array;
  /** The places of those that free the children of their jobs. */
  readonly freeing: readonly number[];
}

const HEAD_WIDTH = 9;

export function pushHead(heads: Value[], head: PatchHead): void {
  const { id, states, fence, revision, at, mask, resultBytes, end } = head;
  heads.push(id, states, fence, revision, at, mask, resultBytes, end?.revision ?? null, end?.type ?? null);
}

function headAt(heads: readonly Value[], at: number): PatchHead {
  const seen = heads[at + 7] as number | null;
  return {
    id: heads[at] as string,
    states: heads[at + 1] as number,
    fence: heads[at + 2] as number | null,
    revision: heads[at + 3] as number | null,
    at: heads[at + 4] as number | null,
    mask: heads[at + 5] as number,
    resultBytes: heads[at + 6] as number | null,
    end: seen === null ? null : { revision: seen, type: heads[at + 8] as string },
  };
}

export function applyPatches(transaction: Transaction, { heads, values, results, freeing }: PatchBatch): Applied {
  const kinds: number[] = [];
  const jobs: Value[] = [];
  const freed: FreedFamily[] = [];
  let valueAt = 0;
  let resultAt = 0;
  for (let at = 0; at < heads.length; at += HEAD_WIDTH) {
    const head = headAt(heads, at);
    const { mask, end, resultBytes } = head;
    const nextAt = valueAt + (end === null ? maskColumns(mask) : END_COLUMNS).length;
    const given = values.slice(valueAt, nextAt);
    const result = resultBytes === null ? null : results.subarray(resultAt, resultAt + resultBytes);
    if (end !== null && endSeen(transaction, end, given, { id: head.id, result, at: head.at }))
      kinds.push(APPLIED_TO_SEEN);
    else kinds.push(applyPatch(transaction, head, patchOf(head, given, result), jobs));
    const index = kinds.length - 1;
    if (freeing.includes(index) && (kinds[index] === APPLIED || kinds[index] === APPLIED_TO_SEEN))
      freed.push({ index, ...freeFamily(transaction, head.id, head.at) });
    valueAt = nextAt;
    resultAt += resultBytes ?? 0;
  }
  return { kinds, jobs, freed };
}

/** What became of the children of a job that has ended. */
interface FreedFamily extends Family {
  /** Of the patch. */
  readonly index: number;
}

interface Patch {
  /** What it writes, and the values. */
  readonly columns: readonly JobColumn[];
  readonly values: Row;
  readonly result: Uint8Array | null;
}

/** An end writes nothing that its row does not hold, but that nobody has the job any more. */
function patchOf({ mask, end }: PatchHead, given: Row, result: Uint8Array | null): Patch {
  const columns = maskColumns(mask);
  if (end === null) return { columns, values: given, result };
  return { columns, values: columns.map((column) => given[END_COLUMNS.indexOf(column)] ?? null), result };
}

/** Reads the job, compares, writes; adds its row to `jobs`. */
function applyPatch(transaction: Transaction, head: PatchHead, patch: Patch, jobs: Value[]): number {
  const row = transaction.connection.get('jobById', head.id);
  if (row === undefined) return MISSING;
  if (!isExpected(row, head)) {
    jobs.push(...row);
    return STALE;
  }
  const next = patchedRow(row, patch);
  write(transaction, { before: row, next, ...patch }, head.at);
  jobs.push(...next);
  return APPLIED;
}

function isExpected(row: Row, head: PatchHead): boolean {
  return (
    isInMask(head.states, row[AT.state] as StoredState) &&
    (head.fence === null || head.fence === row[AT.fence]) &&
    (head.revision === null || head.revision === row[AT.revision])
  );
}

interface Change extends Patch {
  readonly before: Row;
  readonly next: Row;
}

/** Writes the row as it is to be, and all that goes with it. */
function write(transaction: Transaction, change: Change, at: number | null): void {
  const { before, next, result } = change;
  const from = roomOf(before[AT.state] as StoredState);
  const to = requireRoom(next);
  if (result !== null && next[AT.result_type] === null) throw new Error('A result comes with what it is.');
  if (from === to) {
    update(transaction, to, change);
  } else {
    leaveRoom(transaction, from, next[AT.number] as number);
    enterRoom(transaction, to, next, result);
  }
  const bytes = ((next[AT.result_bytes] ?? 0) as number) - ((before[AT.result_bytes] ?? 0) as number);
  if (bytes !== 0) transaction.use(next[AT.tenant] as string, { jobs: 0, bytes });
  const state = before[AT.state] as StoredState;
  if (next[AT.state] === state) changed(transaction, next, 'changed', at);
  else stateChanged(transaction, next, state, at);
}

/** The job stays in its room. */
function update({ connection }: Transaction, room: Room, { before, next, columns, result }: Change): void {
  const number = next[AT.number] as number;
  const there = columns.filter((column) => ROOM_COLUMNS[room].includes(column));
  const values = there.map((column) => next[AT[column]] ?? null);
  const changed = connection.prepareOnce(jobUpdate(room, there)).run(...values, number, before[AT.revision] as number);
  if (changed !== 1) throw new Error(`Job ${number} changed inside of a transaction of its only writer.`);
  if (result !== null || (before[AT.result_type] !== null && next[AT.result_type] === null)) {
    connection.run('resultPartsDelete', number);
    connection.run('resultPut', number, result && firstPart(result));
    if (result !== null) insertOtherParts(connection, number, result);
  }
}

function patchedRow(row: Row, { columns, values }: Patch): Row {
  const next = row.slice();
  for (const [index, column] of columns.entries()) next[AT[column]] = values[index] ?? null;
  next[AT.revision] = (row[AT.revision] as number) + 1;
  return next;
}
