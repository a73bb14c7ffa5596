/** The README's short table of speed, made from `bench/results.json`, between two marks. */
import { table } from '../../scripts/gen/markdown.ts';
import type { BenchResult, Row } from './result.ts';
import { median, valuesOf } from './statistics.ts';

const MARKS = ['<!-- Speed: made from bench/results.json by `npm run gen`. -->', '<!-- End of speed. -->'] as const;

interface Line {
  readonly says: string;
  readonly scenario: string;
  readonly metric: string;
  readonly unit: string;
  readonly digits: number;
  readonly sqlite: string;
  readonly postgres: string;
  readonly beside: readonly string[];
}

const LINES: readonly Line[] = [
  {
    says: 'no-op jobs through one worker',
    scenario: 's1',
    metric: 'rate',
    unit: '/s',
    digits: 0,
    sqlite: 'Bide, SQLite',
    postgres: 'Bide, PostgreSQL',
    beside: [
      'BullMQ, Redis, best',
      'BullMQ, Redis, fsync',
      'graphile-worker, batched',
      'pg-boss, outcome per job',
      'plainjob, FULL',
    ],
  },
  {
    says: 'submits over HTTP, 64 callers',
    scenario: 's2',
    metric: 'rate',
    unit: '/s',
    digits: 0,
    sqlite: 'Bide, SQLite, HTTP',
    postgres: 'Bide, PostgreSQL, HTTP',
    beside: ['bare Fastify', 'bunqueue, HTTP'],
  },
  {
    says: 'submit to result, one held request',
    scenario: 's3',
    metric: 'p50Ms',
    unit: ' ms',
    digits: 1,
    sqlite: 'Bide, SQLite, HTTP',
    postgres: 'Bide, PostgreSQL, HTTP',
    beside: ['BullMQ, Redis, fsync'],
  },
  {
    says: 'status reads, 64 callers',
    scenario: 's4',
    metric: 'rate',
    unit: '/s',
    digits: 0,
    sqlite: 'Bide, SQLite, HTTP',
    postgres: 'Bide, PostgreSQL, HTTP',
    beside: ['bare Fastify', 'Fastify + one pool.query'],
  },
];

/** The README with its table made anew. Throws where the marks are missing. */
export function readmeWithTable(readme: string, result: BenchResult): string {
  return betweenMarks(readme, readmeTable(result));
}

/** A page with other text between its marks. */
export function betweenMarks(page: string, text: string): string {
  const [from, to] = MARKS.map((mark) => page.indexOf(mark));
  if (from === undefined || to === undefined || from < 0 || to < from)
    throw new Error(`The page has lost its marks: ${MARKS.join(' … ')}`);
  return `${page.slice(0, from + MARKS[0].length)}\n\n${text}\n\n${page.slice(to)}`;
}

function readmeTable(result: BenchResult): string {
  const rows = LINES.map((line) => {
    const found = result.scenarios.find(({ id }) => id === line.scenario)?.rows ?? [];
    const beside = line.beside.flatMap((side) => {
      const shown = shownOf(found, side, line);
      return shown === null ? [] : [`${side} ${shown}`];
    });
    return [
      line.says,
      shownOf(found, line.sqlite, line) ?? '–',
      shownOf(found, line.postgres, line) ?? '–',
      beside.join('; '),
    ];
  });
  const heads = ['', 'Bide, SQLite', 'Bide, PostgreSQL', 'beside it, in the same run'];
  const machine = result.machine.filter(([name]) => name === 'CPU' || name === 'disk').map(([, value]) => value);
  const below = [
    `Measured on ${machine.join(', ')}; Bide syncs each write to disk before it acknowledges.`,
    'Settings and durability of each side, spread, and what is not comparable: `bench/RESULTS.md` in the repository.',
  ];
  return `${table(heads, rows)}\n\n${below.join('\n')}`;
}

/** The median, with its unit; null where it was not measured. */
export function shownOf(
  rows: readonly Row[],
  side: string,
  { metric, unit, digits }: Pick<Line, 'metric' | 'unit' | 'digits'>,
): string | null {
  const row = rows.find((one) => one.side === side);
  const value = row === undefined ? Number.NaN : median(valuesOf(row, metric));
  if (Number.isNaN(value)) return null;
  return `${value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })}${unit}`;
}
