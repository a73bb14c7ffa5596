import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { BideError } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import { DEFAULT_LIMITS, type Limits } from '../../core/limits.ts';
import { sampleJob } from '../../core/sample-job.ts';
import type { Lookup, Snapshot, WaitOutcome, WaitRequest } from '../../engine/api.ts';
import { createFakeClock } from '../../engine/fake-clock.ts';
import { createEventStream } from './event-stream.ts';
import { eventText } from './event-text.ts';

const snapshotOf = (job: Partial<Job>): Snapshot => ({ job: sampleJob(job), resultText: null });
const found = (revision: number, job: Partial<Job> = {}): Lookup => ({
  kind: 'found',
  snapshot: snapshotOf({ state: 'running', ...job, revision }),
});
const FINAL = { state: 'succeeded', finishedAt: 5 } as const;

interface Asked {
  readonly request: WaitRequest;
  answer(lookup: Lookup): void;
  fail(error: Error): void;
}

/** A stream over an engine whose waits the test answers, from revision 1 on. */
function open({ isKnown = false, limits = {} }: { isKnown?: boolean; limits?: Partial<Limits> } = {}) {
  const clock = createFakeClock();
  const asked: Asked[] = [];
  const takers: ((one: Asked) => void)[] = [];
  const wait = (request: WaitRequest): Promise<WaitOutcome> => {
    const { promise, resolve, reject } = Promise.withResolvers<WaitOutcome>();
    const end = () => resolve({ isSatisfied: false, lookups: [found(request.until.kind === 'done' ? 0 : 1)] });
    const cancel = clock.after(request.timeoutMs, end);
    request.signal.addEventListener('abort', end, { once: true });
    const one = {
      request,
      answer: (lookup: Lookup) => resolve({ isSatisfied: true, lookups: [lookup] }),
      fail: reject,
    };
    const taker = takers.shift();
    if (taker === undefined) asked.push(one);
    else taker(one);
    return promise.finally(cancel);
  };
  const stream = createEventStream({
    engine: { wait, clock, limits: { ...DEFAULT_LIMITS, ...limits } },
    snapshot: snapshotOf({ state: 'running', revision: 1 }),
    isKnown,
    eventOf: ({ job }) => eventText(job.revision, `r${job.revision}`),
  });
  return {
    clock,
    stream,
    asked,
    nextWait: () => {
      const one = asked.shift();
      return one === undefined ? new Promise<Asked>((resolve) => takers.push(resolve)) : Promise.resolve(one);
    },
  };
}

/** A reader that takes a chunk when it is told to. */
function slowReader() {
  const chunks: string[] = [];
  let go = () => {};
  let came = Promise.withResolvers<void>();
  const writable = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      go = done;
      came.resolve();
    },
  });
  return {
    chunks,
    writable,
    /** Resolves when a chunk is there that was not taken. */
    chunk: () => came.promise,
    take() {
      came = Promise.withResolvers();
      go();
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const event = (revision: number) => `id: ${revision}\nevent: job\ndata: r${revision}\n\n`;
const RETRY = 'retry: 2000\n\n';
const RESUME = ': over for now, resume with Last-Event-ID\n\n';

describe('createEventStream', () => {
  test('says the snapshot, then what comes, and ends with the final one', async () => {
    const { stream, nextWait } = open();
    const said = text(stream.readable);
    const first = await nextWait();
    assert.deepEqual(first.request.until, { kind: 'change', since: 1 });
    first.answer(found(2));
    (await nextWait()).answer(found(5, FINAL));
    assert.equal(await said, RETRY + event(1) + event(2) + event(5));
    await stream.closed;
  });

  test('says only what is newer where the snapshot is known', async () => {
    const { stream, nextWait } = open({ isKnown: true });
    const said = text(stream.readable);
    (await nextWait()).answer(found(2, FINAL));
    assert.equal(await said, RETRY + event(2));
  });

  test('ends without a word when the job is gone', async () => {
    const { stream, nextWait } = open();
    const said = text(stream.readable);
    (await nextWait()).answer({ kind: 'gone', goneAt: 1 });
    assert.equal(await said, RETRY + event(1));
  });

  test('waits for nothing and keeps one text while its reader is behind, and then says the newest', async () => {
    const { stream, asked, nextWait } = open();
    const reader = slowReader();
    stream.readable.pipe(reader.writable);
    await reader.chunk();
    await turn();
    assert.deepEqual([asked.length, stream.readable.readableLength, reader.chunks], [0, 0, [RETRY]]);
    reader.take();
    await reader.chunk();
    await turn();
    assert.deepEqual([asked.length, stream.readable.readableLength, reader.chunks.at(-1)], [0, 0, event(1)]);
    reader.take();
    (await nextWait()).answer(found(40));
    await reader.chunk();
    assert.equal(reader.chunks.at(-1), event(40));
    stream.readable.destroy();
  });

  test('sends a comment after each silence, without asking the engine again', async () => {
    const { stream, clock, asked, nextWait } = open({ isKnown: true });
    const reader = slowReader();
    stream.readable.pipe(reader.writable);
    await reader.chunk();
    for (let beat = 1; beat <= 3; beat += 1) {
      reader.take();
      await turn();
      clock.advance(14_999);
      await turn();
      assert.equal(reader.chunks.length, beat);
      clock.advance(1);
      await reader.chunk();
      assert.equal(reader.chunks.at(-1), ': keep-alive\n\n');
    }
    const { request } = await nextWait();
    assert.deepEqual([asked.length, request.timeoutMs], [0, 600_000]);
    stream.readable.destroy();
  });

  test('ends with a comment when its life is over', async () => {
    const { stream, clock, nextWait } = open({ isKnown: true, limits: { eventsMsMax: 5_000 } });
    const said = text(stream.readable);
    await nextWait();
    clock.advance(5_000);
    assert.equal(await said, RETRY + RESUME);
  });

  test('with no life at all is the snapshot', async () => {
    const { stream } = open({ limits: { eventsMsMax: 0 } });
    assert.equal(await text(stream.readable), RETRY + event(1) + RESUME);
  });

  test('outlives a store that is away', async () => {
    const { stream, clock, nextWait } = open({ isKnown: true });
    const said = text(stream.readable);
    for (let times = 1; times <= 3; times += 1) {
      (await nextWait()).fail(new BideError('STORE_UNAVAILABLE'));
      await turn();
      clock.advance(1_000);
    }
    (await nextWait()).answer(found(2, FINAL));
    assert.equal(await said, RETRY + event(2));
  });

  test('fails with what is no trouble of the store', async () => {
    const { stream, nextWait } = open();
    const said = assert.rejects(text(stream.readable), { message: 'a bug' });
    (await nextWait()).fail(new TypeError('a bug'));
    await said;
    await stream.closed;
  });

  test('that is ended says so to a reader who keeps up, and cuts one who is behind', async () => {
    const quick = open();
    const said = text(quick.stream.readable);
    await quick.nextWait();
    quick.stream.end();
    assert.equal(await said, RETRY + event(1) + RESUME);

    const slow = open();
    const reader = slowReader();
    slow.stream.readable.pipe(reader.writable);
    await reader.chunk();
    await turn();
    slow.stream.end();
    await slow.stream.closed;
    assert.equal(slow.stream.readable.readableEnded, false);
  });

  test('whose reader goes away ends its wait and leaves no timer', async () => {
    const { stream, clock, nextWait } = open();
    stream.readable.resume();
    const { request } = await nextWait();
    stream.readable.destroy();
    await stream.closed;
    await turn();
    assert.deepEqual([request.signal.aborted, clock.pending], [true, 0]);
  });
});
