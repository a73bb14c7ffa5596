import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { sampleJob } from '../../core/sample-job.ts';
import type { Snapshot } from '../../engine/api.ts';
import { etagOf, isoTime, matchesEtag, retryAfterSeconds, revisionOfEtag } from './status.ts';

describe('isoTime', () => {
  test('is ISO 8601 in UTC for any time, in any order of asking', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4_102_444_800_000 })), (times) => {
        for (const ms of times) assert.equal(isoTime(ms), new Date(ms).toISOString());
      }),
    );
  });
});

describe('retryAfterSeconds', () => {
  test('rounds up to whole seconds and never says 0', () => {
    assert.deepEqual([0, 1, 999, 1_000, 1_001, 60_000].map(retryAfterSeconds), [1, 1, 1, 1, 2, 60]);
  });
});

describe('entity tags', () => {
  const snapshot: Snapshot = { job: { ...sampleJob(), revision: 7 }, resultText: null };

  test('name the revision, and the word where time alone changes it', () => {
    assert.equal(etagOf(snapshot, 'queued'), '"7"');
    assert.equal(etagOf(snapshot, 'scheduled'), '"7s"');
    for (const tag of ['"7"', '"7s"', 'W/"7"', ' "7" ']) assert.equal(revisionOfEtag(tag), 7);
    for (const tag of ['7', '"x"', '"-7"', '', '"7"x', '"12345678901234567"']) assert.equal(revisionOfEtag(tag), null);
  });

  test('match a list, a weak form and a star', () => {
    for (const header of ['"7"', '*', 'W/"7"', '"1", "7"', '"1",W/"7" ']) assert.ok(matchesEtag(header, '"7"'), header);
    for (const header of [undefined, '', '7', '"77"', '"7s"', 'w/"7"'])
      assert.ok(!matchesEtag(header, '"7"'), String(header));
  });
});
