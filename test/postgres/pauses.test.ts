/** Pauses between two nodes that share nothing but a PostgreSQL. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createFakeClock } from '../../src/engine/index.ts';
import { createPlay, DONE, openEngine } from '../engine/engine-fixture.ts';
import { spyOn } from '../engine/store-spy.ts';
import { inScene } from './scene.ts';
import { startTestServer, type TestServer } from './server.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer({ isDurable: false });
});
after(() => server.end());

test('a node obeys the pause of another, and its end, within a second and without hints', async () => {
  await inScene(server, { notify: false }, async ({ store, opened }) => {
    assert.ok(opened.another);
    const clock = createFakeClock();
    const play = createPlay();
    const usual = { clock, types: { task: play.run } };
    await using front = await openEngine({ ...usual, spy: spyOn(store), runsJobs: false, workerName: 'front' });
    await using back = await openEngine({ ...usual, spy: spyOn(await opened.another()), workerName: 'back' });
    const advance = async (ms: number) => {
      for (let rest = ms; rest > 0; rest -= 100) {
        await front.advance(100);
        await back.spy.idle();
      }
    };
    await front.engine.pauseType('task');
    await advance(1_000);
    assert.notEqual(back.engine.types()[0]?.pausedAt, null);
    const id = await front.submit('task');
    await advance(3_000);
    assert.equal(play.running, 0);
    await front.engine.resumeType('task');
    await advance(1_000);
    (await play.next()).end(DONE);
    await back.until(id, ({ state }) => state === 'succeeded');
  });
});
