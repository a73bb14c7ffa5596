import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openEngine, TENANT } from '../../../test/engine/engine-fixture.ts';
import { DEFAULT_LIMITS, type LimitName } from '../../core/limits.ts';
import { renderDelivery } from '../../dialects/native/render-delivery.ts';
import type { EventKind } from '../../store/contract.ts';

const ALL: readonly EventKind[] = ['waiting', 'running', 'succeeded'];
/** A look at what is due, and a fan-out before it. */
const A_WHILE_MS = 15_000;

/** What readers find of three changes, so much later. */
async function kindsAfter(ms: number, limits: Partial<Record<LimitName, number>>): Promise<readonly EventKind[]> {
  await using fixture = await openEngine({ limits, renderDelivery: new Map([['native', renderDelivery]]) });
  const { store, clock, spy } = fixture;
  await store.follow({ tenant: TENANT, name: 'feed', wants: ALL, until: null, now: clock.now() });
  await fixture.until(await fixture.submit('task'), ({ state }) => state === 'succeeded');
  // The fan-out first, which alone lets events go.
  await fixture.advance(A_WHILE_MS);
  clock.advance(ms);
  await spy.idle();
  await fixture.advance(A_WHILE_MS);
  return (await store.eventRead({ tenant: TENANT, after: 0, limit: 10 })).events.map(({ kind }) => kind);
}

test('events are kept for their time', async () => {
  const { eventsRetainMs } = DEFAULT_LIMITS;
  assert.deepEqual(await kindsAfter(eventsRetainMs - 3 * A_WHILE_MS, {}), ALL);
  assert.deepEqual(await kindsAfter(eventsRetainMs, {}), []);
});

test('of more events than may be kept the oldest go before their time', async () => {
  assert.deepEqual(await kindsAfter(0, { eventsKeptMax: 2 }), ['running', 'succeeded']);
  assert.deepEqual(await kindsAfter(0, { eventsKeptMax: 0 }), []);
});
