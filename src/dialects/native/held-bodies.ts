/** Bodies of jobs that say what holds them back, wherever several are read: one question to the store for all of them, and none for those that have neither sequence nor limit. */
import type { Snapshot } from '../../engine/api.ts';
import type { Face } from './face.ts';
import { withHeldBack } from './mapping.ts';

/** Adds to the body of a job what holds it back. */
export type AddHeldBack = (snapshot: Snapshot, body: string) => string;

export async function heldBackAmong({ engine }: Face, snapshots: readonly Snapshot[]): Promise<AddHeldBack> {
  const held = await engine.heldBack(snapshots.map(({ job }) => job));
  if (held.size === 0) return AS_IT_IS;
  return ({ job }, body) => {
    const why = held.get(job.id);
    return why === undefined ? body : withHeldBack(body, why);
  };
}

export const AS_IT_IS: AddHeldBack = (_, body) => body;

export async function bodiesOf(
  face: Face,
  snapshots: readonly Snapshot[],
  bodyOf: Face['bodyOf'] = face.bodyOf,
): Promise<readonly string[]> {
  const add = await heldBackAmong(face, snapshots);
  return snapshots.map((snapshot) => add(snapshot, bodyOf(snapshot)));
}
