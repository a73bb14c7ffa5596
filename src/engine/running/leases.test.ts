import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DEFAULT_LIMITS } from '../../core/limits.ts';
import { sampleJob } from '../../core/sample-job.ts';
import { createFakeClock } from '../fake-clock.ts';
import { createTelemetry } from '../telemetry.ts';
import type { LiveAttempt } from './attempt.ts';
import { createLeases } from './leases.ts';

/** One heartbeat whose answer is that the job is not this worker's; resolves with what the attempt was told. */
async function beatOf(isRunning: boolean): Promise<readonly string[]> {
  const clock = createFakeClock();
  const told: string[] = [];
  const attempt = {
    ...{ job: sampleJob({ state: 'running', fence: 1 }), leaseEndsAt: clock.steady(), isRunning },
    abort: (reason: string) => void told.push(reason),
  } as unknown as LiveAttempt;
  const beaten = Promise.withResolvers<void>();
  const loop = createLeases({
    ...{ clock, limits: DEFAULT_LIMITS, random: () => 0.5, telemetry: createTelemetry() },
    store: undefined as never,
    live: { add() {}, remove() {}, get: () => attempt, all: () => [attempt].values(), count: 1 },
    extensions: {
      add: () => assert.fail(),
      push: () => assert.fail(),
      async addAll(items) {
        beaten.resolve();
        return items.map(() => ({ kind: 'lost' }));
      },
      depth: 0,
    },
  });
  loop.start();
  await beaten.promise;
  await loop.stop();
  return told;
}

it('a heartbeat tells a running attempt that its lease is lost', async () => {
  assert.deepEqual(await beatOf(true), ['lost']);
});

it('a heartbeat leaves an attempt alone that has ended: what it met may be its own outcome', async () => {
  assert.deepEqual(await beatOf(false), []);
});
