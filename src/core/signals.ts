/** Signals: what somebody tells a job from outside, by name, and how a job waits for one without being run. */
import type { StoredState } from './state.ts';

/** What a parked job waits for. */
export interface AwaitedSignal {
  readonly name: string;
  /** When it goes on without. Null: never. */
  readonly until: number | null;
}

interface Parked {
  readonly state: StoredState;
  readonly marks: { readonly signal?: AwaitedSignal } | null;
}

/** Whether the job has begun and waits for a signal. */
export function isParked({ state, marks }: Parked): boolean {
  return state === 'waiting' && marks?.signal !== undefined;
}
