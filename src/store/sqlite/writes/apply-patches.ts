/**
 * Guarded patches: compare, then set, inside the writer's transaction, so that nothing comes between the two.
 *
 * The job is read first although an UPDATE or a DELETE alone could compare: counts, deliveries and sequences need the state before,
 * and from the old row and the patch follows the new one without reading it again.
 */
import type { StoredState } from '../../../core/state.ts';
import { ROOM_COLUMNS, roomOf } from '../../job-rooms.ts';
import { AT, type JobColumn, maskColumns, type Room } from '../../job-row.ts';
import type { Row, Value } from '../rows.ts';
import { isInMask } from '../rows.ts';
import { jobUpdate } from '../statements.ts';
import { enterRoom, leaveRoom, requireRoom } from './rooms.ts';
import { bytesOf, jobChanged } from './state-change.ts';
import type { Transaction } from './transaction.ts';

export const APPLIED = 0;
export const STALE = 1;
export const MISSING = 2;

export interface Applied {
  /** Per patch APPLIED, STALE or MISSING; the rows of `jobs` are those of all but the missing ones, in order. */
  readonly kinds: readonly number[];
  readonly jobs: Row;
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
  readonly result: Uint8Array | null;
}

export interface PatchBatch {
  readonly heads: readonly Value[];
  readonly values: readonly Value[];
}

const HEAD_WIDTH = 7;

export function pushHead(heads: Value[], head: PatchHead): void {
  const { id, states, fence, revision, at, mask, result } = head;
  heads.push(id, states, fence, revision, at, mask, result);
}

function headAt(heads: readonly Value[], at: number): PatchHead {
  return {
    id: heads[at] as string,
    states: heads[at + 1] as number,
    fence: heads[at + 2] as number | null,
    revision: heads[at + 3] as number | null,
    at: heads[at + 4] as number | null,
    mask: heads[at + 5] as number,
    result: heads[at + 6] as Uint8Array | null,
  };
}

export function applyPatches(transaction: Transaction, { heads, values }: PatchBatch): Applied {
  const kinds: number[] = [];
  const jobs: Value[] = [];
  let valueAt = 0;
  for (let at = 0; at < heads.length; at += HEAD_WIDTH) {
    const head = headAt(heads, at);
    const columns = maskColumns(head.mask);
    const [...row] = transaction.connection.get('jobToChange', head.id) ?? [];
    const inputBytes = row.pop() as number | undefined;
    if (inputBytes === undefined) {
      kinds.push(MISSING);
    } else if (isExpected(row, head)) {
      kinds.push(APPLIED);
      const next = patchedRow(row, columns, values, valueAt);
      write(transaction, { before: row, next, columns, inputBytes }, head);
      jobs.push(...next);
    } else {
      kinds.push(STALE);
      jobs.push(...row);
    }
    valueAt += columns.length;
  }
  return { kinds, jobs };
}

function isExpected(row: Row, head: PatchHead): boolean {
  return (
    isInMask(head.states, row[AT.state] as StoredState) &&
    (head.fence === null || head.fence === row[AT.fence]) &&
    (head.revision === null || head.revision === row[AT.revision])
  );
}

interface Change {
  readonly before: Row;
  readonly next: Row;
  /** What the patch writes. */
  readonly columns: readonly JobColumn[];
  readonly inputBytes: number;
}

/** Writes the row as it is to be, and all that goes with it. */
function write(transaction: Transaction, change: Change, { at, result }: PatchHead): void {
  const { before, next, inputBytes } = change;
  const from = roomOf(before[AT.state] as StoredState);
  const to = requireRoom(next);
  if (result !== null && next[AT.result_type] === null) throw new Error('A result comes with what it is.');
  if (from === to) {
    update(transaction, to, change, result);
  } else {
    leaveRoom(transaction, from, next[AT.number] as number);
    enterRoom(transaction, to, next, result);
  }
  const bytesBefore = bytesOf(before, inputBytes);
  const bytes = bytesOf(next, inputBytes);
  jobChanged(transaction, { before: before[AT.state] as StoredState, bytesBefore, row: next, bytes }, at);
}

/** The job stays in its room. */
function update({ connection }: Transaction, room: Room, { before, next, columns }: Change, result: Value): void {
  const number = next[AT.number] as number;
  const there = columns.filter((column) => ROOM_COLUMNS[room].includes(column));
  const values = there.map((column) => next[AT[column]] ?? null);
  const changed = connection.prepareOnce(jobUpdate(room, there)).run(...values, number, before[AT.revision] as number);
  if (changed !== 1) throw new Error(`Job ${number} changed inside of a transaction of its only writer.`);
  if (result !== null || (before[AT.result_type] !== null && next[AT.result_type] === null)) {
    connection.run('resultPut', number, result);
  }
}

function patchedRow(row: Row, columns: readonly JobColumn[], values: readonly Value[], valueAt: number): Row {
  const next = row.slice();
  for (const [index, column] of columns.entries()) next[AT[column]] = values[valueAt + index] ?? null;
  next[AT.revision] = (row[AT.revision] as number) + 1;
  return next;
}
