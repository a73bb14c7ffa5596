import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from './client.ts';
import { type FakeAnswer, type FakeRequest, fakeServer, finishedBody, jobBody } from './fake-server.ts';
import type { EventsOptions } from './following.ts';
import type { JobBody } from './wire.ts';

const TYPE = { 'content-type': 'text/event-stream' };
const bytes = new TextEncoder();

const event = (job: JobBody) => `id: ${job.revision}\nevent: job\ndata: ${JSON.stringify(job)}\n\n`;
const running = (revision: number) => jobBody({ revision, state: 'running' });
/** An answer that is all there. */
const stream = (...parts: readonly string[]): FakeAnswer => ({ headers: TYPE, text: parts.join('') });

/** An answer whose pieces come one by one, and that then ends, breaks, or says nothing more. */
function pieces(parts: readonly (string | Uint8Array)[], then: 'end' | 'break' | 'silence', onCancel = () => {}) {
  const left = [...parts];
  const body = new ReadableStream<Uint8Array>({
    pull(controller): Promise<void> | undefined {
      const part = left.shift();
      if (part === undefined && then === 'silence') return new Promise(() => {});
      if (part !== undefined) controller.enqueue(typeof part === 'string' ? bytes.encode(part) : part);
      else if (then === 'end') controller.close();
      else controller.error(new TypeError('terminated'));
      return undefined;
    },
    cancel: onCancel,
  });
  return { headers: TYPE, stream: body } satisfies FakeAnswer;
}

function serve(...answers: readonly (FakeAnswer | ((request: FakeRequest) => FakeAnswer))[]) {
  const server = fakeServer((request, count) => {
    const answer = answers[count - 1] ?? assert.fail(`request ${count} was not expected`);
    return typeof answer === 'function' ? answer(request) : answer;
  });
  const client = createClient(server.options);
  const seen: number[] = [];
  const follow = async (options?: EventsOptions) => {
    for await (const job of client.events('a', options)) seen.push(job.revision);
    return seen;
  };
  const ids = () => server.requests.map(({ headers }) => headers.get('last-event-id'));
  return { server, client, seen, follow, ids };
}

test('events yields each snapshot and ends with the final one', async () => {
  const { server, follow, ids } = serve(
    stream('retry: 2000\n\n', event(running(1)), ': keep-alive\n\n', event(running(2)), event(finishedBody())),
  );
  assert.deepEqual(await follow(), [1, 2, 3]);
  assert.deepEqual([ids(), server.requests[0]?.headers.get('accept')], [[null], 'text/event-stream']);
  assert.equal(server.requests[0]?.url.pathname, '/v1/jobs/a/events');
});

test('events reads what is cut anywhere, inside of a character too', async () => {
  const text = bytes.encode(event(jobBody({ tags: { team: 'ü' } })) + event(finishedBody({ tags: { team: '…' } })));
  const { client } = serve(
    pieces(
      Array.from(text, (byte) => Uint8Array.of(byte)),
      'end',
    ),
  );
  const teams: unknown[] = [];
  for await (const { tags } of client.events('a')) teams.push(tags.team);
  assert.deepEqual(teams, ['ü', '…']);
});

test('events resumes after an end and after a cut, with what it has, when the server says', async () => {
  const { server, follow, ids } = serve(
    stream('retry: 3000\n\n', event(running(1)), ': over for now\n\n'),
    pieces([event(running(2)), 'id: 3\nevent: job\ndata: {"ha'], 'break'),
    stream(event(finishedBody({ revision: 4 }))),
  );
  assert.deepEqual(await follow(), [1, 2, 4]);
  assert.deepEqual(ids(), [null, '1', '2']);
  assert.deepEqual(server.pauses, [3_000, 3_000]);
});

test('events begins after lastEventId', async () => {
  const { follow, ids } = serve(stream(event(finishedBody())));
  assert.deepEqual(await follow({ lastEventId: 2 }), [3]);
  assert.deepEqual(ids(), ['2']);
});

