import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { describe, it } from 'node:test';
import { createPlay, DONE, type FixtureOptions, openEngine } from '../../../test/engine/engine-fixture.ts';
import type { RenderedEvent, ToldEvent } from '../index.ts';
import { type Answer, createPostDelivery, type Posting } from './post-delivery.ts';

interface Posted {
  readonly url: string;
  readonly state: string;
  answer(status: number, retryAfter?: string): void;
  fail(error: Error): void;
  readonly signal: AbortSignal;
}

/** A receiver that the test plays: every POST waits for its answer. */
function createReceiver() {
  const posts: Posted[] = [];
  const takers: ((post: Posted) => void)[] = [];
  // As a dialect of old does: every state, without a signature.
  const render = ({ kind }: ToldEvent): RenderedEvent | null =>
    kind === 'changed' ? null : { event: kind, headers: {}, body: kind };
  return {
    options: {
      renderDelivery: new Map([['plain', render]]),
      postDelivery: (url: string, { body }: Posting, signal: AbortSignal) => {
        const answered = Promise.withResolvers<Answer>();
        signal.addEventListener('abort', () => answered.reject(signal.reason));
        const answer = (status: number, retryAfter: string | null = null) =>
          answered.resolve({ status, retryAfter, text: null });
        const post = { url, state: body, answer, fail: answered.reject, signal };
        const taker = takers.shift();
        if (taker === undefined) posts.push(post);
        else taker(post);
        return answered.promise;
      },
    } satisfies FixtureOptions,
    get waiting() {
      return posts.length;
    },
    next(): Promise<Posted> {
      const post = posts.shift();
      return post === undefined ? new Promise((resolve) => takers.push(resolve)) : Promise.resolve(post);
    },
  };
}

const URL_A = 'https://a.example/hook';
const ORIGIN = { dialect: 'plain', data: null };
const TO_A = { callback: { url: URL_A }, origin: ORIGIN };

