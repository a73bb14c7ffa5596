/**
 * Guarded patches: compare, then set, inside the writer's transaction, so that nothing comes between the two.
 *
 * The job is read first although an UPDATE alone could compare: counts, deliveries and sequences need the state before, and
 * from the old row and the patch follows the new one without reading it again.
 */
import type { StoredState } from '../../../core/state.ts';
import { AT, type JobColumn, maskColumns } from '../../job-row.ts';
import type { Row, Value } from '../rows.ts';
import { isInMask } from '../rows.ts';
import { jobUpdate } from '../statements.ts';
import { stateChanged } from './state-change.ts';
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
  readonly result: { readonly contentType: string; readonly bytes: Uint8Array } | null;
}

export interface PatchBatch {
  readonly heads: readonly Value[];
  readonly values: readonly Value[];
}

const HEAD_WIDTH = 8;

export function pushHead(heads: Value[], head: PatchHead): void {
  const { id, states, fence, revision, at, mask, result } = head;
  heads.push(id, states, fence, revision, at, mask, result?.contentType ?? null, result?.bytes ?? null);
}

function headAt(heads: readonly Value[], at: number): PatchHead {
  const contentType = heads[at + 6] as string | null;
  return {
    id: heads[at] as string,
    states: heads[at + 1] as number,
    fence: heads[at + 2] as number | null,
    revision: heads[at + 3] as number | null,
    at: heads[at + 4] as number | null,
    mask: heads[at + 5] as number,
    result: contentType === null ? null : { contentType, bytes: heads[at + 7] as Uint8Array },
  };
}

export function applyPatches(transaction: Transaction, { heads, values }: PatchBatch): Applied {
  const kinds: number[] = [];
  const jobs: Value[] = [];
  let valueAt = 0;
  for (let at = 0; at < heads.length; at += HEAD_WIDTH) {
    const head = headAt(heads, at);
    const shape = shapeOf(head.mask);
    const row = transaction.connection.get('jobById', head.id);
    if (row === undefined) {
      kinds.push(MISSING);
    } else if (isExpected(row, head)) {
      kinds.push(APPLIED);
      const next = write(transaction, row, head, values.slice(valueAt, valueAt + shape.width));
      jobs.push(...next);
    } else {
      kinds.push(STALE);
      jobs.push(...row);
    }
    valueAt += shape.width;
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

/** Writes the patch and all that goes with it; returns the row as it is then. */
function write(transaction: Transaction, row: Row, head: PatchHead, patch: Row): Row {
  const { connection } = transaction;
  const shape = shapeOf(head.mask);
  const number = row[AT.number] as number;
  const changed = connection.prepareOnce(shape.sql).run(...patch, number, row[AT.revision] as number);
  if (changed !== 1) throw new Error(`Job ${number} changed inside of a transaction of its only writer.`);
  const next = patchedRow(row, shape.columns, patch);
  if (head.result !== null) {
    connection.run('jobResultPut', number, head.result.contentType, head.result.bytes);
  } else if (row[AT.result_type] !== null && next[AT.result_type] === null) {
    connection.run('jobResultDelete', number);
  }
  const before = row[AT.state] as StoredState;
  if (next[AT.state] !== before) stateChanged(transaction, next, before, head.at);
  return next;
}

function patchedRow(row: Row, columns: readonly JobColumn[], patch: Row): Row {
  const next = row.slice();
  for (const [index, column] of columns.entries()) next[AT[column]] = patch[index] ?? null;
  next[AT.revision] = (row[AT.revision] as number) + 1;
  return next;
}

interface Shape {
  readonly columns: readonly JobColumn[];
  readonly width: number;
  readonly sql: string;
}

/** By mask. There are 2^13 masks, and about ten that `decide` makes. */
const shapes = new Map<number, Shape>();

function shapeOf(mask: number): Shape {
  const known = shapes.get(mask);
  if (known !== undefined) return known;
  const columns = maskColumns(mask);
  const shape = { columns, width: columns.length, sql: jobUpdate(columns) };
  shapes.set(mask, shape);
  return shape;
}
