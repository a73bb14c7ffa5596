/**
 * The row of a job as both stores have it: every column once, with its type and the field that it holds. What a store adds is how it
 * keeps texts (`TextCodec`), and its SQL.
 *
 * Everything that is not a number or a text is JSON in a column of text. Rejected: PostgreSQL's `jsonb`, which reorders keys and
 * refuses U+0000 and lone surrogates inside of strings that callers are free to send, and costs a parse per write.
 */
import type {
  EndedAttempt,
  Failure,
  Job,
  JobPatch,
  JobSpec,
  Json,
  Origin,
  Progress,
  RetryPolicy,
  Tags,
} from '../core/job.ts';
import { jobOf, NO_ATTEMPTS, NO_PROGRESS } from '../core/job.ts';
import type { Marks } from '../core/marks.ts';
import type { StoredState } from '../core/state.ts';
import type { Terms } from '../core/terms.ts';
import { marksText } from './mark-text.ts';

export type Cell = number | string | null;

/** How a store keeps a text that callers chose, and gets it back. */
export interface TextCodec {
  stored(text: string): string;
  given(text: string): string;
}

/** Where the changing part of a row is, by the job's stage of life: a table each. */
export const ROOMS = ['waiting', 'running', 'finished'] as const;
export type Room = (typeof ROOMS)[number];

interface Column {
  /** By its PostgreSQL name; SQLite has INTEGER, REAL and TEXT for them. */
  readonly type: 'uuid' | 'bigint' | 'int' | 'float8' | 'text';
  /** The field of a patch that writes it. */
  readonly patch?: keyof JobPatch;
  /** The rooms that have it. Without any it is in `jobs`, and no change of state writes it; see `contract-amend.ts`. */
  readonly rooms?: readonly Room[];
  /** Its value in a job. Reads no other field than its own, so that a patch will do. */
  of(job: Job, codec: TextCodec): Cell;
}

const BEGUN = ['running', 'finished'] as const;

const COLUMNS = {
  number: { type: 'bigint', of: (job) => job.number },
  id: { type: 'uuid', of: (job) => job.id },
  tenant: { type: 'text', of: (job, { stored }) => stored(job.tenant) },
  type: { type: 'text', of: (job, { stored }) => stored(job.type) },
  priority: { type: 'int', of: (job) => job.priority },
  created_at: { type: 'bigint', of: (job) => job.createdAt },
  timeout_ms: { type: 'bigint', of: (job) => job.timeoutMs },
  deadline_ms: { type: 'bigint', of: (job) => job.deadlineMs },
  retain_ms: { type: 'bigint', of: (job) => job.retainMs },
  sequence_key: { type: 'text', of: (job, codec) => textCell(job.sequenceKey, codec) },
  /** A copy out of `terms`. */
  limit_key: { type: 'text', of: (job, codec) => textCell(job.terms?.limit?.key ?? null, codec) },
  idempotency_key: { type: 'text', of: (job, codec) => textCell(job.idempotencyKey, codec) },
  request_hash: { type: 'text', of: (job, codec) => textCell(job.requestHash, codec) },
  callback_url: { type: 'text', of: (job, codec) => textCell(job.callbackUrl, codec) },
  retry: { type: 'text', of: (job) => JSON.stringify(job.retry) },
  tags: { type: 'text', of: (job, codec) => tagsCell(job.tags, codec) },
  origin: { type: 'text', of: (job, codec) => jsonCell(job.origin, codec) },
  /** Null for nearly all, as `marks` is. */
  terms: { type: 'text', of: (job, codec) => jsonCell(job.terms, codec) },
  /** Of the terms, for the index that finds the newest job with it. */
  unique_key: { type: 'text', of: (job, codec) => textCell(job.terms?.unique?.key ?? null, codec) },
  /** The other two rooms are states themselves. */
  state: { type: 'text', patch: 'state', rooms: ['finished'], of: (job) => job.state },
  run_at: { type: 'bigint', patch: 'runAt', rooms: ROOMS, of: (job) => job.runAt },
  attempt: { type: 'int', patch: 'attempt', rooms: ROOMS, of: (job) => job.attempt },
  fence: { type: 'bigint', patch: 'fence', rooms: ROOMS, of: (job) => job.fence },
  /** No field of a patch: every write but that of a lease moves it by one. */
  revision: { type: 'bigint', rooms: ROOMS, of: (job) => job.revision },
  deadline_at: { type: 'bigint', patch: 'deadlineAt', rooms: ROOMS, of: (job) => job.deadlineAt },
  started_at: { type: 'bigint', patch: 'startedAt', rooms: ROOMS, of: (job) => job.startedAt },
  percent: { type: 'float8', patch: 'progress', rooms: ROOMS, of: (job) => job.progress.percent },
  message: { type: 'text', patch: 'progress', rooms: ROOMS, of: (job, codec) => textCell(job.progress.message, codec) },
  error: { type: 'text', patch: 'error', rooms: ROOMS, of: (job, codec) => jsonCell(job.error, codec) },
  /** Null for the many that succeed at once. */
  attempts: {
    type: 'text',
    patch: 'attempts',
    rooms: ROOMS,
    of: (job, codec) => (job.attempts.length === 0 ? null : jsonCell(job.attempts, codec)),
  },
  marks: {
    type: 'text',
    patch: 'marks',
    rooms: ROOMS,
    of: (job, { stored }) => (job.marks === null ? null : stored(marksText(job.marks))),
  },
  cancel_requested_at: { type: 'bigint', patch: 'cancelRequestedAt', rooms: BEGUN, of: (job) => job.cancelRequestedAt },
  lease_until: { type: 'bigint', patch: 'leaseUntil', rooms: ['running'], of: (job) => job.leaseUntil },
  worker: { type: 'text', patch: 'worker', rooms: BEGUN, of: (job, codec) => textCell(job.worker, codec) },
  finished_at: { type: 'bigint', patch: 'finishedAt', rooms: ['finished'], of: (job) => job.finishedAt },
  result_type: {
    type: 'text',
    patch: 'result',
    rooms: ['finished'],
    of: (job, codec) => textCell(job.result?.contentType ?? null, codec),
  },
  result_bytes: { type: 'bigint', patch: 'result', rooms: ['finished'], of: (job) => job.result?.bytes ?? null },
} as const satisfies Readonly<Record<string, Column>>;

