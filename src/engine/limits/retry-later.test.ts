import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPlay, DONE, openEngine, TENANT } from '../../../test/engine/engine-fixture.ts';

const LATER = { kind: 'later', waitMs: 5_000 } as const;

test('a job that says "later" closes its key, is the first of it again, and has used no attempt', async () => {
  const play = createPlay();
  await using fixture = await openEngine({ types: { task: play.run } });
  const limit = { key: 'k', concurrency: 1 };
  const first = await fixture.submit('task', { limit });
  const call = await play.next();
  const second = await fixture.submit('task', { limit });
  call.end(LATER);
  const back = await fixture.until(first, ({ state, fence }) => state === 'waiting' && fence === 1);
  assert.deepEqual([back.attempt, back.error], [0, null]);
  const { keyLimits } = fixture.engine;
  assert.equal((await keyLimits.read(TENANT, 'k')).closedUntil, fixture.clock.now() + 5_000);
  await fixture.advance(4_900);
  assert.deepEqual([(await fixture.job(first)).state, (await fixture.job(second)).state], ['waiting', 'waiting']);
  await fixture.advance(200);
  const again = await play.next();
  assert.deepEqual([again.attempt.job.id, again.attempt.job.attempt], [first, 1]);
  // Closed for longer by a person: that stays.
  await keyLimits.close(TENANT, 'k', null);
  const closed = (await keyLimits.read(TENANT, 'k')).closedUntil;
  again.end(LATER);
  await fixture.until(first, ({ state, fence }) => state === 'waiting' && fence === 2);
  assert.equal((await keyLimits.read(TENANT, 'k')).closedUntil, closed);
});

test('a job without a key waits alone', async () => {
  const play = createPlay();
  await using fixture = await openEngine({ types: { task: play.run } });
  const id = await fixture.submit('task');
  (await play.next()).end(LATER);
  const back = await fixture.until(id, ({ state, fence }) => state === 'waiting' && fence === 1);
  assert.deepEqual([back.attempt, back.runAt - fixture.clock.now()], [0, 5_000]);
  await fixture.advance(5_000);
  (await play.next()).end(DONE);
  await fixture.until(id, ({ state }) => state === 'succeeded');
});
