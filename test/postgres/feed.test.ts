/** The feed of two nodes that share nothing but a PostgreSQL, while jobs run, and over the restart of one. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createFakeClock } from '../../src/engine/index.ts';
import { DONE, openEngine } from '../engine/engine-fixture.ts';
import { assertToldAll, createFeedReader } from '../engine/feed-reader.ts';
import { spyOn } from '../engine/store-spy.ts';
import { inScene } from './scene.ts';
import { startTestServer, type TestServer } from './server.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer({ isDurable: false });
});
after(() => server.end());

for (const notify of [true, false]) {
  test(`every revision is told once by whatever node, also of jobs that another runs, ${notify ? 'with' : 'without'} hints`, async () => {
    await inScene(server, { notify }, async ({ store, opened }) => {
      assert.ok(opened.another);
      const clock = createFakeClock();
      const usual = { clock, types: { task: { handler: { kind: 'function', run: async () => DONE }, slots: 8 } } };
      const [here, there, both] = [createFeedReader(), createFeedReader(), createFeedReader()];
      await using front = await openEngine({ ...usual, spy: spyOn(store), runsJobs: false, workerName: 'front' });
      for (const life of [1, 2]) {
        const another = await opened.another();
        await using back = await openEngine({ ...usual, spy: spyOn(another), workerName: `back ${life}` });
        await Promise.all([here.catchUp(front.engine), there.catchUp(back.engine), both.catchUp(back.engine)]);
        const waiting = here.wait(front.engine, 60_000);
        for (let batch = 0; batch < 4; batch += 1) {
          const writers = [front, back, front, back].map(async ({ submit }) => {
            for (let one = 0; one < 10; one += 1) await submit('task');
          });
          await Promise.all([...writers, there.catchUp(back.engine), both.catchUp(front.engine)]);
          await front.advance(1_500);
          await back.spy.idle();
        }
        await waiting;
        assert.ok(here.seen.length > 0);
      }
      await front.advance(5_000);
      for (const reader of [here, there, both]) {
        await reader.catchUp(front.engine);
        await assertToldAll(front, reader);
      }
      assert.ok(here.seen.length >= 2 * 160 * 2);
    });
  });
}