export type JobColumn = keyof typeof COLUMNS;
type Places<Name extends string> = Readonly<Record<Name, number>>;

/** The columns of a snapshot, in the order of every row that carries one: what never changes comes first. */
export const JOB_COLUMNS = Object.keys(COLUMNS) as readonly JobColumn[];
export const JOB_WIDTH = JOB_COLUMNS.length;
/** Where a column is in a row. */
export const AT: Places<JobColumn> = placesOf(JOB_COLUMNS);

/** The columns of `jobs`, but for the input: written once. */
export const FIXED_COLUMNS = JOB_COLUMNS.filter((column) => roomsOf(column).length === 0);

/** What a new job brings: all that never changes but its number, and three of what does. The rest is the same for every new job. */
export const NEW_JOB_COLUMNS = FIXED_COLUMNS.slice(1).concat('run_at', 'deadline_at', 'marks');
export const NEW_AT: Places<JobColumn> = placesOf(NEW_JOB_COLUMNS);

/** The columns that a patch may write, and the fields that they belong to. */
export const PATCH_COLUMNS = JOB_COLUMNS.filter((column) => patchFieldOf(column) !== undefined);
const PATCH_FIELDS = [...new Set(PATCH_COLUMNS.map(patchFieldOf))] as readonly (keyof JobPatch)[];

export function roomsOf(column: JobColumn): readonly Room[] {
  return (COLUMNS[column] as Column).rooms ?? [];
}

export function columnType(column: JobColumn): Column['type'] {
  return COLUMNS[column].type;
}

export function cellOf(column: JobColumn, job: Job, codec: TextCodec): Cell {
  return (COLUMNS[column] as Column).of(job, codec);
}

/** All cells of a job, in the order of `JOB_COLUMNS`. */
export function jobCells(job: Job, codec: TextCodec): readonly Cell[] {
  return JOB_COLUMNS.map((column) => cellOf(column, job, codec));
}

/** The cells of a new job, in the order of `NEW_JOB_COLUMNS`. */
export function newJobCells(spec: JobSpec, codec: TextCodec): readonly Cell[] {
  const job = jobOf(spec, 0);
  return NEW_JOB_COLUMNS.map((column) => cellOf(column, job, codec));
}

/** Whether the patch can be laid over a job as it is: nothing in it is undefined, and UTF-8 gives every text back. */
export function comesBackSame(patch: JobPatch): boolean {
  for (const field in patch) if (patch[field as keyof JobPatch] === undefined) return false;
  return (
    (patch.progress?.message?.isWellFormed() ?? true) &&
    (patch.worker?.isWellFormed() ?? true) &&
    (patch.result?.contentType.isWellFormed() ?? true)
  );
}

/** One bit per field that the patch has: which columns it writes. */
export function patchMask(patch: JobPatch): number {
  let mask = 0;
  for (const [bit, field] of PATCH_FIELDS.entries()) if (patch[field] !== undefined) mask |= 1 << bit;
  return mask;
}

/** The bit of `patchMask` that writes this column. */
export function patchBit(column: JobColumn): number {
  return 1 << PATCH_FIELDS.indexOf(patchFieldOf(column) as keyof JobPatch);
}

/** By mask: there are 2^14, and about ten that `decide` makes. */
const maskLists = new Map<number, readonly JobColumn[]>();

/** The columns that a mask stands for, in their order. */
export function maskColumns(mask: number): readonly JobColumn[] {
  const known = maskLists.get(mask);
  if (known !== undefined) return known;
  const columns = PATCH_COLUMNS.filter((column) => (mask & patchBit(column)) !== 0);
  maskLists.set(mask, columns);
  return columns;
}

/** What a patch writes into a column; null where it does not write it. */
export function patchCell(column: JobColumn, patch: JobPatch, codec: TextCodec): Cell {
  const field = patchFieldOf(column);
  // A column reads its own field alone, and that one is there.
  return field === undefined || patch[field] === undefined ? null : cellOf(column, patch as Job, codec);
}

