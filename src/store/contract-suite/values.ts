/** Texts in any script, large inputs and far times come back as they were given. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import type { JobSpec } from '../../core/job.ts';
import { LIMIT_DEFINITIONS } from '../../core/limits.ts';
import { claimOne, first, insertJob, NOW, newJob, readJob, succeed, take } from './fixtures.ts';
import { type Topic, test } from './suite.ts';

const WORDS = '\0Grüße,\u0000 世界 🚀 e\u0301 \u200f " \\ \' ; -- %_ \t\n\r { } $1 ?';

/** Characters of three bytes each that no compression makes shorter. */
function random(length: number): string {
  return String.fromCharCode(...Array.from({ length }, () => 0x4e00 + randomInt(0x5000)));
}

/** What costs an index most: so much that cannot be compressed that compression gives up, then what takes six bytes each. */
function costly(length: number): string {
  const head = Math.min(length, 342);
  return random(head) + '\ue000'.repeat(length - head);
}

export const values: Topic = [
  test('insert keeps texts in any script when they stand in any field', async (context) => {
    const over: Partial<JobSpec> = {
      type: `${context.type} ${WORDS}`,
      tags: { [WORDS]: WORDS },
      sequenceKey: WORDS,
      idempotencyKey: WORDS,
      requestHash: WORDS,
      callbackUrl: `http://127.0.0.1:1/${WORDS}`,
      origin: { dialect: WORDS, data: { [WORDS]: [WORDS] } },
      terms: { [WORDS]: [WORDS] },
    };
    const input = JSON.stringify({ [WORDS]: WORDS });
    const item = newJob(context, over, input);
    await context.store.insert([item]);
    const job = await readJob(context.store, item.spec.id);
    for (const field of [
      'type',
      'tags',
      'sequenceKey',
      'idempotencyKey',
      'requestHash',
      'callbackUrl',
      'origin',
      'terms',
    ] as const) {
      assert.deepEqual(job[field], item.spec[field]);
    }
    assert.deepEqual(await context.store.readInput([{ id: job.id }]), [input]);
    assert.deepEqual(await context.store.list({ tenant: context.tenant, tags: { [WORDS]: WORDS }, limit: 1 }), [job]);
    const replay = first(await context.store.insert([newJob(context, over)]));
    assert.deepEqual(replay, { kind: 'existing', job });
  }),

  test('apply keeps texts in any script when they stand in progress and error', async (context) => {
    await insertJob(context);
    const job = await claimOne(context);
    await take(context.store, job.id, { kind: 'report', fence: 1, percent: 99.9, message: WORDS });
    assert.deepEqual((await readJob(context.store, job.id)).progress, { percent: 99.9, message: WORDS });
    const failure = { code: WORDS, message: WORDS.repeat(100), details: { [WORDS]: [WORDS, null, 1e-7] } };
    const failed = await take(context.store, job.id, {
      kind: 'fail',
      fence: 1,
      failure,
      isRetryable: false,
      random: 0,
    });
    assert.deepEqual((await readJob(context.store, job.id)).error, failed.error);
  }),

  test('insert keeps an input of a megabyte', async (context) => {
    const input = JSON.stringify({ text: 'ü'.repeat(500_000) });
    const item = newJob(context, {}, input);
    await context.store.insert([item]);
    assert.deepEqual(await context.store.readInput([{ id: item.spec.id }]), [input]);
  }),

  test('insert keeps times and durations far ahead', async (context) => {
    const far = {
      runAt: 8_640_000_000_000_000,
      retainMs: 316_224_000_000,
      timeoutMs: 31_622_400_000,
      deadlineMs: 31_622_400_000,
    };
    const job = await insertJob(context, far);
    for (const field of ['runAt', 'retainMs', 'timeoutMs', 'deadlineMs'] as const) assert.equal(job[field], far[field]);
    assert.equal(job.deadlineAt, NOW + far.deadlineMs);
  }),

  test('insert keeps as many tags as the limits allow', async (context) => {
    const tags = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`tag ${index}`, 'v'.repeat(500)]));
    const job = await insertJob(context, { tags });
    assert.deepEqual(job.tags, tags);
    assert.equal((await context.store.list({ tenant: context.tenant, tags, limit: 1 })).length, 1);
  }),

  test('insert keeps tags and keys of the largest size that any limits allow, whatever they are made of', async (context) => {
    const { tagKeyLengthMax, tagValueLengthMax, idempotencyKeyLengthMax, sequenceKeyLengthMax } = LIMIT_DEFINITIONS;
    const tenant = context.tenant.padEnd(63, 't');
    for (const textOf of [costly, (length: number) => '\ue000'.repeat(length), (length: number) => random(length)]) {
      const tags = { [textOf(tagKeyLengthMax.max)]: textOf(tagValueLengthMax.max) };
      const keys = {
        idempotencyKey: textOf(idempotencyKeyLengthMax.max),
        sequenceKey: textOf(sequenceKeyLengthMax.max),
      };
      const job = await insertJob(context, { tenant, tags, ...keys });
      assert.deepEqual([job.tags, job.idempotencyKey, job.sequenceKey], [tags, keys.idempotencyKey, keys.sequenceKey]);
      assert.deepEqual(await context.store.list({ tenant, tags, limit: 2 }), [job]);
    }
  }),

  test('insert keeps one tag of two whose names are lone surrogates, which UTF-8 makes the same', async (context) => {
    const job = await insertJob(context, { tags: { '\ud800': 'x', '\ud801': 'x', a: '\udc00' } });
    assert.deepEqual(job.tags, { '\ufffd': 'x', a: '\ufffd' });
    assert.deepEqual(await context.store.list({ tenant: context.tenant, tags: { '\ufffd': 'x' }, limit: 2 }), [job]);
    const done = await succeed(context.store, await claimOne(context));
    await context.store.remove([{ id: done.id, revision: done.revision, now: NOW, goneUntil: NOW + 1 }]);
    assert.deepEqual(await context.store.list({ tenant: context.tenant, tags: { a: '\ufffd' }, limit: 2 }), []);
  }),

  test('insert keeps a tag named __proto__ as a tag', async (context) => {
    const tags = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>;
    const job = await insertJob(context, { tags });
    assert.equal(JSON.stringify(job.tags), JSON.stringify(tags));
  }),
];
