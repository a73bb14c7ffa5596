/**
 * Counts unfinished jobs per tenant (the quota) and waiting jobs per type (the queue estimate), without a query per submit.
 *
 * Counted once at the start, then kept by the changes of this process: exact where one process owns the store. Where several
 * share it the count is refreshed, so a tenant may overshoot by what the others submit between two refreshes.
 */
import type { Limits } from '../core/limits.ts';
import { isFinal, type StoredState } from '../core/state.ts';
import type { Store } from '../store/contract.ts';
import type { Change, Changes } from './changes.ts';
import type { Clock } from './clock.ts';

export interface Population {
  /** Counts anew. Answers how many ms later that is worth doing again; null where local counting is exact. */
  refresh(): Promise<number | null>;
  /** Takes room for one job before it is stored; false when the tenant has none left. */
  reserve(tenant: string): boolean;
  /** Gives back the room of a job that was not stored after all. */
  giveBack(tenant: string): void;
  waitingOf(type: string): number;
}

const REFRESH_MS = 10_000;
/** A count that takes long on a large table must not become a load of its own: at most a fiftieth of the time goes into it. */
const REFRESH_SHARE = 50;

export function createPopulation(options: {
  readonly store: Store;
  readonly changes: Changes;
  readonly limits: Limits;
  readonly clock: Clock;
}): Population {
  const { store, changes, limits, clock } = options;
  let unfinished = new Map<string, number>();
  let waiting = new Map<string, number>();

  changes.listen((change) => {
    if (change.kind !== 'changed' || change.cause === 'learnt') return;
    count(change);
  });
  const count = ({ job, before, cause }: Change) => {
    // A submitted job has its room already: `reserve` took it.
    const after: StoredState = job.state;
    if (cause !== 'submitted') add(unfinished, job.tenant, isUnfinished(after) - isUnfinished(before ?? after));
    add(waiting, job.type, Number(after === 'waiting') - Number(before === 'waiting'));
  };

  return {
    async refresh() {
      const startedAt = clock.now();
      const counts = await store.count({ tenant: null, states: ['waiting', 'running'] });
      unfinished = new Map();
      waiting = new Map();
      for (const { tenant, type, state, count } of counts) {
        add(unfinished, tenant, count);
        if (state === 'waiting') add(waiting, type, count);
      }
      return store.facts.isShared ? Math.max(REFRESH_MS, (clock.now() - startedAt) * REFRESH_SHARE) : null;
    },
    reserve(tenant) {
      if ((unfinished.get(tenant) ?? 0) >= limits.jobsWaitingMax) return false;
      add(unfinished, tenant, 1);
      return true;
    },
    giveBack: (tenant) => add(unfinished, tenant, -1),
    waitingOf: (type) => waiting.get(type) ?? 0,
  };
}

function isUnfinished(state: StoredState): number {
  return isFinal(state) ? 0 : 1;
}

/** Empty counts leave the map, so that tenants that come and go leave nothing behind. */
function add(counts: Map<string, number>, key: string, more: number): void {
  if (more === 0) return;
  const count = Math.max(0, (counts.get(key) ?? 0) + more);
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
