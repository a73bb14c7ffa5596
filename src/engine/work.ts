/**
 * Remote workers: claim, heartbeat, succeed, fail. The same commands as for jobs that run here, told by somebody over HTTP.
 *
 * - Only types whose handler is `remote`, and only jobs of the worker's tenant.
 * - A completion may be repeated: when its answer was lost, the worker sends it again and hears `done` again, as long as
 *   the job still is what this completion made of it.
 * - A heartbeat may be held, so that a cancel reaches the worker at once. While it is held the lease is extended; a worker
 *   that goes on heartbeating past `cancelGraceMs` after a cancel has its job stopped under it.
 */
import type { Command } from '../core/decide.ts';
import { BideError } from '../core/errors.ts';
import type { Failure, Job } from '../core/job.ts';
import type { Limits } from '../core/limits.ts';
import type { LeaseExtension, LeaseOutcome, ResultContent } from '../store/contract.ts';
import type {
  ClaimWorkOutcome,
  ClaimWorkRequest,
  Engine,
  HeartbeatOutcome,
  HeartbeatRequest,
  JobType,
  Snapshot,
  WorkOutcome,
  WorkRef,
} from './api.ts';
import type { Batcher } from './batcher.ts';
import type { Clock } from './clock.ts';
import type { Carried, Commands } from './commands.ts';
import { boundedFailure } from './failure.ts';
import type { Reader } from './reader.ts';
import { lookupOf, type Waiters } from './waiters.ts';
import type { WorkDesk } from './work-desk.ts';

export type Work = Pick<Engine, 'workClaim' | 'workHeartbeat' | 'workSucceed' | 'workFail'>;

export interface WorkOptions {
  readonly types: ReadonlyMap<string, JobType>;
  readonly desk: WorkDesk;
  readonly reader: Reader;
  readonly waiters: Waiters;
  readonly commands: Commands;
  readonly extensions: Batcher<LeaseExtension, LeaseOutcome>;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly random: () => number;
}

type Absent = Exclude<WorkOutcome, { kind: 'done' } | { kind: 'lost' }>;

