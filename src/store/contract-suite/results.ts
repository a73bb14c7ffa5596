/** Results and inputs: the same bytes back, whatever they are. */
import assert from 'node:assert/strict';
import type { ResultContent } from '../contract.ts';
import { claimOne, first, insertJob, NOW, succeed, textResult } from './fixtures.ts';
import { type Context, type Topic, test } from './suite.ts';

const UNKNOWN_ID = '00000000-0000-7000-8000-000000000000';

const LARGE = Uint8Array.from({ length: 2 * 1_048_576 }, (_, index) => (index * 31) % 251);

const CONTENTS: readonly (readonly [string, Uint8Array])[] = [
  ['none at all', new Uint8Array(0)],
  ['one zero', new Uint8Array(1)],
  ['every value of a byte', Uint8Array.from({ length: 512 }, (_, index) => index % 256)],
  ['part of a larger buffer', new Uint8Array(Uint8Array.from([9, 1, 2, 3, 9]).buffer, 1, 3)],
  ['a small Buffer', Buffer.from('from the pool')],
  ['two megabytes', LARGE],
];

export const results: Topic = [
  ...CONTENTS.map(([words, bytes]) =>
    test(`readResult answers the bytes and content type that were stored when they are ${words}`, async (context) => {
      const result = { contentType: 'application/octet-stream; charset="ü"', bytes };
      const done = await doneWith(context, result);
      assert.deepEqual(done.result, { contentType: result.contentType, bytes: bytes.byteLength });
      const read = first(await context.store.readResult([{ id: done.id }]));
      assert.equal(read?.contentType, result.contentType);
      assert.ok(Buffer.from(bytes).equals(read.bytes), `${read.bytes.byteLength} bytes differ`);
    }),
  ),

  test('readResult answers null when there is no such job or it has none', async (context) => {
    await insertJob(context);
    const running = await claimOne(context);
    assert.deepEqual(await context.store.readResult([{ id: running.id }, { id: UNKNOWN_ID }]), [null, null]);
    const done = await succeed(context.store, running);
    assert.equal(done.result, null);
    assert.deepEqual(await context.store.readResult([{ id: done.id }]), [null]);
    assert.deepEqual(await context.store.readResult([]), []);
  }),

  test('readResult answers in the order of the batch', async (context) => {
    const one = await doneWith(context, textResult('1'));
    const two = await doneWith(context, textResult('2'));
    const refs = [{ id: two.id }, { id: UNKNOWN_ID }, { id: one.id }, { id: two.id }];
    assert.deepEqual(await context.store.readResult(refs), [textResult('2'), null, textResult('1'), textResult('2')]);
  }),

  test('readResult answers slices, each of its own result, shorter where that ends', async (context) => {
    const letters = await doneWith(context, textResult('abcdefghij', 'text/plain'));
    const large = await doneWith(context, { contentType: 'x/y', bytes: LARGE });
    const slice = (id: string, first: number, length: number) => ({ id, slice: { first, length } });
    const read = await context.store.readResult([
      slice(letters.id, 0, 1),
      slice(letters.id, 7, 100),
      slice(letters.id, 10, 5),
      slice(letters.id, 999_999_999, 5),
      slice(UNKNOWN_ID, 0, 1),
      { id: letters.id },
      slice(large.id, 1_000_000, 70_000),
      slice(large.id, 0, 262_144),
      slice(large.id, 262_143, 2),
      slice(large.id, 262_144, 262_144),
      slice(large.id, 2 * 1_048_576 - 5, 50),
      slice(large.id, 2 * 1_048_576, 50),
      { id: large.id },
    ]);
    const texts = read.slice(0, 6).map((one) => (one === null ? null : Buffer.from(one.bytes).toString()));
    assert.deepEqual(texts, ['a', 'hij', '', '', null, 'abcdefghij']);
    assert.equal(read[6]?.contentType, 'x/y');
    const ranges = [
      [1_000_000, 1_070_000],
      [0, 262_144],
      [262_143, 262_145],
      [262_144, 524_288],
      [2 * 1_048_576 - 5],
      [2 * 1_048_576],
      [0],
    ];
    for (const [index, [from, to]] of ranges.entries()) {
      assert.ok(Buffer.from(LARGE.subarray(from, to)).equals(read[6 + index]?.bytes ?? new Uint8Array(1)), `${from}`);
    }
  }),

  test('readResult answers slices of an empty result, which are empty', async (context) => {
    const { id } = await doneWith(context, textResult('', 'text/plain'));
    const read = await context.store.readResult([
      { id },
      { id, slice: { first: 0, length: 0 } },
      { id, slice: { first: 0, length: 5 } },
    ]);
    assert.deepEqual(read, [textResult('', 'text/plain'), textResult('', 'text/plain'), textResult('', 'text/plain')]);
  }),

  test('apply replaces the result when one is stored already', async (context) => {
    const done = await doneWith(context, textResult('"old, and longer"'));
    const patch = { result: { contentType: 'text/plain', bytes: 3 } };
    const result = textResult('new', 'text/plain');
    await context.store.apply([{ id: done.id, expect: { states: ['succeeded'] }, patch, result }]);
    assert.deepEqual(await context.store.readResult([{ id: done.id }]), [result]);
    const large = { contentType: 'x/y', bytes: LARGE };
    const described = { result: { contentType: 'x/y', bytes: LARGE.byteLength } };
    for (const [next, content] of [
      [described, large],
      [patch, result],
      [described, large],
    ] as const) {
      await context.store.apply([{ id: done.id, expect: { states: ['succeeded'] }, patch: next, result: content }]);
      const [read] = await context.store.readResult([{ id: done.id }]);
      assert.ok(Buffer.from(content.bytes).equals(read?.bytes ?? new Uint8Array(1)));
    }
  }),

  test('apply stores the results of a batch each with its job', async (context) => {
    const jobs = [];
    for (let index = 0; index < 20; index += 1) {
      await insertJob(context);
      jobs.push(await claimOne(context));
    }
    await context.store.apply(
      jobs.map(({ id }, index) => ({
        id,
        expect: { states: ['running'] as const, fence: 1 },
        patch: {
          state: 'succeeded' as const,
          finishedAt: NOW,
          leaseUntil: null,
          worker: null,
          result: { contentType: 'application/json', bytes: String(index).length },
        },
        ...(index % 3 === 0 ? {} : { result: textResult(String(index)) }),
      })),
    );
    const read = await context.store.readResult(jobs.map(({ id }) => ({ id })));
    assert.deepEqual(
      read,
      jobs.map((_, index) => (index % 3 === 0 ? null : textResult(String(index)))),
    );
  }),

  test('readInput answers the submitted text, and null when there is no such job', async (context) => {
    const job = await insertJob(context);
    assert.deepEqual(await context.store.readInput([{ id: UNKNOWN_ID }, { id: job.id }]), [null, '{}']);
    assert.deepEqual(await context.store.readInput([]), []);
  }),
];

async function doneWith(context: Context, result: ResultContent) {
  await insertJob(context);
  return succeed(context.store, await claimOne(context), NOW, result);
}