/** Makes jobs of rows: the job whose cells begin at `at`. Rows may travel one after another in one flat array. */
export function jobReader({ given }: TextCodec): (row: ArrayLike<unknown>, at?: number) => Job {
  const text = (cell: unknown) => given(cell as string);
  const textOrNull = (cell: unknown) => (cell === null ? null : given(cell as string));
  const json = <T>(cell: unknown) => (cell === null ? null : (JSON.parse(given(cell as string)) as T));
  return (row, at = 0) => {
    const numberAt = (place: number) => row[at + place] as number;
    const numberOrNullAt = (place: number) => row[at + place] as number | null;
    const resultType = textOrNull(row[at + AT.result_type]);
    return {
      id: row[at + AT.id] as string,
      number: numberAt(AT.number),
      tenant: text(row[at + AT.tenant]),
      type: text(row[at + AT.type]),
      state: row[at + AT.state] as StoredState,
      priority: numberAt(AT.priority),
      runAt: numberAt(AT.run_at),
      tags: tagsOf(row[at + AT.tags] as string | null, given),
      progress: progressOf(numberAt(AT.percent), textOrNull(row[at + AT.message])),
      attempt: numberAt(AT.attempt),
      retry: retryOf(row[at + AT.retry] as string),
      fence: numberAt(AT.fence),
      revision: numberAt(AT.revision),
      leaseUntil: numberOrNullAt(AT.lease_until),
      worker: textOrNull(row[at + AT.worker]),
      cancelRequestedAt: numberOrNullAt(AT.cancel_requested_at),
      timeoutMs: numberOrNullAt(AT.timeout_ms),
      deadlineMs: numberOrNullAt(AT.deadline_ms),
      deadlineAt: numberOrNullAt(AT.deadline_at),
      sequenceKey: textOrNull(row[at + AT.sequence_key]),
      createdAt: numberAt(AT.created_at),
      startedAt: numberOrNullAt(AT.started_at),
      finishedAt: numberOrNullAt(AT.finished_at),
      retainMs: numberAt(AT.retain_ms),
      error: json<Failure>(row[at + AT.error]),
      attempts: json<readonly EndedAttempt[]>(row[at + AT.attempts]) ?? NO_ATTEMPTS,
      result: resultType === null ? null : { contentType: resultType, bytes: numberAt(AT.result_bytes) },
      idempotencyKey: textOrNull(row[at + AT.idempotency_key]),
      requestHash: textOrNull(row[at + AT.request_hash]),
      callbackUrl: textOrNull(row[at + AT.callback_url]),
      origin: json<Origin>(row[at + AT.origin]),
      terms: json<Terms>(row[at + AT.terms]),
      marks: json<Marks>(row[at + AT.marks]),
    };
  };
}

/** JSON that callers chose, as a column has it. */
export function jsonCell(value: Json | object | null, { stored }: TextCodec): string | null {
  return value === null ? null : stored(JSON.stringify(value));
}

function textCell(text: string | null, { stored }: TextCodec): string | null {
  return text === null ? null : stored(text);
}

/** A tag's name or value as it is stored: lone surrogates are what UTF-8 makes of them, here already. */
export function storedTag(text: string, { stored }: TextCodec): string {
  return stored(text.toWellFormed());
}

/**
 * The names and values as `job_tags` has them, as JSON: the removal of a job finds its tag rows by them, so both must be the
 * same texts. Null where there are none.
 */
function tagsCell(tags: Tags, codec: TextCodec): string | null {
  const entries = Object.entries(tags);
  if (entries.length === 0) return null;
  return JSON.stringify(
    Object.fromEntries(entries.map(([name, value]) => [storedTag(name, codec), storedTag(value, codec)])),
  );
}

const NO_TAGS: Tags = Object.freeze({});

function tagsOf(text: string | null, given: TextCodec['given']): Tags {
  if (text === null) return NO_TAGS;
  const entries = Object.entries(JSON.parse(text) as Tags);
  return Object.fromEntries(entries.map(([name, value]) => [given(name), given(value)]));
}

function progressOf(percent: number, message: string | null): Progress {
  return percent === 0 && message === null ? NO_PROGRESS : { percent, message };
}

/** Policies come from a handful of types: one frozen object per text instead of one per row. */
const RETRIES_MAX = 256;
const retries = new Map<string, RetryPolicy>();

function retryOf(text: string): RetryPolicy {
  const known = retries.get(text);
  if (known !== undefined) return known;
  if (retries.size >= RETRIES_MAX) retries.clear();
  const policy = Object.freeze(JSON.parse(text) as RetryPolicy);
  retries.set(text, policy);
  return policy;
}

function patchFieldOf(column: JobColumn): keyof JobPatch | undefined {
  return (COLUMNS[column] as Column).patch;
}

function placesOf(columns: readonly JobColumn[]): Places<JobColumn> {
  return Object.freeze(Object.fromEntries(columns.map((column, place) => [column, place]))) as Places<JobColumn>;
}
