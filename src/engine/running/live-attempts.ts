/**
 * The attempts that this process is running, found by job. A cancel request reaches the handler from here, whether this process
 * made the change or learnt of it; so does the news that somebody else has the job now, and that its time is over.
 */
import type { Job } from '../../core/job.ts';
import type { Changes } from '../changes.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import type { LiveAttempt } from './attempt.ts';

export interface LiveAttempts {
  add(attempt: LiveAttempt): void;
  /** Its outcome is stored or dropped. */
  remove(attempt: LiveAttempt): void;
  /** The newest attempt of this job. */
  get(id: string): LiveAttempt | undefined;
  all(): IterableIterator<LiveAttempt>;
  readonly count: number;
}

export function createLiveAttempts({
  changes,
  clock,
}: {
  readonly changes: Changes;
  readonly clock: Clock;
}): LiveAttempts {
  const attempts = new Set<LiveAttempt>();
  const newest = new Map<string, LiveAttempt>();
  const ends = createEnds(clock, attempts);

  changes.listen((change) => {
    if (change.kind !== 'changed') return;
    const attempt = newest.get(change.job.id);
    if (attempt?.isRunning) tell(attempt, change.snapshot.job);
  });

  return {
    add(attempt) {
      attempts.add(attempt);
      newest.set(attempt.job.id, attempt);
      ends.expect(attempt.endsAt);
    },
    remove(attempt) {
      attempts.delete(attempt);
      // The same job may run again here already, under its next fence.
      if (newest.get(attempt.job.id) === attempt) newest.delete(attempt.job.id);
      if (attempts.size === 0) ends.forget();
    },
    get: (id) => newest.get(id),
    all: () => attempts.values(),
    get count() {
      return attempts.size;
    },
  };
}

/**
 * One timer for the times of all attempts, at the earliest that was ever told. Most attempts end long before theirs: a timer each cost more
 * than looking at all of them, slots at the most, when it fires.
 */
function createEnds(clock: Clock, attempts: Iterable<LiveAttempt>) {
  let nextAt = Number.POSITIVE_INFINITY;
  let cancelTimer: CancelTimer = () => {};

  function expect(at: number): void {
    if (at >= nextAt) return;
    cancelTimer();
    nextAt = at;
    cancelTimer = clock.after(at - clock.steady(), look);
  }
  function look(): void {
    const now = clock.steady();
    let earliest = Number.POSITIVE_INFINITY;
    nextAt = Number.POSITIVE_INFINITY;
    for (const attempt of attempts) {
      if (!attempt.isRunning) continue;
      if (attempt.endsAt <= now) attempt.abort('timeout');
      else earliest = Math.min(earliest, attempt.endsAt);
    }
    expect(earliest);
  }

  return {
    expect,
    forget() {
      cancelTimer();
      nextAt = Number.POSITIVE_INFINITY;
    },
  };
}

function tell(attempt: LiveAttempt, now: Job): void {
  if (now.state !== 'running' || now.fence !== attempt.job.fence) attempt.abort('lost');
  else if (now.cancelRequestedAt !== null) attempt.abort('cancel');
}