test('events of a job that is known to its end are none', async () => {
  const { follow } = serve({ status: 204 });
  assert.deepEqual(await follow({ lastEventId: 3 }), []);
});

test('events stays away longer each time a stream brings nothing, and not when it lived for long', async () => {
  const { server, follow } = serve(
    ...Array.from({ length: 7 }, () => stream(': over\n\n')),
    stream(event(running(1))),
    stream(': over\n\n'),
    { ...stream(': over\n\n'), heldMs: 10_000 },
    stream(event(finishedBody())),
  );
  await follow();
  assert.deepEqual(server.pauses, [2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 1_000, 2_000, 1_000]);
});

test('events does not spin where the server asks for no pause', async () => {
  const { server, follow } = serve(stream('retry: 0\n\n', event(running(1))), stream(event(finishedBody())));
  await follow();
  assert.deepEqual(server.pauses, [100]);
});

test('events takes a silent connection for a broken one', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const cancelled = Promise.withResolvers<void>();
  const { client, ids } = serve(
    pieces([event(running(1))], 'silence', cancelled.resolve),
    stream(event(finishedBody())),
  );
  const events = client.events('a');
  assert.equal((await events.next()).value?.revision, 1);
  const next = events.next();
  // The pieces before the silence are read on later turns.
  for (let turns = 0; turns < 5; turns += 1) await new Promise(setImmediate);
  context.mock.timers.tick(60_000);
  await cancelled.promise;
  assert.equal((await next).value?.revision, 3);
  assert.deepEqual(ids(), [null, '1']);
});

test('events rejects with what the server refuses, also when the job is removed meanwhile', async () => {
  const gone = { status: 410, json: { code: 'JOB_GONE', title: 'Gone.', status: 410 } };
  const { follow, seen } = serve(stream(event(running(1))), gone);
  await assert.rejects(follow(), { code: 'JOB_GONE', status: 410 });
  assert.deepEqual(seen, [1]);
});

test('events tries again while the server is away, and rejects when it stays away', async () => {
  const busy = { status: 503, json: { code: 'TOO_MANY_HOLDS', title: 'Full.', status: 503 } };
  const back = serve(busy, stream(event(finishedBody())));
  assert.deepEqual(await back.follow(), [3]);
  const away = serve(...Array.from({ length: 5 }, () => busy));
  await assert.rejects(away.follow(), { code: 'TOO_MANY_HOLDS' });
});

test('events rejects where something else than Bide answers', async () => {
  await assert.rejects(serve({ text: '<html>' }).follow(), { code: 'BAD_ANSWER' });
  await assert.rejects(serve(stream('event: job\ndata: no json\n\n')).follow(), { code: 'BAD_ANSWER' });
  await assert.rejects(serve(stream('data: ', 'x'.repeat(16_000_001))).follow(), { code: 'BAD_ANSWER' });
});

test('events passes over events of other names', async () => {
  const { follow } = serve(stream('event: other\ndata: ?\n\n', event(finishedBody())));
  assert.deepEqual(await follow(), [3]);
});

test('events ends with the reason of its signal, and closes the connection', async () => {
  const leaving = new AbortController();
  const cancelled = Promise.withResolvers<void>();
  const { client, server } = serve(pieces([event(running(1))], 'silence', cancelled.resolve));
  const events = client.events('a', { signal: leaving.signal });
  await events.next();
  leaving.abort(new Error('left'));
  await assert.rejects(events.next(), { message: 'left' });
  await cancelled.promise;
  assert.equal(server.requests.length, 1);
});

test('events closes the connection when its reader has seen enough', async () => {
  const cancelled = Promise.withResolvers<void>();
  const { client } = serve(pieces([event(running(1)), event(running(2))], 'silence', cancelled.resolve));
  for await (const { revision } of client.events('a')) if (revision === 2) break;
  await cancelled.promise;
});
