/**
 * The job row: which column holds which field, and the way back.
 *
 * Everything that is not a number or a text is JSON text in the row; it is encoded and decoded by the thread that calls the
 * store, so that the writer only moves values.
 */
import type { Job, JobError, JobPatch, JobSpec, Origin, Tags } from '../../core/job.ts';
import { STORED_STATES, type StoredState } from '../../core/state.ts';
import { AT, JOB_COLUMNS, type JobColumn, jsonText, progressOf, retryOf } from '../job-columns.ts';

export type Value = null | number | string | Uint8Array;
export type Row = readonly Value[];

/**
 * The values of a new job as the writer takes them, its input last (null for a replay, which is looked for and never stored);
 * `NEW_JOB_WIDTH` per job, one after another in one array.
 */
export const NEW_JOB_COLUMNS = [
  'id',
  'tenant',
  'type',
  'priority',
  'run_at',
  'timeout_ms',
  'deadline_ms',
  'deadline_at',
  'created_at',
  'retain_ms',
  'sequence_key',
  'idempotency_key',
  'request_hash',
  'callback_url',
  'retry',
  'tags',
  'origin',
] as const satisfies readonly JobColumn[];
export const NEW_JOB_WIDTH = NEW_JOB_COLUMNS.length + 1;

export const NEW_AT = Object.freeze(
  Object.fromEntries(NEW_JOB_COLUMNS.map((column, index) => [column, index])),
) as Readonly<Record<(typeof NEW_JOB_COLUMNS)[number], number>>;

export function pushNewJob(values: Value[], spec: JobSpec, input: string | null): void {
  values.push(
    spec.id,
    spec.tenant,
    spec.type,
    spec.priority,
    spec.runAt,
    spec.timeoutMs,
    spec.deadlineMs,
    spec.deadlineMs === null ? null : spec.createdAt + spec.deadlineMs,
    spec.createdAt,
    spec.retainMs,
    spec.sequenceKey,
    spec.idempotencyKey,
    spec.requestHash,
    spec.callbackUrl,
    JSON.stringify(spec.retry),
    tagsText(spec.tags),
    jsonText(spec.origin),
    input,
  );
}

/** The job whose columns begin at `at` in `values`: rows travel between threads one after another in one flat array. */
export function jobAt(values: Row, at = 0): Job {
  const text = (index: number) => values[at + index] as string;
  const textOrNull = (index: number) => values[at + index] as string | null;
  const number = (index: number) => values[at + index] as number;
  const numberOrNull = (index: number) => values[at + index] as number | null;
  const resultType = textOrNull(AT.result_type);
  return {
    id: text(AT.id),
    number: number(AT.number),
    tenant: text(AT.tenant),
    type: text(AT.type),
    state: text(AT.state) as StoredState,
    priority: number(AT.priority),
    runAt: number(AT.run_at),
    tags: tagsOf(textOrNull(AT.tags)),
    progress: progressOf(number(AT.percent), textOrNull(AT.message)),
    attempt: number(AT.attempt),
    retry: retryOf(text(AT.retry)),
    fence: number(AT.fence),
    revision: number(AT.revision),
    leaseUntil: numberOrNull(AT.lease_until),
    worker: textOrNull(AT.worker),
    cancelRequestedAt: numberOrNull(AT.cancel_requested_at),
    timeoutMs: numberOrNull(AT.timeout_ms),
    deadlineMs: numberOrNull(AT.deadline_ms),
    deadlineAt: numberOrNull(AT.deadline_at),
    sequenceKey: textOrNull(AT.sequence_key),
    createdAt: number(AT.created_at),
    startedAt: numberOrNull(AT.started_at),
    finishedAt: numberOrNull(AT.finished_at),
    retainMs: number(AT.retain_ms),
    error: jsonOf<JobError>(textOrNull(AT.error)),
    result: resultType === null ? null : { contentType: resultType, bytes: number(AT.result_bytes) },
    idempotencyKey: textOrNull(AT.idempotency_key),
    requestHash: textOrNull(AT.request_hash),
    callbackUrl: textOrNull(AT.callback_url),
    origin: jsonOf<Origin>(textOrNull(AT.origin)),
  };
}

