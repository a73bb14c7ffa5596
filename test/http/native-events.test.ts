/** A job as server-sent events, over real sockets: what is said, how it resumes, how it ends, and what it costs. */
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, test } from 'node:test';
import { createWorker } from '../../src/dialects/contract-suite/stage.ts';
import { createPlay, json, TENANT } from '../engine/engine-fixture.ts';
import { type Listening, openListening } from './http-fixture.ts';

const UNKNOWN_ID = '0190a1b2-0000-7000-8000-000000000001';
const RETRY = 'retry: 2000';
const RESUME = ': over for now, resume with Last-Event-ID';

interface Followed {
  readonly answer: IncomingMessage;
  /** What comes next, without the empty line that ends it; null at the end. */
  next(): Promise<string | null>;
  /** All that is still to come, until the end. */
  rest(): Promise<string[]>;
  leave(): void;
}

interface Order {
  readonly key?: string;
  readonly lastEventId?: string | number;
  readonly query?: string;
}

async function follow(http: Listening, id: string, order: Order = {}): Promise<Followed> {
  const { key = http.keys.reader, lastEventId, query = '' } = order;
  const headers = { 'x-api-key': key, ...(lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) }) };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  httpRequest(`${http.url}/v1/jobs/${id}/events${query}`, { agent: false, headers }, resolve).on('error', reject).end();
  const answer = await promise;
  const blocks = blocksOf(answer);
  const next = async () => (await blocks.next()).value ?? null;
  return {
    answer,
    next,
    async rest() {
      const all: string[] = [];
      for (let block = await next(); block !== null; block = await next()) all.push(block);
      return all;
    },
    leave: () => answer.destroy(),
  };
}

async function* blocksOf(answer: IncomingMessage): AsyncGenerator<string, void, undefined> {
  let open = '';
  for await (const chunk of answer.setEncoding('utf8')) {
    const blocks = (open + String(chunk)).split('\n\n');
    open = blocks.pop() ?? '';
    yield* blocks;
  }
  if (open !== '') yield open;
}

/** The block of the job as `GET /v1/jobs/{id}` answers it now. */
async function eventNow(http: Listening, id: string): Promise<string> {
  const { text, json: read } = await http.call('GET', `/v1/jobs/${id}`);
  return `id: ${read().revision}\nevent: job\ndata: ${text}`;
}

const idOf = (block: string | null) => Number(/^id: (\d+)$/m.exec(block ?? '')?.[1]);
const workerOf = (http: Listening) => createWorker(http.on.engine, TENANT);

async function finish(http: Listening, result: string | number = 42): Promise<void> {
  const worker = workerOf(http);
  await worker.succeed(await worker.claim('task'), result);
}

async function statusOf(http: Listening, id: string, order: Order = {}): Promise<[number | undefined, string]> {
  const { answer, rest } = await follow(http, id, order);
  const text = (await rest()).join('');
  return [answer.statusCode, text.startsWith('{') ? (JSON.parse(text) as { code: string }).code : text];
}

/** Resolves once nothing is held and nobody waits. */
async function allFree({ holds, on }: Listening): Promise<void> {
  while (holds.count > 0 || on.engine.stats().waits > 0) await new Promise(setImmediate);
}

describe('the events of a job', () => {
  test('are its snapshot at once, one after each change, and the final one with the result at last', async () => {
    await using http = await openListening();
    const id = await http.submit('task', { tags: { team: 'ü' } });
    const { answer, next } = await follow(http, id);
    const { 'content-type': type, 'cache-control': cache, 'x-accel-buffering': buffering } = answer.headers;
    assert.deepEqual(
      [answer.statusCode, type, cache, buffering],
      [200, 'text/event-stream', 'no-store, no-transform', 'no'],
    );
    assert.deepEqual([await next(), await next()], [RETRY, await eventNow(http, id)]);
    const worker = workerOf(http);
    const held = await worker.claim('task');
    assert.equal(await next(), await eventNow(http, id));
    for (const percent of [10, 60]) {
      await worker.report(held, percent);
      const event = await next();
      assert.equal(event, await eventNow(http, id));
      assert.match(event ?? '', new RegExp(`"progress":{"percent":${percent},`));
    }
    await worker.succeed(held, { answer: 42 });
    const last = await next();
    assert.match(last ?? '', /"state":"succeeded".*"result":{"answer":42}/);
    assert.equal(last, await eventNow(http, id));
    assert.equal(await next(), null);
    await allFree(http);
  });

  test('carry a result that was stored with line breaks', async () => {
    await using http = await openListening();
    const id = await http.submit('task');
    const { rest } = await follow(http, id);
    const worker = workerOf(http);
    await worker.succeedWith(await worker.claim('task'), 'application/json', Buffer.from('{\r\n  "a": [1,\n2]\n}'));
    const lines = (await rest()).at(-1)?.split('\n') ?? [];
    const data = lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice('data: '.length));
    assert.deepEqual((JSON.parse(data.join('\n')) as { result: unknown }).result, { a: [1, 2] });
    assert.equal(lines.length, data.length + 2);
  });

  test('of a final job are its snapshot, also when the server holds no more', async () => {
    await using http = await openListening({ limits: { holdsMax: 1 } });
    const id = await http.submit('task');
    await finish(http);
    const other = await follow(http, await http.submit('task'));
    assert.deepEqual(await (await follow(http, id)).rest(), [RETRY, await eventNow(http, id)]);
    other.leave();
  });
});

