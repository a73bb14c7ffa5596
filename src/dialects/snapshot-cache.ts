/**
 * What was made of a snapshot, a status body most of all, remembered for as long as it stays true.
 *
 * A snapshot stays the same object until the job's next revision, but its word does not: `scheduled` becomes `queued` by time alone. What
 * else a body depends on (the address under which the caller sees the server, a flag) is given beside; of each snapshot only the last
 * made is kept, since callers choose those. The memory hangs on the snapshot itself (a WeakMap) and goes with it; and since a body holds
 * its result once more, for each dialect, it has a bound in bytes of its own: when what was made since the last change of generations has
 * half of it, the generation before is forgotten. Making a body anew is all that it costs.
 */
import { jsonBytes } from '../core/heap-bytes.ts';
import { type ShownState, shownState } from '../core/state.ts';
import type { Snapshot } from '../engine/api.ts';

interface Entry<Made, Beside> {
  readonly made: Made;
  readonly until: number;
  readonly beside: Beside;
}

/** Of one kind of body. Tens of thousands of usual ones; results of 64 kB a few hundred. */
const KEPT_BYTES_MAX = 32 * 1_024 * 1_024;
/** The entry itself, and its place in the map. */
const ENTRY_BYTES = 120;

/** For what takes a look into the store to make: whoever has made it gives it here. */
export interface SnapshotMemory<Made, Beside extends readonly unknown[]> {
  kept(snapshot: Snapshot, now: number, ...beside: Beside): Made | undefined;
  keep(snapshot: Snapshot, made: Made, now: number, ...beside: Beside): void;
}

export function createSnapshotMemory<Made, Beside extends readonly unknown[]>(
  bytesMax: number = KEPT_BYTES_MAX,
): SnapshotMemory<Made, Beside> {
  let young = new WeakMap<Snapshot, Entry<Made, Beside>>();
  let old = young;
  let bytes = 0;
  const add = (snapshot: Snapshot, entry: Entry<Made, Beside>) => {
    young.set(snapshot, entry);
    bytes += ENTRY_BYTES + jsonBytes(entry.made) + jsonBytes(entry.beside);
    if (bytes * 2 <= bytesMax) return;
    old = young;
    young = new WeakMap();
    bytes = 0;
  };
  const promoted = (snapshot: Snapshot) => {
    const entry = old.get(snapshot);
    if (entry !== undefined && old !== young) add(snapshot, entry);
    return entry;
  };
  return {
    kept(snapshot, now, ...beside) {
      const entry = young.get(snapshot) ?? promoted(snapshot);
      return entry !== undefined && now < entry.until && isSame(entry.beside, beside) ? entry.made : undefined;
    },
    keep(snapshot, made, now, ...beside) {
      const isScheduled = shownState(snapshot.job, now) === 'scheduled';
      add(snapshot, { made, until: isScheduled ? snapshot.job.runAt : Number.POSITIVE_INFINITY, beside });
    },
  };
}

/** @param make undefined where the snapshot alone does not say it; that is asked again each time. */
export function keptPerSnapshot<Made, Beside extends readonly unknown[]>(
  make: (snapshot: Snapshot, shown: ShownState, ...beside: Beside) => Made,
  bytesMax: number = KEPT_BYTES_MAX,
): (snapshot: Snapshot, now: number, ...beside: Beside) => Made {
  const memory = createSnapshotMemory<Made, Beside>(bytesMax);
  return (snapshot, now, ...beside) => {
    const kept = memory.kept(snapshot, now, ...beside);
    if (kept !== undefined) return kept;
    const made = make(snapshot, shownState(snapshot.job, now), ...beside);
    if (made !== undefined) memory.keep(snapshot, made, now, ...beside);
    return made;
  };
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}
