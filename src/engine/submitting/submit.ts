/**
 * Takes submits: checks the request, looks up the type, checks the input, takes room in the quota, and stores the job in a batch.
 *
 * Everything up to the store is synchronous unless a type's own input check is not: with 64 callers this path decides how
 * close a submit comes to a bare POST. A job is announced after it is on disk, never before.
 */
import { BideError } from '../../core/errors.ts';
import { type Job, type JobSpec, type Json, jobOf, type RetryPolicy } from '../../core/job.ts';
import type { KeyLimit } from '../../core/limit-spec.ts';
import type { Limits } from '../../core/limits.ts';
import type { Quota } from '../../core/quota-error.ts';
import { retryWith } from '../../core/retry.ts';
import type { TraceContext } from '../../core/trace-context.ts';
import type { InsertOutcome, NewJob } from '../../store/contract.ts';
import type { InputCheck, JobType, Snapshot, SubmitOutcome, SubmitRequest } from '../api.ts';
import { type Batcher, createBatcher, WRITES_IN_FLIGHT } from '../batcher.ts';
import type { EngineBase } from '../engine-base.ts';
import { doubtAfter } from '../failed-write.ts';
import type { Population } from '../reading/population.ts';
import type { Reader } from '../reading/reader.ts';
import { notSent, traceOfSend } from '../tracing/send-spans.ts';
import type { Books } from '../webhooks/books.ts';
import { type Callback, eventWordsOf, originWith } from '../webhooks/callback.ts';
import { announceCreated, arriving } from './arriving.ts';
import type { Coming } from './coming.ts';
import { createJobIds } from './job-ids.ts';
import { requestHash } from './request-hash.ts';
import { requestIssues } from './request-issues.ts';
import { rerunOf } from './rerun.ts';
import { createRoom, type Room } from './room.ts';
import { quietMs, termsOf } from './submitted-terms.ts';
import { limitOfType } from './type-limit.ts';

/** Where neither the job nor its type says otherwise: three attempts, a second and two apart. */
export const DEFAULT_RETRY: RetryPolicy = Object.freeze({ attempts: 3, backoffMs: 1_000, factor: 2, maxMs: 60_000 });

export interface SubmitOptions extends EngineBase {
  readonly coming: Coming;
  readonly population: Population;
  readonly reader: Reader;
  readonly allowsPrivateDeliveries: boolean;
  readonly books: Books;
}

export interface Submits {
  /** Stores one job per request, each on its own: a wrong one does not keep the others out. Outcomes in the order of requests. */
  submit(requests: readonly SubmitRequest[]): Promise<readonly SubmitOutcome[]>;
  /** For jobs of Bide's own types. @param bound what the tenant has no room in: then only a replay is answered */
  submitOwn(request: SubmitRequest, bound: Quota['limit'] | null): Promise<SubmitOutcome>;
  /** What the job would be, for whoever stores it in another way. No room is taken for it. */
  check(request: SubmitRequest): Promise<CheckedRequest | SubmitRefusal>;
  /** Takes the room for all of them, or none: then it says what there is no room in. */
  takeRoom(jobs: readonly NewJob[]): Promise<Quota['limit'] | null>;
  giveBackRoom(jobs: readonly NewJob[]): void;
}

export interface CheckedRequest {
  readonly kind: 'checked';
  readonly job: NewJob;
}

/** What a look at the request alone can refuse. */
export type SubmitRefusal = Extract<
  SubmitOutcome,
  { kind: 'unknownType' | 'invalidInput' | 'invalidRequest' | 'refused' }
>;

const NO_TAGS = Object.freeze({});

