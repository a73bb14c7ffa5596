import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, it } from 'node:test';
import { createFakeClock } from './fake-clock.ts';
import { createLoop } from './loop.ts';
import { createTelemetry, type TelemetryEvent } from './telemetry.ts';

/** A loop whose runs the test ends one by one. */
function playLoop() {
  const clock = createFakeClock();
  const telemetry = createTelemetry();
  const events: TelemetryEvent[] = [];
  telemetry.subscribe((event) => void events.push(event));
  const runs: PromiseWithResolvers<number | null>[] = [];
  let count = 0;
  const loop = createLoop({
    ...{ name: 'test', clock, telemetry, random: () => 0 },
    run() {
      count += 1;
      const run = Promise.withResolvers<number | null>();
      runs.push(run);
      return run.promise;
    },
  });
  return {
    ...{ clock, events, loop },
    get count() {
      return count;
    },
    async turn() {
      for (let times = 0; times < 3; times += 1) await new Promise((resolve) => setImmediate(resolve));
    },
    async end(delayMs: number | null) {
      runs.shift()?.resolve(delayMs);
      await this.turn();
    },
    async fail() {
      runs.shift()?.reject(new Error('away'));
      await this.turn();
    },
  };
}

describe('a loop', () => {
  it('runs in the async context in which it was made, whoever starts or wakes it', async () => {
    const callers = new AsyncLocalStorage<string>();
    const clock = createFakeClock();
    const seen: (string | undefined)[] = [];
    const run = async () => {
      seen.push(callers.getStore());
      return null;
    };
    const options = { name: 'test', clock, telemetry: createTelemetry(), random: () => 0, run };
    const loop = callers.run('maker', () => createLoop(options));
    for (const caller of ['starter', 'waker'])
      await callers.run(caller, async () => {
        if (caller === 'starter') loop.start();
        else loop.wake();
        for (let times = 0; times < 3; times += 1) await new Promise((resolve) => setImmediate(resolve));
      });
    assert.deepEqual(seen, ['maker', 'maker']);
    await loop.stop();
  });

  it('runs when started, then when its time has come, never twice at once', async () => {
    const play = playLoop();
    play.loop.start();
    play.loop.start();
    await play.turn();
    assert.equal(play.count, 1);
    await play.end(1_000);
    play.clock.advance(999);
    await play.turn();
    assert.equal(play.count, 1);
    play.clock.advance(1);
    assert.equal(play.count, 2);
  });

  it('sleeps until woken, and a burst of wakes costs one run', async () => {
    const play = playLoop();
    play.loop.start();
    await play.turn();
    await play.end(null);
    play.clock.advance(1e9);
    await play.turn();
    assert.equal(play.count, 1);
    for (let times = 0; times < 10; times += 1) play.loop.wake();
    await play.turn();
    assert.equal(play.count, 2);
    play.loop.wake();
    play.loop.wake();
    await play.turn();
    assert.equal(play.count, 2);
    await play.end(null);
    assert.equal(play.count, 3);
    await play.end(0);
    assert.equal(play.count, 4);
  });

  it('pauses ever longer while it fails, deaf to wakes, tells now and then, and says when it is over', async () => {
    const play = playLoop();
    play.loop.start();
    await play.turn();
    for (const pauseMs of [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000, 5_000, 5_000]) {
      await play.fail();
      const before = play.count;
      play.loop.wake();
      play.clock.advance(pauseMs - 1);
      await play.turn();
      assert.equal(play.count, before);
      play.clock.advance(1);
      assert.equal(play.count, before + 1);
    }
    await play.fail();
    play.clock.advance(5_000);
    await play.end(null);
    const told = play.events.map((event) => (event.kind === 'loopFailed' ? event.suppressed : event.kind));
    assert.deepEqual(told, [0, 10, 'loopRecovered']);
    play.loop.wake();
    await play.turn();
    assert.equal(play.count, 14);
  });

  it('stop waits for the run under way, may be called twice, and nothing runs after it', async () => {
    const play = playLoop();
    play.loop.start();
    await play.turn();
    let isStopped = false;
    const stopping = Promise.all([play.loop.stop(), play.loop.stop()]).then(() => {
      isStopped = true;
    });
    await play.turn();
    assert.equal(isStopped, false);
    play.loop.wake();
    await play.end(10);
    await stopping;
    play.clock.advance(1_000);
    play.loop.wake();
    await play.turn();
    assert.equal(play.count, 1);
  });

  it('that is woken before it was started runs when it is', async () => {
    const play = playLoop();
    play.loop.wake();
    await play.turn();
    assert.equal(play.count, 0);
    play.loop.start();
    await play.turn();
    assert.equal(play.count, 1);
  });
});
