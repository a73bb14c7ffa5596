/**
 * The one door through which the engine tells what happens inside it.
 *
 * The engine emits typed events and knows nothing of logs or metrics: those are subscribers, added by whoever composes the
 * process. An event without a listener costs one comparison. A listener that throws is ignored: watching must not break work.
 */
import type { BideError } from '../core/errors.ts';
import type { LogLevel } from '../core/log-line.ts';
import type { SkipReason } from '../core/schedules/schedule.ts';
import type { FinalState } from '../core/state.ts';

export interface AttemptFacts {
  readonly id: string;
  readonly type: string;
  readonly attempt: number;
}

export function attemptFacts({ id, type, attempt }: AttemptFacts): AttemptFacts {
  return { id, type, attempt };
}

export type TelemetryEvent =
  | { readonly kind: 'jobSubmitted'; readonly id: string; readonly type: string; readonly tenant: string }
  /** `waitedMs`: from being due to being claimed. */
  | {
      readonly kind: 'jobClaimed';
      readonly id: string;
      readonly type: string;
      readonly waitedMs: number;
      readonly traceId: string | null;
    }
  /** `runMs` is null when it never ran; `totalMs` counts from the submit. */
  | {
      readonly kind: 'jobFinished';
      readonly id: string;
      readonly type: string;
      readonly state: FinalState;
      readonly code: string | null;
      /** What the error says, null without one. */
      readonly message: string | null;
      readonly attempt: number;
      readonly runMs: number | null;
      readonly totalMs: number;
      /** Of a trace that is sampled. */
      readonly traceId: string | null;
    }
  | {
      readonly kind: 'jobRetried';
      readonly id: string;
      readonly type: string;
      readonly code: string;
      readonly message: string;
      readonly attempt: number;
      readonly delayMs: number;
    }
  | { readonly kind: 'jobReleased'; readonly id: string; readonly type: string }
  /** Attempts of the type could not be started on this machine; none is claimed here for `restMs`. */
  | { readonly kind: 'typeRests'; readonly type: string; readonly reason: string; readonly restMs: number }
  /** A line that a handler wrote with `log`. */
  | ({ readonly kind: 'jobLogged'; readonly line: string; readonly level: LogLevel } & AttemptFacts)
  /** A handler of this process threw or said that it failed; what becomes of its job is told when it is stored. */
  | ({ readonly kind: 'attemptFailed'; readonly stack: string } & AttemptFacts)
  /** The worker lost its lease: whatever the attempt still brings is dropped. */
  | ({ readonly kind: 'attemptLost'; readonly fence: number } & AttemptFacts)
  /** The handler ignored its signal past the grace time; its job goes on without it. */
  | ({ readonly kind: 'attemptAbandoned'; readonly reason: string } & AttemptFacts)
  /** The outcome of an attempt could not be stored in time; the job's lease runs out and it is run again. */
  | ({ readonly kind: 'outcomeDropped'; readonly error: unknown } & AttemptFacts)
  | {
      readonly kind: 'batchSent';
      readonly batch: string;
      readonly items: number;
      readonly ms: number;
      readonly error: BideError | null;
    }
  | {
      readonly kind: 'swept';
      readonly lost: number;
      readonly overrun: number;
      readonly overdue: number;
      readonly pruned: number;
    }
  | { readonly kind: 'delivered'; readonly jobId: string | null; readonly status: number; readonly attempt: number }
  | {
      readonly kind: 'deliveryFailed';
      /** Null for the test of a webhook. */
      readonly jobId: string | null;
      readonly reason: string;
      readonly attempt: number;
      readonly isGivenUp: boolean;
    }
  /** Nothing is delivered to it until its owner enables it again. */
  | { readonly kind: 'webhookDisabled'; readonly tenant: string; readonly id: string; readonly reason: string }
  /** A tick of a schedule got no job. */
  | {
      readonly kind: 'tickSkipped';
      readonly tenant: string;
      readonly name: string;
      readonly reason: SkipReason;
      readonly message: string;
    }
  | { readonly kind: 'clockAligned'; readonly offsetMs: number; readonly roundTripMs: number }
  /** The machine's clock was set, or the machine slept: `byMs` ahead, below 0 back. Not followed: this process goes on by its steady counter. */
  | { readonly kind: 'clockJumped'; readonly byMs: number; readonly isFollowed: boolean }
  /** A background loop failed and goes on after a pause. Rate-limited: `suppressed` failures since the last such event. */
  | { readonly kind: 'loopFailed'; readonly loop: string; readonly error: unknown; readonly suppressed: number }
  | { readonly kind: 'loopRecovered'; readonly loop: string; readonly failures: number }
  /** A bug: a listener or a step of the engine threw where nothing may throw. */
  | { readonly kind: 'internalError'; readonly where: string; readonly error: unknown };

export type TelemetryListener = (event: TelemetryEvent) => void;

export interface Telemetry {
  emit(event: TelemetryEvent): void;
  /** Returns the way to stop listening. */
  subscribe(listener: TelemetryListener): () => void;
}

export function createTelemetry(): Telemetry {
  let listeners: readonly TelemetryListener[] = [];
  return {
    emit(event) {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch {
          // There is no one left to tell: telling is what failed.
        }
      }
    },
    subscribe(listener) {
      listeners = [...listeners, listener];
      return () => {
        listeners = listeners.filter((other) => other !== listener);
      };
    },
  };
}
