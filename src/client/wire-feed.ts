/** Bodies of the feed. */
import type { EventWord } from '../core/webhooks/event-words.ts';
import type { JobBody } from './wire.ts';

/** A change of a job, with the job as it was then. */
export interface ChangeBody {
  readonly kind: EventWord;
  /** ISO 8601. */
  readonly at: string;
  /** For what is behind this change. */
  readonly cursor: string;
  readonly job: JobBody;
}

export interface FeedBody {
  readonly events: readonly ChangeBody[];
  /** Pass as `after` for what comes behind, also where there are no events. */
  readonly next: string;
  /** Changes behind `after` are kept no more. */
  readonly gap: boolean;
}
