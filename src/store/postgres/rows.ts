/**
 * The job row: which column holds which field, and the way back.
 *
 * Everything that is not a number or a text is JSON in a text column. Rejected: `jsonb`, which reorders keys and refuses
 * U+0000 and lone surrogates inside of strings that callers are free to send, and costs a parse per write.
 */
import type { Job, JobError, JobPatch, Origin, Tags } from '../../core/job.ts';
import type { StoredState } from '../../core/state.ts';
import { AT, type JobColumn, jsonText, progressOf, retryOf } from '../job-columns.ts';
import type { Row } from './connection/lane.ts';
import { givenText, storedText } from './wire-text.ts';

/** The job whose columns begin at `at` in `row`. */
export function jobAt(row: Row, at = 0): Job {
  const text = (index: number) => givenText(row[at + index] as string);
  const textOrNull = (index: number) => textOf(row[at + index] as string | null);
  const number = (index: number) => row[at + index] as number;
  const numberOrNull = (index: number) => row[at + index] as number | null;
  const resultType = textOrNull(AT.result_type);
  return {
    id: row[at + AT.id] as string,
    number: number(AT.number),
    tenant: text(AT.tenant),
    type: text(AT.type),
    state: row[at + AT.state] as StoredState,
    priority: number(AT.priority),
    runAt: number(AT.run_at),
    tags: tagsOf(row[at + AT.tags] as string | null),
    progress: progressOf(number(AT.percent), textOrNull(AT.message)),
    attempt: number(AT.attempt),
    retry: retryOf(row[at + AT.retry] as string),
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
    error: jsonOf<JobError>(row[at + AT.error] as string | null),
    result: resultType === null ? null : { contentType: resultType, bytes: number(AT.result_bytes) },
    idempotencyKey: textOrNull(AT.idempotency_key),
    requestHash: textOrNull(AT.request_hash),
    callbackUrl: textOrNull(AT.callback_url),
    origin: jsonOf<Origin>(row[at + AT.origin] as string | null),
  };
}

/** Which columns a patched field goes to, and how. The order numbers the bits of a patch mask. */
export const PATCH_FIELDS: readonly (keyof JobPatch)[] = [
  'state',
  'runAt',
  'progress',
  'attempt',
  'fence',
  'leaseUntil',
  'worker',
  'cancelRequestedAt',
  'deadlineAt',
  'startedAt',
  'finishedAt',
  'error',
  'result',
];

export interface PatchColumn {
  readonly column: JobColumn;
  readonly field: keyof JobPatch;
  readonly sqlType: 'text' | 'bigint' | 'int' | 'float8';
  /** The value to send when the field is present. */
  valueIn(patch: JobPatch): string | number | null;
}

/** Every column that a patch may write, in the order of the parameters of `jobApply`. */
export const PATCH_COLUMNS: readonly PatchColumn[] = [
  { column: 'state', field: 'state', sqlType: 'text', valueIn: (patch) => patch.state ?? null },
  { column: 'run_at', field: 'runAt', sqlType: 'bigint', valueIn: (patch) => patch.runAt ?? null },
  { column: 'percent', field: 'progress', sqlType: 'float8', valueIn: (patch) => patch.progress?.percent ?? 0 },
  { column: 'message', field: 'progress', sqlType: 'text', valueIn: (patch) => patch.progress?.message ?? null },
  { column: 'attempt', field: 'attempt', sqlType: 'int', valueIn: (patch) => patch.attempt ?? null },
  { column: 'fence', field: 'fence', sqlType: 'bigint', valueIn: (patch) => patch.fence ?? null },
  { column: 'lease_until', field: 'leaseUntil', sqlType: 'bigint', valueIn: (patch) => patch.leaseUntil ?? null },
  { column: 'worker', field: 'worker', sqlType: 'text', valueIn: (patch) => patch.worker ?? null },
  {
    column: 'cancel_requested_at',
    field: 'cancelRequestedAt',
    sqlType: 'bigint',
    valueIn: (patch) => patch.cancelRequestedAt ?? null,
  },
  { column: 'deadline_at', field: 'deadlineAt', sqlType: 'bigint', valueIn: (patch) => patch.deadlineAt ?? null },
  { column: 'started_at', field: 'startedAt', sqlType: 'bigint', valueIn: (patch) => patch.startedAt ?? null },
  { column: 'finished_at', field: 'finishedAt', sqlType: 'bigint', valueIn: (patch) => patch.finishedAt ?? null },
  { column: 'error', field: 'error', sqlType: 'text', valueIn: (patch) => jsonText(patch.error ?? null) },
  { column: 'result_type', field: 'result', sqlType: 'text', valueIn: (patch) => patch.result?.contentType ?? null },
  { column: 'result_bytes', field: 'result', sqlType: 'bigint', valueIn: (patch) => patch.result?.bytes ?? null },
];

/** The bits of the fields that are present. */
export function patchMask(patch: JobPatch): number {
  let mask = 0;
  for (const [bit, field] of PATCH_FIELDS.entries()) if (patch[field] !== undefined) mask |= 1 << bit;
  return mask;
}

export function jsonOf<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(givenText(text)) as T);
}

export function textOf(text: string | null): string | null {
  return text === null ? null : givenText(text);
}

const NO_TAGS: Tags = Object.freeze({});

/**
 * The names and values as `job_tags` has them, as JSON: the removal of a job finds its tag rows by them, in the database, so
 * both must be the same text. Null where there are none.
 */
export function tagsText(tags: Tags): string | null {
  const entries = Object.entries(tags);
  if (entries.length === 0) return null;
  return JSON.stringify(Object.fromEntries(entries.map(([name, value]) => [storedTag(name), storedTag(value)])));
}

/** A tag's name or value as it is stored: lone surrogates are what UTF-8 makes of them, here already. */
export function storedTag(text: string): string {
  return storedText(text.toWellFormed());
}

function tagsOf(text: string | null): Tags {
  if (text === null) return NO_TAGS;
  const stored = JSON.parse(text) as Tags;
  return Object.fromEntries(Object.entries(stored).map(([name, value]) => [givenText(name), givenText(value)]));
}
