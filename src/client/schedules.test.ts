import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from './client.ts';
import { fakeServer } from './fake-server.ts';

const NAME = 'a/b';
const DRAFT = { cron: '@daily', job: { type: 'echo' } };

test('calls of schedules go to their paths, with their bodies', async () => {
  const { options, requests } = fakeServer(() => ({ json: { schedules: [], jobs: [], next: null } }));
  const { schedules } = createClient(options);
  await schedules.put(NAME, DRAFT);
  await schedules.get(NAME);
  await schedules.pause(NAME);
  await schedules.resume(NAME);
  await schedules.run(NAME);
  await schedules.run(NAME, { idempotencyKey: 'k' });
  assert.equal(requests.at(-1)?.headers.get('idempotency-key'), 'k');
  await schedules.runsPage(NAME, { states: ['failed', 'running'], cursor: 'c', pageSize: 5 });
  await schedules.remove(NAME);
  assert.deepEqual(
    requests.map(({ method, url, json }) => [method, url.pathname + url.search, json]),
    [
      ['PUT', '/v1/schedules/a%2Fb', DRAFT],
      ['GET', '/v1/schedules/a%2Fb', undefined],
      ['POST', '/v1/schedules/a%2Fb/pause', undefined],
      ['POST', '/v1/schedules/a%2Fb/resume', undefined],
      ['POST', '/v1/schedules/a%2Fb/run', undefined],
      ['POST', '/v1/schedules/a%2Fb/run', undefined],
      ['GET', '/v1/schedules/a%2Fb/runs?cursor=c&limit=5&state=failed&state=running', undefined],
      ['DELETE', '/v1/schedules/a%2Fb', undefined],
    ],
  );
});

test('schedules are read page by page', async () => {
  const pages = [
    { schedules: [{ name: 'c' }, { name: 'b' }], next: 'x' },
    { schedules: [{ name: 'a' }], next: null },
  ];
  const { options, requests } = fakeServer((_, count) => ({ json: pages[count - 1] }));
  const names: string[] = [];
  for await (const { name } of createClient(options).schedules.list({ pageSize: 2 })) names.push(name);
  assert.deepEqual(names, ['c', 'b', 'a']);
  assert.deepEqual(
    requests.map(({ url }) => url.search),
    ['?limit=2', '?cursor=x&limit=2'],
  );
});
