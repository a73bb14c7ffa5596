import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createPlay, DONE, NEVER, openEngine, TENANT } from '../../../test/engine/engine-fixture.ts';

it('jobs that a dead process left running are run again at once, those of remote workers are left to them', async () => {
  const play = createPlay();
  const types = { task: { slots: 5, handler: { kind: 'function', run: play.run } }, far: 'remote' } as const;
  const limits = { batchMax: 2 };
  await using fixture = await openEngine({ types, limits, runsJobs: false });
  const ids = await Promise.all([1, 2, 3, 4, 5].map(() => fixture.submit('task')));
  const far = await fixture.submit('far');
  const dead = { tenant: null, worker: 'dead', leaseMs: 30_000, now: fixture.clock.now() };
  await fixture.store.claim({ ...dead, wants: [{ type: 'task', max: 5 }], max: 5 });
  const claim = { tenant: TENANT, types: ['far'], max: 1, leaseMs: 30_000, worker: 'w', timeoutMs: 0, signal: NEVER };
  await fixture.engine.workClaim(claim);

  await using second = await openEngine({ spy: fixture.spy, clock: fixture.clock, types, limits });
  await second.advance(2_000);
  for (const _ of ids) {
    const run = await play.next();
    assert.equal(run.attempt.job.attempt, 2);
    run.end(DONE);
  }
  for (const id of ids) assert.equal((await second.until(id, ({ state }) => state === 'succeeded')).fence, 2);
  assert.equal((await second.job(far)).state, 'running');
});

it('a start after a clean stop searches nothing: the counts say that no job runs', async () => {
  await using fixture = await openEngine({ types: { far: 'remote', task: createPlay().run } });
  assert.equal(fixture.spy.calls.get('list'), undefined);
});
