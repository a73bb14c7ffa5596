/** The limit key that a type makes of the input: what is stored with the job, and what is refused without a trace. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DONE, openEngine, TENANT } from '../../../test/engine/engine-fixture.ts';
import type { Json } from '../../core/job.ts';
import type { LimitPerKey } from '../../core/limit-spec.ts';
import type { SubmitRequest } from '../index.ts';

const perCustomer: LimitPerKey<{ customer: string | null }> = { key: ({ customer }) => customer, concurrency: 1 };

const openWith = (limitPerKey: LimitPerKey, runsJobs = false) =>
  openEngine({ runsJobs, types: { task: { limitPerKey }, plain: async () => DONE } });

const requestWith = (more: Partial<SubmitRequest>): SubmitRequest => ({ tenant: TENANT, type: 'task', ...more });

describe('limit.key of a type', () => {
  it('gives each job the key of its input, with the bounds of the type', async () => {
    const rate = { count: 5, perMs: 1_000 };
    await using fixture = await openWith({ ...perCustomer, rate } as LimitPerKey);
    const limitOf = async (input: Json, more: Partial<SubmitRequest> = {}) =>
      (await fixture.job(await fixture.submit('task', { input, ...more }))).terms?.limit;
    assert.deepEqual(await limitOf({ customer: 'a' }), { key: 'a', concurrency: 1, rate });
    assert.equal(await limitOf({ customer: null }), undefined);
    assert.deepEqual(await limitOf({ customer: 'a' }, { limit: { key: 'own' } }), { key: 'own' });
    assert.equal((await fixture.job(await fixture.submit('plain', { input: { customer: 'a' } }))).terms, null);
  });

  it('is given a copy of what is stored: what it changes there changes no job', async () => {
    const key = (input: { customer: string }) => {
      const { customer } = input;
      input.customer = 'changed';
      return customer;
    };
    await using fixture = await openWith({ key } as LimitPerKey);
    const input = { customer: 'a' };
    const id = await fixture.submit('task', { input });
    const [stored] = await fixture.store.readInput([{ id }]);
    assert.deepEqual([input, stored], [{ customer: 'a' }, '{"customer":"a"}']);
  });

  it('is not asked where the submit says a limit', async () => {
    await using fixture = await openWith({ key: () => assert.fail('was asked') });
    assert.ok(await fixture.submit('task', { limit: { key: 'own' } }));
  });

  const throws = (thrown: unknown) => () => {
    throw thrown;
  };
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [throws(new Error('no customer')), /^limit\.key of the type task failed: no customer\.$/],
    [throws('x'.repeat(10_000)), /^limit\.key of the type task failed: x{400,500}\.$/],
    [throws(undefined), /^limit\.key of the type task failed: /],
    [() => undefined, /gave a value \(undefined\) that is no key: it must have 1 to 200 characters\.$/],
    [() => 5, /gave a value \(number\) that is no key/],
    [() => '', /gave a text of 0 characters that is no key/],
    [() => 'k'.repeat(256), /gave a text of 256 characters that is no key/],
    [() => '\ud800', /is no key: it must be text without lone surrogates\.$/],
    [async () => 'a', /gave a promise \(it must not be async\) that is no key/],
    [async () => Promise.reject(new Error('late')), /gave a promise/],
  ];
  for (const [key, message] of cases) {
    it(`refuses the submit, and stores nothing: ${message}`, async () => {
      await using fixture = await openWith({ key } as LimitPerKey);
      const [outcome] = await fixture.engine.submit([requestWith({ input: { customer: 'a' } })]);
      assert.ok(outcome?.kind === 'refused', outcome?.kind);
      assert.deepEqual([outcome.error.code, outcome.error.kind], ['LIMIT_KEY_INVALID', 'unprocessable']);
      assert.match(outcome.error.message, message);
      assert.equal(fixture.spy.calls.get('insert'), undefined);
    });
  }

  it('counts for no replay: the same request under its idempotency key answers with its job', async () => {
    await using fixture = await openWith(perCustomer as LimitPerKey);
    const request = requestWith({ input: { customer: 'a' }, idempotencyKey: 'i' });
    const kinds = [];
    for (let count = 0; count < 2; count += 1) kinds.push((await fixture.engine.submit([request]))[0]?.kind);
    assert.deepEqual(kinds, ['created', 'existing']);
  });
});
