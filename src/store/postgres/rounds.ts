/**
 * Cuts a batch into rounds in which each job occurs once, since one statement writes a row once. Round n has the n-th item of
 * each job, sorted by id: the order in which every statement locks, so that batches cannot wait for each other in a circle.
 */
import { jobIdOf } from '../../core/id.ts';

export interface Placed<T> {
  /** Where the item is in the batch. */
  readonly index: number;
  readonly item: T;
}

/** Items whose id is none are left out: there is no such job. */
export function roundsOf<T extends { readonly id: string }>(batch: readonly T[]): readonly (readonly Placed<T>[])[] {
  const rounds: Placed<T>[][] = [];
  const seen = new Map<string, number>();
  for (const [index, item] of batch.entries()) {
    if (jobIdOf(item.id) !== item.id) continue;
    const round = seen.get(item.id) ?? 0;
    seen.set(item.id, round + 1);
    rounds[round] ??= [];
    rounds[round].push({ index, item });
  }
  for (const round of rounds) round.sort((a, b) => (a.item.id < b.item.id ? -1 : 1));
  return rounds;
}
