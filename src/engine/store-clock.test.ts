import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from './fake-clock.ts';
import { createStoreClock } from './store-clock.ts';
import { createTelemetry } from './telemetry.ts';

/** A machine whose clock is wrong, and a store that answers after a while. */
function playClock() {
  const timers = createFakeClock(5_000_000);
  const machine = { ...timers, steady: () => world.steady };
  const world = { steady: 100, store: 1_000_000, roundTripMs: 0, isAway: false };
  const clock = createStoreClock({
    timers: machine,
    telemetry: createTelemetry(),
    random: () => 0,
    async time() {
      if (world.isAway) throw new Error('away');
      pass(world.roundTripMs / 2);
      const time = world.store;
      pass(world.roundTripMs / 2);
      return time;
    },
  });
  function pass(ms: number): void {
    world.steady += ms;
    world.store += ms;
  }
  return {
    ...{ clock, world, machine, pass },
    async measure() {
      pass(30_000);
      machine.advance(30_000);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe('a store clock', () => {
  it('shows the time of the store, whatever the machine says, with half of the round trip taken off', async () => {
    const { clock, world, pass } = playClock();
    world.roundTripMs = 40;
    await clock.start();
    assert.equal(clock.now(), world.store);
    pass(12_345);
    assert.equal(clock.now(), world.store);
    await clock.stop();
  });

  it('trusts the measurement with the shortest round trip among the newest', async () => {
    const play = playClock();
    play.world.roundTripMs = 2;
    await play.clock.start();
    // A slow answer that spent all of its time on the way back would shift the clock by half of it.
    play.world.roundTripMs = 500;
    await play.measure();
    assert.equal(play.clock.now(), play.world.store);
    await play.clock.stop();
  });

  it('never goes back by a little: it stands still until time has caught up', async () => {
    const play = playClock();
    await play.clock.start();
    const before = play.clock.now();
    for (let times = 0; times < 6; times += 1) {
      play.world.store -= 100;
      await play.measure();
      assert.ok(play.clock.now() >= before);
    }
    await play.clock.stop();
  });

  it('follows a step of the store’s clock, forward and back', async () => {
    const play = playClock();
    await play.clock.start();
    play.clock.now();
    for (const step of [3_600_000, -3_600_000]) {
      play.world.store += step;
      await play.measure();
      assert.equal(play.clock.now(), play.world.store);
    }
    await play.clock.stop();
  });

  it('rejects its start when the store does not answer, and goes on measuring through an outage', async () => {
    const play = playClock();
    play.world.isAway = true;
    await assert.rejects(play.clock.start(), /away/);
    play.world.isAway = false;
    await play.clock.start();
    play.world.isAway = true;
    await play.measure();
    assert.equal(play.clock.now(), play.world.store);
    play.world.isAway = false;
    play.world.store += 3_600_000;
    await play.measure();
    await play.measure();
    assert.equal(play.clock.now(), play.world.store);
    await play.clock.stop();
  });
});
