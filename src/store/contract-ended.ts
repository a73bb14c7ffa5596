/**
 * The store contract's part about ends that somebody waits for: of jobs that others come after, and of members of groups.
 *
 * When a job with `marks.isAwaited` enters a final state, or leaves one by a retry, the transaction of that change writes it down here too. It stays until whoever
 * waits has been told, and is told again where nobody knows whether they were: so no end is lost, and what follows from one may be done twice. It
 * carries what is needed to act on it: the job itself may be removed meanwhile.
 */
import type { Job } from '../core/job.ts';

/** One telling of one change: of the same change there may be several, each for somebody who came to wait for it later. */
export interface EndedJob extends Pick<Job, 'number' | 'revision' | 'id' | 'tenant'> {
  /** Its own: never given to another one. */
  readonly place: number;
  /** That the job entered: a final one, or `waiting`. */
  readonly state: Job['state'];
}

export interface EndedStore {
  /** By place. */
  endedRead(request: { readonly limit: number }): Promise<readonly EndedJob[]>;
  /** All that follows from them has been written. Those that are not there are passed over. */
  endedDrop(batch: readonly Pick<EndedJob, 'place'>[]): Promise<void>;
}
