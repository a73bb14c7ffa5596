/**
 * Remote workers: claim, heartbeat, succeed, fail. The same commands as for jobs that run here, told by somebody over HTTP.
 *
 * - Only types whose handler is `remote`, and only jobs of the worker's tenant.
 * - A completion may be repeated: when its answer was lost, the worker sends it again and hears `done` again, as long as
 *   the job still is what this completion made of it.
 * - A heartbeat may be held, so that a cancel reaches the worker at once. While it is held the lease is extended; a worker
 *   that goes on heartbeating past `cancelGraceMs` after a cancel has its job stopped under it.
 */
import type { Command } from '../../core/decide.ts';
import { BideError } from '../../core/errors.ts';
import type { Failure, Job } from '../../core/job.ts';
import type { LimitName } from '../../core/limits.ts';
import type { LogEntry } from '../../core/log-line.ts';
import type { LeaseExtension, LeaseOutcome, LogOutcome, ResultContent } from '../../store/contract.ts';
import type {
  CallerSignal,
  ClaimWorkOutcome,
  ClaimWorkRequest,
  Engine,
  HeartbeatOutcome,
  HeartbeatRequest,
  Park,
  Snapshot,
  WorkOutcome,
  WorkRef,
} from '../api.ts';
import type { Batcher } from '../batcher.ts';
import type { Carried, Commands } from '../commanding/commands.ts';
import type { EngineBase } from '../engine-base.ts';
import { resultComplaint } from '../json-check.ts';
import type { CloseKey } from '../limits/key-limits.ts';
import { logEntryOf } from '../logging/log-entry.ts';
import type { Logs } from '../logging/logs.ts';
import type { Presence } from '../operating/presence.ts';
import type { Found, Reader } from '../reading/reader.ts';
import { absenceOf, lookupOf, type Waiters } from '../reading/waiters.ts';
import { type AttemptOptions, refusalOf } from '../running/attempt.ts';
import { boundedFailure } from '../running/failure.ts';
import type { WorkDesk } from './work-desk.ts';

type Refusal = Exclude<WorkOutcome, { kind: 'done' }>;

export type Work = Pick<
  Engine,
  'workClaim' | 'workRelease' | 'workHeartbeat' | 'workSucceed' | 'workPark' | 'workLater' | 'workFail'
>;

export interface WorkOptions extends Pick<EngineBase, 'types' | 'clock' | 'limits' | 'random'> {
  readonly desk: WorkDesk;
  readonly presence: Pick<Presence, 'here'>;
  readonly reader: Reader;
  readonly waiters: Waiters;
  readonly commands: Commands;
  readonly closeKey: CloseKey;
  readonly logs: Logs;
  readonly extensions: Batcher<LeaseExtension, LeaseOutcome>;
  readonly checkAttempt?: AttemptOptions['checkAttempt'];
}

export function createWork(options: WorkOptions): Work {
  return {
    workClaim: (request) => claim(options, request),
    workRelease: (claimed) => options.desk.giveBack(claimed),
    workHeartbeat: (request) => heartbeat(options, request),
    workSucceed: (request) => succeed(options, request),
    workPark: (request) => park(options, request),
    workLater: (request) => giveBackForLater(options, request),
    workFail: (request) => fail(options, request),
  };
}

async function claim(options: WorkOptions, request: ClaimWorkRequest): Promise<ClaimWorkOutcome> {
  const { types, desk } = options;
  if (request.types.some((type) => !types.has(type))) return { kind: 'unknownType', types: [...types.keys()] };
  const notRemote = request.types.find((type) => types.get(type)?.handler !== 'remote');
  if (notRemote !== undefined) return { kind: 'notRemote', type: notRemote };
  const { tenant, worker: name, max, agent = null } = request;
  const leave = options.presence.here({ tenant, name, types: request.types, max, agent });
  try {
    const claimed = await desk.claim(request);
    const refusals = await Promise.all(claimed.map(({ job }) => refuse(options, job, request.signal)));
    return { kind: 'claimed', jobs: claimed.filter((_, index) => refusals[index] !== 'refused') };
  } finally {
    leave();
  }
}

/** Fails a job that lacks what it relies on, before its worker hears of it. */
async function refuse(options: WorkOptions, job: Job, signal: CallerSignal): Promise<'refused' | null> {
  const failure = await refusalOf(options.checkAttempt, job, () => abortSignalOf(signal));
  if (failure === null) return null;
  const { fence } = job;
  await options.commands.carryOut(job.id, {
    kind: 'fail',
    fence,
    failure: boundedFailure(failure, options.limits),
    isRetryable: false,
    random: options.random(),
  });
  return 'refused';
}

async function heartbeat(options: WorkOptions, request: HeartbeatRequest): Promise<HeartbeatOutcome> {
  const held = await heldBy(options, request);
  if (held.kind !== 'held') return held;
  if ((await tell(options, request)) === 'lost') return lostNow(options, request);
  await report(options, request, held.job);
  const { tenant, worker } = held.job;
  if (worker === null) return extend(options, request);
  const leave = options.presence.here({ tenant, name: worker, types: null, max: null, agent: null });
  return extend(options, request).finally(leave);
}

