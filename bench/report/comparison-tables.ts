/** The figures of `docs/comparison.md`, made from `bench/results.json` between two marks: a table per question, the best first. */
import { table } from '../../scripts/gen/markdown.ts';
import { betweenMarks, shownOf } from './readme-table.ts';
import type { BenchResult } from './result.ts';
import { median, valuesOf } from './statistics.ts';

interface Question {
  readonly asks: string;
  readonly scenario: string;
  readonly metric: string;
  readonly unit: string;
  readonly digits: number;
  readonly isLessBetter: boolean;
}

const QUESTIONS: readonly Question[] = [
  {
    asks: 'No-op jobs through one worker process, until every outcome is recorded',
    ...{ scenario: 's1', metric: 'rate', unit: '/s', digits: 0, isLessBetter: false },
  },
  {
    asks: 'Submits by 64 callers, one job per call, each waits until its job is stored',
    ...{ scenario: 's2', metric: 'rate', unit: '/s', digits: 0, isLessBetter: false },
  },
  {
    asks: 'Submit to result on an idle system, a lone caller, p50',
    ...{ scenario: 's3', metric: 'p50Ms', unit: ' ms', digits: 1, isLessBetter: true },
  },
];

/** What is no queue, but a measure of the machine. */
const REFERENCES = ['stage tables, raw SQLite', 'bare Fastify', 'Fastify + one pool.query'];

/** The page with its tables made anew. Throws where the marks are missing. */
export function comparisonWithTables(page: string, result: BenchResult): string {
  const at = `${result.startedAt.slice(0, 10)}, ${result.rounds} rounds, medians`;
  const machine = result.machine.filter(([name]) => name === 'CPU' || name === 'memory').map(([, value]) => value);
  const versions = result.machine.filter(([name]) => /^(Node|PostgreSQL|Redis|pg-boss|graphile|bull|bunq)/.test(name));
  const below = `Measured on ${at}, on ${machine.join(', ')}: ${versions.map(([name, value]) => `${name} ${value.replace(/;.*/, '').replace(/^postgres \(PostgreSQL\) /, '')}`).join(', ')}.`;
  return betweenMarks(page, [...QUESTIONS.map((question) => tableOf(question, result)), below].join('\n\n'));
}

function tableOf(question: Question, result: BenchResult): string {
  const rows = (result.scenarios.find(({ id }) => id === question.scenario)?.rows ?? [])
    .filter(({ side }) => !REFERENCES.includes(side))
    .map((row) => ({ row, value: median(valuesOf(row, question.metric)) }))
    .filter(({ value }) => !Number.isNaN(value))
    .sort((a, b) => (question.isLessBetter ? a.value - b.value : b.value - a.value))
    .map(({ row }) => [
      row.side.startsWith('Bide') ? `**${row.side}**` : row.side,
      shownOf([row], row.side, question) ?? '–',
    ]);
  return table([question.asks, ''], rows);
}
