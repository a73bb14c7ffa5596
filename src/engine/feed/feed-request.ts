/** What the engine offers for the feed: all changes of a tenant's jobs, in one order, from a place on. */
import type { Tags } from '../../core/job.ts';
import { type ShownState, shownState } from '../../core/state.ts';
import type { JobEvent } from '../../store/contract.ts';
import type { CallerSignal } from '../caller-signal.ts';

export interface FeedFilter {
  /** Only of jobs of these types. */
  readonly types?: readonly string[] | undefined;
  /** Only where the job is in one of these by the change. */
  readonly states?: readonly ShownState[] | undefined;
  /** Only of jobs that have each of these. */
  readonly tags?: Tags | undefined;
}

export interface FeedRequest {
  readonly tenant: string;
  readonly filter: FeedFilter;
  /** The `next` of the page before; `now` for what is still to come, `oldest` for all that is kept. */
  readonly after: number | 'now' | 'oldest';
  /** Waits up to this long for a first change. */
  readonly timeoutMs: number;
  readonly signal: CallerSignal;
}

/** A change, with the job as it was then. */
export interface FeedEvent extends JobEvent {
  /** See `Snapshot.resultText`. */
  readonly resultText: string | null;
}

export interface FeedPage {
  /** By position. The same objects for all who read them at about the same time. */
  readonly events: readonly FeedEvent[];
  /** Pass as `after` for what comes behind. It moves on also where nothing fits the filter. */
  readonly next: number;
  /** Changes behind `after` are gone: the reader stands at the newest now, and may have to read lists anew. */
  readonly isGap: boolean;
}

export interface Feed {
  read(request: FeedRequest): Promise<FeedPage>;
}

export function isAskedFor({ types, states, tags }: FeedFilter, { at, job }: JobEvent): boolean {
  if (types !== undefined && !types.includes(job.type)) return false;
  if (states !== undefined && !states.includes(shownState(job, at))) return false;
  for (const [name, value] of Object.entries(tags ?? {})) if (job.tags[name] !== value) return false;
  return true;
}