export function createSubmits(options: SubmitOptions): Submits {
  const inserts = createBatcher<NewJob, InsertOutcome>({
    ...options,
    name: 'insert',
    inFlightMax: WRITES_IN_FLIGHT,
    send: (batch) => arriving(options, specsOf(batch), () => options.store.insert(batch)),
    bytesOf: (item) => item.input.length,
  });
  const context: Context = { ...options, inserts, newId: createJobIds(), room: createRoom(options) };

  return {
    async submit(requests) {
      const [only] = requests;
      if (requests.length === 1 && only !== undefined) {
        const outcome = submitOne(context, only);
        return [outcome instanceof Promise ? await outcome : outcome];
      }
      // Every one settles before any failure is told: a caller that sees a rejection may rely on nothing being under way.
      const settled = await Promise.allSettled(requests.map(async (request) => submitOne(context, request)));
      return settled.map((one) => {
        if (one.status === 'rejected') throw one.reason;
        return one.value;
      });
    },
    submitOwn: async (request, bound) => submitOne(context, request, { bound }),
    check: async (request) => checkOne(context, request, undefined, checked),
    takeRoom: (jobs) => takeRoomForAll(context.room, jobs),
    giveBackRoom: (jobs) => {
      for (const job of jobs) giveBackRoom(context, job);
    },
  };
}

const specsOf = (batch: readonly NewJob[]) => batch.map(({ spec }) => spec);

interface Context extends SubmitOptions {
  readonly inserts: Batcher<NewJob, InsertOutcome>;
  readonly newId: (now: number) => string;
  readonly room: Room;
}

/** A request whose type is known, and when it came. */
interface Asked {
  readonly request: SubmitRequest;
  readonly type: JobType;
  readonly now: number;
  readonly own: Own | undefined;
}

/** What is stored of it: its input as JSON, and its own limit or that of its type. */
interface Sound {
  readonly input: string;
  readonly limit: KeyLimit | null;
}

/** A job that Bide submits for the tenant, and what there is no room in for it. */
interface Own {
  readonly bound: Quota['limit'] | null;
}

/** No promise of its own: one per job is the store's, and those of checks that are not synchronous. */
function submitOne(context: Context, request: SubmitRequest, own?: Own): SubmitOutcome | Promise<SubmitOutcome> {
  return checkOne(context, request, own, takeRoom);
}

/** What is done with a request that is in order. */
type Finish<T> = (context: Context, asked: Asked, sound: Sound) => T | Promise<T>;

function checkOne<T>(
  context: Context,
  request: SubmitRequest,
  own: Own | undefined,
  finish: Finish<T>,
): SubmitRefusal | T | Promise<SubmitRefusal | T> {
  const { types, clock, limits } = context;
  const now = clock.now();
  const type = types.get(request.type);
  if (type === undefined || (type.isOwn === true && own === undefined)) return unknownType(types);
  const issues = requestIssues(request, now, limits, context.allowsPrivateDeliveries);
  if (issues.length > 0) return { kind: 'invalidRequest', issues };
  const asked = { request, type, now, own };
  if (!request.callback) return checkInput(context, asked, finish);
  return callbackError(context, request.tenant, request.callback).then((error) =>
    error === null ? checkInput(context, asked, finish) : { kind: 'refused', error, path: '/callback' },
  );
}

function checkInput<T>(
  context: Context,
  asked: Asked,
  finish: Finish<T>,
): SubmitRefusal | T | Promise<SubmitRefusal | T> {
  const { limits } = context;
  const finished = (check: InputCheck) => {
    if (check.kind === 'invalid') return { kind: 'invalidInput', issues: check.issues } as const;
    const input = jsonText(check.input);
    if (input === null) return { kind: 'invalidInput', issues: [{ path: '', message: 'must be JSON' }] } as const;
    if (input.length > limits.bodyBytesMax) return inputTooLarge(limits);
    const { request, type } = asked;
    const limit = request.limit ?? limitOfType(type, input, limits);
    if (limit instanceof BideError) return { kind: 'refused', error: limit, path: '/input' } as const;
    return finish(context, asked, { input, limit });
  };
  const result = asked.type.checkInput(asked.request.input ?? null);
  return result instanceof Promise ? result.then(finished) : finished(result);
}

function checked({ limits, newId }: Context, { request, type, now }: Asked, { input, limit }: Sound): CheckedRequest {
  const trace = traceOfSend('create', request);
  return {
    kind: 'checked',
    job: { spec: specOf(request, type, { id: newId(now), now, limits, limit, trace }), input },
  };
}

