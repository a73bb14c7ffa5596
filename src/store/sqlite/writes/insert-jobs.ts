/** New jobs, replays of jobs that their idempotency key finds again, and what comes in where its unique key is held. */
import { type JobSpec, jobOf, type Tags } from '../../../core/job.ts';
import { AT, FIXED_COLUMNS, JOB_COLUMNS, NEW_AT, NEW_JOB_COLUMNS } from '../../job-row.ts';
import type { Row, Value } from '../rows.ts';
import { NEW_JOB_WIDTH, pushCells } from '../rows.ts';
import { writeEvent } from './events.ts';
import { cameUnderLimit } from './limits.ts';
import { linkTo, parentsOf } from './links.ts';
import { blockedBy } from './rooms.ts';
import { insertTags } from './tags.ts';
import type { Transaction } from './transaction.ts';
import { holdersStep } from './unique-keys.ts';

/** In `numbers`, in place of the number of a new job. */
export const ABSENT = -1;
export const NO_PARENT = -6;
/** Those that come with a job. */
const NUMBER_OF = { existing: -2, conflict: -3, held: -4, replaced: -5 } as const;
export type FoundKind = keyof typeof NUMBER_OF;
const KIND_OF = new Map(Object.entries(NUMBER_OF).map(([kind, number]) => [number as number, kind as FoundKind]));

export function foundKind(number: number): FoundKind {
  return KIND_OF.get(number) as FoundKind;
}

interface FoundJob {
  readonly kind: FoundKind;
  readonly row: Row;
}

/** The columns of a new job that change later. Of a submit three of them depend, and they are written over these. */
const FRESH: Value[] = [];
pushCells(FRESH, JOB_COLUMNS.slice(FIXED_COLUMNS.length), jobOf({} as JobSpec, 0));

export interface Inserted {
  /** Per job its number, or ABSENT, or what `foundKind` names: then the rows of `jobs` are theirs, in order. */
  readonly numbers: readonly number[];
  readonly jobs: Row;
  /** The ids that those with NO_PARENT name, in order. */
  readonly unknown: readonly string[];
}

/** @param values `NEW_JOB_WIDTH` per job */
export function insertJobs(transaction: Transaction, values: readonly Value[]): Inserted {
  const numbers: number[] = [];
  const jobs: Value[] = [];
  const unknown: string[] = [];
  for (let at = 0; at < values.length; at += NEW_JOB_WIDTH) {
    const job = values.slice(at, at + NEW_JOB_COLUMNS.length);
    const input = values[at + NEW_JOB_COLUMNS.length] as string | null;
    const found = earlierOf(transaction, job) ?? (input === null ? null : holdersStep(transaction, job, input));
    if (found !== null) {
      numbers.push(NUMBER_OF[found.kind]);
      jobs.push(...found.row);
    } else numbers.push(input === null ? ABSENT : insertJob(transaction, job, input, unknown));
  }
  return { numbers, jobs, unknown };
}

function earlierOf(transaction: Transaction, job: Row): FoundJob | null {
  const key = job[NEW_AT.idempotency_key];
  if (key === null || key === undefined) return null;
  const row = transaction.connection.get('jobByIdempotencyKey', job[NEW_AT.tenant] as string, key);
  if (row === undefined) return null;
  return { kind: row[AT.request_hash] === job[NEW_AT.request_hash] ? 'existing' : 'conflict', row };
}

/** What `waiting` has of a new job, in the order of `waitingInsert`. */
const COPIED = (
  ['type', 'priority', 'sequence_key', 'limit_key', 'timeout_ms', 'run_at', 'deadline_at', 'marks'] as const
).map((column) => NEW_AT[column]);

function insertJob(transaction: Transaction, job: Row, input: string, unknown: string[]): number {
  const { connection } = transaction;
  const tenant = job[NEW_AT.tenant] as string;
  const parents = parentsOf(transaction, tenant, job[NEW_AT.terms] ?? null);
  if (parents?.missing !== undefined) {
    unknown.push(parents.missing);
    return NO_PARENT;
  }
  const number = transaction.takeNumber();
  connection.run('jobInsert', number, ...job.slice(0, FIXED_COLUMNS.length - 1), input);
  const copies = COPIED.map((place) => job[place] ?? null);
  const limitKey = job[NEW_AT.limit_key] ?? null;
  if (limitKey !== null)
    cameUnderLimit(transaction, job[NEW_AT.terms] as string, tenant, job[NEW_AT.created_at] as number);
  const [key, marks] = [job[NEW_AT.sequence_key] ?? null, job[NEW_AT.marks] ?? null];
  const blocked = blockedBy(transaction, { tenant, key, limitKey, number, marks });
  connection.run('waitingInsert', number, tenant, ...copies, blocked);
  if (parents !== null) linkTo(transaction, number, parents);
  const tags = job[NEW_AT.tags];
  if (typeof tags === 'string') insertTags(transaction, tenant, number, JSON.parse(tags) as Tags);
  transaction.count(tenant, job[NEW_AT.type] as string, 'waiting', 1);
  transaction.use(tenant, { jobs: 1, bytes: Buffer.byteLength(input) });
  if (job[NEW_AT.callback_url] !== null || transaction.isFollowed(tenant, 'waiting'))
    writeEvent(transaction, newRow(number, job), 'waiting', job[NEW_AT.created_at] as number);
  return number;
}

/** The row of the job as it is now. What changes later is the same for every new job, but for three columns. */
function newRow(number: number, job: Row): Row {
  const next = [number, ...job.slice(0, FIXED_COLUMNS.length - 1), ...FRESH];
  next[AT.run_at] = job[NEW_AT.run_at] ?? null;
  next[AT.deadline_at] = job[NEW_AT.deadline_at] ?? null;
  next[AT.marks] = job[NEW_AT.marks] ?? null;
  return next;
}
