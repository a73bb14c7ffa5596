import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_LIMITS, type LimitName } from '../../core/limits.ts';
import { sampleJob } from '../../core/sample-job.ts';
import { createSnapshots } from './snapshots.ts';

function snapshotsWith(limits: Partial<Record<LimitName, number>> = {}) {
  return createSnapshots({ ...DEFAULT_LIMITS, ...limits });
}

function job(number: number, revision = 1) {
  return sampleJob({ id: `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`, number, revision });
}

describe('snapshots', () => {
  it('are one object per revision, and only go forward', () => {
    const snapshots = snapshotsWith();
    const first = snapshots.put(job(1), null);
    assert.equal(snapshots.put(job(1), null), first);
    const second = snapshots.put(job(1, 2), '{}');
    assert.notEqual(second, first);
    assert.equal(snapshots.put(job(1), null), second);
    assert.equal(snapshots.get(job(1).id), second);
    assert.equal(snapshots.getByNumber(1), second);
    assert.equal(snapshots.count, 1);
  });

  it('are dropped with their bytes', () => {
    const snapshots = snapshotsWith();
    snapshots.put(job(1), '{"a":1}');
    snapshots.drop(job(1).id);
    assert.equal(snapshots.get(job(1).id), undefined);
    assert.equal(snapshots.getByNumber(1), undefined);
    assert.deepEqual([snapshots.count, snapshots.bytes], [0, 0]);
  });

  it('stay within their number, and those that are asked for stay longest', () => {
    const snapshots = snapshotsWith({ snapshotsMax: 100 });
    for (let number = 1; number <= 1_000; number += 1) {
      snapshots.put(job(number), null);
      assert.ok(snapshots.get(job(1).id), `after ${number}`);
      assert.ok(snapshots.count <= 101);
    }
    assert.equal(snapshots.get(job(500).id), undefined);
    assert.ok(snapshots.getByNumber(1));
  });

  it('stay within their bytes', () => {
    const snapshots = snapshotsWith({ snapshotBytesMax: 20_000 });
    for (let number = 1; number <= 100; number += 1) {
      snapshots.put(job(number), 'x'.repeat(2_000));
      assert.ok(snapshots.bytes <= 24_000);
    }
    assert.ok(snapshots.get(job(100).id));
  });

  it('leave when nobody asked for them between two ages', () => {
    const snapshots = snapshotsWith();
    snapshots.put(job(1), null);
    snapshots.put(job(2), null);
    snapshots.age();
    assert.ok(snapshots.get(job(1).id));
    snapshots.age();
    assert.ok(snapshots.get(job(1).id));
    assert.equal(snapshots.get(job(2).id), undefined);
    snapshots.age();
    snapshots.age();
    assert.deepEqual([snapshots.count, snapshots.bytes], [0, 0]);
  });

  it('are not kept at all when none may be', () => {
    const snapshots = snapshotsWith({ snapshotsMax: 0 });
    assert.equal(snapshots.put(job(1), null).job.number, 1);
    assert.equal(snapshots.get(job(1).id), undefined);
  });

  it('follow the changes of those that are known, and of no other', () => {
    const snapshots = snapshotsWith();
    const result = { contentType: 'application/json', bytes: Buffer.from('{"a":1}') };
    const reading = snapshots.beginReading();
    const passing = snapshots.follow(job(1, 2), result);
    assert.equal(passing.resultText, '{"a":1}');
    assert.equal(passing.resultText, '{"a":1}');
    assert.deepEqual([snapshots.count, snapshots.bytes], [0, 0]);
    // A read that was under way would bring back the past.
    snapshots.putRead(job(1), null, reading);
    assert.equal(snapshots.get(job(1).id), undefined);
    snapshots.put(job(2), null);
    const followed = snapshots.follow(job(2, 3), result);
    assert.equal(snapshots.get(job(2).id), followed);
    assert.equal(followed.resultText, '{"a":1}');
    assert.equal(snapshots.follow(job(2, 2), null), followed);
  });

  it('of answers that are heard in the wrong order do not end with the older one', () => {
    const snapshots = snapshotsWith();
    snapshots.follow(job(1, 5), null);
    snapshots.put(job(1, 3), null);
    snapshots.follow(job(1, 4), null);
    assert.equal(snapshots.get(job(1).id), undefined);
    snapshots.put(job(2, 1), null);
    snapshots.drop(job(2).id);
    snapshots.follow(job(2, 3), null);
    assert.equal(snapshots.follow(job(2, 2), null).job.revision, 2);
    assert.equal(snapshots.get(job(2).id), undefined);
    assert.equal(snapshots.get(snapshots.put(job(1, 6), null).job.id)?.job.revision, 6);
  });

  it('follow the changes of those that are on their way into the store', () => {
    const snapshots = snapshotsWith();
    const arrived = snapshots.expect([job(1).id]);
    // Claimed before its submit is told: whoever runs it would take a job that is announced as waiting for one that is lost.
    const claimed = snapshots.follow(job(1, 2), null);
    assert.equal(snapshots.put(job(1), null), claimed);
    assert.equal(snapshots.get(job(1).id), claimed);
    arrived();
    snapshots.drop(job(1).id);
    snapshots.follow(job(1, 3), null);
    assert.equal(snapshots.get(job(1).id), undefined);
  });

  it('of a list are those that are known, and are not remembered', () => {
    const snapshots = snapshotsWith();
    const known = snapshots.put(job(1, 5), null);
    assert.equal(snapshots.view(job(1, 4), null), known);
    assert.equal(snapshots.view(job(2), null).job.number, 2);
    assert.equal(snapshots.get(job(2).id), undefined);
  });

  it('a read that was overtaken by a change does not bring the past back', () => {
    const snapshots = snapshotsWith();
    const reading = snapshots.beginReading();
    // Changed and then dropped while the read was under way: what the read found is older than both.
    snapshots.put(job(1, 2), null);
    snapshots.drop(job(1).id);
    assert.equal(snapshots.putRead(job(1), null, reading).job.revision, 1);
    assert.equal(snapshots.get(job(1).id), undefined);
    snapshots.putRead(job(2), null, reading);
    assert.ok(snapshots.get(job(2).id));
    reading.end();
    snapshots.put(job(3), null);
    assert.equal(reading.isOvertaken(job(3).id), false);
  });

  it('that were cleared take their reads under way with them', () => {
    const snapshots = snapshotsWith();
    const reading = snapshots.beginReading();
    snapshots.put(job(1), 'text');
    snapshots.clear();
    assert.deepEqual([snapshots.count, snapshots.bytes], [0, 0]);
    snapshots.putRead(job(2), null, reading);
    assert.equal(snapshots.get(job(2).id), undefined);
  });
});
