/**
 * Cuts a batch into rounds in which each row occurs once, since one statement writes a row once. Round n has the n-th item of
 * each row, sorted by key: the order in which every statement locks, so that batches cannot wait for each other in a circle.
 */
import { jobIdOf } from '../../core/id.ts';

export interface Placed<T> {
  /** Where the item is in the batch. */
  readonly index: number;
  readonly item: T;
}

export type Rounds<T> = readonly (readonly Placed<T>[])[];

/** @param keyOf which row an item is about; null leaves it out */
export function roundsOf<T>(batch: readonly T[], keyOf: (item: T) => string | number | null): Rounds<T> {
  const rounds: (Placed<T> & { readonly key: string | number })[][] = [];
  const seen = new Map<string | number, number>();
  for (const [index, item] of batch.entries()) {
    const key = keyOf(item);
    if (key === null) continue;
    const round = seen.get(key) ?? 0;
    seen.set(key, round + 1);
    rounds[round] ??= [];
    rounds[round].push({ index, item, key });
  }
  for (const round of rounds) round.sort((a, b) => (a.key < b.key ? -1 : 1));
  return rounds;
}

/** By job; items whose id is none are left out: there is no such job. */
export function jobRoundsOf<T extends { readonly id: string }>(batch: readonly T[]): Rounds<T> {
  return roundsOf(batch, ({ id }) => (jobIdOf(id) === id ? id : null));
}

/** The item that a row of a round's result is about: such rows begin with their place in the round, from 1. */
export function placedAt<T>(rounds: Rounds<T>, at: number, ord: unknown): Placed<T> {
  return rounds[at]?.[(ord as number) - 1] as Placed<T>;
}
