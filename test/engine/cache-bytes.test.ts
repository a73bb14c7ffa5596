/**
 * What callers fill stays within its bytes, seen from the heap: each cache is filled far beyond its bound with what is largest in it.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { sampleJob } from '../../src/core/sample-job.ts';
import { keptPerSnapshot } from '../../src/dialects/snapshot-cache.ts';
import { createSnapshots } from '../../src/engine/reading/snapshots.ts';
import { createJobIds } from '../../src/engine/submitting/job-ids.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const MIB = 1_024 * 1_024;

function heapBytes(): number {
  // Weak entries go in the round after the one that found them.
  for (let round = 0; round < 3; round += 1) collect();
  return process.memoryUsage().heapUsed;
}

/** Heap that `fill` leaves behind, with what it answers still in use. */
function heldBy(fill: () => { readonly keep: unknown }): number {
  const before = heapBytes();
  const kept = fill();
  const held = heapBytes() - before;
  assert.ok(kept.keep);
  return held;
}

interface Made {
  readonly tags: Record<string, string>;
  readonly result: string | null;
}

const newId = createJobIds();
const BOUND = 8 * MIB;

describe('the heap that a cache holds', () => {
  const jobs: readonly (readonly [string, number, (number: number) => Made])[] = [
    ['large tags', 3_000, (number) => ({ tags: tagsOf(number, 'x'), result: null })],
    ['tags of two bytes per character', 2_000, (number) => ({ tags: tagsOf(number, 'щ'), result: null })],
    ['results', 2_000, (number) => ({ tags: {}, result: `"${number}${'x'.repeat(20_000)}"` })],
    [
      'results of two bytes per character',
      2_000,
      (number) => ({ tags: {}, result: `"${number}${'щ'.repeat(10_000)}"` }),
    ],
    ['nothing but themselves', 40_000, () => ({ tags: {}, result: null })],
  ];
  for (const [what, jobsMade, make] of jobs) {
    test(`is within its bound for snapshots of jobs with ${what}`, () => {
      const snapshots = createSnapshots({ ...DEFAULT_LIMITS, snapshotBytesMax: BOUND });
      const held = heldBy(() => {
        for (let number = 1; number <= jobsMade; number += 1) {
          const { tags, result } = make(number);
          const text = result === null ? null : Buffer.from(result).toString();
          snapshots.put(sampleJob({ id: newId(number), number, tags }), text);
        }
        return { keep: snapshots };
      });
      assert.ok(held < 1.2 * BOUND, `${(held / MIB).toFixed(1)} MiB`);
    });
  }
});

describe('the heap that bodies hold', () => {
  test('is within its bound while their snapshots live', () => {
    // One object for all: only what is made of them counts.
    const job = sampleJob();
    const snapshots = Array.from({ length: 2_000 }, () => ({ job, resultText: null }));
    const bodyOf = keptPerSnapshot(
      (_snapshot, shown, host: string) => ({ body: `${shown}${host}`.repeat(1_000) }),
      BOUND,
    );
    const held = heldBy(() => {
      // Joined as they are sent: a body that was never read would still be the tree of its parts.
      for (const snapshot of snapshots) Buffer.byteLength(bodyOf(snapshot, NOW, 'https://щ.example').body);
      return { keep: [snapshots, bodyOf] };
    });
    assert.ok(held < 1.2 * BOUND, `${(held / MIB).toFixed(1)} MiB`);
  });
});

const NOW = 1_700_000_000_000;

function tagsOf(number: number, letter: string): Record<string, string> {
  const tags: Record<string, string> = {};
  // As JSON brings them: each text its own.
  for (let tag = 0; tag < 20; tag += 1) tags[`tag ${tag}`] = `${number}-${tag}`.padEnd(500, letter);
  return JSON.parse(JSON.stringify(tags)) as Record<string, string>;
}
