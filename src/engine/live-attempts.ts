/**
 * The attempts that this process is running, found by job. A cancel request reaches the handler from here, whether this process
 * made the change or learnt of it; so does the news that somebody else has the job now.
 */
import type { Job } from '../core/job.ts';
import type { LiveAttempt } from './attempt.ts';
import type { Changes } from './changes.ts';

export interface LiveAttempts {
  add(attempt: LiveAttempt): void;
  get(id: string): LiveAttempt | undefined;
  all(): IterableIterator<LiveAttempt>;
  readonly count: number;
}

export function createLiveAttempts(changes: Changes): LiveAttempts {
  const attempts = new Map<string, LiveAttempt>();

  changes.listen((change) => {
    if (change.kind !== 'changed' || change.cause === 'claimed') return;
    const attempt = attempts.get(change.job.id);
    if (attempt !== undefined) tell(attempt, change.snapshot.job);
  });

  return {
    add(attempt) {
      attempts.set(attempt.job.id, attempt);
      void attempt.settled.then(() => {
        // The same job may run again here already, under its next fence.
        if (attempts.get(attempt.job.id) === attempt) attempts.delete(attempt.job.id);
      });
    },
    get: (id) => attempts.get(id),
    all: () => attempts.values(),
    get count() {
      return attempts.size;
    },
  };
}

function tell(attempt: LiveAttempt, now: Job): void {
  const isHeld = now.fence === attempt.job.fence && now.state === 'running';
  if (isHeld && now.cancelRequestedAt !== null) attempt.abort('cancel');
  // Its own outcome passes by here too, when the handler has long ended: then this is no more than a word.
  if (!isHeld && now.fence !== attempt.job.fence) attempt.abort('lost');
}