async function takeRoomForAll(room: Room, jobs: readonly NewJob[]): Promise<Quota['limit'] | null> {
  for (const [index, { spec, input }] of jobs.entries()) {
    const bound = await room.take(spec.tenant, Buffer.byteLength(input));
    if (bound === null) continue;
    for (const { spec, input } of jobs.slice(0, index)) room.giveBack(spec.tenant, Buffer.byteLength(input));
    return bound;
  }
  return null;
}

function takeRoom(context: Context, asked: Asked, sound: Sound): SubmitOutcome | Promise<SubmitOutcome> {
  const { room } = context;
  const taken = asked.own?.bound ?? room.take(asked.request.tenant, Buffer.byteLength(sound.input));
  return taken instanceof Promise
    ? taken.then((bound) => insert(context, asked, sound, bound))
    : insert(context, asked, sound, taken);
}

/**
 * The tenant's room for the job is taken already, unless it is a replay, for which `bound` says what there is no room in: a tenant without room may still ask for what it has,
 * since whoever lost the answer to a submit sends it again, and must not be told that it was refused. Replays travel with the
 * inserts, so that they see a first try of the same batch or an earlier one; on a shared store, where two batches may be under
 * way side by side, one that overtakes its first try is told that there is no room.
 */
function insert(
  context: Context,
  { request, type, now }: Asked,
  { input, limit }: Sound,
  bound: Quota['limit'] | null,
): SubmitOutcome | Promise<SubmitOutcome> {
  const { limits, newId } = context;
  if (bound !== null && (request.idempotencyKey ?? null) === null) return overQuota(bound, limits);
  const trace = traceOfSend('send', request);
  const spec = specOf(request, type, { id: newId(now), now, limits, limit, trace });
  const item: NewJob = bound === null ? { spec, input } : { spec, input: '', isReplay: true };
  return watched(trace, store(context, item, { bound, round: 1 }));
}

/** A job that was made ends its span where it is announced. */
function watched(trace: TraceContext | null, stored: Promise<SubmitOutcome>): Promise<SubmitOutcome> {
  if (trace === null) return stored;
  stored.then(
    (outcome) => notSent(trace, outcome),
    () => notSent(trace, null),
  );
  return stored;
}

interface Round {
  /** What the tenant has no room in: then the item is a replay. */
  readonly bound: Quota['limit'] | null;
  /** Another one for each holder of the unique key that has begun: see `rerun.ts`. */
  readonly round: number;
}

function store(context: Context, item: NewJob, at: Round): Promise<SubmitOutcome> {
  const { inserts } = context;
  return new Promise((told, failed) => {
    const reject = (error: unknown) => {
      giveBackRoom(context, item);
      doubtAfter(error, context.changes, () => {});
      failed(error);
    };
    const resolve = (outcome: InsertOutcome) => {
      try {
        told(outcomeOf(context, item, outcome, at));
      } catch (error) {
        failed(error);
      }
    };
    try {
      inserts.push({ item, resolve, reject });
    } catch (error) {
      reject(error);
    }
  });
}

/** In the turn of the store's answer and before that of a claim behind it: the job is announced before its start is. */
function outcomeOf(
  context: Context,
  job: NewJob,
  outcome: InsertOutcome,
  { bound, round }: Round,
): SubmitOutcome | Promise<SubmitOutcome> {
  if (outcome.kind === 'created')
    return { kind: 'created', snapshot: announceCreated(context, jobOf(job.spec, outcome.number)) };
  if (outcome.kind === 'replaced')
    return { kind: 'existing', snapshot: replaced(context, outcome.job), unique: 'replaced' };
  const rerun = rerunOf(job, outcome, context.newId);
  if (rerun !== null && round < context.limits.applyAttemptsMax)
    return store(context, rerun, { bound, round: round + 1 });
  giveBackRoom(context, job);
  if (rerun !== null) throw new BideError('CHANGED_MEANWHILE');
  // Only a replay comes back absent.
  if (outcome.kind === 'absent') return overQuota(bound ?? 'jobsWaitingMax', context.limits);
  if (outcome.kind === 'noParent') return outcome;
  const { kind } = outcome;
  return existing(context, outcome.job).then((snapshot) => {
    if (kind !== 'held') return { kind, snapshot };
    return job.spec.terms?.unique?.mode === 'reject'
      ? { kind, snapshot }
      : { kind: 'existing', snapshot, unique: 'existing' };
  });
}