async function extend(options: WorkOptions, request: HeartbeatRequest): Promise<HeartbeatOutcome> {
  const { extensions, clock, limits } = options;
  const leaseMs = Math.min(request.leaseMs ?? limits.leaseMs, limits.leaseMsMax);
  const endsAt = clock.now() + request.timeoutMs;
  for (;;) {
    const leaseUntil = clock.now() + leaseMs;
    const outcome = await extensions.add({ id: request.id, fence: request.fence, leaseUntil });
    if (outcome.kind === 'lost') return lostNow(options, request);
    if (outcome.cancelRequestedAt !== null) return cancelled(options, request, outcome.cancelRequestedAt, leaseUntil);
    const leftMs = endsAt - clock.now();
    const isOver = leftMs <= 0 || (await waitForNews(options, request, Math.min(leftMs, leaseMs / 3))) === 'leave';
    if (isOver) return { kind: 'held', isCancelRequested: false, leaseUntil };
  }
}

/** `leave` when the worker went away or the engine closes; else it is time to look again. */
async function waitForNews(
  { waiters, clock }: WorkOptions,
  { tenant, id, fence, signal }: HeartbeatRequest,
  timeoutMs: number,
): Promise<'look' | 'leave'> {
  const startedAt = clock.now();
  const isEnough = ({ job }: Snapshot) =>
    job.state !== 'running' || job.fence !== fence || job.cancelRequestedAt !== null;
  const until = { kind: 'news', isEnough } as const;
  const { isSatisfied } = await waiters.wait({ tenant, ids: [id], for: 'any', until, timeoutMs, signal });
  return isSatisfied || clock.now() >= startedAt + timeoutMs ? 'look' : 'leave';
}

async function cancelled(
  options: WorkOptions,
  request: WorkRef,
  requestedAt: number,
  leaseUntil: number,
): Promise<HeartbeatOutcome> {
  const { commands, clock, limits } = options;
  if (clock.now() < requestedAt + limits.cancelGraceMs) return { kind: 'held', isCancelRequested: true, leaseUntil };
  await commands.carryOut(request.id, { kind: 'stop', fence: request.fence });
  return lostNow(options, request);
}

async function lostNow({ reader }: WorkOptions, { tenant, id }: WorkRef): Promise<Refusal> {
  const [found] = await reader.fresh([id]);
  const lookup = lookupOf(found, tenant);
  return lookup.kind === 'found' ? { kind: 'lost', snapshot: lookup.snapshot } : lookup;
}

/** Within the limits, as what handlers of this process say and emit. Throws OUTPUT_TOO_LARGE, with nothing else of the heartbeat done. */
async function tell(options: WorkOptions, request: HeartbeatRequest): Promise<LogOutcome | null> {
  const emitted = await tellOutput(options, request);
  return emitted === 'lost' ? 'lost' : tellLog(options, request);
}

async function tellLog(
  { logs, limits }: WorkOptions,
  { id, fence, log = [] }: HeartbeatRequest,
): Promise<LogOutcome | null> {
  if (log.length === 0 || limits.logBytesPerJobMax === 0) return null;
  const entries = log.map((entry) => logEntryOf(entry, limits));
  return logs.append({ id, fence, stream: 'log', entries, bytesMax: limits.logBytesPerJobMax });
}

async function tellOutput(
  { logs, limits, clock }: WorkOptions,
  { id, fence, output = [] }: HeartbeatRequest,
): Promise<LogOutcome | null> {
  if (output.length === 0) return null;
  const { outputBytesPerJobMax: bytesMax, outputChunkBytesMax: chunkBytesMax } = limits;
  const bytes = Math.max(...output.map((chunk) => Buffer.byteLength(chunk)));
  if (bytes > chunkBytesMax) throw outputTooLarge(`A chunk has ${bytes} bytes`, 'outputChunkBytesMax', chunkBytesMax);
  const at = clock.now();
  const entries = output.map((line): LogEntry => ({ at, level: 'info', line, fields: null }));
  const outcome = await logs.append({ id, fence, stream: 'output', entries, bytesMax });
  if (outcome === 'full')
    throw outputTooLarge('With these chunks the attempt emits more than fits', 'outputBytesPerJobMax', bytesMax);
  return outcome;
}

function outputTooLarge(what: string, limit: LimitName, value: number): BideError {
  return new BideError('OUTPUT_TOO_LARGE', `${what}; the limit is ${value} bytes (${limit}).`, { limit, value });
}

async function report({ commands, limits }: WorkOptions, request: HeartbeatRequest, seen: Job): Promise<void> {
  const { id, fence, percent, message } = request;
  if (percent === undefined && message === undefined) return;
  const command: Command = {
    kind: 'report',
    fence,
    ...(percent === undefined ? {} : { percent }),
    ...(message === undefined ? {} : { message: message?.slice(0, limits.progressMessageLengthMax) ?? null }),
  };
  await commands.carryOut(id, command, seen);
}

