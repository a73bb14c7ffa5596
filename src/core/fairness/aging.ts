/**
 * Priority that grows with the time: with `agingMs`, a job overtakes those of a priority higher by one that became due so much later.
 *
 * The order of two jobs never changes: each counts as due at `runAt - priority × agingMs`. So within a priority it is the order of claims, and
 * a claim takes so and so many from the head of each.
 */

/** Due jobs of one priority, by runAt. */
export interface Level {
  readonly priority: number;
  readonly runAts: readonly number[];
}

export function agedAt(
  { priority, runAt }: { readonly priority: number; readonly runAt: number },
  agingMs: number,
): number {
  return runAt - priority * agingMs;
}

/** How many to take from the head of each level. Of two that count alike, the one with the higher priority comes first. */
export function takenOfLevels(levels: readonly Level[], agingMs: number, max: number): readonly number[] {
  const taken = levels.map(() => 0);
  for (let left = max; left > 0; left -= 1) {
    let best: { readonly index: number; readonly at: number; readonly priority: number } | null = null;
    for (const [index, { priority, runAts }] of levels.entries()) {
      const runAt = runAts[taken[index] as number];
      if (runAt === undefined) continue;
      const at = agedAt({ priority, runAt }, agingMs);
      if (best === null || at < best.at || (at === best.at && priority > best.priority)) best = { index, at, priority };
    }
    if (best === null) break;
    taken[best.index] = (taken[best.index] as number) + 1;
  }
  return taken;
}