describe('Last-Event-ID', () => {
  test('of the revision that the job has brings only what is newer, by header or query', async () => {
    await using http = await openListening();
    const id = await http.submit('task');
    const streams = await Promise.all([
      follow(http, id, { lastEventId: 1 }),
      follow(http, id, { query: '?lastEventId=1' }),
      follow(http, id, { lastEventId: 1, query: '?lastEventId=0' }),
    ]);
    for (const { next } of streams) assert.equal(await next(), RETRY);
    await finish(http);
    for (const { rest } of streams) assert.equal(idOf((await rest())[0] ?? ''), 2);
  });

  test('of an older revision, or of one that the job never had, brings the snapshot at once', async () => {
    await using http = await openListening();
    const id = await http.submit('task');
    await workerOf(http).claim('task');
    for (const lastEventId of [0, 1, 999_999]) {
      const { next, leave } = await follow(http, id, { lastEventId });
      assert.deepEqual([await next(), await next()], [RETRY, await eventNow(http, id)]);
      leave();
    }
    await allFree(http);
  });

  test('of the final revision is answered 204, which ends an EventSource', async () => {
    await using http = await openListening();
    const id = await http.submit('task');
    await finish(http);
    const { revision } = await http.on.job(id);
    assert.deepEqual(await statusOf(http, id, { lastEventId: revision }), [204, '']);
    assert.deepEqual(await statusOf(http, id, { query: `?lastEventId=${revision}` }), [204, '']);
    for (const lastEventId of [revision - 1, revision + 1]) {
      const { rest } = await follow(http, id, { lastEventId });
      assert.deepEqual(await rest(), [RETRY, await eventNow(http, id)]);
    }
  });

  test('that is no number is refused', async () => {
    await using http = await openListening();
    const id = await http.submit('task');
    for (const lastEventId of ['x', '-1', '1.5', '', '1, 2', '9'.repeat(16)]) {
      assert.deepEqual(await statusOf(http, id, { lastEventId }), [400, 'INVALID_REQUEST'], lastEventId);
    }
    for (const query of ['?lastEventId=x', '?lastEventId=', '?lastEventId=-1', '?lastEventid=1']) {
      assert.deepEqual(await statusOf(http, id, { query }), [400, 'INVALID_REQUEST'], query);
    }
  });
});

describe('before a stream starts', () => {
  test('who may not have it is refused as for the status', async () => {
    await using http = await openListening({ limits: { tombstoneMs: 60_000 } });
    const id = await http.submit('task');
    const removed = await http.submit('task');
    await http.call('POST', `/v1/jobs/${removed}/cancel`);
    await http.call('DELETE', `/v1/jobs/${removed}`);
    const { foreigner, submitter } = http.keys;
    assert.deepEqual(await statusOf(http, id, { key: foreigner }), [404, 'JOB_NOT_FOUND']);
    assert.deepEqual(await statusOf(http, UNKNOWN_ID), [404, 'JOB_NOT_FOUND']);
    assert.deepEqual(await statusOf(http, 'no-id'), [404, 'JOB_NOT_FOUND']);
    assert.deepEqual(await statusOf(http, removed), [410, 'JOB_GONE']);
    assert.deepEqual(await statusOf(http, removed, { key: foreigner }), [404, 'JOB_NOT_FOUND']);
    assert.deepEqual(await statusOf(http, id, { key: submitter }), [403, 'SCOPE_MISSING']);
    assert.deepEqual(await statusOf(http, id, { key: 'bide_none' }), [401, 'UNAUTHENTICATED']);
  });

  test('HEAD is answered with the head alone, other methods with 405', async () => {
    await using http = await openListening();
    const id = await http.submit('task');
    const head = await http.call('HEAD', `/v1/jobs/${id}/events`);
    assert.deepEqual([head.status, head.headers['content-type'], head.text], [200, 'text/event-stream', '']);
    assert.equal(head.headers['content-length'], undefined);
    assert.equal(http.holds.count, 0);
    const post = await http.call('POST', `/v1/jobs/${id}/events`);
    assert.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD, OPTIONS']);
    await finish(http);
    assert.equal((await http.call('HEAD', `/v1/jobs/${id}/events?lastEventId=2`)).status, 200);
    assert.equal((await http.call('HEAD', `/v1/jobs/${id}/events?lastEventId=3`)).status, 204);
  });

  test('more than holdsMax are refused, and taken again when one has ended', async () => {
    await using http = await openListening({ limits: { holdsMax: 1 } });
    const id = await http.submit('task');
    const { leave } = await follow(http, id);
    assert.deepEqual(await statusOf(http, id), [503, 'TOO_MANY_HOLDS']);
    leave();
    await allFree(http);
    (await follow(http, id)).leave();
    await allFree(http);
  });
});

