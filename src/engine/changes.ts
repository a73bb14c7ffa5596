/**
 * Where every change that this process made or learnt of passes by, once, newest last.
 *
 * Waiters, dispatcher, live attempts, counters, deliveries, hints to other processes and public subscribers all listen here;
 * none of them knows another. Listeners run at once and must not block or throw; one that throws anyway is told and passed over.
 */
import type { JobEvent } from '../core/decide.ts';
import type { Job } from '../core/job.ts';
import type { StoredState } from '../core/state.ts';
import type { Snapshot } from './api.ts';
import type { Telemetry } from './telemetry.ts';

export interface Change {
  readonly kind: 'changed';
  /** The newest that is known: answers of the store may come in another order than its writes. */
  readonly snapshot: Snapshot;
  /** The job as this very change left it. */
  readonly job: Job;
  /** The state before it; null for a new job. */
  readonly before: StoredState | null;
  /** What was done to it; `learnt` when another process did it. */
  readonly cause: JobEvent | 'submitted' | 'amended' | 'freed' | 'learnt';
  /** Whoever waited for this end has been told with it. */
  readonly isSettled?: boolean;
}

export interface Removed {
  readonly kind: 'removed';
  readonly id: string;
  readonly tenant: string;
  readonly goneAt: number;
}

/**
 * A write failed, and failing says not whether it landed. Everybody looks anew, as after a time away: a job may have become
 * waiting, or final, without a word.
 */
export interface Unsure {
  readonly kind: 'unsure';
}

export type ChangeListener = (change: Change | Removed | Unsure) => void;

export interface Changes {
  announce(change: Change | Removed | Unsure): void;
  /** Returns the way to stop listening. */
  listen(listener: ChangeListener): () => void;
}

export function createChanges(telemetry: Telemetry): Changes {
  let listeners: readonly ChangeListener[] = [];
  return {
    announce(change) {
      for (const listener of listeners) {
        try {
          listener(change);
        } catch (error) {
          telemetry.emit({ kind: 'internalError', where: 'change listener', error });
        }
      }
    },
    listen(listener) {
      listeners = [...listeners, listener];
      return () => {
        listeners = listeners.filter((other) => other !== listener);
      };
    },
  };
}
