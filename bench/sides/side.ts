/**
 * What every job queue is asked to do, Bide and its peers alike. A side runs in a process of its own, played by `play.ts`, in a fresh
 * place each round.
 */

/** Where a side keeps its jobs. */
export interface Place {
  /** Empty, of its own. */
  readonly folder: string;
  /** The database or the Redis, empty; null for those that need none. */
  readonly url: string | null;
}

export interface QueueSide {
  /** Stores so many no-op jobs by whatever is fastest. Not measured. */
  fill(jobs: number): Promise<void>;
  /** Starts one worker in this process, which calls `handled` once per job. */
  work(handled: () => void): Promise<void>;
  /** How many jobs are not recorded as done. */
  unfinished(): Promise<number>;
  /** Resolves when one job is stored, as this side understands it. */
  submit(): Promise<void>;
  /** One job, submitted by this process, run by its worker (after `work`), until its caller knows: has its result, or where there is none, that it ran. */
  roundTrip?(): Promise<void>;
  close(): Promise<void>;
}

export type OpenSide = (place: Place, mode: string) => Promise<QueueSide>;

export type Role = 'fill' | 'burn' | 'submit' | 'roundTrips';
