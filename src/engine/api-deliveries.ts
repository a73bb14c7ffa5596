/** How a change of a job reaches a webhook or a job's callback: what is told, and what a dialect makes of it. Seen by all as part of `api.ts`. */
import type { Json } from '../core/job.ts';
import type { LogLine } from '../core/log-line.ts';
import type { JobEvent } from '../store/contract.ts';

/** A change of a job as it is told: as of that revision, with its result while that is there and small. */
export interface ToldEvent extends Omit<JobEvent, 'position'> {
  /** See `Snapshot.resultText`. */
  readonly resultText: string | null;
  /** Null for renderers that show none. */
  readonly payload: ToldPayload | null;
  /** What was given with the callback that is told; left out where that is the one of the submit. */
  readonly callbackData?: Json;
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

/** A callback that a job is given after its submit. */
export interface JobCallbackDraft {
  /** The caller's word for it, its own within the job. */
  readonly id: string;
  readonly url: string;
  /** Whose renderer tells it. */
  readonly dialect: string;
  /** For that renderer. */
  readonly data: Json;
}

export interface JobCallback extends JobCallbackDraft {
  /** Names it among all receivers of the tenant. */
  readonly key: string;
}

export interface JobCallbackList {
  /** Oldest first. */
  readonly callbacks: readonly JobCallback[];
  /** Whether the callback that came with the submit is told no more. */
  readonly isOwnOff: boolean;
}

/** Callbacks of jobs beside the one of their submit. */
export interface JobCallbacks {
  list(tenant: string, jobId: string): Promise<JobCallbackList>;
  /** Takes the place of one with the same id. Throws TOO_MANY_CALLBACKS, WEBHOOK_URL_REFUSED. */
  put(tenant: string, jobId: string, callback: JobCallbackDraft): Promise<void>;
  /** One that there is not is no mistake. */
  remove(tenant: string, jobId: string, id: string): Promise<void>;
  /** Ends the callback that came with the submit. */
  silence(tenant: string, jobId: string): Promise<void>;
}
