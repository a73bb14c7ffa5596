import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from './client.ts';
import { type FakeAnswer, fakeServer, jobBody } from './fake-server.ts';
import type { FeedOptions } from './feed.ts';

const TYPE = { 'content-type': 'text/event-stream' };
const stream = (...parts: readonly string[]): FakeAnswer => ({ headers: TYPE, text: parts.join('') });
const change = (cursor: string) =>
  `id: ${cursor}\nevent: change\ndata: ${JSON.stringify({ kind: 'job.running', at: 'T', cursor, job: jobBody({}) })}\n\n`;
const gap = (cursor: string) => `id: ${cursor}\nevent: gap\ndata: {"cursor":"${cursor}"}\n\n`;

function serve(...answers: readonly FakeAnswer[]) {
  const server = fakeServer((_, count) => answers[count - 1] ?? assert.fail(`request ${count} was not expected`));
  const client = createClient(server.options);
  return {
    server,
    client,
    async take(count: number, options?: FeedOptions) {
      const seen: string[] = [];
      for await (const one of client.feed(options)) {
        seen.push(`${one.kind} ${one.cursor}`);
        if (seen.length === count) break;
      }
      return seen;
    },
    ids: () => server.requests.map(({ headers }) => headers.get('last-event-id')),
  };
}

test('feed yields each change, and goes on behind the last one over connections that end', async () => {
  const { take, ids, server } = serve(stream('retry: 100\nid: a\n\n', change('b'), change('c')), stream(change('d')));
  assert.deepEqual(await take(3), ['job.running b', 'job.running c', 'job.running d']);
  assert.deepEqual(ids(), [null, 'c']);
  assert.equal(server.requests[0]?.url.pathname, '/v1/events');
});

test('feed goes on behind a place that came without a change', async () => {
  const { take, ids } = serve(stream('retry: 100\nid: a\n\n', ': keep-alive\nid: b\n\n'), stream(change('c')));
  assert.deepEqual(await take(1), ['job.running c']);
  assert.deepEqual(ids(), [null, 'b']);
});

test('feed tells of a gap and goes on', async () => {
  const { take } = serve(stream(gap('x'), change('y')));
  assert.deepEqual(await take(2), ['gap x', 'job.running y']);
});

test('feed and feedPage ask in the words of the API', async () => {
  const { client, take, server } = serve(stream(change('a')), { json: { events: [], next: 'n', gap: false } });
  await take(1, { types: ['t'], states: ['failed'], tags: { 'a:b': 'c' }, after: 'oldest' });
  assert.equal(
    decodeURIComponent(server.requests[0]?.url.search ?? ''),
    '?state=failed&type=t&tag=a\\:b:c&after=oldest',
  );
  assert.deepEqual(await client.feedPage({ after: 'z', waitMs: 1_500 }), { events: [], next: 'n', gap: false });
  assert.equal(server.requests[1]?.url.search, '?after=z&wait=1.5');
});

test('feed rejects what is no option, and ends with its signal', async () => {
  const { client } = serve();
  await assert.rejects(async () => client.feed({ tenant: 'x' } as FeedOptions).next(), /tenant/);
  await assert.rejects(client.feed({ signal: AbortSignal.abort(new Error('left')) }).next(), /left/);
});
