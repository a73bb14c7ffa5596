/** Ends of which all that follows has been written. */
import type { Transaction } from './transaction.ts';

/** A stretch of places at a time: most portions are one. */
export function dropEnded({ connection }: Transaction, places: readonly number[]): null {
  const sorted = places.toSorted((a, b) => a - b);
  let first = 0;
  for (const [at, place] of sorted.entries()) {
    if (sorted[at + 1] === place + 1) continue;
    connection.run('endedDelete', sorted[first] as number, place);
    first = at + 1;
  }
  return null;
}
