import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BideError } from '../core/errors.ts';
import type { Store } from '../store/contract.ts';
import { createFakeClock } from './fake-clock.ts';
import { createReadiness } from './readiness.ts';
import { createTelemetry } from './telemetry.ts';

function stage() {
  const clock = createFakeClock();
  const telemetry = createTelemetry();
  let pings = 0;
  let answer: Promise<void> = Promise.resolve();
  const ping = () => {
    pings += 1;
    return answer;
  };
  const ready = createReadiness({ store: { ping } as Partial<Store> as Store, clock, telemetry });
  return {
    clock,
    telemetry,
    ready: () => ready('started'),
    pings: () => pings,
    pingAnswers(next: Promise<void>) {
      answer = next;
    },
    wrote: (error: BideError | null, batch = 'insert') =>
      telemetry.emit({ kind: 'batchSent', batch, items: 1, ms: 1, error }),
  };
}

describe('readiness', () => {
  it('asks the store for a write when there was none, or only reads', async () => {
    const { ready, pings, wrote } = stage();
    wrote(null, 'read');
    assert.deepEqual(await ready(), { ready: true });
    assert.equal(pings(), 1);
  });

  it('takes a write of the last second that went well as proof', async () => {
    const { ready, pings, wrote, clock } = stage();
    wrote(null);
    assert.deepEqual(await ready(), { ready: true });
    assert.equal(pings(), 0);
    clock.advance(1_000);
    assert.deepEqual(await ready(), { ready: true });
    assert.equal(pings(), 1);
  });

  it('says no while the store takes no writes, whatever it said before', async () => {
    const { ready, wrote, pingAnswers } = stage();
    wrote(null);
    wrote(new BideError('STORE_READ_ONLY', 'The database takes no writes.'));
    pingAnswers(Promise.reject(new BideError('STORE_READ_ONLY', 'A standby.')));
    assert.deepEqual(await ready(), { ready: false, reason: 'A standby.' });
  });

  it('says no for ten seconds after a job did not fit on the disk, even if a small write does', async () => {
    const { ready, wrote, clock } = stage();
    wrote(new BideError('STORE_FULL', 'The disk is full.'));
    assert.deepEqual(await ready(), { ready: false, reason: 'The disk is full.' });
    clock.advance(9_999);
    assert.equal((await ready()).ready, false);
    clock.advance(1);
    assert.equal((await ready()).ready, true);
    wrote(new BideError('STORE_FULL', 'The disk is full.'));
    wrote(null);
    assert.equal((await ready()).ready, true);
  });

  it('sends one write at a time to a store that hangs', async () => {
    const { ready, pings, pingAnswers, clock } = stage();
    const hung = Promise.withResolvers<void>();
    pingAnswers(hung.promise);
    const asked = [ready(), ready()];
    clock.advance(2_000);
    for (const answer of await Promise.all(asked)) assert.equal(answer.ready, false);
    const again = ready();
    assert.equal(pings(), 1);
    hung.resolve();
    assert.deepEqual(await again, { ready: true });
  });

  it('says no when sweeping has failed for ten seconds, until it goes well again', async () => {
    const { ready, telemetry, wrote, clock } = stage();
    const error = new BideError('STORE_UNAVAILABLE', 'No free connection.');
    telemetry.emit({ kind: 'loopFailed', loop: 'sweeper', error, suppressed: 0 });
    assert.equal((await ready()).ready, true);
    clock.advance(10_000);
    wrote(null);
    telemetry.emit({ kind: 'loopFailed', loop: 'sweeper', error, suppressed: 5 });
    const reason = 'Sweeping has failed for 10 s: No free connection.';
    assert.deepEqual(await ready(), { ready: false, reason });
    telemetry.emit({ kind: 'loopRecovered', loop: 'sweeper', failures: 6 });
    assert.equal((await ready()).ready, true);
  });
});
