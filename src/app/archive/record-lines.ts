/**
 * One record of a store as one line of an archive, and back.
 *
 * The line is the record as JSON, but for the bytes of a result, which are base64 whatever they are: one form to write and to check.
 * Texts that have another JSON inside (inputs) stay texts, since they are handed out as they were submitted. Lone surrogates are
 * escaped by JSON, so that no text is changed by being UTF-8.
 */

import { AFTER_POLICIES, type After } from '../../core/after/after.ts';
import type { Group } from '../../core/groups/group.ts';
import { jobIdOf } from '../../core/id.ts';
import type { EndedAttempt, Failure, Job, Origin, Progress, ResultMeta, RetryPolicy } from '../../core/job.ts';
import type { Rate } from '../../core/limit-spec.ts';
import type { KeyBounds } from '../../core/limit-tickets.ts';
import { LOG_LEVELS, type LogLine, STREAMS } from '../../core/log-line.ts';
import { SCOPES } from '../../core/scopes.ts';
import { FINAL_STATES, isFinal, STORED_STATES } from '../../core/state.ts';
import { isTraceContext } from '../../core/trace-context.ts';
import type {
  DeliveryTry,
  Document,
  GroupMember,
  JobEvent,
  LimitRecord,
  PendingDelivery,
  StoredKey,
  StoreRecord,
  Tombstone,
} from '../../store/contract.ts';
import { EVENT_KINDS } from '../../store/event-row.ts';
import {
  anything,
  base64,
  type Check,
  finite,
  isObject,
  listOf,
  mapOf,
  objectOf,
  oneOf,
  orNull,
  small,
  text,
  whole,
} from './checks.ts';

/** As a result is in a line. */
interface ResultText {
  readonly contentType: string;
  readonly base64: string;
}

type Of<Kind extends StoreRecord['kind']> = Extract<StoreRecord, { readonly kind: Kind }>;
type JobLine = Omit<Of<'job'>, 'result'> & { readonly result: ResultText | null };

const id: Check = (value) => (typeof value === 'string' && jobIdOf(value) === value ? null : ' is no job id');
const state = oneOf(STORED_STATES);
const plainOrigin = { dialect: text, data: anything };
const copyOrigin = objectOf<Required<Origin>>({ ...plainOrigin, resubmitOf: id });
const ownOrigin = objectOf<Omit<Origin, 'resubmitOf'>>(plainOrigin);
const origin = orNull((value) =>
  isObject(value) && Object.hasOwn(value, 'resubmitOf') ? copyOrigin(value) : ownOrigin(value),
);

const retry = objectOf<RetryPolicy>({ attempts: whole, backoffMs: finite, factor: finite, maxMs: finite });
const error = objectOf<Failure>({ code: text, message: text, details: anything });
const attempt = objectOf<EndedAttempt>({
  number: whole,
  fence: whole,
  worker: orNull(text),
  startedAt: whole,
  endedAt: whole,
  outcome: oneOf(FINAL_STATES),
  error: orNull(objectOf<NonNullable<EndedAttempt['error']>>({ code: text, message: text })),
});

const after = objectOf<After>({ ids: listOf(id), policy: oneOf(AFTER_POLICIES) });
/** Each as its mechanism reads it: one that does not know a field leaves it alone. */
const terms: Check = (value) => {
  const wrong = mapOf(anything)(value);
  if (wrong !== null || !isObject(value)) return wrong;
  // It goes into headers as it is.
  if (Object.hasOwn(value, 'trace') && !isTraceContext(value.trace)) return '.trace is no trace context';
  const inside = Object.hasOwn(value, 'after') ? after(value.after) : null;
  return inside === null ? null : `.after${inside}`;
};

