/**
 * Counts unfinished jobs per tenant (the quota), and waiting and running jobs per type (the queue estimate), without a query per submit.
 *
 * Counted once at the start, then kept by the changes of this process: exact where one process owns the store, until
 * a write fails and nobody knows whether it landed. Where several
 * share it the count is refreshed, so a tenant may overshoot by what the others submit between two refreshes. A bound that holds
 * across processes would take a counter in the database that each insert and each end of a job writes: one hot row per tenant,
 * which is what the schema avoids. The quota is there against runaway submitters, not for billing.
 */
import { isFinal, type StoredState } from '../../core/state.ts';
import type { Change } from '../changes.ts';
import type { EngineBase } from '../engine-base.ts';

export interface Population {
  /** Counts anew, unless the count is exact. Answers how many ms later that is worth doing again; null where it stays exact. */
  refresh(): Promise<number | null>;
  /** Takes room for one job before it is stored; false when the tenant has none left. */
  reserve(tenant: string): boolean;
  /** Gives back the room of a job that was not stored after all. */
  giveBack(tenant: string): void;
  waitingOf(type: string): number;
  runningOf(type: string): number;
}

const REFRESH_MS = 10_000;
/** A count that takes long on a large table must not become a load of its own: at most a fiftieth of the time goes into it. */
const REFRESH_SHARE = 50;

export function createPopulation(options: Pick<EngineBase, 'store' | 'changes' | 'limits' | 'clock'>): Population {
  const { store, changes, limits, clock } = options;
  const reserved = new Map<string, number>();
  let unfinished = new Map<string, number>();
  let waiting = new Map<string, number>();
  let running = new Map<string, number>();
  let isExact = false;

  changes.listen((change) => {
    if (change.kind === 'unsure') isExact = false;
    else if (change.kind === 'changed' && change.cause !== 'learnt') count(change);
  });
  const count = ({ job, before, cause }: Change) => {
    add(unfinished, job.tenant, unfinishedBy(job.state) - unfinishedBy(before));
    add(waiting, job.type, Number(job.state === 'waiting') - Number(before === 'waiting'));
    add(running, job.type, Number(job.state === 'running') - Number(before === 'running'));
    if (cause === 'submitted') add(reserved, job.tenant, -1);
  };

  return {
    async refresh() {
      if (isExact) return null;
      const startedAt = clock.now();
      const counts = await store.count({ tenant: null, states: ['waiting', 'running'] });
      isExact = !store.facts.isShared;
      unfinished = new Map();
      waiting = new Map();
      running = new Map();
      for (const { tenant, type, state, count } of counts) {
        add(unfinished, tenant, count);
        add(state === 'waiting' ? waiting : running, type, count);
      }
      return isExact ? null : Math.max(REFRESH_MS, (clock.now() - startedAt) * REFRESH_SHARE);
    },
    reserve(tenant) {
      if ((unfinished.get(tenant) ?? 0) + (reserved.get(tenant) ?? 0) >= limits.jobsWaitingMax) return false;
      add(reserved, tenant, 1);
      return true;
    },
    giveBack: (tenant) => add(reserved, tenant, -1),
    waitingOf: (type) => waiting.get(type) ?? 0,
    runningOf: (type) => running.get(type) ?? 0,
  };
}

function unfinishedBy(state: StoredState | null): number {
  return state === null || isFinal(state) ? 0 : 1;
}

/** Empty counts leave the map, so that tenants that come and go leave nothing behind. */
function add(counts: Map<string, number>, key: string, more: number): void {
  if (more === 0) return;
  const count = Math.max(0, (counts.get(key) ?? 0) + more);
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
