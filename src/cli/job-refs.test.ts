import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeServer, jobBody } from '../client/fake-server.ts';
import { createClient } from '../client/index.ts';
import { jobIdsOf } from './job-refs.ts';

const IDS = ['0190a0a0-0000-7000-8000-000000000001', '0190a0a0-0000-7000-8000-0000000000ff'];

function stage() {
  const server = fakeServer(({ url }) => {
    const number = url.searchParams.get('number');
    const ids = number === null ? IDS : IDS.slice(0, number === '7' ? 1 : 0);
    return { json: { jobs: ids.map((id) => jobBody({ id })), next: null } };
  });
  return { server, idsOf: (...refs: string[]) => jobIdsOf(createClient(server.options), refs) };
}

test('a whole id asks nobody', async () => {
  const { server, idsOf } = stage();
  assert.deepEqual(await idsOf(...IDS, 'no-id-at-all'), [...IDS, 'no-id-at-all']);
  assert.equal(server.requests.length, 0);
});

test('the beginning of one id is looked for among the jobs of its time', async () => {
  const { server, idsOf } = stage();
  assert.deepEqual(await idsOf('0190a0a0-0000-7000-8000-0000000000f'), [IDS[1]]);
  const query = server.requests[0]?.url.searchParams;
  const at = 0x0190a0a00000;
  assert.deepEqual(
    [query?.get('createdFrom'), query?.get('createdBefore')].map((time) => Date.parse(time ?? '') - at),
    [-10_000, 10_000],
  );
});

test('what is the beginning of several, or too short, is refused; what is none is left to the server', async () => {
  const { idsOf } = stage();
  await assert.rejects(idsOf('0190a0a0'), { code: 'USAGE', message: /beginning of 2 ids .*give more of it/ });
  await assert.rejects(idsOf('0190'), { code: 'USAGE', message: /too short/ });
  assert.deepEqual(await idsOf('0190ffff'), ['0190ffff']);
});

test('a number finds its job', async () => {
  const { idsOf } = stage();
  assert.deepEqual(await idsOf('7', '#7', '8'), [IDS[0], IDS[0], '8']);
});
