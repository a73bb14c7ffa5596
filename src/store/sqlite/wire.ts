/** Batches of the contract to flat values for the writer, and its answers back. */
import type {
  ApplyOutcome,
  ClaimedJob,
  GuardedPatch,
  InsertOutcome,
  NewJob,
  PendingDelivery,
  ResultContent,
  StoreRecord,
} from '../contract.ts';
import { JOB_WIDTH } from '../job-row.ts';
import type { Row, Value } from './rows.ts';
import { jobAt, jsonText, pushNewJob, pushPatch, rowOf, statesMask } from './rows.ts';
import { APPLIED, type Applied, MISSING, type PatchBatch, pushHead } from './writes/apply-patches.ts';
import { CLAIMED_WIDTH } from './writes/claim-jobs.ts';
import { ABSENT, EXISTING, type Inserted } from './writes/insert-jobs.ts';
import type { RecordRows } from './writes/restore-records.ts';

export function newJobValues(batch: readonly NewJob[]): readonly Value[] {
  const values: Value[] = [];
  for (const { spec, input, isReplay = false } of batch) pushNewJob(values, spec, isReplay ? null : input);
  return values;
}

export function insertedOf({ numbers, jobs }: Inserted): readonly InsertOutcome[] {
  let at = -JOB_WIDTH;
  return numbers.map((number) => {
    if (number > 0) return { kind: 'created', number };
    if (number === ABSENT) return { kind: 'absent' };
    at += JOB_WIDTH;
    return { kind: number === EXISTING ? 'existing' : 'conflict', job: jobAt(jobs, at) };
  });
}

export function patchBatch(batch: readonly GuardedPatch[]): PatchBatch {
  const heads: Value[] = [];
  const values: Value[] = [];
  for (const { id, expect, patch, result, now } of batch) {
    pushHead(heads, {
      id,
      states: statesMask(expect.states),
      fence: expect.fence ?? null,
      revision: expect.revision ?? null,
      at: now ?? patch.finishedAt ?? null,
      mask: pushPatch(values, patch),
      result: result === undefined ? null : standalone(result),
    });
  }
  return { heads, values };
}

export function appliedOf({ kinds, jobs }: Applied): readonly ApplyOutcome[] {
  let at = -JOB_WIDTH;
  return kinds.map((kind) => {
    if (kind === MISSING) return { kind: 'missing' };
    at += JOB_WIDTH;
    return { kind: kind === APPLIED ? 'applied' : 'stale', job: jobAt(jobs, at) };
  });
}

export function claimedOf(values: Row): readonly ClaimedJob[] {
  const claimed: ClaimedJob[] = [];
  for (let at = 0; at < values.length; at += CLAIMED_WIDTH) {
    claimed.push({ job: jobAt(values, at), input: values[at + JOB_WIDTH] as string });
  }
  return claimed;
}

export function recordRows(record: StoreRecord): RecordRows {
  if (record.kind === 'document') {
    const { tenant, kind, name, data, revision, createdAt } = record.document;
    return { kind: 'document', row: [tenant, kind, name, JSON.stringify(data), revision, createdAt] };
  }
  if (record.kind !== 'job') return record;
  const { job, input, result, deliveries } = record;
  return {
    kind: 'job',
    row: rowOf(job),
    input,
    result: result === null ? null : standalone(result),
    // Only the first may have a due time, and has to.
    deliveries: deliveries.map((delivery, index) => deliveryRow(delivery, index === 0 ? (delivery.dueAt ?? 0) : null)),
  };
}

function deliveryRow(delivery: PendingDelivery, dueAt: number | null): Row {
  const { revision, state, url, origin, attempt, at, fence } = delivery;
  return [revision, state, url, jsonText(origin), attempt, at, fence, dueAt];
}

/**
 * A view of a larger buffer takes the whole buffer along when it is sent to a thread (a small `Buffer` is a view of a pool of
 * 8 KB), so it is copied out first.
 */
function standalone({ bytes }: ResultContent): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}
