/** How figures stand in the tables of both stores: a column for each number, so that the database adds them up. */
import { RUN_STEPS, STAT_PEAKS, STAT_SUMS, type StatFigures } from '../core/stat-figures.ts';
import type { ErrorCount, StatRow, StatSum } from './contract-stats.ts';

const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const STEP_COLUMNS = Array.from({ length: RUN_STEPS }, (_, step) => `run_step_${step}`);

/** In the order of `figuresOf` and of `sumsOf`. */
export const FIGURE_COLUMNS: readonly string[] = [...STAT_SUMS.map(snake), ...STAT_PEAKS.map(snake), ...STEP_COLUMNS];

/** What the database answers for each figure: sums, or the largest. */
export const FIGURE_SUMS: readonly string[] = FIGURE_COLUMNS.map((column) =>
  STAT_PEAKS.map(snake).includes(column) ? `max(${column})` : `sum(${column})`,
);

export function figureValues(figures: StatFigures): readonly number[] {
  return [...STAT_SUMS.map((name) => figures[name]), ...STAT_PEAKS.map((name) => figures[name]), ...figures.runSteps];
}

/** From a row that begins with the time and the type. */
export function statSumOf(row: readonly unknown[], givenText: (text: string) => string): StatSum {
  const values = row.slice(2).map(Number);
  const named = [...STAT_SUMS, ...STAT_PEAKS].map((name, at) => [name, values[at]] as const);
  const figures = { ...Object.fromEntries(named), runSteps: values.slice(named.length) } as unknown as StatFigures;
  return { at: Number(row[0]), type: givenText(row[1] as string), figures };
}

/** Null where there are none, which is nearly always. */
export function errorsText({ errors }: StatRow): string | null {
  return Object.keys(errors).length === 0 ? null : JSON.stringify(errors);
}

/** Added up from rows of type, text, and how many rows say so. */
export function errorCountsOf(
  rows: readonly (readonly [type: string, errors: string, times: number])[],
): readonly ErrorCount[] {
  const types = new Map<string, Map<string, number>>();
  for (const [type, text, times] of rows) {
    const codes = types.get(type) ?? new Map<string, number>();
    types.set(type, codes);
    for (const [code, count] of Object.entries(JSON.parse(text) as Record<string, number>))
      codes.set(code, (codes.get(code) ?? 0) + count * times);
  }
  const counts = [...types].flatMap(([type, codes]) => [...codes].map(([code, count]) => ({ type, code, count })));
  return counts.sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1));
}

/** The last one of each tenant, type, minute and node, in the order of these: nodes that write the same rows meet in the same order. */
export function lastOfEach(batch: readonly StatRow[]): readonly StatRow[] {
  const rows = new Map(batch.map((row) => [JSON.stringify([row.tenant, row.minute, row.type, row.node]), row]));
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}
