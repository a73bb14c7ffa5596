import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sampleJob } from '../../core/sample-job.ts';
import { SeenJobs } from './seen-jobs.ts';

const MIB = 1_024 * 1_024;

describe('jobs as this process saw them', () => {
  test('are bounded by what their callers put into them', () => {
    const seen = new SeenJobs();
    for (let job = 0; job < 2_000; job += 1) {
      const tags = Object.fromEntries(
        Array.from({ length: 20 }, (_, at) => [`tag${at}`, `${job} ${'\u4e00'.repeat(500)}`]),
      );
      seen.remember(sampleJob({ id: `job-${job}`, state: 'running', tags }));
    }
    assert.ok(seen.bytes <= 32 * MIB, `${seen.bytes}`);
    assert.equal(seen.get('job-0'), undefined);
    assert.equal(seen.get('job-1999')?.id, 'job-1999');
  });

  test('give back what they took, once they are over', () => {
    const seen = new SeenJobs();
    const job = sampleJob({ state: 'running' });
    seen.remember(job);
    seen.remember({ ...job, revision: job.revision + 1 });
    assert.equal(seen.get(job.id)?.revision, job.revision + 1);
    seen.remember({ ...job, state: 'succeeded' });
    assert.equal(seen.get(job.id), undefined);
    assert.equal(seen.bytes, 0);
  });
});
