/** What is made from the numbers of the last full benchmark: its page, and the tables of the README and of the comparison. Nothing before the first one. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { comparisonWithTables } from '../../bench/report/comparison-tables.ts';
import { readmeWithTable } from '../../bench/report/readme-table.ts';
import type { BenchResult } from '../../bench/report/result.ts';
import { resultsPage } from '../../bench/report/results-page.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const COMPARISON = 'docs/comparison.md';
const NUMBERS = join(ROOT, 'bench', 'results.json');

export function benchPages(): Readonly<Record<string, () => string>> {
  if (!existsSync(NUMBERS)) return {};
  const result = JSON.parse(readFileSync(NUMBERS, 'utf8')) as BenchResult;
  return {
    'bench/RESULTS.md': () => resultsPage(result),
    'README.md': () => readmeWithTable(readFileSync(join(ROOT, 'README.md'), 'utf8'), result),
    [COMPARISON]: () => comparisonWithTables(readFileSync(join(ROOT, COMPARISON), 'utf8'), result),
  };
}
