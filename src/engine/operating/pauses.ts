/**
 * Which types are paused: nothing of them is claimed, by no process and for no remote worker. Jobs that run go on; submits are taken.
 *
 * - A pause is a document, of no tenant: as durable as a job, part of dumps, and read before the first claim of a start.
 * - Where others share the store it is read every `LOOK_MS`, not hinted: a pause must hold within a second also when hints are lost, and this
 *   bounds it alone. A store that does not answer changes nothing: nobody can claim then either.
 */
import type { Document } from '../../store/contract.ts';
import type { EngineBase } from '../engine-base.ts';
import { createLoop, type Loop } from '../loop.ts';

export interface Pauses extends Loop {
  refresh(): Promise<void>;
  /** Since when the type is paused; null where it is not. */
  since(type: string): number | null;
  /** False where it was so already. Resolves when it is stored and holds in this process. */
  pause(type: string): Promise<boolean>;
  resume(type: string): Promise<boolean>;
}

export interface PausesOptions extends Pick<EngineBase, 'store' | 'clock' | 'random' | 'telemetry'> {
  readonly onResumed: (types: readonly string[]) => void;
}

/** Half of the second that a pause may take to be obeyed everywhere. */
const LOOK_MS = 500;
/** Tenants have names. */
const PLACE = { tenant: '', kind: 'pausedType' } as const;
/** More than a config may hold. */
const TYPES_MAX = 10_000;

export function createPauses(options: PausesOptions): Pauses {
  const { store, clock, onResumed } = options;
  let paused: ReadonlyMap<string, number> = new Map();
  /** Grows with each change made here: an answer that was asked for before it is old. */
  let turn = 0;
  const loop = createLoop({ ...options, name: 'pauses', run });

  async function run(): Promise<number | null> {
    if (!store.facts.isShared) return null;
    await refresh();
    return LOOK_MS;
  }

  async function refresh(): Promise<void> {
    const asked = turn;
    const documents = await store.documentList({ ...PLACE, limit: TYPES_MAX });
    if (asked === turn) take(new Map(documents.map(sinceOf)));
  }

  function take(next: ReadonlyMap<string, number>): void {
    const resumed = [...paused.keys()].filter((type) => !next.has(type));
    paused = next;
    if (resumed.length > 0) onResumed(resumed);
  }

  return {
    ...loop,
    refresh,
    since: (type) => paused.get(type) ?? null,
    async pause(type) {
      const now = clock.now();
      const written = await store.documentWrite({ ...PLACE, name: type, data: null, expectRevision: 0, now });
      turn += 1;
      take(new Map([...paused, [type, written.document?.createdAt ?? now]]));
      return written.kind === 'written';
    },
    async resume(type) {
      const isRemoved = await store.documentRemove({ ...PLACE, name: type });
      turn += 1;
      take(new Map([...paused].filter(([name]) => name !== type)));
      return isRemoved;
    },
  };
}

function sinceOf({ name, createdAt }: Document): readonly [string, number] {
  return [name, createdAt];
}
