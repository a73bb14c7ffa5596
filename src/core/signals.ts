/** Signals: what somebody tells a job from outside, by name, and how a job waits for one without being run. */
import type { Job } from './job.ts';

/** What a parked job waits for. */
export interface AwaitedSignal {
  readonly name: string;
  /** When it goes on without. Null: never. */
  readonly until: number | null;
}

/** Whether the job has begun and waits for a signal. */
export function isParked({ state, marks }: Pick<Job, 'state' | 'marks'>): boolean {
  return state === 'waiting' && marks?.signal !== undefined;
}
