import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, test } from 'node:test';
import type { FastifyReply } from 'fastify';
import type { CallerSignal } from '../engine/api.ts';
import { systemClock } from '../engine/clock.ts';
import { createHolds } from './hold.ts';

/** As much of a reply as a hold touches. */
function fakeReply(isDestroyed = false) {
  const headers: Record<string, string> = {};
  const setHeader = (name: string, value: string) => Object.assign(headers, { [name]: value });
  const raw = Object.assign(new EventEmitter(), { destroyed: isDestroyed, setHeader });
  return { raw, headers, reply: { raw } as unknown as FastifyReply };
}

const caller = (tenant: string, keyId = `key of ${tenant}`) => ({
  tenant,
  keyId,
  keyName: keyId,
  scopes: new Set<never>(),
});

describe('createHolds', () => {
  test('counts a hold until its wait resolves, and leaves no listener', async () => {
    const holds = createHolds({
      limits: { holdsMax: 2, holdsPerTenantMax: 2, holdsPerJobTokenMax: 9, pollsPerSecondMax: 1 },
      draining: new AbortController().signal,
      clock: systemClock,
    });
    const { raw, headers, reply } = fakeReply();
    const wait = Promise.withResolvers<string>();
    const held = holds.hold(caller('a'), reply, () => wait.promise);
    assert.deepEqual([holds.count, raw.listenerCount('close')], [1, 1]);
    wait.resolve('done');
    assert.equal(await held, 'done');
    assert.deepEqual([holds.count, raw.listenerCount('close'), headers], [0, 0, {}]);
  });

  test('counts down when the wait fails', async () => {
    const holds = createHolds({
      limits: { holdsMax: 2, holdsPerTenantMax: 2, holdsPerJobTokenMax: 9, pollsPerSecondMax: 1 },
      draining: new AbortController().signal,
      clock: systemClock,
    });
    const held = holds.hold(caller('a'), fakeReply().reply, () => Promise.reject(new Error('x')));
    await assert.rejects(held ?? Promise.resolve(), /x/);
    assert.equal(holds.count, 0);
  });

  test('fires the signal when the client goes away, or has gone before', async () => {
    const holds = createHolds({
      limits: { holdsMax: 2, holdsPerTenantMax: 2, holdsPerJobTokenMax: 9, pollsPerSecondMax: 1 },
      draining: new AbortController().signal,
      clock: systemClock,
    });
    const gone = (signal: CallerSignal) =>
      new Promise<string>((resolve) => {
        if (signal.aborted) resolve('gone before');
        signal.addEventListener('abort', () => resolve('gone'));
      });
    const { raw, reply } = fakeReply();
    const held = holds.hold(caller('a'), reply, gone);
    raw.emit('close');
    assert.equal(await held, 'gone');
    assert.equal(await holds.hold(caller('a'), fakeReply(true).reply, gone), 'gone before');
    assert.deepEqual([holds.count, holds.abandonedCount], [0, 2]);
  });

  test('leaves room for other tenants past holdsPerTenantMax', async () => {
    const holds = createHolds({
      limits: { holdsMax: 3, holdsPerTenantMax: 2, holdsPerJobTokenMax: 9, pollsPerSecondMax: 1 },
      draining: new AbortController().signal,
      clock: systemClock,
    });
    const wait = Promise.withResolvers<void>();
    const hold = (tenant: string) => holds.hold(caller(tenant), fakeReply().reply, () => wait.promise);
    const held = [hold('a'), hold('a')];
    assert.deepEqual([hold('a'), holds.refusedCount], [null, 1]);
    held.push(hold('b'));
    assert.ok(held.every((one) => one !== null));
    assert.equal(hold('c'), null);
    wait.resolve();
    await Promise.all(held);
    assert.equal(holds.count, 0);
  });

  test('refuses past holdsMax, and takes again when one has ended', async () => {
    const holds = createHolds({
      limits: { holdsMax: 1, holdsPerTenantMax: 1, holdsPerJobTokenMax: 9, pollsPerSecondMax: 1 },
      draining: new AbortController().signal,
      clock: systemClock,
    });
    const wait = Promise.withResolvers<void>();
    const first = holds.hold(caller('a'), fakeReply().reply, () => wait.promise);
    assert.equal(
      holds.hold(caller('a'), fakeReply().reply, () => wait.promise),
      null,
    );
    assert.equal(holds.refusedCount, 1);
    wait.resolve();
    await first;
    assert.notEqual(
      holds.hold(caller('a'), fakeReply().reply, () => wait.promise),
      null,
    );
  });

  test('asks to close the connection when the server is draining', async () => {
    const draining = new AbortController();
    const holds = createHolds({
      limits: { holdsMax: 1, holdsPerTenantMax: 1, holdsPerJobTokenMax: 9, pollsPerSecondMax: 1 },
      draining: draining.signal,
      clock: systemClock,
    });
    const { headers, reply } = fakeReply();
    const held = holds.hold(caller('a'), reply, async () => draining.abort());
    await held;
    assert.deepEqual(headers, { connection: 'close' });
  });

  test('fires the signal of what is held for a key that ends, and refuses what was not answered by then', async () => {
    const holds = createHolds({
      limits: { holdsMax: 9, holdsPerTenantMax: 9, holdsPerJobTokenMax: 9, pollsPerSecondMax: 1 },
      draining: new AbortController().signal,
      clock: systemClock,
    });
    const until = (signal: CallerSignal) =>
      new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve('ended')));
    const mine = holds.hold(caller('a', 'k1'), fakeReply().reply, until);
    const { raw, reply } = fakeReply();
    const begun = holds.hold(caller('a', 'k1'), reply, until);
    Object.assign(raw, { headersSent: true });
    const other = Promise.withResolvers<string>();
    const others = holds.hold(caller('a', 'k2'), fakeReply().reply, () => other.promise);
    assert.deepEqual(holds.keyIds(), ['k1', 'k2']);
    holds.endKey('k1');
    await assert.rejects(mine ?? Promise.resolve(), { code: 'UNAUTHENTICATED' });
    assert.equal(await begun, 'ended', 'its stream ends by itself');
    other.resolve('done');
    assert.equal(await others, 'done');
    assert.deepEqual([holds.keyIds(), holds.count, holds.abandonedCount], [[], 0, 0]);
  });
});