async function succeed(
  options: WorkOptions,
  request: WorkRef & { readonly result: ResultContent | null },
): Promise<WorkOutcome> {
  const { id, fence, result } = request;
  const bytes = result?.bytes.byteLength ?? 0;
  const value = options.limits.resultBytesMax;
  if (bytes > value) {
    const message = `The result has ${bytes} bytes; the limit is ${value}.`;
    throw new BideError('RESULT_TOO_LARGE', message, { limit: 'resultBytesMax', value, bytes });
  }
  const looking = heldBy(options, request);
  // What is known at once is not awaited: thousands of completions come in a moment.
  const held = looking instanceof Promise ? await looking : looking;
  if (held.kind !== 'held') return held;
  const checking = result === null ? null : resultComplaint(result, options.limits);
  const complaint = checking instanceof Promise ? await checking : checking;
  if (complaint !== null) throw new BideError('MALFORMED_JSON', `The result calls itself JSON, but ${complaint}.`);
  const meta = result === null ? null : { contentType: result.contentType, bytes };
  const carried = await options.commands.carryOut(id, { kind: 'succeed', fence, result: meta }, held.job, result);
  return workOutcome(carried, request, ({ state }) => state === 'succeeded');
}

async function fail(
  options: WorkOptions,
  request: WorkRef & { readonly failure: Failure; readonly isRetryable: boolean; readonly retryAfterMs?: number },
): Promise<WorkOutcome> {
  const { id, fence, isRetryable, retryAfterMs } = request;
  const held = await heldBy(options, request);
  if (held.kind !== 'held') return held;
  const failure = boundedFailure(request.failure, options.limits);
  const command: Command = {
    kind: 'fail',
    fence,
    failure,
    isRetryable,
    random: options.random(),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  const carried = await options.commands.carryOut(id, command, held.job);
  return workOutcome(carried, request, (job) => isFailedSo(job, failure));
}

async function park(options: WorkOptions, request: WorkRef & Park): Promise<WorkOutcome> {
  const { id, fence, signal, timeoutMs } = request;
  const held = await heldBy(options, request);
  if (held.kind !== 'held') return held;
  const carried = await options.commands.carryOut(id, { kind: 'park', fence, signal, timeoutMs }, held.job);
  return workOutcome(carried, request, ({ state }) => state === 'waiting' || state === 'cancelled');
}

async function giveBackForLater(
  options: WorkOptions,
  request: WorkRef & { readonly waitMs: number },
): Promise<WorkOutcome> {
  const { id, fence, waitMs } = request;
  const held = await heldBy(options, request);
  if (held.kind !== 'held') return held;
  const { job } = held;
  const isTheirs = job.state === 'running' && job.fence === fence;
  const hasKey = job.terms?.limit !== undefined;
  // Closed before the job is back, so that it cannot be claimed in between.
  if (isTheirs && hasKey) await options.closeKey(job, waitMs);
  const carried = await options.commands.carryOut(id, { kind: 'release', fence, ...(hasKey ? {} : { waitMs }) }, job);
  return workOutcome(carried, request, ({ state }) => state === 'waiting' || state === 'cancelled');
}

/** For what takes nothing less. */
function abortSignalOf(signal: CallerSignal): AbortSignal {
  const controller = new AbortController();
  if (signal.aborted) controller.abort();
  else signal.addEventListener('abort', () => controller.abort(), { once: true });
  return controller.signal;
}

/** The job as it is, where the tenant has it and workers may hold jobs of its type. At once for a job in memory. */
function heldBy(options: WorkOptions, ref: WorkRef): Promise<HeldJob> | HeldJob {
  const { reader, types } = options;
  const snapshot = reader.peek(ref.id);
  if (snapshot !== undefined) return heldIn(types, ref, { kind: 'found', snapshot });
  return reader.look([ref.id]).then(([found]) => heldIn(types, ref, found));
}

type HeldJob = { readonly kind: 'held'; readonly job: Job } | Refusal;

function heldIn(types: WorkOptions['types'], { tenant, fence }: WorkRef, found: Found | undefined): HeldJob {
  const lookup = lookupOf(found, tenant);
  if (lookup.kind !== 'found') return lookup;
  const { snapshot } = lookup;
  const isTheirs = types.get(snapshot.job.type)?.handler === 'remote' && fence <= snapshot.job.fence;
  return isTheirs ? { kind: 'held', job: snapshot.job } : { kind: 'lost', snapshot };
}

function workOutcome(carried: Carried, { tenant, fence }: WorkRef, isSoAlready: (job: Job) => boolean): WorkOutcome {
  if (carried.kind === 'applied') return { kind: 'done', snapshot: carried.snapshot };
  if (carried.kind === 'refused') {
    const { snapshot } = carried;
    const isRepeat = snapshot.job.fence === fence && isSoAlready(snapshot.job);
    return { kind: isRepeat ? 'done' : 'lost', snapshot };
  }
  return absenceOf(carried, tenant);
}

/** A job that the sweeper took away meanwhile waits or failed as well, but with another reason. */
function isFailedSo(job: Job, failure: Failure): boolean {
  if (job.state === 'cancelled') return true;
  return (
    (job.state === 'waiting' || job.state === 'failed') &&
    job.error?.code === failure.code &&
    job.error.message === failure.message
  );
}
