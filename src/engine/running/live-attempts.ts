/**
 * The attempts that this process is running, found by job. A cancel request reaches the handler from here, whether this process
 * made the change or learnt of it; so does the news that somebody else has the job now.
 */
import type { Job } from '../../core/job.ts';
import type { Changes } from '../changes.ts';
import type { LiveAttempt } from './attempt.ts';

export interface LiveAttempts {
  add(attempt: LiveAttempt): void;
  /** The newest attempt of this job. */
  get(id: string): LiveAttempt | undefined;
  all(): IterableIterator<LiveAttempt>;
  readonly count: number;
}

export function createLiveAttempts(changes: Changes): LiveAttempts {
  const attempts = new Set<LiveAttempt>();
  const newest = new Map<string, LiveAttempt>();

  changes.listen((change) => {
    if (change.kind !== 'changed') return;
    const attempt = newest.get(change.job.id);
    if (attempt?.isRunning) tell(attempt, change.snapshot.job);
  });

  return {
    add(attempt) {
      attempts.add(attempt);
      newest.set(attempt.job.id, attempt);
      void attempt.settled.then(() => {
        attempts.delete(attempt);
        // The same job may run again here already, under its next fence.
        if (newest.get(attempt.job.id) === attempt) newest.delete(attempt.job.id);
      });
    },
    get: (id) => newest.get(id),
    all: () => attempts.values(),
    get count() {
      return attempts.size;
    },
  };
}

function tell(attempt: LiveAttempt, now: Job): void {
  if (now.state !== 'running' || now.fence !== attempt.job.fence) attempt.abort('lost');
  else if (now.cancelRequestedAt !== null) attempt.abort('cancel');
}
