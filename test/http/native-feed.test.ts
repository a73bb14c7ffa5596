/** The feed of all changes over HTTP: page by page, held, as a stream, resumed, with gaps told, and what it costs the store. */
import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import { createWorker } from '../../src/dialects/contract-suite/stage.ts';
import { TENANT } from '../engine/engine-fixture.ts';
import { type HttpFixture, type Listening, openHttp, openListening } from './http-fixture.ts';

interface Change {
  readonly kind: string;
  readonly at: string;
  readonly cursor: string;
  readonly job: {
    readonly id: string;
    readonly type: string;
    readonly state: string;
    readonly revision: number;
    readonly result: unknown;
  };
}
interface Page {
  readonly events: readonly Change[];
  readonly next: string;
  readonly gap: boolean;
}

async function page(http: HttpFixture, query = '', key = http.keys.reader): Promise<Page> {
  const answer = await http.call('GET', `/v1/events${query}`, { key });
  assert.equal(answer.status, 200, answer.text);
  return answer.json() as unknown as Page;
}

const seen = ({ events }: Page) => events.map(({ kind, job }) => `${kind} ${job.revision}`);

async function finish(http: HttpFixture, result: unknown = 42): Promise<void> {
  const worker = createWorker(http.on.engine, TENANT);
  await worker.succeed(await worker.claim('task'), result as number);
}

/** All that is kept is fanned out and older than it may be. */
async function pruneAll({ on: { store, clock } }: HttpFixture): Promise<void> {
  const { from, events } = await store.fanOutRead({ limit: 1_000 });
  const to = events.at(-1)?.position ?? from;
  await store.fanOutWrite({ from, to, deliveries: [] });
  await store.eventPrune({ now: clock.now(), before: clock.now() + 1, limit: 1_000 });
}

interface Followed {
  readonly answer: IncomingMessage;
  /** The next block that is more than a comment. */
  next(): Promise<string>;
  leave(): void;
}

async function follow(http: Listening, query = '', headers: Record<string, string> = {}): Promise<Followed> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const asked = { accept: 'text/event-stream', 'x-api-key': http.keys.reader, ...headers };
  httpRequest(`${http.url}/v1/events${query}`, { agent: false, headers: asked }, resolve).on('error', reject).end();
  const answer = await promise;
  const blocks = blocksOf(answer);
  return { answer, next: async () => (await blocks.next()).value ?? '', leave: () => answer.destroy() };
}

async function* blocksOf(answer: IncomingMessage): AsyncGenerator<string, void, undefined> {
  let open = '';
  for await (const chunk of answer.setEncoding('utf8')) {
    const blocks = (open + String(chunk)).split('\n\n');
    open = blocks.pop() ?? '';
    for (const block of blocks) if (block.includes('id: ')) yield block;
  }
}

const idOf = (block: string) => /^id: (.+)$/m.exec(block)?.[1] ?? '';
const dataOf = (block: string) => JSON.parse(/^data: (.+)$/m.exec(block)?.[1] ?? '{}') as Change;

