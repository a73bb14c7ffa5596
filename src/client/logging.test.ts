import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from './client.ts';
import { fakeServer } from './fake-server.ts';
import type { LogLineBody } from './wire.ts';

const line = (offset: number): LogLineBody => {
  return { offset, attempt: 1, at: '2030-01-01T00:00:00.000Z', level: 'info', line: `${offset}`, fields: null };
};

test('logs asks for one page, with what is asked of it', async () => {
  const page = { lines: [line(5)], next: 5, done: false };
  const { options, requests } = fakeServer(() => ({ json: page }));
  const client = createClient(options);
  assert.deepEqual(await client.logs('a/b', { after: 3, level: 'warn', attempt: 2, limit: 7, waitMs: 1_500 }), page);
  const url = requests[0]?.url;
  assert.equal(url?.pathname, '/v1/jobs/a%2Fb/logs');
  assert.deepEqual(Object.fromEntries(url?.searchParams ?? []), {
    ...{ wait: '1.5', after: '3', level: 'warn', attempt: '2', limit: '7' },
  });
  await assert.rejects(client.logs('x', { tail: 3 } as object), /logs has no option "tail"; it has after, attempt/);
});

test('followLogs goes on behind the last line until there will be none, and asks a server that does not hold at a pace', async () => {
  const pages = [
    { lines: [line(5), line(9)], next: 9, done: false },
    { lines: [], next: 9, done: false },
    { lines: [line(12)], next: 12, done: true },
  ];
  const { options, requests, pauses } = fakeServer((_, count) => ({ json: pages[count - 1] }));
  const seen: number[] = [];
  for await (const { offset } of createClient(options).followLogs('j', { level: 'debug' })) seen.push(offset);
  assert.deepEqual(seen, [5, 9, 12]);
  assert.deepEqual(
    requests.map(({ url }) => url.searchParams.get('after')),
    ['0', '9', '9'],
  );
  assert.deepEqual(pauses, [1_000]);
});

test('output and followOutput ask for chunks as logs are asked for', async () => {
  const chunk = { offset: 5, attempt: 1, fence: 1, at: '2030-01-01T00:00:00.000Z', chunk: { a: 1 } };
  const { options, requests } = fakeServer((_, count) => ({
    json: { chunks: [chunk], next: 5 * count, done: count > 1 },
  }));
  const client = createClient(options);
  const seen: number[] = [];
  for await (const { offset } of client.followOutput('j', { after: 2 })) seen.push(offset);
  assert.deepEqual(seen, [5, 5]);
  assert.deepEqual((await client.output('j', { limit: 1 })).chunks, [chunk]);
  assert.deepEqual(
    requests.map(({ url }) => [url.pathname, url.searchParams.get('after'), url.searchParams.get('limit')]),
    [
      ['/v1/jobs/j/output', '2', null],
      ['/v1/jobs/j/output', '5', null],
      ['/v1/jobs/j/output', null, '1'],
    ],
  );
  await assert.rejects(client.output('x', { level: 'info' } as object), /output has no option "level"/);
});
