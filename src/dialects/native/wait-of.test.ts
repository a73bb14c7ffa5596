import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { requestWaitMs, waitMsOf } from './wait-of.ts';

function waitOf(prefer: string | undefined, query: { readonly wait?: number } = {}) {
  const headers: Record<string, string> = {};
  const reply = { header: (name: string, value: string) => Object.assign(headers, { [name]: value }) };
  const request = { raw: { headers: { prefer } } } as unknown as FastifyRequest;
  return [requestWaitMs(request, reply as unknown as FastifyReply, query, 60_000), headers['preference-applied']];
}

describe('waitMsOf', () => {
  test('is milliseconds up to the longest hold', () => {
    assert.deepEqual(
      [undefined, 0, 0.5, 30, 3_600].map((seconds) => waitMsOf(seconds, 60_000)),
      [0, 0, 500, 30_000, 60_000],
    );
  });
});

describe('requestWaitMs', () => {
  test('reads the wait among other preferences, and says what it applied', () => {
    assert.deepEqual(waitOf('wait=5'), [5_000, 'wait=5']);
    assert.deepEqual(waitOf('respond-async, wait=10'), [10_000, 'wait=10']);
    assert.deepEqual(waitOf('respond-async; wait = "0.5"'), [500, 'wait=0.5']);
    assert.deepEqual(waitOf('Wait=100000'), [60_000, 'wait=60']);
  });

  test('finds none where there is none', () => {
    for (const prefer of [undefined, '', 'respond-async', 'await=5', 'handling=strict'])
      assert.deepEqual(waitOf(prefer), [0, undefined], prefer);
  });

  test('lets the query win', () => {
    assert.deepEqual(waitOf('wait=5', { wait: 0 }), [0, undefined]);
  });

  test('refuses a wait that is no duration', () => {
    for (const prefer of ['wait=-1', 'wait=', 'wait=x', 'wait=1e3', 'wait=NaN'])
      assert.throws(() => waitOf(prefer), { code: 'INVALID_REQUEST' }, prefer);
  });
});