describe('deliveries', () => {
  it('bring every change of a job to its callback URL, one after another, in order', async () => {
    const receiver = createReceiver();
    await using fixture = await openEngine(receiver.options);
    const id = await fixture.submit('task', TO_A);
    const states: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const post = await receiver.next();
      assert.equal(post.url, URL_A);
      states.push(post.state);
      await fixture.spy.idle();
      assert.equal(receiver.waiting, 0);
      post.answer(204);
    }
    assert.deepEqual(states, ['waiting', 'running', 'succeeded']);
    // The job did not wait for its deliveries.
    assert.equal((await fixture.job(id)).state, 'succeeded');
    await fixture.advance(60_000);
    assert.equal(receiver.waiting, 0);
  });

  it('do not wait for those of other jobs', async () => {
    const receiver = createReceiver();
    await using fixture = await openEngine({ ...receiver.options, runsJobs: false });
    await fixture.submit('task', TO_A);
    await fixture.submit('task', { callback: { url: 'https://b.example/hook' }, origin: ORIGIN });
    const urls = [(await receiver.next()).url, (await receiver.next()).url];
    assert.deepEqual(urls.sort(), [URL_A, 'https://b.example/hook']);
  });

  it('are tried again with growing pauses, and given up after the last try', async () => {
    const receiver = createReceiver();
    const limits = { deliveryTriesMax: 3 };
    await using fixture = await openEngine({ ...receiver.options, runsJobs: false, limits });
    const id = await fixture.submit('task', TO_A);
    (await receiver.next()).answer(500);
    await fixture.advance(3_750);
    (await receiver.next()).fail(new Error('connection refused'));
    await fixture.advance(14_999);
    assert.equal(receiver.waiting, 0);
    await fixture.advance(1);
    (await receiver.next()).answer(302);
    await fixture.advance(600_000);
    assert.equal(receiver.waiting, 0);
    const failures = fixture.events.flatMap((event) => (event.kind === 'deliveryFailed' ? [event] : []));
    assert.deepEqual(
      failures.map(({ jobId, reason, attempt, isGivenUp }) => [jobId, reason, attempt, isGivenUp]),
      [
        [id, 'The receiver answered 500.', 1, false],
        [id, 'connection refused', 2, false],
        [id, 'The receiver answered 302.', 3, true],
      ],
    );
  });

  it('wait as long as Retry-After says, where that is longer, and are given up at 410', async () => {
    const receiver = createReceiver();
    await using fixture = await openEngine({ ...receiver.options, runsJobs: false });
    await fixture.submit('task', TO_A);
    (await receiver.next()).answer(503, '60');
    await fixture.advance(59_999);
    assert.equal(receiver.waiting, 0);
    await fixture.advance(1);
    (await receiver.next()).answer(429, '1');
    await fixture.advance(15_000);
    (await receiver.next()).answer(410);
    await fixture.advance(600_000);
    assert.equal(receiver.waiting, 0);
  });

  it('to a receiver that only fails are tried one at a time, with rests between', async () => {
    const receiver = createReceiver();
    const limits = { deliveriesPerEndpointMax: 5 };
    await using fixture = await openEngine({ ...receiver.options, runsJobs: false, limits });
    for (let count = 0; count < 12; count += 1) await fixture.submit('task', TO_A);
    await fixture.spy.idle();
    assert.equal(receiver.waiting, 5);
    for (let count = 0; count < 5; count += 1) (await receiver.next()).answer(500);
    await fixture.spy.idle();
    assert.equal(receiver.waiting, 0);
    await fixture.advance(1_000);
    assert.equal(receiver.waiting, 1);
    (await receiver.next()).answer(500);
    await fixture.advance(1_999);
    assert.equal(receiver.waiting, 0);
    await fixture.advance(1);
    assert.equal(receiver.waiting, 1);
    (await receiver.next()).answer(200);
    await fixture.spy.idle();
    assert.equal(receiver.waiting, 5);
  });

  it('hold the next change of a job back until the one before is settled', async () => {
    const receiver = createReceiver();
    const play = createPlay();
    const limits = { deliveryTriesMax: 3 };
    await using fixture = await openEngine({ ...receiver.options, types: { task: play.run }, limits });
    await fixture.submit('task', TO_A);
    (await play.next()).end(DONE);
    for (let tries = 0; tries < 3; tries += 1) {
      const post = await receiver.next();
      assert.equal(post.state, 'waiting');
      post.answer(500);
      await fixture.advance(20_000);
    }
    assert.equal((await receiver.next()).state, 'running');
  });

  it('give a receiver ten seconds', async () => {
    const receiver = createReceiver();
    await using fixture = await openEngine({ ...receiver.options, runsJobs: false });
    await fixture.submit('task', TO_A);
    const post = await receiver.next();
    await fixture.advance(9_999);
    assert.equal(post.signal.aborted, false);
    await fixture.advance(1);
    const [failure] = fixture.events.flatMap((event) => (event.kind === 'deliveryFailed' ? [event] : []));
    assert.equal(failure?.reason, 'The receiver did not answer within 10000 ms.');
  });

  it('that were cut off by a stop are made again by the next process', async () => {
    const receiver = createReceiver();
    await using fixture = await openEngine({ ...receiver.options, runsJobs: false });
    await fixture.submit('task', TO_A);
    const first = await receiver.next();
    await fixture.engine.stop();
    assert.equal(first.signal.aborted, true);
    const next = createReceiver();
    await using _ = await openEngine({ ...next.options, spy: fixture.spy, clock: fixture.clock, runsJobs: false });
    assert.equal((await next.next()).state, 'waiting');
  });

  it('are dropped where the dialect of the job announces nothing', async () => {
    const receiver = createReceiver();
    await using fixture = await openEngine({ ...receiver.options, runsJobs: false });
    const origin = { dialect: 'silent', data: null };
    await fixture.submit('task', { callback: { url: URL_A }, origin });
    await fixture.advance(60_000);
    assert.equal(receiver.waiting, 0);
    assert.deepEqual(await fixture.store.deliveryClaim({ now: fixture.clock.now() + 1e9, leaseMs: 1, max: 10 }), []);
  });

  it('of one tenant leave room for those of others, and tenants have their turns', async () => {
    const receiver = createReceiver();
    const limits = { deliveriesMax: 4, deliveriesPerTenantMax: 2 };
    await using fixture = await openEngine({ ...receiver.options, runsJobs: false, limits });
    for (let count = 0; count < 5; count += 1) await fixture.submit('task', TO_A);
    await fixture.spy.idle();
    assert.equal(receiver.waiting, 2);
    const url = 'https://b.example/hook';
    for (let count = 0; count < 5; count += 1)
      await fixture.submit('task', { callback: { url }, origin: ORIGIN, tenant: 'other' });
    await fixture.spy.idle();
    assert.equal(receiver.waiting, 4);
    const posts = [await receiver.next(), await receiver.next(), await receiver.next(), await receiver.next()];
    assert.deepEqual(posts.map((post) => post.url).sort(), [URL_A, URL_A, url, url]);
    posts.find((post) => post.url === url)?.answer(200);
    assert.equal((await receiver.next()).url, url);
  });

  it('to a slow endpoint do not hold up those of the same tenant to another one', async () => {
    const receiver = createReceiver();
    const limits = { deliveriesMax: 4, deliveriesPerTenantMax: 4, deliveriesPerEndpointMax: 2 };
    await using fixture = await openEngine({ ...receiver.options, runsJobs: false, limits });
    for (let count = 0; count < 9; count += 1) await fixture.submit('task', TO_A);
    await fixture.spy.idle();
    assert.equal(receiver.waiting, 2);
    const url = 'https://quick.example/hook';
    await fixture.submit('task', { callback: { url }, origin: ORIGIN });
    await fixture.spy.idle();
    const posts = [await receiver.next(), await receiver.next(), await receiver.next()];
    assert.deepEqual(posts.map((post) => post.url).sort(), [URL_A, URL_A, url]);
    assert.equal(receiver.waiting, 0);
  });

  it('of many tenants whose receivers never answer leave room for those of another', async () => {
    const receiver = createReceiver();
    await using fixture = await openEngine({ ...receiver.options, runsJobs: false });
    for (let tenant = 0; tenant < 4; tenant += 1) {
      for (let count = 0; count < 30; count += 1) {
        const callback = { url: `https://${'abc'[count % 3]}.example/hook` };
        await fixture.submit('task', { callback, origin: ORIGIN, tenant: `slow-${tenant}` });
      }
    }
    await fixture.spy.idle();
    assert.equal(receiver.waiting, 80);
    await fixture.submit('task', { callback: { url: 'https://quick.example/' }, origin: ORIGIN });
    await fixture.spy.idle();
    assert.equal(receiver.waiting, 81);
  });

  it('are under way at most as many at once as the limit says', async () => {
    const receiver = createReceiver();
    await using fixture = await openEngine({ ...receiver.options, runsJobs: false, limits: { deliveriesMax: 3 } });
    for (let count = 0; count < 5; count += 1) await fixture.submit('task', TO_A);
    await fixture.spy.idle();
    assert.equal(receiver.waiting, 3);
    (await receiver.next()).answer(200);
    await fixture.spy.idle();
    assert.equal(receiver.waiting, 3);
  });
});