const jobFields = objectOf<Job>({
  id,
  number: whole,
  tenant: text,
  type: text,
  state,
  priority: small,
  runAt: whole,
  tags: mapOf(text),
  progress: objectOf<Progress>({ percent: finite, message: orNull(text) }),
  attempt: small,
  attempts: listOf(attempt),
  retry,
  fence: whole,
  revision: whole,
  leaseUntil: orNull(whole),
  worker: orNull(text),
  cancelRequestedAt: orNull(whole),
  timeoutMs: orNull(whole),
  deadlineMs: orNull(whole),
  deadlineAt: orNull(whole),
  sequenceKey: orNull(text),
  createdAt: whole,
  startedAt: orNull(whole),
  finishedAt: orNull(whole),
  retainMs: whole,
  error: orNull(error),
  result: orNull(objectOf<ResultMeta>({ contentType: text, bytes: whole })),
  idempotencyKey: orNull(text),
  requestHash: orNull(text),
  callbackUrl: orNull(text),
  origin,
  terms: orNull(terms),
  marks: orNull(mapOf(anything)),
});

/** With what every store refuses, and would refuse less clearly. */
const job: Check = (value) => {
  const wrong = jobFields(value);
  if (wrong !== null) return wrong;
  const { state: current, finishedAt, leaseUntil } = value as Job;
  if ((finishedAt !== null) !== isFinal(current)) return `.finishedAt does not go with the state ${current}`;
  return (leaseUntil !== null) === (current === 'running') ? null : `.leaseUntil does not go with the state ${current}`;
};

const delivery = objectOf<PendingDelivery>({
  tenant: text,
  jobId: orNull(id),
  revision: whole,
  event: text,
  endpointId: orNull(text),
  url: text,
  lane: small,
  origin,
  headers: mapOf(text),
  body: text,
  at: whole,
  dueAt: whole,
  attempt: small,
  fence: whole,
  firstTriedAt: orNull(whole),
  tries: listOf(
    objectOf<DeliveryTry>({
      at: whole,
      durationMs: finite,
      status: orNull(small),
      error: orNull(text),
      answer: orNull(text),
    }),
  ),
});

const event = objectOf<JobEvent>({ position: whole, kind: oneOf(EVENT_KINDS), at: whole, job });

const key = objectOf<StoredKey>({
  id: text,
  tenant: text,
  name: text,
  scopes: listOf(oneOf(SCOPES)),
  hash: text,
  createdAt: whole,
  revokedAt: orNull(whole),
  expiresAt: orNull(whole),
});

const document = objectOf<Document>({
  tenant: text,
  kind: text,
  name: text,
  data: anything,
  revision: whole,
  createdAt: whole,
  dueAt: orNull(whole),
});

const limit = objectOf<LimitRecord>({
  tenant: text,
  key: text,
  bounds: objectOf<KeyBounds>({
    concurrency: orNull(small),
    rate: orNull(objectOf<Rate>({ count: small, perMs: whole })),
  }),
  isKept: (value) => (typeof value === 'boolean' ? null : ' is neither true nor false'),
  closedUntil: orNull(whole),
  starts: listOf(listOf(whole)),
});

const tombstone = objectOf<Tombstone>({ id, number: whole, tenant: text, goneAt: whole, goneUntil: whole });

/** Spliced into answers as it is, as is a line of output: what is no JSON would break the answer. */
const objectText: Check = (value) => {
  try {
    return typeof value === 'string' && isObject(JSON.parse(value)) ? null : ' is no JSON object as text';
  } catch {
    return ' is no JSON object as text';
  }
};

const lineFields = objectOf<LogLine>({
  stream: oneOf(STREAMS),
  offset: whole,
  fence: whole,
  attempt: small,
  at: whole,
  level: oneOf(LOG_LEVELS),
  line: text,
  fields: orNull(objectText),
});

const logLine: Check = (value) => lineFields(value) ?? outputComplaint(value as LogLine);

function outputComplaint({ stream, line }: LogLine): string | null {
  if (stream === 'log') return null;
  try {
    JSON.parse(line);
    return null;
  } catch {
    return '.line is no JSON text';
  }
}

const result = orNull(objectOf<ResultText>({ contentType: text, base64 }));

