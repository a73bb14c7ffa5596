import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { boundStoredBytes } from './stored-bytes.ts';

function bounded(max: number) {
  const stored = { bytes: 0, jobs: 0 };
  const calls: string[] = [];
  let now = 1_000;
  const bound = boundStoredBytes({
    store: {
      async usage(tenant) {
        calls.push(tenant);
        return { ...stored };
      },
    },
    limits: { storedBytesPerTenantMax: max },
    clock: { now: () => now },
  });
  return { bound, stored, calls, pass: (ms: number) => (now += ms) };
}

describe('the bytes that a tenant may have stored', () => {
  it('are counted by the store once, and by the process until it counts again', async () => {
    const { bound, calls, pass } = bounded(100);
    assert.equal(await bound.reserve('a', 40), true);
    assert.equal(bound.reserve('a', 60), true);
    assert.equal(bound.reserve('a', 1), false);
    assert.deepEqual(calls, ['a']);
    pass(10_000);
    assert.equal(await bound.reserve('a', 100), true);
    assert.deepEqual(calls, ['a', 'a']);
  });

  it('are each tenant’s own', async () => {
    const { bound } = bounded(100);
    assert.equal(await bound.reserve('a', 100), true);
    assert.equal(await bound.reserve('b', 100), true);
  });

  it('are counted once for all who ask at the same moment, who together get no more than there is', async () => {
    const { bound, calls } = bounded(100);
    const answers = await Promise.all(Array.from({ length: 15 }, () => bound.reserve('a', 10)));
    assert.equal(answers.filter(Boolean).length, 10);
    assert.deepEqual(calls, ['a']);
  });

  it('are counted again a second after there was no room, since jobs may have been removed', async () => {
    const { bound, stored, calls, pass } = bounded(100);
    stored.bytes = 100;
    assert.equal(await bound.reserve('a', 1), false);
    stored.bytes = 50;
    pass(999);
    assert.equal(bound.reserve('a', 1), false);
    pass(1);
    assert.equal(await bound.reserve('a', 1), true);
    assert.equal(calls.length, 2);
  });

  it('are given back by an input that was not stored', async () => {
    const { bound } = bounded(100);
    assert.equal(await bound.reserve('a', 100), true);
    bound.giveBack('a', 30);
    assert.equal(bound.reserve('a', 30), true);
  });

  it('stay unknown when the store cannot tell: the submit fails as the store does, and the next one asks again', async () => {
    let isDown = true;
    const bound = boundStoredBytes({
      store: {
        usage: async () => {
          if (isDown) throw new Error('down');
          return { jobs: 0, bytes: 0 };
        },
      },
      limits: { storedBytesPerTenantMax: 100 },
      clock: { now: () => 0 },
    });
    await assert.rejects(async () => bound.reserve('a', 1), /down/);
    isDown = false;
    assert.equal(await bound.reserve('a', 1), true);
  });
});
