import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AIMS, judge } from './aims.ts';
import { CHAPTERS } from './chapters.ts';
import { readmeWithTable } from './readme-table.ts';
import type { BenchResult, Row } from './result.ts';
import { resultsPage } from './results-page.ts';

const rates = (side: string, ...values: readonly number[]): Row => ({
  side,
  samples: values.map((rate) => ({ rate, cpuUs: 50 })),
});

const BURN_DOWN: readonly Row[] = [
  rates('stage tables, raw SQLite', 40_000, 10_000, 60_000),
  rates('Bide, SQLite', 24_000, 4_000, 33_000),
  { ...rates('plainjob, FULL', 500), failure: 'no answer within 120 s' },
];

function resultOf(rows: readonly Row[], over: Partial<BenchResult> = {}): BenchResult {
  return {
    startedAt: '2026-11-28T12:00:00.000Z',
    seconds: 1_200,
    isQuick: false,
    rounds: 3,
    machine: [['CPU', '2 × Example']],
    leftOut: [{ what: 'bunqueue, best', why: 'not installed: npm ci in bench/' }],
    scenarios: [{ id: 's1', startedAt: '2026-11-28T12:00:00.000Z', seconds: 60, rows }],
    ...over,
  };
}

describe('judge', () => {
  test('takes ratios within a round, then their median', () => {
    // 0.6, 0.4 and 0.55 within the rounds; the ratio of the medians would be 0.6.
    const [first] = judge(resultOf(BURN_DOWN));
    assert.equal(first?.against, 'stage tables, raw SQLite');
    assert.equal(first?.value, 0.55);
    assert.equal(first?.isHit, true);
  });

  test('calls a ratio below its bound a miss', () => {
    const [first] = judge(resultOf([rates('stage tables, raw SQLite', 100), rates('Bide, SQLite', 49)]));
    assert.equal(first?.isHit, false);
  });

  test('calls a time above its bound a miss, and one at it a hit', () => {
    const trips = (p50Ms: number) => ({
      scenarios: [
        { id: 's3', startedAt: '', seconds: 1, rows: [{ side: 'Bide, SQLite, HTTP', samples: [{ p50Ms }] }] },
      ],
    });
    const judged = (p50Ms: number) => judge(resultOf([], trips(p50Ms))).find(({ says }) => says === 'p50 at most 2 ms');
    assert.equal(judged(2.1)?.isHit, false);
    assert.equal(judged(2)?.isHit, true);
  });

  test('judges nothing where one of the two was not measured', () => {
    const judged = judge(resultOf([rates('Bide, SQLite', 30_000)]));
    assert.deepEqual(new Set(judged.map(({ value }) => value)), new Set([null]));
  });
});

describe('the results page', () => {
  const page = resultsPage(resultOf(BURN_DOWN));

  test('shows medians with their spread, and multiples of the reference', () => {
    assert.match(page, /^\| Bide, SQLite \| 24,000 \(4,000–33,000\) \| 50\.0 \| 1\.00 × \|$/m);
  });

  test('shows hit, miss and what was not measured', () => {
    assert.match(page, /^\| S1 \| Bide, SQLite \| at least 0\.5 × stage tables, raw SQLite \| 0\.55 \| hit \|$/m);
    assert.match(page, /^\| S1 \| Bide, PostgreSQL \| .* \| – \| not measured \|$/m);
  });

  test('says what failed, what was left out and why', () => {
    assert.match(page, /^- plainjob, FULL failed: no answer within 120 s$/m);
    assert.match(page, /^- bunqueue, best: not installed: npm ci in bench\/$/m);
  });

  test('has no column that nobody was measured in', () => {
    assert.doesNotMatch(page, /database or Redis CPU/);
  });

  test('of a quick run says that it is no measurement, and judges nothing by it', () => {
    assert.doesNotMatch(page, /nothing here is a measurement/);
    const quick = resultsPage(resultOf(BURN_DOWN, { isQuick: true }));
    assert.match(quick, /nothing here is a measurement/);
    assert.doesNotMatch(quick, /## Aims/);
  });
});

test('every aim belongs to a chapter', () => {
  assert.deepEqual(
    AIMS.filter(({ scenario }) => CHAPTERS[scenario] === undefined),
    [],
  );
});

describe('the README', () => {
  const MARKED =
    'before\n<!-- Speed: made from bench/results.json by `npm run gen`. -->\nold\n<!-- End of speed. -->\nafter';

  test('gets its table between the marks, and keeps the rest', () => {
    const text = readmeWithTable(MARKED, resultOf(BURN_DOWN));
    assert.match(text, /^before\n<!-- Speed/);
    assert.match(text, /^\| no-op jobs through one worker \| 24,000\/s \| – \| plainjob, FULL 500\/s \|$/m);
    assert.match(text, /<!-- End of speed\. -->\nafter$/);
    assert.doesNotMatch(text, /old/);
    assert.equal(readmeWithTable(text, resultOf(BURN_DOWN)), text);
  });

  test('without its marks is refused', () => {
    assert.throws(() => readmeWithTable('no marks', resultOf([])), /lost its marks/);
  });
});
