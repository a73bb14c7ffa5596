/** One list of commands on its way: the store, the oracle, and how late it is for both. */
import type { Store } from '../../src/store/contract.ts';
import type { Oracle } from './oracle.ts';

export const START = 1_750_000_000_000;

export interface Play {
  readonly store: Store;
  readonly oracle: Oracle;
  /** Ids in the order of their submits, those of refused submits included. */
  readonly ids: string[];
  now: number;
}

export function pickOf<T>(items: readonly T[], pick: number): T | undefined {
  return items.length === 0 ? undefined : items[pick % items.length];
}

/** Of a job that is about to be submitted. */
export function takeId({ ids }: Play): string {
  const id = `00000000-0000-7000-8000-${String(ids.length).padStart(12, '0')}`;
  ids.push(id);
  return id;
}

export const UNKNOWN = 'ffffffff-ffff-7fff-8fff-ffffffffffff';