/** The values of a job in the order of `JOB_COLUMNS`: what `jobAt` makes a job of. */
export function rowOf(job: Job): readonly Value[] {
  const values: Record<JobColumn, Value> = {
    number: job.number,
    id: job.id,
    tenant: job.tenant,
    type: job.type,
    state: job.state,
    priority: job.priority,
    run_at: job.runAt,
    percent: job.progress.percent,
    message: job.progress.message,
    attempt: job.attempt,
    fence: job.fence,
    revision: job.revision,
    lease_until: job.leaseUntil,
    worker: job.worker,
    cancel_requested_at: job.cancelRequestedAt,
    timeout_ms: job.timeoutMs,
    deadline_ms: job.deadlineMs,
    deadline_at: job.deadlineAt,
    started_at: job.startedAt,
    finished_at: job.finishedAt,
    created_at: job.createdAt,
    retain_ms: job.retainMs,
    sequence_key: job.sequenceKey,
    idempotency_key: job.idempotencyKey,
    request_hash: job.requestHash,
    callback_url: job.callbackUrl,
    result_type: job.result?.contentType ?? null,
    result_bytes: job.result?.bytes ?? null,
    retry: JSON.stringify(job.retry),
    tags: tagsText(job.tags),
    origin: jsonText(job.origin),
    error: jsonText(job.error),
  };
  return JOB_COLUMNS.map((column) => values[column]);
}

/** Which columns a patched field goes to. The order numbers the bits of a patch mask. */
export const PATCH_FIELDS: readonly {
  readonly field: keyof JobPatch;
  readonly columns: readonly JobColumn[];
}[] = [
  { field: 'state', columns: ['state'] },
  { field: 'runAt', columns: ['run_at'] },
  { field: 'progress', columns: ['percent', 'message'] },
  { field: 'attempt', columns: ['attempt'] },
  { field: 'fence', columns: ['fence'] },
  { field: 'leaseUntil', columns: ['lease_until'] },
  { field: 'worker', columns: ['worker'] },
  { field: 'cancelRequestedAt', columns: ['cancel_requested_at'] },
  { field: 'deadlineAt', columns: ['deadline_at'] },
  { field: 'startedAt', columns: ['started_at'] },
  { field: 'finishedAt', columns: ['finished_at'] },
  { field: 'error', columns: ['error'] },
  { field: 'result', columns: ['result_type', 'result_bytes'] },
];

/** Appends the values of the fields present, in the order of `PATCH_FIELDS`, and returns their mask. */
export function pushPatch(values: Value[], patch: JobPatch): number {
  let mask = 0;
  for (const [bit, { field }] of PATCH_FIELDS.entries()) {
    const value = patch[field];
    if (value === undefined) continue;
    mask |= 1 << bit;
    if (field === 'progress') values.push(patch.progress?.percent ?? 0, patch.progress?.message ?? null);
    else if (field === 'result') values.push(patch.result?.contentType ?? null, patch.result?.bytes ?? null);
    else if (field === 'error') values.push(jsonText(patch.error ?? null));
    else values.push(value as number | string | null);
  }
  return mask;
}

/** The columns that a mask of `pushPatch` stands for, in the order of its values. */
export function patchColumns(mask: number): readonly JobColumn[] {
  return PATCH_FIELDS.flatMap(({ columns }, bit) => ((mask & (1 << bit)) === 0 ? [] : columns));
}

export function statesMask(states: readonly StoredState[]): number {
  let mask = 0;
  for (const state of states) mask |= 1 << STORED_STATES.indexOf(state);
  return mask;
}

export function isInMask(mask: number, state: StoredState): boolean {
  return (mask & (1 << STORED_STATES.indexOf(state))) !== 0;
}

const NO_TAGS: Tags = Object.freeze({});

/** Lone surrogates are what UTF-8 makes of them, here already: two names that differ in nothing else are one tag in `job_tags`. */
function tagsText(tags: Tags): string | null {
  const entries = Object.entries(tags);
  if (entries.length === 0) return null;
  return JSON.stringify(
    Object.fromEntries(entries.map(([name, value]) => [name.toWellFormed(), value.toWellFormed()])),
  );
}

function tagsOf(text: string | null): Tags {
  return text === null ? NO_TAGS : (JSON.parse(text) as Tags);
}

export function jsonOf<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T);
}