describe('createPostDelivery', () => {
  const request = { headers: { 'content-type': 'application/json', 'x-a': 'b' }, body: '{"ä":1}' };
  const signal = new AbortController().signal;

  it('POSTs headers and body and answers with the status, without following redirects', async () => {
    const received = Promise.withResolvers<{ request: IncomingMessage; body: string }>();
    const server = createServer(async (incoming, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk);
      received.resolve({ request: incoming, body: Buffer.concat(chunks).toString() });
      response.writeHead(302, { location: '/elsewhere' }).end('x'.repeat(100_000));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const post = createPostDelivery({ allowsPrivate: true });
    const answer = await post(`http://127.0.0.1:${port}/hook?x=1`, request, signal);
    assert.deepEqual(answer, { status: 302, retryAfter: null, text: 'x'.repeat(1_024) });
    const got = await received.promise;
    assert.equal(got.request.method, 'POST');
    assert.equal(got.request.url, '/hook?x=1');
    assert.equal(got.request.headers['x-a'], 'b');
    assert.equal(got.body, '{"ä":1}');
    server.close();
    server.closeAllConnections();
  });

  for (const url of ['http://127.0.0.1:1/', 'http://[::1]:1/', 'http://10.0.0.1/', 'http://localhost:1/']) {
    it(`refuses ${url} unless private addresses are allowed`, async () => {
      const post = createPostDelivery({ allowsPrivate: false });
      await assert.rejects(post(url, request, signal), /private address/);
    });
  }

  it('refuses what is not http', async () => {
    const post = createPostDelivery({ allowsPrivate: true });
    await assert.rejects(post('file:///etc/passwd', request, signal), /not an http or https URL/);
  });

  it('rejects when its signal fires', async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const caller = new AbortController();
    const posting = createPostDelivery({ allowsPrivate: true })(`http://127.0.0.1:${port}/`, request, caller.signal);
    server.once('request', () => caller.abort());
    await assert.rejects(posting, { name: 'AbortError' });
    server.close();
    server.closeAllConnections();
  });

  const raw: readonly [string, string, number | RegExp][] = [
    [
      'switches protocols',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
      /without an answer/,
    ],
    ['says something else first', 'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 200],
    ['has headers without end', `HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(10_000)}`, /overflow/],
    ['speaks no HTTP', 'hello\r\n\r\n', /Parse Error/],
  ];
  for (const [name, text, expected] of raw) {
    it(`comes to an end with a receiver that ${name}`, async () => {
      const server = createSocketServer((socket) => {
        socket.on('error', () => {}).once('data', () => socket.write(text));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const posting = createPostDelivery({ allowsPrivate: true })(`http://127.0.0.1:${port}/`, request, signal);
      if (typeof expected === 'number') assert.equal((await posting).status, expected);
      else await assert.rejects(posting, expected);
      server.close();
    });
  }

  it('leaves no connection open for long', async () => {
    const server = createServer((_, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const closed = once(server, 'connection').then(([socket]) => once(socket, 'close'));
    await createPostDelivery({ allowsPrivate: true })(`http://127.0.0.1:${port}/`, request, signal);
    await closed;
    server.close();
  });
});
