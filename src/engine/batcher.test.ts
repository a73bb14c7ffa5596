import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BideError } from '../core/errors.ts';
import { DEFAULT_LIMITS, type LimitName } from '../core/limits.ts';
import { createBatcher } from './batcher.ts';
import { createTelemetry } from './telemetry.ts';

/** A batcher whose batches the test answers one by one. */
function playBatcher(limits: Partial<Record<LimitName, number>> = {}, bytesOf?: (item: string) => number) {
  const sent: { items: readonly string[]; answer(): void; fail(error: Error): void }[] = [];
  const takers: (() => void)[] = [];
  const batcher = createBatcher<string, string>({
    name: 'test',
    limits: { ...DEFAULT_LIMITS, ...limits },
    telemetry: createTelemetry(),
    send(items) {
      const answered = Promise.withResolvers<readonly string[]>();
      const answer = () => answered.resolve(items.map((item) => item.toUpperCase()));
      sent.push({ items, answer, fail: answered.reject });
      takers.shift()?.();
      return answered.promise;
    },
    ...(bytesOf === undefined ? {} : { bytesOf }),
  });
  const next = async () => {
    if (sent.length === 0) await new Promise<void>((resolve) => takers.push(resolve));
    const batch = sent.shift();
    assert.ok(batch);
    return batch;
  };
  return { batcher, next, sent };
}

describe('a batcher', () => {
  it('puts the callers of one turn into one batch', async () => {
    const { batcher, next } = playBatcher();
    const adding = Promise.all([batcher.add('a'), batcher.add('b'), batcher.addAll(['c', 'd'])]);
    const batch = await next();
    assert.deepEqual(batch.items, ['a', 'b', 'c', 'd']);
    batch.answer();
    assert.deepEqual(await adding, ['A', 'B', ['C', 'D']]);
  });

  it('collects while a batch is in flight and sends the rest the moment it returns', async () => {
    const { batcher, next, sent } = playBatcher();
    const first = batcher.add('a');
    const flying = await next();
    const rest = batcher.addAll(['b', 'c']);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(sent.length, 0);
    assert.equal(batcher.depth, 3);
    flying.answer();
    assert.equal(await first, 'A');
    const second = await next();
    assert.deepEqual(second.items, ['b', 'c']);
    second.answer();
    assert.deepEqual(await rest, ['B', 'C']);
    assert.equal(batcher.depth, 0);
  });

  it('may have more than one batch in flight', async () => {
    const sizes: number[] = [];
    const answers: (() => void)[] = [];
    const batcher = createBatcher<number, number>({
      ...{ name: 'test', limits: DEFAULT_LIMITS, telemetry: createTelemetry(), inFlightMax: 2 },
      send(items) {
        sizes.push(items.length);
        return new Promise((resolve) => answers.push(() => resolve(items)));
      },
    });
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const adding: Promise<unknown>[] = [];
    for (const count of [1, 2, 3]) {
      adding.push(batcher.addAll(Array.from({ length: count }, () => count)));
      await turn();
    }
    assert.deepEqual(sizes, [1, 2]);
    answers.shift()?.();
    await turn();
    assert.deepEqual(sizes, [1, 2, 3]);
    for (const answer of answers) answer();
    await Promise.all(adding);
    assert.equal(batcher.depth, 0);
  });

  it('keeps a batch within its number of items and bytes; what is larger alone goes alone', async () => {
    const { batcher, next } = playBatcher({ batchMax: 3, batchBytesMax: 10 }, (item) => item.length);
    const adding = batcher.addAll(['aaaa', 'bbbb', 'cccc', 'd', 'e', 'f', 'g', 'x'.repeat(50), 'h']);
    const sizes: string[][] = [];
    while (sizes.flat().length < 9) {
      const batch = await next();
      sizes.push([...batch.items]);
      batch.answer();
    }
    assert.deepEqual(
      sizes.map((batch) => batch.map((item) => item[0]).join('')),
      ['ab', 'cde', 'fg', 'x', 'h'],
    );
    assert.equal((await adding).length, 9);
  });

  it('refuses at once what its queue does not hold, and goes on with the rest', async () => {
    const { batcher, next } = playBatcher({ batchQueueMax: 2 });
    const adding = batcher.addAll(['a', 'b']);
    await assert.rejects(batcher.add('c'), { code: 'OVERLOADED', details: { limit: 'batchQueueMax', value: 2 } });
    (await next()).answer();
    assert.deepEqual(await adding, ['A', 'B']);
  });

  it('rejects everybody in a batch that met an unavailable store, and only them', async () => {
    const { batcher, next } = playBatcher();
    const adding = Promise.allSettled([batcher.add('a'), batcher.add('b')]);
    const flying = await next();
    const later = batcher.add('c');
    flying.fail(new BideError('STORE_UNAVAILABLE'));
    const settled = await adding;
    assert.deepEqual(
      settled.map((one) => one.status === 'rejected' && one.reason.code),
      ['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE'],
    );
    (await next()).answer();
    assert.equal(await later, 'C');
  });

  it('lets a poisonous item fail alone, without its neighbours', async () => {
    const batcher = createBatcher<number, number>({
      ...{ name: 'test', limits: DEFAULT_LIMITS, telemetry: createTelemetry() },
      async send(items) {
        if (items.includes(13)) throw new TypeError('thirteen');
        return items;
      },
    });
    const settled = await Promise.allSettled(Array.from({ length: 100 }, (_, index) => batcher.add(index)));
    const failed = settled.flatMap((one, index) => (one.status === 'rejected' ? [index] : []));
    assert.deepEqual(failed, [13]);
    const reason = settled[13]?.status === 'rejected' ? settled[13].reason : null;
    assert.equal(reason.code, 'INTERNAL');
    assert.equal(reason.cause.message, 'thirteen');
  });
});