describe('the feed', () => {
  test('begins now, and has every change with the job as it was then', async () => {
    await using http = await openHttp();
    await http.submit('task');
    const start = await page(http);
    assert.deepEqual([start.events, start.gap], [[], false]);
    await finish(http);
    const id = await http.submit('task', { tags: { team: 'x' } });
    const { events, next } = await page(http, `?after=${start.next}`);
    assert.deepEqual(seen({ events, next, gap: false }), ['job.running 2', 'job.succeeded 3', 'job.waiting 1']);
    const now = (await http.call('GET', `/v1/jobs/${id}`)).json();
    assert.deepEqual(events[2]?.job, now);
    assert.equal(events[1]?.job.result, 42);
    const behind = await page(http, `?after=${events[0]?.cursor}`);
    assert.deepEqual(
      behind.events.map(({ job }) => job),
      events.slice(1).map(({ job }) => job),
    );
    assert.deepEqual((await page(http, `?after=${next}`)).events, []);
    assert.deepEqual((await page(http, '?after=oldest')).events.length, 3);
  });

  test('is of one tenant', async () => {
    await using http = await openHttp();
    const { next } = await page(http);
    const other = await page(http, '', http.keys.foreigner);
    await http.submit('task');
    assert.deepEqual((await page(http, `?after=${other.next}`, http.keys.foreigner)).events, []);
    assert.equal((await page(http, `?after=${next}`)).events.length, 1);
  });

  test('has only what its filter asks for, and its cursor moves on past the rest', async () => {
    await using http = await openHttp({ types: { task: 'remote', other: 'remote' } });
    const { next } = await page(http);
    await http.submit('task', { tags: { team: 'x', 'a:b': 'c' } });
    await finish(http);
    await http.submit('other', { delayMs: 60_000 });
    const of = async (query: string) => seen(await page(http, `?after=${next}&${query}`));
    assert.deepEqual(await of('type=other'), ['job.waiting 1']);
    assert.deepEqual(await of('state=scheduled'), ['job.waiting 1']);
    assert.deepEqual(await of('state=running&state=succeeded'), ['job.running 2', 'job.succeeded 3']);
    assert.deepEqual(await of('tag=team:x&tag=a%5C:b:c&state=queued'), ['job.waiting 1']);
    const none = await page(http, `?after=${next}&type=none`);
    assert.deepEqual(none.events, []);
    assert.deepEqual((await page(http, `?after=${none.next}`)).events, []);
  });

  test('holds until there is a change that fits, and answers empty when its time is over', async () => {
    await using http = await openHttp({ types: { task: 'remote', other: 'remote' } });
    const { next } = await page(http);
    const held = page(http, `?after=${next}&type=other&wait=30`);
    await http.held(1);
    await http.submit('task');
    await http.on.advance(100);
    await http.submit('other');
    await http.on.advance(100);
    assert.deepEqual(
      (await held).events.map(({ job }) => job.type),
      ['other'],
    );
    const empty = page(http, `?after=${(await held).next}&wait=5`);
    await http.held(1);
    await http.on.advance(5_000);
    assert.deepEqual((await empty).events, []);
  });

  test('tells whose cursor is older than what is kept, and whose comes from a store that was ahead', async () => {
    await using http = await openHttp();
    const { next } = await page(http);
    await http.submit('task');
    await http.on.advance(20_000);
    await pruneAll(http);
    const late = await page(http, `?after=${next}`);
    assert.deepEqual([late.events, late.gap], [[], true]);
    await http.submit('task');
    const on = await page(http, `?after=${late.next}`);
    assert.deepEqual([seen(on), on.gap], [['job.waiting 1'], false]);
    const ahead = await http.auth.places.seal(TENANT, 1_000_000);
    const back = await page(http, `?after=${ahead}`);
    assert.deepEqual([back.gap, (await page(http, `?after=${back.next}`)).events], [true, []]);
  });

  test('is written down for an hour after the last look, and no longer', async () => {
    await using http = await openHttp();
    const { next } = await page(http);
    await http.on.advance(3_590_000);
    await http.submit('task');
    const inTime = await page(http, `?after=${next}`);
    assert.deepEqual([inTime.events.length, inTime.gap], [1, false]);
    await http.on.advance(4_600_000);
    await http.submit('task');
    assert.equal((await page(http, `?after=${inTime.next}`)).gap, true);
  });

  test('refuses what is no cursor of this feed, unknown words, and who may not read', async () => {
    await using http = await openHttp();
    await http.submit('task');
    await http.submit('task');
    const list = String((await http.call('GET', '/v1/jobs?limit=1')).json().next);
    const foreign = (await page(http, '', http.keys.foreigner)).next;
    for (const cursor of [list, foreign, 'x', '5']) {
      const answer = await http.call('GET', `/v1/events?after=${cursor}`);
      assert.deepEqual([answer.status, answer.json().code], [400, 'INVALID_CURSOR'], cursor);
    }
    const header = { accept: 'text/event-stream', 'last-event-id': list };
    assert.equal((await http.call('GET', '/v1/events', { headers: header })).json().code, 'INVALID_CURSOR');
    for (const query of ['state=done', 'wait=x', 'kind=x', 'tag=x', `after=${'x'.repeat(300)}`]) {
      assert.equal((await http.call('GET', `/v1/events?${query}`)).json().code, 'INVALID_REQUEST', query);
    }
    const submitter = await http.call('GET', '/v1/events', { key: http.keys.submitter });
    assert.equal(submitter.json().code, 'SCOPE_MISSING');
    const own = (await page(http)).next;
    assert.equal((await http.call('GET', `/v1/jobs?cursor=${own}`)).json().code, 'INVALID_CURSOR');
  });

  test('streams changes as they come, and goes on behind Last-Event-ID', async () => {
    await using http = await openListening();
    const first = await follow(http);
    assert.equal(first.answer.headers['content-type'], 'text/event-stream');
    const start = idOf(await first.next());
    await http.submit('task');
    await finish(http);
    await http.on.advance(100);
    const blocks = [await first.next(), await first.next(), await first.next()];
    assert.deepEqual(
      blocks.map((block) => [
        /^event: (.+)$/m.exec(block)?.[1],
        dataOf(block).kind,
        idOf(block) === dataOf(block).cursor,
      ]),
      ['job.waiting', 'job.running', 'job.succeeded'].map((kind) => ['change', kind, true]),
    );
    first.leave();
    const second = await follow(http, '?after=ignored', { 'last-event-id': idOf(blocks[0] ?? '') });
    assert.deepEqual([await second.next(), await second.next()], blocks.slice(1));
    second.leave();
    const third = await follow(http, `?after=${start}&state=succeeded`);
    assert.deepEqual(await third.next(), blocks[2]);
    third.leave();
  });

  test('a stream says where it is while nothing fits, and where changes are missing', async () => {
    await using http = await openListening();
    const { next } = await page(http);
    const stream = await follow(http, '?type=none');
    const start = idOf(await stream.next());
    await http.submit('task');
    await http.on.advance(15_000);
    const beat = await stream.next();
    assert.match(beat, /^: keep-alive\nid: /);
    stream.leave();
    assert.equal((await page(http, `?after=${start}`)).events.length, 1);
    assert.deepEqual((await page(http, `?after=${idOf(beat)}`)).events, []);
    await http.on.advance(20_000);
    await pruneAll(http);
    const late = await follow(http, `?after=${next}`);
    const gap = await late.next();
    assert.match(gap, /^id: \S+\nevent: gap\ndata: \{"cursor"/);
    await http.submit('task');
    await http.on.advance(100);
    assert.equal(dataOf(await late.next()).kind, 'job.waiting');
    late.leave();
  });

  test('a hundred readers at the newest cost the store what one does', async () => {
    await using http = await openHttp();
    const readsWith = async (readers: number): Promise<number> => {
      const { next } = await page(http);
      await http.on.advance(100);
      const held = Array.from({ length: readers }, () => page(http, `?after=${next}&wait=60`));
      await http.held(readers);
      await http.on.advance(100);
      const before = http.on.spy.calls.get('eventRead') ?? 0;
      await http.submit('task');
      await http.on.advance(100);
      const texts = new Set((await Promise.all(held)).map((one) => JSON.stringify(one.events)));
      assert.equal(texts.size, 1);
      return (http.on.spy.calls.get('eventRead') ?? 0) - before;
    };
    const one = await readsWith(1);
    assert.equal(await readsWith(100), one);
  });

  test('held reads and streams end with the engine, and count among the holds', async () => {
    await using http = await openListening({ limits: { holdsPerTenantMax: 2 } });
    const { next } = await page(http);
    const held = page(http, `?after=${next}&wait=60`);
    const stream = await follow(http);
    await http.held(2);
    const refused = await http.call('GET', `/v1/events?wait=5`);
    assert.equal(refused.json().code, 'TOO_MANY_HOLDS');
    const stopped = http.on.engine.stop();
    assert.deepEqual((await held).events, []);
    for (let block = await stream.next(); block !== ''; ) block = await stream.next();
    await stopped;
    await http.on.spy.idle();
    assert.equal(http.holds.count, 0);
  });
});