function giveBackRoom({ room }: Context, { spec, input, isReplay = false }: NewJob): void {
  if (!isReplay) room.giveBack(spec.tenant, Buffer.byteLength(input));
}

/** The bytes of the new input stay taken, until the store counts again: they are in place of those of the old one. */
function replaced({ population, snapshots, changes }: Context, job: Job): Snapshot {
  population.giveBack(job.tenant);
  const snapshot = snapshots.put(job, null);
  changes.announce({ kind: 'changed', snapshot, job, before: 'waiting', cause: 'amended' });
  return snapshot;
}

async function existing({ reader }: Context, job: Job): Promise<Snapshot> {
  const [found] = await reader.look([job.id]);
  return found?.kind === 'found' ? found.snapshot : { job, resultText: null };
}

function unknownType(types: ReadonlyMap<string, JobType>): SubmitRefusal {
  return {
    kind: 'unknownType',
    types: [...types.values()].flatMap(({ name, isOwn }) => (isOwn === true ? [] : [name])),
  };
}

/** Null for what JSON cannot carry (a cycle, a bigint): callers of the library may pass anything, and so may a type's schema. */
function jsonText(input: Json): string | null {
  try {
    return JSON.stringify(input) ?? 'null';
  } catch {
    return null;
  }
}

async function callbackError({ books }: Context, tenant: string, callback: Callback): Promise<BideError | null> {
  try {
    eventWordsOf(callback.events);
  } catch (error) {
    if (error instanceof BideError) return error;
    throw error;
  }
  const { secretId } = callback;
  if (secretId === undefined) return null;
  const { endpoints } = await books.recent(tenant);
  if (endpoints.some(({ id }) => id === secretId)) return null;
  return new BideError('CALLBACK_SECRET_UNKNOWN', undefined, { secretId: secretId.slice(0, 100) });
}

function overQuota(limit: Quota['limit'], limits: Limits): SubmitOutcome {
  return { kind: 'overQuota', limit, value: limits[limit] };
}

function inputTooLarge(limits: Limits): SubmitRefusal {
  const message = `must be at most ${limits.bodyBytesMax} bytes as JSON`;
  return { kind: 'invalidRequest', issues: [{ path: '/input', message }] };
}

interface Circumstances extends Pick<Sound, 'limit'> {
  readonly trace: TraceContext | null;
  readonly id: string;
  readonly now: number;
  readonly limits: Limits;
}

function specOf(request: SubmitRequest, type: JobType, { id, now, limits, limit, trace }: Circumstances): JobSpec {
  const { name, defaults } = type;
  const idempotencyKey = request.idempotencyKey ?? null;
  return {
    id,
    tenant: request.tenant,
    type: name,
    priority: request.priority ?? 0,
    runAt: Math.max(now, Math.round(request.runAt ?? now + (request.delayMs ?? quietMs(request)))),
    tags: request.tags ?? NO_TAGS,
    retry: request.retry ? retryWith(retryOf(type), request.retry) : retryOf(type),
    timeoutMs: request.timeoutMs ?? defaults.timeoutMs ?? limits.timeoutMs,
    deadlineMs: request.deadlineMs ?? null,
    sequenceKey: request.sequenceKey ?? null,
    createdAt: now,
    retainMs: request.retainMs ?? defaults.retainMs ?? limits.retainMs,
    idempotencyKey,
    requestHash: idempotencyKey === null ? null : requestHash(request),
    callbackUrl: request.callback?.url ?? null,
    origin: request.callback ? originWith(request.origin ?? null, request.callback) : (request.origin ?? null),
    terms: termsOf(request, { limit, trace }),
  };
}

const policies = new WeakMap<JobType, RetryPolicy>();

/** One object for all jobs of a type that ask for nothing else. */
function retryOf(type: JobType): RetryPolicy {
  const known = policies.get(type);
  if (known !== undefined) return known;
  const policy = Object.freeze(retryWith(DEFAULT_RETRY, type.defaults.retry));
  policies.set(type, policy);
  return policy;
}
