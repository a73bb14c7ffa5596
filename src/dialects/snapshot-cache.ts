/**
 * What was made of a snapshot, a status body most of all, remembered for as long as it stays true.
 *
 * A snapshot stays the same object until the job's next revision, but its word does not: `scheduled` becomes `queued` by time alone. What
 * else a body depends on (the address under which the caller sees the server, a flag) is given beside; of each snapshot only the last
 * made is kept, since callers choose those. The memory hangs on the snapshot itself (a WeakMap), so it is bounded by
 * `limits.snapshotsMax` and needs no eviction of its own.
 */
import { type ShownState, shownState } from '../core/state.ts';
import type { Snapshot } from '../engine/api.ts';

interface Entry<Made, Beside> {
  readonly made: Made;
  readonly until: number;
  readonly beside: Beside;
}

/** @param make undefined where the snapshot alone does not say it; that is asked again each time. */
export function keptPerSnapshot<Made, Beside extends readonly unknown[]>(
  make: (snapshot: Snapshot, shown: ShownState, ...beside: Beside) => Made,
): (snapshot: Snapshot, now: number, ...beside: Beside) => Made {
  const entries = new WeakMap<Snapshot, Entry<Made, Beside>>();
  return (snapshot, now, ...beside) => {
    const entry = entries.get(snapshot);
    if (entry !== undefined && now < entry.until && isSame(entry.beside, beside)) return entry.made;
    const shown = shownState(snapshot.job, now);
    const made = make(snapshot, shown, ...beside);
    const until = shown === 'scheduled' ? snapshot.job.runAt : Number.POSITIVE_INFINITY;
    if (made !== undefined) entries.set(snapshot, { made, until, beside });
    return made;
  };
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}
