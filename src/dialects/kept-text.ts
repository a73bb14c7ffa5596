/** Texts made of snapshots, made once each: a snapshot is the same object until its job's next revision. */
import type { Snapshot } from '../engine/api.ts';

/** @param make undefined where the text cannot be made from the snapshot alone; that is asked again each time. */
export function keptText<Text extends string | undefined>(
  make: (snapshot: Snapshot) => Text,
): (snapshot: Snapshot) => Text {
  const kept = new WeakMap<Snapshot, Text>();
  return (snapshot) => {
    const known = kept.get(snapshot);
    if (known !== undefined) return known;
    const text = make(snapshot);
    if (text !== undefined) kept.set(snapshot, text);
    return text;
  };
}