export function createWork(options: WorkOptions): Work {
  const { types, desk, reader, waiters, commands, extensions, clock, limits, random } = options;

  return { workClaim, workHeartbeat, workSucceed, workFail };

  async function workClaim(request: ClaimWorkRequest): Promise<ClaimWorkOutcome> {
    const unknown = request.types.filter((type) => !types.has(type));
    if (unknown.length > 0) return { kind: 'unknownType', types: [...types.keys()] };
    const notRemote = request.types.find((type) => types.get(type)?.handler !== 'remote');
    if (notRemote !== undefined) return { kind: 'notRemote', type: notRemote };
    return { kind: 'claimed', jobs: await desk.claim(request) };
  }

  async function workHeartbeat(request: HeartbeatRequest): Promise<HeartbeatOutcome> {
    const held = await heldBy(request);
    if ('kind' in held) return held;
    await report(request);
    const leaseMs = Math.min(request.leaseMs ?? limits.leaseMs, limits.leaseMsMax);
    const endsAt = clock.now() + request.timeoutMs;
    for (;;) {
      const leaseUntil = clock.now() + leaseMs;
      const outcome = await extensions.add({ id: request.id, fence: request.fence, leaseUntil });
      if (outcome.kind === 'lost') return lostNow(request);
      if (outcome.cancelRequestedAt !== null) return cancelled(request, outcome.cancelRequestedAt, leaseUntil);
      const leftMs = endsAt - clock.now();
      if (leftMs <= 0 || request.signal.aborted) return { kind: 'held', isCancelRequested: false, leaseUntil };
      const waited = await waitForNews(request, Math.min(leftMs, leaseMs / 3));
      if (waited === 'closing') return { kind: 'held', isCancelRequested: false, leaseUntil };
    }
  }
  async function waitForNews(request: HeartbeatRequest, timeoutMs: number): Promise<'again' | 'closing'> {
    const startedAt = clock.now();
    const { isSatisfied } = await waiters.wait({
      ...{ tenant: request.tenant, ids: [request.id], for: 'any', timeoutMs, signal: request.signal },
      isEnough: ({ job }) => !isHeld(job, request.fence) || job.cancelRequestedAt !== null,
    });
    // Unsatisfied before its time and not left by the worker: the engine closes, and its waits do not wait any more.
    const isEarly = !isSatisfied && clock.now() < startedAt + timeoutMs;
    return isEarly ? 'closing' : 'again';
  }
  async function cancelled(request: WorkRef, requestedAt: number, leaseUntil: number): Promise<HeartbeatOutcome> {
    if (clock.now() < requestedAt + limits.cancelGraceMs) return { kind: 'held', isCancelRequested: true, leaseUntil };
    await commands.carryOut(request.id, { kind: 'stop', fence: request.fence });
    return lostNow(request);
  }
  async function lostNow(request: WorkRef): Promise<Absent | { kind: 'lost'; snapshot: Snapshot }> {
    const [found] = await reader.fresh([request.id]);
    const lookup = lookupOf(found, request.tenant);
    return lookup.kind === 'found' ? { kind: 'lost', snapshot: lookup.snapshot } : lookup;
  }
  async function report({ id, fence, percent, message }: HeartbeatRequest): Promise<void> {
    if (percent === undefined && message === undefined) return;
    await commands.carryOut(id, {
      ...{ kind: 'report', fence },
      ...(percent === undefined ? {} : { percent }),
      ...(message === undefined ? {} : { message: message?.slice(0, limits.progressMessageLengthMax) ?? null }),
    });
  }

  async function workSucceed(request: WorkRef & { readonly result: ResultContent | null }): Promise<WorkOutcome> {
    const { id, fence, result } = request;
    const bytes = result?.bytes.byteLength ?? 0;
    if (bytes > limits.resultBytesMax) {
      const details = { limit: 'resultBytesMax', value: limits.resultBytesMax, bytes };
      throw new BideError(
        'RESULT_TOO_LARGE',
        `The result has ${bytes} bytes; the limit is ${limits.resultBytesMax}.`,
        details,
      );
    }
    const held = await heldBy(request);
    if (isAbsent(held)) return held;
    const meta = result === null ? null : { contentType: result.contentType, bytes };
    const carried = await commands.carryOut(id, { kind: 'succeed', fence, result: meta }, undefined, result);
    return workOutcome(carried, request, ({ state }) => state === 'succeeded');
  }
  async function workFail(
    request: WorkRef & { readonly failure: Failure; readonly isRetryable: boolean; readonly retryAfterMs?: number },
  ): Promise<WorkOutcome> {
    const { id, fence, isRetryable, retryAfterMs } = request;
    const held = await heldBy(request);
    if (isAbsent(held)) return held;
    const failure = boundedFailure(request.failure, limits);
    const command: Command = {
      ...{ kind: 'fail', fence, failure, isRetryable, random: random() },
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
    const carried = await commands.carryOut(id, command);
    return workOutcome(carried, request, (job) => isFailedSo(job, failure));
  }
  /** The snapshot when the tenant has such a job and workers may hold jobs of its type. */
  async function heldBy({
    tenant,
    id,
    fence,
  }: WorkRef): Promise<{ readonly snapshot: Snapshot } | Exclude<WorkOutcome, { kind: 'done' }>> {
    const [found] = await reader.look([id]);
    const lookup = lookupOf(found, tenant);
    if (lookup.kind !== 'found') return lookup;
    const { snapshot } = lookup;
    const isTheirs = types.get(snapshot.job.type)?.handler === 'remote' && fence <= snapshot.job.fence;
    return isTheirs ? { snapshot } : { kind: 'lost', snapshot };
  }
}

function workOutcome(carried: Carried, { tenant, fence }: WorkRef, isSoAlready: (job: Job) => boolean): WorkOutcome {
  if (carried.kind === 'applied') return { kind: 'done', snapshot: carried.snapshot };
  if (carried.kind === 'refused') {
    const { snapshot } = carried;
    const isRepeat = snapshot.job.fence === fence && isSoAlready(snapshot.job);
    return { kind: isRepeat ? 'done' : 'lost', snapshot };
  }
  const lookup = lookupOf(carried, tenant);
  return lookup.kind === 'found' ? { kind: 'lost', snapshot: lookup.snapshot } : lookup;
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

function isHeld(job: Job, fence: number): boolean {
  return job.state === 'running' && job.fence === fence;
}

function isAbsent(
  held: { readonly snapshot: Snapshot } | Exclude<WorkOutcome, { kind: 'done' }>,
): held is Exclude<WorkOutcome, { kind: 'done' }> {
  return 'kind' in held;
}
