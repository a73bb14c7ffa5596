import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { BenchResult } from './report/result.ts';

const BENCH = join(import.meta.dirname, 'run.ts');

test('npm run bench -- --quick measures by itself, and writes the numbers and a page of them', async () => {
  const out = mkdtempSync(join(tmpdir(), 'bide-quick-'));
  try {
    await promisify(execFile)(process.execPath, [
      BENCH,
      '--quick',
      '--alone',
      '--sqlite',
      '--only',
      's3,s4',
      '--out',
      out,
    ]);
    const { scenarios } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as BenchResult;
    const told = scenarios.flatMap(({ id, rows }) =>
      rows.map(({ side, failure = 'none' }) => `${id} ${side} ${failure}`),
    );
    assert.deepEqual(told.toSorted(), [
      's3 Bide, SQLite none',
      's3 Bide, SQLite, HTTP none',
      's4 Bide, SQLite, HTTP none',
      's4 bare Fastify none',
    ]);
    for (const sample of scenarios.flatMap(({ rows }) => rows.flatMap(({ samples }) => samples))) {
      assert.ok((sample.p50Ms ?? 0) > 0, JSON.stringify(sample));
    }
    const page = readFileSync(join(out, 'RESULTS.md'), 'utf8');
    assert.match(page, /nothing here is a measurement/);
    assert.match(page, /^## S4 · Status reads$/m);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
});

test('npm run bench with a scenario that there is none of says what there is, with exit code 2', async () => {
  const run = promisify(execFile)(process.execPath, [BENCH, '--only', 's9']);
  await assert.rejects(
    run,
    ({ code, stderr }: { code: number; stderr: string }) => code === 2 && /--only s1,s3/.test(stderr),
  );
});
