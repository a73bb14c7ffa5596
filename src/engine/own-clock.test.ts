import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createFakeClock } from './fake-clock.ts';
import { createOwnClock } from './own-clock.ts';
import { createTelemetry } from './telemetry.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;
const START = 1_750_000_000_000;

/** A machine, and a store whose mark outlives the starts of a process. */
function stage() {
  const machine = createFakeClock(START);
  const kept: { time: number | null } = { time: null };
  const told: { byMs: number; isFollowed: boolean }[] = [];
  return {
    ...{ machine, kept, told },
    async open(isMachineRight = false) {
      const telemetry = createTelemetry();
      telemetry.subscribe((event) => {
        if (event.kind === 'clockJumped') told.push({ byMs: event.byMs, isFollowed: event.isFollowed });
      });
      const clock = createOwnClock({
        ...{ machine, jumpMsMax: 31 * DAY, isMachineRight, random: () => 0, telemetry },
        mark: {
          read: async () => kept.time,
          write: async (time) => {
            kept.time = time;
          },
        },
      });
      await clock.start();
      return clock;
    },
  };
}

it('an own clock is the machine’s where nothing jumps', async () => {
  const { machine, open, told } = stage();
  const clock = await open();
  machine.advance(12_345);
  assert.equal(clock.now(), machine.now());
  assert.deepEqual(told, []);
  await clock.stop();
});

it('an own clock follows an hour ahead, as after a machine slept, and tells it', async () => {
  const { machine, open, told } = stage();
  const clock = await open();
  machine.jump(HOUR);
  assert.equal(clock.now(), START + HOUR);
  assert.deepEqual(told, [{ byMs: HOUR, isFollowed: true }]);
  await clock.stop();
});

it('an own clock that the machine falls behind goes on with the steady counter, a little slower, until they agree', async () => {
  const { machine, open, told } = stage();
  const clock = await open();
  machine.jump(-HOUR);
  assert.equal(clock.now(), START);
  machine.advance(10_000);
  assert.equal(clock.now(), START + 9_900);
  assert.deepEqual(told, [{ byMs: -HOUR, isFollowed: false }]);
  for (let hour = 0; hour < 100; hour += 1) {
    const before = clock.now();
    machine.advance(HOUR);
    assert.ok(clock.now() > before);
  }
  assert.ok(clock.now() - machine.now() < 1_000);
  await clock.stop();
});

it('an own clock does not follow a year ahead, also not after a restart, unless an operator says so', async () => {
  const { machine, open, told } = stage();
  const first = await open();
  machine.jump(YEAR);
  machine.advance(1_000);
  assert.equal(first.now(), START + 1_000);
  assert.deepEqual(
    told.map(({ isFollowed }) => isFollowed),
    [false],
  );
  await first.stop();
  const second = await open();
  assert.ok(second.now() < START + HOUR);
  await second.stop();
  const trusting = await open(true);
  assert.equal(trusting.now(), machine.now());
  await trusting.stop();
  const after = await open();
  assert.equal(after.now(), machine.now(), 'the word is needed once');
  await after.stop();
});

it('an own clock is back with the machine when a year ahead is taken back', async () => {
  const { machine, open } = stage();
  const clock = await open();
  machine.jump(YEAR);
  machine.advance(HOUR);
  clock.now();
  machine.jump(-YEAR);
  assert.equal(clock.now(), machine.now());
  await clock.stop();
});

it('an own clock starts ahead of everything that was written before the machine was set back', async () => {
  const { machine, open } = stage();
  const first = await open();
  machine.advance(59_000);
  const last = first.now();
  await first.stop();
  machine.jump(-HOUR);
  const second = await open();
  assert.ok(second.now() >= last);
  await second.stop();
});
