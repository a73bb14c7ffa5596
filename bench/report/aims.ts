/** What Bide is to reach, as ratios of sides in one run: the first table of the report, with a hit or a miss per row. */
import type { BenchResult, Row } from './result.ts';
import { median, medianRatio, valuesOf } from './statistics.ts';

export interface Aim {
  readonly scenario: string;
  readonly says: string;
  readonly of: string;
  /** Null where the metric itself is compared. */
  readonly against: string | null;
  readonly metric: string;
  readonly bound: { readonly atLeast: number } | { readonly atMost: number };
}

export interface Judged extends Aim {
  /** Null where one of the sides was not measured. */
  readonly value: number | null;
  readonly isHit: boolean;
}

const SQLITE = 'Bide, SQLite';
const SQLITE_HTTP = 'Bide, SQLite, HTTP';
const POSTGRES = 'Bide, PostgreSQL';
const POSTGRES_HTTP = 'Bide, PostgreSQL, HTTP';

function rate(scenario: string, of: string, atLeast: number, against: string): Aim {
  return { scenario, says: `at least ${atLeast} × ${against}`, of, against, metric: 'rate', bound: { atLeast } };
}

function atMost(scenario: string, of: string, what: Pick<Aim, 'says' | 'metric' | 'against'>, most: number): Aim {
  return { scenario, of, ...what, bound: { atMost: most } };
}

const grown = (of: string, metric: string, most: number) =>
  atMost(
    's6',
    `${of}, 1,000,000`,
    { says: `${metric.replace('Ms', '')} p50 at most ${most} × that at 10,000`, metric, against: `${of}, 10,000` },
    most,
  );

export const AIMS: readonly Aim[] = [
  rate('s1', SQLITE, 0.5, 'stage tables, raw SQLite'),
  rate('s1', SQLITE, 10, 'plainjob, FULL'),
  rate('s1', SQLITE, 2, 'BullMQ, Redis, best'),
  rate('s1', POSTGRES, 1, 'graphile-worker, batched'),
  rate('s1', POSTGRES, 2, 'pg-boss, outcome per job'),
  rate('s2', SQLITE_HTTP, 0.6, 'bare Fastify'),
  rate('s2', SQLITE_HTTP, 8, 'bunqueue, HTTP'),
  rate('s2', SQLITE, 3, 'BullMQ, Redis, fsync'),
  rate('s2', POSTGRES, 8, 'pg-boss, defaults'),
  atMost('s3', SQLITE_HTTP, { says: 'p50 at most 2 ms', metric: 'p50Ms', against: null }, 2),
  atMost('s3', POSTGRES_HTTP, { says: 'p50 at most 6 ms', metric: 'p50Ms', against: null }, 6),
  rate('s4', SQLITE_HTTP, 0.9, 'bare Fastify'),
  rate('s4', POSTGRES_HTTP, 3, 'Fastify + one pool.query'),
  atMost('s5', 'Bide, SQLite, 10,000 held', { says: 'p99 at most 5 ms', metric: 'p99Ms', against: null }, 5),
  atMost(
    's5',
    'Bide, SQLite, 10,000 held',
    { says: 'memory at most 1.2 × bare Fastify', metric: 'bytesEach', against: 'bare Fastify, 10,000 held' },
    1.2,
  ),
  atMost('s5', 'Bide, PostgreSQL, 10,000 held', { says: 'p99 at most 15 ms', metric: 'p99Ms', against: null }, 15),
  ...['tripMs', 'readMs', 'claimMs', 'listMs'].flatMap((metric) => [
    grown(SQLITE, metric, 1.2),
    grown(POSTGRES, metric, 1.3),
  ]),
  atMost('s6', 'Bide, SQLite, 1,000,000', { says: 'starts within 1,000 ms', metric: 'startMs', against: null }, 1_000),
  atMost(
    's6',
    'Bide, SQLite, 1,000,000',
    { says: 'at most 600 bytes per finished job', metric: 'finishedBytes', against: null },
    600,
  ),
  atMost('s7', 'Bide, SQLite: all calls', { says: 'no errors', metric: 'errors', against: null }, 0),
  atMost('s7', 'Bide, PostgreSQL: all calls', { says: 'no errors', metric: 'errors', against: null }, 0),
];

export function judge(result: BenchResult): readonly Judged[] {
  const rows = (scenario: string) => result.scenarios.find(({ id }) => id === scenario)?.rows ?? [];
  return AIMS.map((aim) => {
    const value = measuredOf(aim, rows(aim.scenario));
    return { ...aim, value, isHit: value !== null && isWithin(value, aim) };
  });
}

function measuredOf({ of, against, metric }: Aim, rows: readonly Row[]): number | null {
  const own = rows.find(({ side }) => side === of);
  const other = rows.find(({ side }) => side === against);
  if (own === undefined || (against !== null && other === undefined)) return null;
  const value = other === undefined ? median(valuesOf(own, metric)) : medianRatio(own, other, metric);
  return Number.isNaN(value) ? null : value;
}

function isWithin(value: number, { bound }: Aim): boolean {
  return 'atLeast' in bound ? value >= bound.atLeast : value <= bound.atMost;
}
