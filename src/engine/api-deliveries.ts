/** How a change of a job reaches a webhook or a job's callback: what is told, and what a dialect makes of it. Seen by all as part of `api.ts`. */
import type { LogLine } from '../core/log-line.ts';
import type { JobEvent } from '../store/contract.ts';

/** A change of a job as it is told: as of that revision, with its result while that is there and small. */
export interface ToldEvent extends Omit<JobEvent, 'position'> {
  /** See `Snapshot.resultText`. */
  readonly resultText: string | null;
  /** Null for renderers that show none. */
  readonly payload: ToldPayload | null;
}

/** What a job was given, has said and has emitted; of each no more than `limits.resultInlineBytesMax`. */
export interface ToldPayload {
  /** JSON text; null where it is larger, or the job is gone. */
  readonly input: string | null;
  /** The first lines. */
  readonly log: readonly LogLine[];
  /** Empty where it is larger. */
  readonly output: readonly LogLine[];
}

/** What is POSTed, and under which word it is listed. Made by the dialect that the job came from, once: every try sends the same. */
export interface RenderedEvent {
  readonly event: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RenderDelivery {
  /** Null: this dialect does not announce this change. */
  (event: ToldEvent): RenderedEvent | null;
  /** Whether it announces jobs that came another way too, so that a webhook may ask for its words. */
  readonly isForWebhooks?: true;
  /** Whether what it makes of this change shows result and payload: they are read for those that do, and for no others. */
  readonly showsPayload?: (event: Pick<ToldEvent, 'kind' | 'job'>) => boolean;
  /** The same for what looks at the result alone. */
  readonly showsResult?: (event: Pick<ToldEvent, 'kind' | 'job'>) => boolean;
}
