/** Figures over time over the native API. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DONE } from '../engine/engine-fixture.ts';
import { openHttp } from './http-fixture.ts';

type Point = Record<string, number | string | null>;

describe('GET /v1/stats', () => {
  test('gives a point per minute without a gap, the one under way last', async () => {
    await using http = await openHttp({ types: { quick: async () => DONE, far: 'remote' } });
    const stats = async (query = '?minutes=3', key = http.keys.reader) => {
      const { stepMinutes, points } = (await http.call('GET', `/v1/stats${query}`, { key })).json();
      return { stepMinutes, points: points as Point[] };
    };
    const picked = (points: readonly Point[]) =>
      points.map(({ submitted, succeeded, waiting }) => [submitted, succeeded, waiting]);
    const id = await http.submit('quick');
    await http.on.until(id, ({ state }) => state === 'succeeded');
    await http.submit('far');
    const first = await stats();
    assert.equal(first.stepMinutes, 1);
    assert.deepEqual(picked(first.points), [
      [0, 0, 0],
      [0, 0, 0],
      [2, 1, 1],
    ]);
    await http.on.advance(60_000);
    await http.submit('far');
    const second = await stats();
    assert.deepEqual(picked(second.points), [
      [0, 0, 0],
      [2, 1, 1],
      [1, 0, 2],
    ]);
    assert.equal(second.points[1]?.at, first.points[2]?.at);
    assert.deepEqual(picked((await stats('?minutes=2&type=quick')).points), [
      [1, 1, 0],
      [0, 0, 0],
    ]);
    assert.deepEqual(picked((await stats('?minutes=2', http.keys.foreigner)).points), [
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  test('takes larger steps for longer times, and refuses more points than it answers', async () => {
    await using http = await openHttp();
    const asked = async (query: string) => (await http.call('GET', `/v1/stats?${query}`)).json();
    for (const [query, step, count] of [
      ['', 1, 60],
      ['minutes=360', 1, 360],
      ['minutes=1440', 5, 288],
      ['minutes=10080', 60, 168],
      ['minutes=1440&step=1', 1, 1_440],
      ['minutes=7&step=5', 5, 2],
    ] as const) {
      const { stepMinutes, points } = await asked(query);
      assert.deepEqual([stepMinutes, (points as unknown[]).length], [step, count], query);
    }
    for (const query of ['minutes=1441&step=1', 'minutes=0', 'minutes=x', 'step=2', 'tenant=acme'])
      assert.equal((await asked(query)).code, 'INVALID_REQUEST', query);
    assert.equal((await http.call('GET', '/v1/stats', { key: http.keys.submitter })).status, 403);
  });
});
