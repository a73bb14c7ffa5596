/**
 * THE table of transitions. `decide` reads it, `docs/reference/lifecycle.md` and the exhaustive test are generated from it.
 *
 * A row says from which states a command is taken and into which it may lead; `decide` computes which of them, and the
 * patch. What is not in this table cannot happen: every store write names the states it expects, and they come from here.
 */
import type { StoredState } from './state.ts';

/** What a command may lead to: a stored state, or `gone` for a job that is removed. */
export type Target = StoredState | 'gone';

export interface Transition {
  readonly from: readonly StoredState[];
  readonly to: readonly Target[];
  /** Whether the command comes from the worker that holds the job, and is refused when its fence is old. */
  readonly isFenced: boolean;
  readonly notes: string;
}

export const TRANSITIONS = Object.freeze({
  claim: {
    from: ['waiting'],
    to: ['running'],
    isFenced: false,
    notes: 'Only when due. The fence and the attempt grow by one, a lease is set. The only set-based statement.',
  },
  release: {
    from: ['running'],
    to: ['waiting', 'cancelled'],
    isFenced: true,
    notes:
      'Claimed but not run to an end through no fault of the job (shutdown, an upstream that is busy): the attempt is given back, at once or for later.',
  },
  park: {
    from: ['running'],
    to: ['waiting', 'cancelled'],
    isFenced: true,
    notes:
      'Waits for a signal: nobody has it meanwhile, and the attempt is given back. Due when the signal comes, at once where it has, and when its time is over.',
  },
  signal: {
    from: ['waiting', 'running'],
    to: ['waiting', 'running'],
    isFenced: false,
    notes: 'Kept with the job under its name. A job that is parked for it is due at once.',
  },
  report: {
    from: ['running'],
    to: ['running'],
    isFenced: true,
    notes: 'Progress; the percentage never goes down within an attempt.',
  },
  succeed: {
    from: ['running'],
    to: ['succeeded'],
    isFenced: true,
    notes: 'The result is stored in the same transaction.',
  },
  fail: {
    from: ['running'],
    to: ['waiting', 'failed', 'cancelled'],
    isFenced: true,
    notes:
      'Tried again after a backoff when retryable, attempts are left and the deadline allows it; cancelled when a cancel was requested.',
  },
  timeOut: {
    from: ['running'],
    to: ['waiting', 'expired', 'cancelled'],
    isFenced: true,
    notes: 'One attempt exceeded timeoutMs, or the deadline of the whole job passed while it ran.',
  },
  lose: {
    from: ['running'],
    to: ['waiting', 'failed', 'cancelled'],
    isFenced: true,
    notes: 'The lease ran out: tried again, or failed with WORKER_LOST.',
  },
  expire: {
    from: ['waiting'],
    to: ['expired'],
    isFenced: false,
    notes: 'deadlineAt passed before the job was run.',
  },
  giveUp: {
    from: ['waiting'],
    to: ['failed'],
    isFenced: false,
    notes: 'A job that it comes after did not end as it has to: failed with PARENT_FAILED.',
  },
  cancel: {
    from: ['waiting', 'running'],
    to: ['cancelled', 'running'],
    isFenced: false,
    notes: 'A waiting job is cancelled at once. For a running one the request is recorded and its worker is told.',
  },
  stop: {
    from: ['running'],
    to: ['cancelled'],
    isFenced: true,
    notes: 'The second half of a cancel: the worker has stopped, or the grace time is over.',
  },
  retry: {
    from: ['failed', 'cancelled', 'expired'],
    to: ['waiting'],
    isFenced: false,
    notes: 'By a person. Attempts count from 0 again; the fence never resets.',
  },
  prune: {
    from: ['succeeded', 'failed', 'cancelled', 'expired'],
    to: ['gone'],
    isFenced: false,
    notes: 'Retention is over, or a person removed the job. A tombstone answers 410 instead of 404 for a while.',
  },
} satisfies Record<string, Transition>);

export type CommandName = keyof typeof TRANSITIONS;
