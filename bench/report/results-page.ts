/** `bench/RESULTS.md`, made from `bench/results.json`: a function of it and nothing else, so that the page can be checked against the numbers. */
import { page, table } from '../../scripts/gen/markdown.ts';
import { SERVERS, SIDES } from '../sides/catalog.ts';
import { type Judged, judge } from './aims.ts';
import { CHAPTERS, type Chapter, type Column } from './chapters.ts';
import type { BenchResult, Row, ScenarioResult } from './result.ts';
import { median, medianRatio, valuesOf } from './statistics.ts';

export function resultsPage(result: BenchResult): string {
  const { isQuick, scenarios, machine, leftOut } = result;
  return page('Benchmark', '`bench/results.json`', [
    ...(isQuick ? ['**A quick run, for trying out the benchmark: nothing here is a measurement.**'] : []),
    introduction(result),
    ...(isQuick ? [] : ['## Aims', aimsTable(judge(result))]),
    '## Machine and versions',
    table(['', ''], machine),
    ...(leftOut.length === 0 ? [] : ['Left out:', leftOut.map(({ what, why }) => `- ${what}: ${why}`).join('\n')]),
    ...scenarios.flatMap(chapterParts),
    '## Sides',
    'Settings and durability of each. “Survives” is said of jobs that were acknowledged.',
    table(
      ['side', 'settings', 'durability'],
      [...SIDES, ...Object.values(SERVERS)].map((side) => [side.name, side.settings, side.durability]),
    ),
  ]);
}

function introduction({ startedAt, seconds, rounds }: BenchResult): string {
  return [
    `One run, begun ${startedAt.slice(0, 16).replace('T', ' ')} UTC, ${Math.round(seconds / 60)} minutes. All sides ran on one machine, in turns, ${rounds} rounds: numbers are medians, with`,
    'the least and the greatest in parentheses; ratios are taken within a round, and then their median. On a shared machine rates swing by a third between',
    'runs: compare what stands in one table. `npm run bench` makes this page on your machine; raw samples are in `bench/results.json`.',
  ].join('\n');
}

function aimsTable(judged: readonly Judged[]): string {
  const rows = judged.map(({ scenario, of, says, value, isHit }) => {
    const verdict = isHit ? 'hit' : '**miss**';
    return [
      scenario.toUpperCase(),
      of,
      says,
      value === null ? '–' : amount(value, value < 10 ? 2 : 1),
      value === null ? 'not measured' : verdict,
    ];
  });
  return table(['', 'side', 'aim', 'measured', ''], rows);
}

function chapterParts({ id, rows }: ScenarioResult): readonly string[] {
  const chapter = CHAPTERS[id];
  if (chapter === undefined) return [];
  const failures = rows.flatMap(({ side, failure }) => (failure === undefined ? [] : [`- ${side} failed: ${failure}`]));
  return [
    `## ${chapter.title}`,
    chapter.method,
    chapterTable(chapter, rows),
    [...chapter.notes.map((note) => `- ${note}`), ...failures].join('\n'),
  ];
}

function chapterTable({ columns, reference }: Chapter, rows: readonly Row[]): string {
  const shown = columns.filter(({ metric }) =>
    rows.some((row) => valuesOf(row, metric).some((value) => !Number.isNaN(value))),
  );
  const base = rows.find(({ side }) => side === reference?.side);
  const ratio = (row: Row) =>
    base === undefined || reference === null ? [] : [`${amount(medianRatio(row, base, reference.metric), 2)} ×`];
  const heads = ['side', ...shown.map(({ title }) => title), ...(base === undefined ? [] : [`of ${base.side}`])];
  return table(
    heads,
    rows.map((row) => [row.side, ...shown.map((column) => cellOf(row, column)), ...ratio(row)]),
  );
}

function cellOf(row: Row, { metric, digits, hasSpread }: Column): string {
  const values = valuesOf(row, metric).filter((value) => !Number.isNaN(value));
  if (values.length === 0) return '–';
  const middle = amount(median(values), digits);
  if (hasSpread !== true || values.length === 1) return middle;
  return `${middle} (${amount(Math.min(...values), digits)}–${amount(Math.max(...values), digits)})`;
}

function amount(value: number, digits: number): string {
  if (Number.isNaN(value)) return '–';
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
