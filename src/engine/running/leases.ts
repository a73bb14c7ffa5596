/**
 * Heartbeats: extends the leases of all live attempts in bulk, three times per lease, so that two may fail.
 *
 * What comes back matters as much: a cancel request that was made in another process, or that somebody else has the job now.
 * A lease that runs out while the store is away does not end the work: nobody can take the job over without the store, and
 * if somebody did, the fence refuses the completion.
 */
import type { LeaseExtension, LeaseOutcome } from '../../store/contract.ts';
import { type Batcher, createBatcher } from '../batcher.ts';
import type { EngineBase } from '../engine-base.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { LiveAttempt } from './attempt.ts';
import type { LiveAttempts } from './live-attempts.ts';

export interface LeasesOptions extends Pick<EngineBase, 'store' | 'clock' | 'limits' | 'random' | 'telemetry'> {
  readonly live: LiveAttempts;
}

/** Extends leases one by one or many at once; remote workers' heartbeats share the batches with this process's own. */
export function createExtensions(
  options: Pick<EngineBase, 'store' | 'limits' | 'telemetry'>,
): Batcher<LeaseExtension, LeaseOutcome> {
  return createBatcher({ ...options, name: 'extend', send: (batch) => options.store.extend(batch) });
}

export function createLeases(
  options: LeasesOptions & { readonly extensions: Batcher<LeaseExtension, LeaseOutcome> },
): Loop {
  const { live, clock, limits, extensions } = options;
  return createLoop({ ...options, name: 'leases', run: beat });

  async function beat(): Promise<number> {
    const now = clock.steady();
    // A job that was claimed since the last beat has most of its lease left; short jobs never cost a heartbeat.
    const aging = [...live.all()].filter(({ leaseEndsAt }) => leaseEndsAt - now <= (limits.leaseMs * 2) / 3);
    const leaseUntil = clock.now() + limits.leaseMs;
    const outcomes = await extensions.addAll(aging.map(({ job }) => ({ id: job.id, fence: job.fence, leaseUntil })));
    aging.forEach((attempt, index) => {
      hear(attempt, outcomes[index], now + limits.leaseMs);
    });
    return limits.leaseMs / 3;
  }
}

function hear(attempt: LiveAttempt, outcome: LeaseOutcome | undefined, leaseEndsAt: number): void {
  if (outcome?.kind === 'held') {
    attempt.leaseEndsAt = leaseEndsAt;
    if (outcome.cancelRequestedAt !== null) attempt.abort('cancel');
    // Of one that has ended, the heartbeat may have met its own outcome; what is true, recording that will tell.
  } else if (attempt.isRunning) attempt.abort('lost');
}
