/**
 * Who works: this process, and the remote workers that it hears of. Where others share the store each process writes what it knows every `RENEW_MS`,
 * so that all of them answer the same; where one process owns the store its memory is all there is, and nothing is written.
 *
 * A worker whose row was not renewed for `GONE_MS` is gone. A worker whose claim or heartbeat is held open is there, however quiet. Names are the
 * callers' choice, so there is a bound per tenant; of more than that the longest unseen is forgotten.
 */
import type { Json } from '../../core/job.ts';
import type { WorkerRow } from '../../store/contract.ts';
import type { JobType } from '../api.ts';
import type { EngineBase } from '../engine-base.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { SeenWorker } from './api-operating.ts';

export interface RemoteWorker {
  readonly tenant: string;
  readonly name: string;
  /** Null for who only reports on jobs that were claimed before. */
  readonly types: readonly string[] | null;
  /** Jobs that it asks for at once. */
  readonly max: number | null;
  /** What its program calls itself. */
  readonly agent: string | null;
}

export interface ProcessFacts {
  readonly host: string;
  readonly pid: number;
  readonly version: string;
}

export interface Presence extends Loop {
  /** The worker is there now, and until the function that comes back is called. */
  here(worker: RemoteWorker): () => void;
  /** The processes, and the remote workers of this tenant, by name. */
  list(tenant: string): Promise<readonly SeenWorker[]>;
}

export interface PresenceOptions extends EngineBase {
  readonly workerName: string;
  readonly runsJobs: boolean;
  readonly about?: ProcessFacts | undefined;
}

const RENEW_MS = 10_000;
/** Three renewals: one may be late, and one may fail. */
export const GONE_MS = 30_000;
/** No tenant has it: for processes, which work for all. */
const SERVER = '';
const LISTED_MAX = 1_000;
const AGENT_LENGTH_MAX = 200;
const TYPES_MAX = 100;

interface Known {
  worker: RemoteWorker;
  seenAt: number;
  writtenAt: number;
  /** Calls of it that are held open. */
  open: number;
}

export function createPresence(options: PresenceOptions): Presence {
  return new Register(options);
}

class Register implements Presence {
  readonly #options: PresenceOptions;
  readonly #startedAt: number;
  readonly #loop: Loop;
  /** By tenant, then name; the longest unseen first. */
  readonly #tenants = new Map<string, Map<string, Known>>();

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#loop = createLoop({ ...options, name: 'presence', run: () => this.#turn() });
  }

  start(): void {
    this.#loop.start();
  }

  wake(): void {
    this.#loop.wake();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    const { store, workerName } = this.#options;
    // One that stays is gone by itself soon.
    if (store.facts.isShared) await store.workerRemove({ tenant: SERVER, name: workerName }).catch(() => {});
  }

  here(worker: RemoteWorker): () => void {
    const workers = this.#tenants.get(worker.tenant) ?? new Map<string, Known>();
    this.#tenants.set(worker.tenant, workers);
    const before = workers.get(worker.name);
    const known = before ?? { worker, seenAt: 0, writtenAt: 0, open: 0 };
    known.worker = merged(before?.worker, worker);
    known.seenAt = this.#options.clock.now();
    known.open += 1;
    workers.delete(worker.name);
    workers.set(worker.name, known);
    if (workers.size > this.#options.limits.workersPerTenantMax) forgetFirst(workers);
    return () => {
      known.open -= 1;
      known.seenAt = this.#options.clock.now();
    };
  }

  async list(tenant: string): Promise<readonly SeenWorker[]> {
    const { store, clock } = this.#options;
    const now = clock.now();
    const rows = store.facts.isShared
      ? await store.workerList({ tenants: [SERVER, tenant], since: now - GONE_MS, limit: LISTED_MAX })
      : [];
    const own = [this.#ownRow(now), ...this.#rowsOf(this.#tenants.get(tenant), now)];
    const newest = new Map<string, WorkerRow>();
    for (const row of [...rows, ...own]) {
      const key = JSON.stringify([row.tenant, row.name]);
      if ((newest.get(key)?.seenAt ?? 0) <= row.seenAt) newest.set(key, row);
    }
    return [...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => seenWorkerOf(row));
  }

  async #turn(): Promise<number> {
    const { store, clock } = this.#options;
    const now = clock.now();
    this.#forgetGone(now);
    if (store.facts.isShared) {
      const changed = [...this.#tenants.values()].flatMap((workers) => this.#unwritten(workers, now));
      await store.workerWrite([this.#ownRow(now), ...changed]);
      await store.workerDrop({ before: now - GONE_MS });
    }
    return RENEW_MS;
  }

  #forgetGone(now: number): void {
    for (const [tenant, workers] of this.#tenants) {
      for (const [name, { open, seenAt }] of workers) if (open === 0 && seenAt < now - GONE_MS) workers.delete(name);
      if (workers.size === 0) this.#tenants.delete(tenant);
    }
  }

  /** Those seen since they were written. */
  #unwritten(workers: ReadonlyMap<string, Known>, now: number): readonly WorkerRow[] {
    const due = [...workers.values()].filter((known) => known.open > 0 || known.seenAt > known.writtenAt);
    for (const known of due) known.writtenAt = now;
    return due.map((known) => remoteRow(known, now));
  }

  #rowsOf(workers: ReadonlyMap<string, Known> | undefined, now: number): readonly WorkerRow[] {
    const all = [...(workers?.values() ?? [])].map((known) => remoteRow(known, now));
    return all.filter(({ seenAt }) => seenAt >= now - GONE_MS);
  }

  #ownRow(now: number): WorkerRow {
    const { workerName, runsJobs, about, types } = this.#options;
    const runs = ({ handler, isOwn }: JobType) => handler !== 'remote' && isOwn !== true;
    const own = runsJobs ? [...types.values()].filter(runs) : [];
    const facts = {
      ...{ host: about?.host ?? null, pid: about?.pid ?? null, version: about?.version ?? null },
      startedAt: this.#startedAt,
      types: own.slice(0, TYPES_MAX).map(({ name, slots }) => ({ name, slots })),
      slots: own.reduce((sum, { slots }) => sum + slots, 0),
    };
    return { tenant: SERVER, name: workerName, seenAt: now, facts };
  }
}

/** What a heartbeat does not say stays as the claim said it. */
function merged(before: RemoteWorker | undefined, now: RemoteWorker): RemoteWorker {
  return {
    ...now,
    types: now.types ?? before?.types ?? null,
    max: Math.max(now.max ?? 0, before?.max ?? 0),
    agent: (now.agent ?? before?.agent ?? null)?.slice(0, AGENT_LENGTH_MAX) ?? null,
  };
}

function forgetFirst(workers: Map<string, Known>): void {
  const first = workers.keys().next();
  if (first.done !== true) workers.delete(first.value);
}

function remoteRow({ worker, seenAt, open }: Known, now: number): WorkerRow {
  const { tenant, name, types, max, agent } = worker;
  const slots = max ?? 0;
  const named = (types ?? []).slice(0, TYPES_MAX).map((type) => ({ name: type, slots }));
  const facts = { host: null, pid: null, version: agent, startedAt: null, types: named, slots };
  return { tenant, name, seenAt: open > 0 ? now : seenAt, facts };
}

function seenWorkerOf({ tenant, name, seenAt, facts }: WorkerRow): SeenWorker {
  const known = facts as { readonly [name: string]: Json } as unknown as Omit<SeenWorker, 'tenant' | 'name' | 'seenAt'>;
  return { ...known, tenant: tenant === SERVER ? null : tenant, name, seenAt };
}
