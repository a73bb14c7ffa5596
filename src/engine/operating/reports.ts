/** What an operator sees of the types: from the config, from the counts and figures that are kept, and never from the jobs one by one. */
import { addOtherType, noFigures, type StatFigures } from '../../core/stat-figures.ts';
import type { Engine, JobType, StatsPoint, StatsRequest, TypeFacts, TypeReport, WorkerReport } from '../api.ts';
import type { EngineBase } from '../engine-base.ts';
import { MINUTE_MS, type MinuteStats } from './minute-stats.ts';
import type { Pauses } from './pauses.ts';
import type { Presence } from './presence.ts';

export interface ReportsOptions extends Pick<EngineBase, 'store' | 'types' | 'clock'> {
  readonly pauses: Pauses;
  readonly minuteStats: MinuteStats;
  readonly presence: Presence;
}

const RECENT_MINUTES = [5, 60] as const;
const HOUR_MINUTES = 60;

export function createReports(
  options: ReportsOptions,
): Pick<Engine, 'types' | 'typeReports' | 'readStats' | 'workers'> {
  const { types, pauses } = options;
  return {
    types: () => [...types.values()].map((type) => factsOf(type, pauses)),
    async typeReports(tenant, name) {
      const wanted = [...types.values()].filter((type) => name === undefined || type.name === name);
      return wanted.length === 0 ? [] : reportsOf(options, tenant, wanted);
    },
    readStats: (request) => readStats(options, request),
    workers: (request) => workersOf(options, request),
  };
}

function factsOf(type: JobType, pauses: Pauses): TypeFacts {
  const { name, handler, slots, agingMs = null, expectedMs = null, description = null, inputSchema = null } = type;
  const kind = handler === 'remote' ? 'remote' : handler.kind;
  const said = { description, inputSchema, pausedAt: pauses.since(name) };
  return { name, kind, slots, agingMs, expectedMs, limit: limitOf(type), ...said };
}

function limitOf({ limit, limitPerKey }: JobType): TypeFacts['limit'] {
  const said = limitPerKey ?? limit ?? null;
  return said && { concurrency: said.concurrency ?? null, rate: said.rate ?? null, isPerKey: limitPerKey != null };
}

async function reportsOf(
  options: ReportsOptions,
  tenant: string,
  wanted: readonly JobType[],
): Promise<readonly TypeReport[]> {
  const { store, clock, pauses, minuteStats } = options;
  const now = clock.now();
  const names = wanted.map(({ name }) => name);
  const [counts, oldest, errors, ...sums] = await Promise.all([
    store.count({ tenant, states: ['waiting', 'running'], types: names }),
    store.oldestDue({ tenant, types: names, now }),
    minuteStats.errors(tenant, windowOf(now, HOUR_MINUTES, 1).from),
    ...RECENT_MINUTES.map((minutes) => recentSums(options, { tenant, names, minutes, now })),
  ]);
  return wanted.map((type) => {
    const { name } = type;
    const counted = (state: string) => counts.find((one) => one.type === name && one.state === state)?.count ?? 0;
    const dueAt = oldest.find((one) => one.type === name)?.runAt ?? null;
    return {
      ...factsOf(type, pauses),
      running: counted('running'),
      waiting: counted('waiting'),
      oldestWaitingMs: dueAt === null ? null : Math.max(0, now - dueAt),
      recent: RECENT_MINUTES.map((minutes, at) => ({ minutes, figures: sums[at]?.get(name) ?? noFigures() })),
      errors: errors.filter((one) => one.type === name).map(({ code, count }) => ({ code, count })),
    };
  });
}

interface Recent {
  readonly tenant: string;
  readonly names: readonly string[];
  readonly minutes: number;
  readonly now: number;
}

/** The whole stretch as one sum per type. */
async function recentSums(
  { minuteStats }: ReportsOptions,
  { tenant, names, minutes, now }: Recent,
): Promise<ReadonlyMap<string, StatFigures>> {
  const [only] = names;
  const type = names.length === 1 && only !== undefined ? { type: only } : {};
  const window = { ...windowOf(now, minutes, 1), stepMs: minutes * MINUTE_MS };
  const sums = await minuteStats.read({ tenant, ...window, ...type });
  return new Map(sums.map((one) => [one.type, one.figures]));
}

async function readStats(
  { clock, minuteStats, store }: ReportsOptions,
  { tenant, type, minutes, step }: StatsRequest,
): Promise<readonly StatsPoint[]> {
  const stepMs = step * MINUTE_MS;
  const { from, before } = windowOf(clock.now(), minutes, step);
  const only = type === undefined ? {} : { type };
  const [sums, waiting] = await Promise.all([
    minuteStats.read({ tenant, from, before, stepMs, ...only }),
    store.count({ tenant, states: ['waiting'], ...(type === undefined ? {} : { types: [type] }) }),
  ]);
  const points = new Map<number, ReturnType<typeof noFigures>>();
  for (let at = from; at < before; at += stepMs) points.set(at, noFigures());
  for (const { at, figures } of sums) {
    const point = points.get(at);
    if (point !== undefined) addOtherType(point, figures);
  }
  const last = points.get(before - stepMs);
  // Of the point under way no end of a minute may have told yet.
  if (last !== undefined) last.waiting = Math.max(last.waiting, sum(waiting.map(({ count }) => count)));
  return [...points].map(([at, figures]) => ({ at, figures }));
}

/** Whole steps, the last of which is under way. */
function windowOf(now: number, minutes: number, step: number): { readonly from: number; readonly before: number } {
  const stepMs = step * MINUTE_MS;
  const before = now - (now % stepMs) + stepMs;
  return { from: before - Math.ceil(minutes / step) * stepMs, before };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

async function workersOf(
  { store, presence }: ReportsOptions,
  { tenant, countsAll }: Parameters<Engine['workers']>[0],
): Promise<readonly WorkerReport[]> {
  const [workers, loads] = await Promise.all([
    presence.list(tenant),
    store.workerLoads({ tenant: countsAll ? null : tenant }),
  ]);
  return workers.map((worker) => {
    const own = loads.filter((load) => load.worker === worker.name && (worker.tenant ?? load.tenant) === load.tenant);
    return { ...worker, running: sum(own.map(({ running }) => running)) };
  });
}
