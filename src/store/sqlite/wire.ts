/** Batches of the contract to flat values for the writer, and its answers back. */
import { type Job, patched } from '../../core/job.ts';
import { isFinal } from '../../core/state.ts';
import type {
  Amendment,
  AmendOutcome,
  ApplyOutcome,
  ClaimedJob,
  DocumentWrite,
  GuardedPatch,
  InsertOutcome,
  NewJob,
  ResultContent,
  StoreRecord,
} from '../contract.ts';
import { AMENDED_COLUMNS } from '../contract-amend.ts';
import { comesBackSame, JOB_WIDTH, patchMask } from '../job-row.ts';
import { deliveryRow, eventRow } from './event-wire.ts';
import type { Row, Value } from './rows.ts';
import { jobAt, pushCells, pushNewJob, pushPatch, rowOf, statesMask } from './rows.ts';
import type { AmendedRow, AmendmentRow } from './writes/amend-jobs.ts';
import { APPLIED, APPLIED_TO_SEEN, type Applied, MISSING, type PatchBatch, pushHead } from './writes/apply-patches.ts';
import { CLAIMED_WIDTH } from './writes/claim-jobs.ts';
import type { DocumentText } from './writes/documents.ts';
import { END_COLUMNS } from './writes/end-seen.ts';
import { ABSENT, foundKind, type Inserted, NO_PARENT } from './writes/insert-jobs.ts';
import type { RecordRows } from './writes/restore-records.ts';

export function newJobValues(batch: readonly NewJob[]): readonly Value[] {
  const values: Value[] = [];
  for (const { spec, input, isReplay = false } of batch) pushNewJob(values, spec, isReplay ? null : input);
  return values;
}

export function insertedOf({ numbers, jobs, unknown }: Inserted): readonly InsertOutcome[] {
  let at = -JOB_WIDTH;
  let unknownAt = 0;
  return numbers.map((number) => {
    if (number > 0) return { kind: 'created', number };
    if (number === ABSENT) return { kind: 'absent' };
    if (number === NO_PARENT) return { kind: 'noParent', id: unknown[unknownAt++] as string };
    at += JOB_WIDTH;
    return { kind: foundKind(number), job: jobAt(jobs, at) };
  });
}

export interface Patches {
  readonly batch: PatchBatch;
  /** Per patch what becomes of a job that was seen; null where the writer has to say. */
  readonly ended: readonly (Job | null)[];
}

export function patchBatch(items: readonly GuardedPatch[]): Patches {
  const heads: Value[] = [];
  const values: Value[] = [];
  const results: Uint8Array[] = [];
  const freeing: number[] = [];
  const ended = items.map((item, index) => {
    const { id, expect, patch, result, now } = item;
    if (item.frees === true) freeing.push(index);
    const end = endOf(item);
    const next = end === null ? null : patched(end, patch);
    if (next === null) pushPatch(values, patch);
    else pushCells(values, END_COLUMNS, next);
    if (result !== undefined) results.push(result.bytes);
    pushHead(heads, {
      id,
      states: statesMask(expect.states),
      fence: expect.fence ?? null,
      revision: expect.revision ?? null,
      at: now ?? patch.finishedAt ?? null,
      mask: patchMask(patch),
      resultBytes: result?.bytes.byteLength ?? null,
      end,
    });
    return next;
  });
  return { batch: { heads, values, results: joined(results), freeing }, ended };
}

/** One buffer for all results: each buffer in a message costs more than the bytes of a small one. */
function joined(results: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(results.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const bytes of results) {
    all.set(bytes, at);
    at += bytes.byteLength;
  }
  return all;
}

/** Null where the writer has to look: the patch does not end a running job, it is not as expected, or more goes with the change than the patch says. */
function endOf({ expect, patch, result, seen }: GuardedPatch): Job | null {
  if (seen?.state !== 'running' || seen.callbackUrl !== null || seen.sequenceKey !== null) return null;
  if (seen.terms?.limit !== undefined) return null;
  if (patch.marks) return null;
  const { states, fence = seen.fence, revision = seen.revision } = expect;
  if (!states.includes('running') || fence !== seen.fence || revision !== seen.revision) return null;
  const isEnd = patch.finishedAt && patch.leaseUntil === null && isFinal(patch.state ?? 'running');
  if (!isEnd || (result !== undefined && !patch.result) || !comesBackSame(patch)) return null;
  return seen;
}

export function appliedOf({ kinds, jobs, freed }: Applied, ended: Patches['ended']): readonly ApplyOutcome[] {
  let at = -JOB_WIDTH;
  const outcomes = kinds.map((kind, index): ApplyOutcome => {
    if (kind === MISSING) return { kind: 'missing' };
    if (kind === APPLIED_TO_SEEN) return { kind: 'applied', job: ended[index] as Job };
    at += JOB_WIDTH;
    return { kind: kind === APPLIED ? 'applied' : 'stale', job: jobAt(jobs, at) };
  });
  for (const { index, rows, isSettled } of freed) {
    const outcome = outcomes[index] as ApplyOutcome;
    if (outcome.kind === 'applied') outcomes[index] = { ...outcome, freed: jobsOf(rows), isSettled };
  }
  return outcomes;
}

/** Of rows one after another. */
export function jobsOf(values: Row): readonly Job[] {
  return Array.from({ length: values.length / JOB_WIDTH }, (_, index) => jobAt(values, index * JOB_WIDTH));
}

export function amendmentRow({ id, revision, terms, input, now }: Amendment): AmendmentRow {
  const cells: Value[] = [];
  // A column reads its own field alone, and that one is there.
  pushCells(cells, AMENDED_COLUMNS, terms as Job);
  return { id, revision, cells, input: input ?? null, now };
}

export function amendedOf(rows: readonly AmendedRow[]): readonly AmendOutcome[] {
  return rows.map(({ isAmended, row }) =>
    row === null ? { kind: 'missing' } : { kind: isAmended ? 'amended' : 'stale', job: jobAt(row) },
  );
}

export function claimedOf(values: Row): readonly ClaimedJob[] {
  const claimed: ClaimedJob[] = [];
  for (let at = 0; at < values.length; at += CLAIMED_WIDTH) {
    claimed.push({ job: jobAt(values, at), input: values[at + JOB_WIDTH] as string });
  }
  return claimed;
}

export function documentText({ data, dueAt = null, ...write }: DocumentWrite): DocumentText {
  return { ...write, data: JSON.stringify(data), dueAt };
}

export function recordRows(record: StoreRecord): RecordRows {
  if (record.kind === 'document') {
    const { tenant, kind, name, data, revision, createdAt, dueAt } = record.document;
    return { kind: 'document', row: [tenant, kind, name, JSON.stringify(data), revision, createdAt, dueAt] };
  }
  if (record.kind === 'delivery') return { kind: 'delivery', row: deliveryRow(record.delivery) };
  if (record.kind === 'event') return { kind: 'event', event: eventRow(record.event) };
  if (record.kind === 'group') {
    const { group, followUps } = record;
    return { kind: 'group', group, followUps: JSON.stringify(followUps) };
  }
  if (record.kind !== 'job') return record;
  const { job, input, result, logs } = record;
  return {
    kind: 'job',
    row: rowOf(job),
    input,
    result: result === null ? null : standalone(result),
    logs,
  };
}

/**
 * A view of a larger buffer takes the whole buffer along when it is sent to a thread (a small `Buffer` is a view of a pool of
 * 8 KB), so it is copied out first.
 */
function standalone({ bytes }: ResultContent): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}