const counts = objectOf<Group['counts']>({ succeeded: whole, failed: whole, cancelled: whole, expired: whole });
const group = objectOf<Group>({
  id,
  tenant: text,
  isOpen: (value) => (typeof value === 'boolean' ? null : ' is neither true nor false'),
  total: whole,
  counts,
  revision: whole,
  createdAt: whole,
  closedAt: orNull(whole),
  finishedAt: orNull(whole),
  outcome: orNull(oneOf(['succeeded', 'failed'])),
  retainMs: whole,
  removeAt: orNull(whole),
  followUps: mapOf(anything),
  idempotencyKey: orNull(text),
  requestHash: orNull(text),
});
const member = objectOf<GroupMember>({ group: id, number: whole, state: orNull(oneOf(FINAL_STATES)) });

const RECORDS: { readonly [Kind in StoreRecord['kind']]: Check } = {
  counter: objectOf<Of<'counter'>>({ kind: text, number: whole, position: whole }),
  key: objectOf<Of<'key'>>({ kind: text, key }),
  document: objectOf<Of<'document'>>({ kind: text, document }),
  limit: objectOf<Of<'limit'>>({ kind: text, limit }),
  delivery: objectOf<Of<'delivery'>>({ kind: text, delivery }),
  event: objectOf<Of<'event'>>({ kind: text, event }),
  group: objectOf<Of<'group'>>({ kind: text, group, followUps: mapOf(anything) }),
  member: objectOf<Of<'member'>>({ kind: text, member }),
  tombstone: objectOf<Of<'tombstone'>>({ kind: text, tombstone }),
  job: objectOf<JobLine>({ kind: text, job, input: text, result, logs: listOf(logLine) }),
};

/** Records by kind. */
export type RecordCounts = Readonly<Record<StoreRecord['kind'], number>>;

export const NO_RECORDS: RecordCounts = Object.freeze({
  counter: 0,
  key: 0,
  document: 0,
  limit: 0,
  delivery: 0,
  event: 0,
  group: 0,
  member: 0,
  tombstone: 0,
  job: 0,
});

export const recordCounts = objectOf<RecordCounts>({
  counter: whole,
  key: whole,
  document: whole,
  limit: whole,
  delivery: whole,
  event: whole,
  group: whole,
  member: whole,
  tombstone: whole,
  job: whole,
});

export type ReadRecord =
  | { readonly kind: 'record'; readonly record: StoreRecord }
  /** What is wrong, as the end of a sentence that begins with the place. */
  | { readonly kind: 'wrong'; readonly what: string };

/** Without its line break. */
export function recordLine(record: StoreRecord): string {
  if (record.kind !== 'job' || record.result === null) return JSON.stringify(record);
  const { contentType, bytes } = record.result;
  const encoded = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  return JSON.stringify({ ...record, result: { contentType, base64: encoded } } satisfies JobLine);
}

/** @param value what the JSON of a line says */
export function readRecord(value: unknown): ReadRecord {
  const kind = isObject(value) ? value.kind : undefined;
  if (typeof kind !== 'string' || !Object.hasOwn(RECORDS, kind)) {
    return { kind: 'wrong', what: `has no kind that is known, but ${JSON.stringify(kind) ?? 'none'}` };
  }
  const wrong = RECORDS[kind as StoreRecord['kind']](value);
  if (wrong !== null) return { kind: 'wrong', what: `is wrong: ${wrong.slice(1)}` };
  if (kind !== 'job') return { kind: 'record', record: value as StoreRecord };
  return readJob(value as JobLine);
}

function readJob(line: JobLine): ReadRecord {
  if (line.result === null) return { kind: 'record', record: { ...line, result: null } };
  const { contentType, base64: encoded } = line.result;
  const bytes = Uint8Array.from(Buffer.from(encoded, 'base64'));
  const meta = line.job.result;
  if (meta?.bytes !== bytes.byteLength || meta.contentType !== contentType) {
    return { kind: 'wrong', what: 'is wrong: its result is not the one that job.result describes' };
  }
  return { kind: 'record', record: { ...line, result: { contentType, bytes } } };
}
