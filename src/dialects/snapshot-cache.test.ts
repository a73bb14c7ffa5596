import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sampleJob } from '../core/sample-job.ts';
import type { Snapshot } from '../engine/api.ts';
import { keptPerSnapshot } from './snapshot-cache.ts';

describe('keptPerSnapshot', () => {
  test('makes a body once, and again when time changes the word', () => {
    const made: string[] = [];
    const bodyOf = keptPerSnapshot((_snapshot, shown) => {
      made.push(shown);
      return { shown };
    });
    const snapshot: Snapshot = { job: { ...sampleJob(), state: 'waiting', attempt: 0, runAt: 100 }, resultText: null };
    assert.equal(bodyOf(snapshot, 50), bodyOf(snapshot, 99));
    assert.deepEqual(bodyOf(snapshot, 100), { shown: 'queued' });
    assert.equal(bodyOf(snapshot, 100), bodyOf(snapshot, 1_000));
    assert.deepEqual(made, ['scheduled', 'queued']);
    bodyOf({ ...snapshot }, 50);
    assert.equal(made.length, 3);
  });

  test('makes it again when what it depends on beside is another', () => {
    const of = keptPerSnapshot((_snapshot, _shown, base: string, flag: boolean) => ({ base, flag }));
    const snapshot: Snapshot = { job: sampleJob(), resultText: null };
    const first = of(snapshot, 0, 'a', true);
    assert.equal(of(snapshot, 0, 'a', true), first);
    assert.deepEqual(of(snapshot, 0, 'b', true), { base: 'b', flag: true });
    assert.notEqual(of(snapshot, 0, 'a', true), first);
  });

  test('asks again for what the snapshot alone did not say', () => {
    let asked = 0;
    const of = keptPerSnapshot(() => {
      asked += 1;
      return undefined;
    });
    const snapshot: Snapshot = { job: sampleJob(), resultText: null };
    of(snapshot, 0);
    of(snapshot, 0);
    assert.equal(asked, 2);
  });
});
