import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPlay, DONE, json, openEngine, TENANT } from '../../../test/engine/engine-fixture.ts';
import { assertToldAll, createFeedReader } from '../../../test/engine/feed-reader.ts';
import { openStore } from '../../../test/engine/store-pool.ts';
import { createHintBus, spyOn } from '../../../test/engine/store-spy.ts';
import { createFakeClock } from '../index.ts';

describe('the feed of an engine', () => {
  it('has every revision of every job, however far the reader is behind', async () => {
    await using fixture = await openEngine({ types: { task: async () => json({ a: 'x'.repeat(50_000) }) } });
    const reader = createFeedReader();
    const late = createFeedReader();
    await reader.catchUp(fixture.engine);
    await late.catchUp(fixture.engine);
    for (let batch = 0; batch < 5; batch += 1) {
      for (let one = 0; one < 60; one += 1) await fixture.submit('task');
      await fixture.advance(100);
      await reader.catchUp(fixture.engine);
    }
    await assertToldAll(fixture, reader);
    await late.catchUp(fixture.engine);
    assert.deepEqual(late.seen, reader.seen);
    assert.equal(reader.seen.length, 900);
  });

  it('leaves out the revision of a job at which nothing is new but that another one waits for its end', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const reader = createFeedReader();
    await reader.catchUp(fixture.engine);
    const parent = await fixture.submit('task');
    const call = await play.next();
    const before = await fixture.job(parent);
    await fixture.submit('task', { after: [parent] });
    assert.deepEqual(await fixture.job(parent), { ...before, revision: 3, marks: { isAwaited: true } });
    call.end(DONE);
    await fixture.until(parent, ({ state }) => state === 'succeeded');
    await fixture.advance(1_000);
    await reader.catchUp(fixture.engine);
    assert.deepEqual(
      reader.seen.filter((one) => one.startsWith(parent)),
      [1, 2, 4].map((revision) => `${parent} ${revision}`),
    );
  });

  it('reads nothing of the store while nobody reads, and follows no more once the last has left for an hour', async () => {
    await using fixture = await openEngine();
    const reader = createFeedReader();
    await reader.catchUp(fixture.engine);
    await fixture.advance(60_000);
    const before = fixture.spy.calls.get('eventRead');
    await fixture.submit('task');
    await fixture.advance(60_000);
    assert.equal(fixture.spy.calls.get('eventRead'), before);
    await fixture.advance(2 * 3_600_000);
    await fixture.store.eventPrune({ now: fixture.clock.now(), before: 0, limit: 10 });
    const { newest } = await fixture.store.eventRead({ tenant: TENANT, after: 0, limit: 0 });
    await fixture.submit('task');
    await fixture.advance(1_000);
    assert.equal((await fixture.store.eventRead({ tenant: TENANT, after: 0, limit: 0 })).newest, newest);
  });

  it('goes on over an outage of the store', async () => {
    await using fixture = await openEngine();
    const reader = createFeedReader();
    await reader.catchUp(fixture.engine);
    const waiting = reader.wait(fixture.engine, 60_000);
    await fixture.spy.idle();
    fixture.spy.breakDown('eventRead');
    await fixture.submit('task');
    await fixture.advance(1_000);
    assert.deepEqual(reader.seen, []);
    fixture.spy.repair();
    await fixture.advance(10_000);
    await waiting;
    await reader.catchUp(fixture.engine);
    await assertToldAll(fixture, reader);
  });
});

for (const isSilent of [false, true]) {
  it(`what another process does is in the feed within a second, hints ${isSilent ? 'lost' : 'heard'}, and on from either of them`, async () => {
    await using own = await openStore();
    const clock = createFakeClock();
    const bus = createHintBus();
    bus.isSilent = isSilent;
    const facts = { isShared: true, hasHints: true };
    const play = createPlay();
    const usual = { clock, types: { task: play.run } };
    const reader = createFeedReader();
    await using front = await openEngine({
      ...{ ...usual, spy: spyOn(own.store, facts, bus) },
      ...{ runsJobs: false, workerName: 'front' },
    });
    {
      await using back = await openEngine({ ...usual, spy: spyOn(own.store, facts, bus), workerName: 'back' });
      await reader.catchUp(front.engine);
      await front.submit('task');
      const run = await Promise.race([play.next(), front.advance(2_000).then(() => play.next())]);
      await reader.catchUp(front.engine);
      const waiting = reader.wait(front.engine, 60_000);
      await front.spy.idle();
      const before = reader.seen.length;
      run.end(DONE);
      await back.spy.idle();
      await front.advance(1_000);
      await waiting;
      assert.ok(reader.seen.length > before);
      await reader.catchUp(back.engine);
    }
    await front.submit('task');
    await reader.catchUp(front.engine);
    await assertToldAll(front, reader);
  });
}
