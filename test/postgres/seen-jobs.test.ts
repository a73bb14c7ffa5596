/** What apply answers about jobs that this process has seen before: exactly what is stored, whoever changed what in between. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Job, JobPatch } from '../../src/core/job.ts';
import type { Store } from '../../src/store/contract.ts';
import { claimOne, first, insertJob, NOW, readJob } from '../../src/store/contract-suite/fixtures.ts';
import { inScene, type Scene } from './scene.ts';
import { startTestServer, type TestServer } from './server.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer({ isDurable: false });
});
after(() => server.end());

const FINAL: JobPatch = { state: 'succeeded', leaseUntil: null, worker: null, finishedAt: NOW + 5, error: null };

async function apply(store: Store, job: Job, patch: JobPatch): Promise<Job> {
  const outcome = first(await store.apply([{ id: job.id, expect: { states: ['running'], fence: job.fence }, patch }]));
  assert.equal(outcome.kind, 'applied');
  assert.deepEqual(outcome.job, await readJob(store, job.id));
  return outcome.job;
}

function withClaimed(run: (scene: Scene, job: Job) => Promise<void>): Promise<void> {
  return inScene(server, {}, async (scene) => {
    await insertJob(scene, { tags: { a: 'b' }, retry: { attempts: 2, backoffMs: 1, factor: 2, maxMs: 3 } });
    await run(scene, await claimOne(scene));
  });
}

test('apply answers the stored job when reports and a completion follow a claim', () =>
  withClaimed(async ({ store }, job) => {
    const once = await apply(store, job, { progress: { percent: 12.5, message: 'half of a quarter' } });
    await apply(store, once, { progress: { percent: 50, message: null } });
    const done = await apply(store, job, { ...FINAL, result: { contentType: 'text/plain', bytes: 3 } });
    assert.equal(done.revision, job.revision + 3);
  }));

test('apply answers the extended lease when a heartbeat came between', () =>
  withClaimed(async ({ store }, job) => {
    await store.extend([{ id: job.id, fence: job.fence, leaseUntil: NOW + 777_000 }]);
    const reported = await apply(store, job, { progress: { percent: 1, message: null } });
    assert.equal(reported.leaseUntil, NOW + 777_000);
  }));

test('apply answers what another process wrote when that came between', () =>
  withClaimed(async ({ store, opened }, job) => {
    const other = (await opened.another?.()) ?? store;
    await apply(other, job, { cancelRequestedAt: NOW + 3 });
    const reported = await apply(store, job, { progress: { percent: 1, message: null } });
    assert.equal(reported.cancelRequestedAt, NOW + 3);
    const done = await apply(store, job, FINAL);
    assert.equal(done.cancelRequestedAt, NOW + 3);
  }));

test('apply answers what is stored when a text has a lone surrogate', () =>
  withClaimed(async ({ store }, job) => {
    const reported = await apply(store, job, { progress: { percent: 1, message: 'a\uD800b' } });
    assert.equal(reported.progress.message, 'a\uFFFDb');
  }));

test('apply answers the stored job when two patches of it are in one batch', () =>
  withClaimed(async ({ store }, job) => {
    const expect = { states: ['running'] as const, fence: job.fence };
    const outcomes = await store.apply([
      { id: job.id, expect, patch: { progress: { percent: 9, message: 'last words' } } },
      { id: job.id, expect, patch: FINAL },
    ]);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.kind === 'applied' && outcome.job.revision),
      [job.revision + 1, job.revision + 2],
    );
    assert.deepEqual(outcomes[1], { kind: 'applied', job: await readJob(store, job.id) });
    assert.equal((await readJob(store, job.id)).progress.message, 'last words');
  }));
