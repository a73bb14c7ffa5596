/**
 * Does what is due because time has passed: lost leases, overrun attempts, passed deadlines, ended retention.
 *
 * The store finds candidates, `decide` judges each, guarded writes carry it out: a job that changed meanwhile is left alone.
 * Every process sweeps, at jittered times where the store is shared; two that find the same job cost one refused write.
 *
 * Attempts of this very process are judged by the process, never by the times in the store: their heartbeats and timers go by
 * the steady counter. A clock that was set or a process that was frozen must not take a healthy job from itself.
 *
 * After a time in which it could not look (the store was away, or this process) it leaves lost leases alone for one heartbeat:
 * their workers could not renew them, and are about to. Only where one process owns the store, the jobs of its own types
 * cannot have another worker, and wait for nobody.
 *
 * A job that overran its time is left to the worker that runs it for a grace: that worker stops the handler first, and only
 * then is the job tried again. Remote workers get none, since nobody stops them but the fence.
 */
import type { Command } from '../../core/decide.ts';
import type { Job } from '../../core/job.ts';
import type { SweepFindings } from '../../store/contract.ts';
import type { Commands } from '../commanding/commands.ts';
import type { Removals } from '../commanding/removals.ts';
import type { EngineBase } from '../engine-base.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { LiveAttempt } from './attempt.ts';
import type { LiveAttempts } from './live-attempts.ts';
import type { WakeWatch } from './wake-watch.ts';

export interface SweeperOptions extends EngineBase {
  readonly commands: Commands;
  readonly removals: Removals;
  readonly live: LiveAttempts;
  readonly watch: WakeWatch;
}

/** For a worker's timer to fire and its write to land. */
const LATE_MS = 1_000;
/** Rounds of one sweep. What is left after them is left to the next one, so that a huge backlog cannot hold the loop for ever. */
const ROUNDS_MAX = 100;

export function createSweeper(options: SweeperOptions): Loop {
  const { store, types, commands, removals, live, watch, clock, limits, random, telemetry } = options;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let patientUntil = Number.NEGATIVE_INFINITY;
  return createLoop({ ...options, name: 'sweeper', run: sweep });

  async function sweep(): Promise<number> {
    watch.look();
    for (let round = 1; round <= ROUNDS_MAX; round += 1) {
      const findings = await store.sweep({ now: clock.now(), limit: limits.sweepBatchMax });
      const steady = clock.steady();
      if (steady - lookedAt > limits.leaseMs / 2) patientUntil = steady + limits.leaseMs / 3 + LATE_MS;
      lookedAt = steady;
      const done = await settle(findings);
      const isMore = Object.values(findings).some((jobs: readonly Job[]) => jobs.length >= limits.sweepBatchMax);
      if (!isMore || done === 0) break;
    }
    return store.facts.isShared ? limits.sweepIntervalMs * (0.75 + random() / 2) : limits.sweepIntervalMs;
  }
  /** The number of jobs that were acted upon: while it is 0, sweeping again would find the same. */
  async function settle({ lost, overrun, overdue, prunable }: SweepFindings): Promise<number> {
    const [lostCount, overrunCount, overdueCount, pruned] = await Promise.all([
      carryOutAll(lost.filter(isGone), (job) => ({ kind: 'lose', fence: job.fence, random: random() })),
      carryOutAll(overrun.filter(isLate), (job) => ({ kind: 'timeOut', fence: job.fence, random: random() })),
      carryOutAll(overdue, () => ({ kind: 'expire' })),
      removals.removeAll(prunable),
    ]);
    const counts = { lost: lostCount, overrun: overrunCount, overdue: overdueCount, pruned };
    const sum = lostCount + overrunCount + overdueCount + pruned;
    if (sum > 0) telemetry.emit({ kind: 'swept', ...counts });
    return sum;
  }
  async function carryOutAll(jobs: readonly Job[], commandOf: (job: Job) => Command): Promise<number> {
    const carried = await Promise.all(jobs.map((job) => commands.carryOut(job.id, commandOf(job), job)));
    return carried.filter(({ kind }) => kind === 'applied').length;
  }
  function isGone(job: Job): boolean {
    const mine = ownOf(job);
    // Nobody else can have it where this process owns the store. Elsewhere others may be about to take it, and no longer wait than they do.
    if (mine !== undefined) return store.facts.isShared && mine.leaseEndsAt + limits.leaseMs <= clock.steady();
    const isOnlyOurs = !store.facts.isShared && !isRemote(job);
    if (isOnlyOurs) return true;
    return clock.steady() >= patientUntil && (job.leaseUntil ?? 0) + watch.jumpedMs <= clock.now();
  }
  function isLate(job: Job): boolean {
    if (ownOf(job) !== undefined && !store.facts.isShared) return false;
    const timeoutAt = (job.startedAt ?? 0) + (job.timeoutMs ?? Number.POSITIVE_INFINITY);
    const dueAt = Math.min(timeoutAt, job.deadlineAt ?? Number.POSITIVE_INFINITY);
    if (isRemote(job)) return dueAt + watch.jumpedMs <= clock.now();
    return dueAt + limits.cancelGraceMs + LATE_MS <= clock.now();
  }
  function isRemote(job: Job): boolean {
    return types.get(job.type)?.handler === 'remote';
  }
  /** The attempt of this process that is running it, or storing its outcome. */
  function ownOf(job: Job): LiveAttempt | undefined {
    const mine = live.get(job.id);
    return mine?.job.fence === job.fence ? mine : undefined;
  }
}