describe('a stream', () => {
  test('is kept alive by comments, and ended after its life to be resumed', async () => {
    await using http = await openListening({ limits: { eventsMsMax: 40_000 } });
    const id = await http.submit('task');
    const { next, rest } = await follow(http, id, { lastEventId: 1 });
    assert.equal(await next(), RETRY);
    for (let beat = 1; beat <= 2; beat += 1) {
      await http.on.advance(15_000);
      assert.equal(await next(), ': keep-alive');
    }
    await http.on.advance(10_000);
    assert.deepEqual(await rest(), [RESUME]);
    await allFree(http);
    assert.equal(http.holds.abandonedCount, 0);
  });

  test('is freed with its wait when the client goes away', async () => {
    await using http = await openListening();
    const { leave } = await follow(http, await http.submit('task'), { lastEventId: 1 });
    while (http.on.engine.stats().waits < 1) await new Promise(setImmediate);
    leave();
    await allFree(http);
    assert.equal(http.holds.abandonedCount, 1);
  });

  test('goes on while the server drains, to the end of its job', async () => {
    const play = createPlay();
    await using http = await openListening({ types: { task: play.run } });
    const id = await http.submit('task');
    const run = await play.next();
    const { rest } = await follow(http, id);
    const drained = http.on.engine.drain();
    run.end(json('done after all'));
    assert.match((await rest()).at(-1) ?? '', /"result":"done after all"/);
    await drained;
  });

  test('of a job that goes on elsewhere ends with the server, to be resumed', async () => {
    const http = await openListening();
    const { next, rest } = await follow(http, await http.submit('task'));
    assert.deepEqual([await next(), idOf(await next())], [RETRY, 1]);
    const stopped = http[Symbol.asyncDispose]();
    assert.deepEqual(await rest(), [RESUME]);
    await stopped;
  });

  test('that nobody reads does not keep the server from closing', async () => {
    const { http, response } = await stalled();
    assert.equal(response.writableNeedDrain, true);
    await http[Symbol.asyncDispose]();
    assert.equal(response.destroyed, true);
  });
});

/** Half a megabyte in every body: a few are more than the buffers of both ends hold. */
const HEAVY = { tagsMax: 100, tagValueLengthMax: 5_000 };
const TAGS = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`t${at}`, 'x'.repeat(5_000)]));
const BODY_BYTES = 510_000;
const CHANGES_MAX = 60;

/** A stream whose reader reads nothing, at the moment at which the server can send no more. */
async function stalled() {
  const http = await openListening({ limits: HEAVY });
  const id = await http.submit('task', { tags: TAGS });
  const worker = workerOf(http);
  const held = await worker.claim('task');
  const started = Promise.withResolvers<ServerResponse>();
  const note = (message: unknown) => started.resolve((message as { response: ServerResponse }).response);
  subscribe('http.server.request.start', note);
  const followed = await follow(http, id);
  unsubscribe('http.server.request.start', note);
  const response = await started.promise;
  let percent = 0;
  let most = 0;
  const change = async () => {
    percent += 0.5;
    await worker.report(held, percent);
    for (let turns = 0; turns < 5; turns += 1) await new Promise(setImmediate);
    most = Math.max(most, response.writableLength);
  };
  while (!response.writableNeedDrain) {
    assert.ok(percent < CHANGES_MAX, 'the buffers never fill');
    await change();
  }
  return { http, id, worker, held, followed, response, change, most: () => most };
}

describe('a slow reader', () => {
  test('misses what is old, gets the newest next, and costs no more than one text', async () => {
    const { http, id, worker, held, followed, response, change, most } = await stalled();
    await using _ = http;
    const stuck = response.writableLength;
    for (let more = 0; more < CHANGES_MAX; more += 1) await change();
    assert.ok(response.writableLength <= stuck, 'nothing was added while they were behind');
    assert.ok(most() < 3 * BODY_BYTES, `${most()} bytes`);
    assert.equal(http.on.engine.stats().waits, 0);
    const { revision } = await http.on.job(id);
    const ids: number[] = [];
    while (ids.at(-1) !== revision) {
      const block = await followed.next();
      if (block !== RETRY) ids.push(idOf(block));
    }
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => a - b),
    );
    assert.ok((ids.at(-2) ?? 0) < revision - CHANGES_MAX / 2, `skips to the newest: ${ids}`);
    await worker.succeed(held, 'done');
    assert.match((await followed.rest()).at(-1) ?? '', /"state":"succeeded"/);
  });

  test('whose job is removed meanwhile reads what they have, and then the end', async () => {
    const { http, id, worker, held, followed } = await stalled();
    await using _ = http;
    await worker.succeed(held, 'done');
    await http.call('DELETE', `/v1/jobs/${id}`);
    const blocks = await followed.rest();
    assert.ok(blocks.length > 1);
    assert.doesNotMatch(blocks.at(-1) ?? '', /"state":"succeeded"/);
    assert.deepEqual(await statusOf(http, id, { lastEventId: idOf(blocks.at(-1) ?? '') }), [410, 'JOB_GONE']);
  });
});
