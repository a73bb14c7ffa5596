import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobOf, patched, retainUntil } from './job.ts';
import { SAMPLE_NOW, sampleJob } from './sample-job.ts';

test('jobOf makes the first revision of a waiting job, with the deadline as a point in time', () => {
  const job = jobOf({ ...sampleJob(), deadlineMs: 5_000 }, 42);
  assert.deepEqual([job.state, job.number, job.revision, job.fence, job.attempt], ['waiting', 42, 1, 0, 0]);
  assert.equal(job.deadlineAt, SAMPLE_NOW + 5_000);
  assert.equal(jobOf(sampleJob(), 42).deadlineAt, null);
});

test('patched writes the patch over a copy and counts the revision', () => {
  const job = sampleJob();
  const next = patched(job, { state: 'running', worker: 'w1' });
  assert.deepEqual(next, { ...job, state: 'running', worker: 'w1', revision: 2 });
  assert.equal(job.state, 'waiting');
});

test('retainUntil counts from the finish, and is null before it', () => {
  assert.equal(retainUntil({ finishedAt: null, retainMs: 5 }), null);
  assert.equal(retainUntil({ finishedAt: 100, retainMs: 5 }), 105);
});
