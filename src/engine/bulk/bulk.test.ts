import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPlay, DONE, type Fixture, openEngine, TENANT } from '../../../test/engine/engine-fixture.ts';
import type { BulkAction, JobFilter } from './bulk-request.ts';

const BY = { keyId: 'k1', keyName: 'ops' };

async function bulk({ engine }: Fixture, action: BulkAction, filter: JobFilter): Promise<string> {
  const outcome = await engine.bulk.submit({ tenant: TENANT, action, filter, by: BY });
  return outcome.kind === 'created' ? outcome.snapshot.job.id : assert.fail(outcome.kind);
}

async function ended(fixture: Fixture, id: string) {
  await fixture.until(id, ({ finishedAt }) => finishedAt !== null);
  const outcome = await fixture.engine.readResult(TENANT, id);
  return outcome.kind === 'found' ? JSON.parse(Buffer.from(outcome.result.bytes).toString()) : outcome.kind;
}

/** Jobs that nobody works on. */
async function submitted(fixture: Fixture, count: number, tags = {}): Promise<readonly string[]> {
  const requests = Array.from({ length: count }, () => ({ tenant: TENANT, type: 'far', tags }));
  const outcomes = await fixture.engine.submit(requests);
  return outcomes.map((outcome) => (outcome.kind === 'created' ? outcome.snapshot.job.id : assert.fail(outcome.kind)));
}

const states = async ({ engine }: Fixture, ids: readonly string[]) => {
  const found = await engine.read(TENANT, ids);
  return [...new Set(found.map((lookup) => (lookup.kind === 'found' ? lookup.snapshot.job.state : lookup.kind)))];
};

const FAR = { types: { far: 'remote' as const } };

describe('a bulk call', () => {
  it('cancels, retries and removes all that fit, more than a batch, and nothing else', async () => {
    await using fixture = await openEngine(FAR);
    const blue = await submitted(fixture, 450, { team: 'blue' });
    const red = await submitted(fixture, 3, { team: 'red' });
    const filter = { tags: { team: 'blue' } };
    for (const [action, after] of [
      ['cancel', 'cancelled'],
      ['retry', 'waiting'],
      ['cancel', 'cancelled'],
      ['remove', 'gone'],
    ] as const) {
      const id = await bulk(fixture, action, filter);
      assert.deepEqual(await ended(fixture, id), { action, changed: 450, skipped: 0, failed: 0 });
      assert.deepEqual([await states(fixture, blue), await states(fixture, red)], [[after], ['waiting']]);
    }
  });

  it('leaves itself and other bulk calls alone, and the jobs of other tenants', async () => {
    await using fixture = await openEngine(FAR);
    await submitted(fixture, 2);
    const foreign = await fixture.engine.submit([{ tenant: 'globex', type: 'far' }]);
    const ids = [await bulk(fixture, 'cancel', {}), await bulk(fixture, 'cancel', {})];
    for (const id of ids) assert.equal((await ended(fixture, id)).failed, 0);
    const counts = await fixture.engine.count({ tenant: TENANT });
    assert.deepEqual(counts.map(({ type, state, count }) => `${type} ${state} ${count}`).sort(), [
      'bide.bulk succeeded 2',
      'far cancelled 2',
    ]);
    assert.equal(
      foreign[0]?.kind === 'created' && (await fixture.engine.count({ tenant: 'globex' }))[0]?.state,
      'waiting',
    );
  });

  it('counts what it would change, in words that the store does not know too', async () => {
    await using fixture = await openEngine(FAR);
    const count = (action: BulkAction, filter: JobFilter) =>
      fixture.engine.bulk.count({ tenant: TENANT, action, filter });
    const ids = await submitted(fixture, 5, { team: 'blue' });
    await fixture.submit('far', { delayMs: 60_000 });
    await fixture.engine.cancel(TENANT, ids[0] ?? '');
    assert.deepEqual(await count('cancel', {}), { count: 5, isExact: true });
    assert.deepEqual(await count('cancel', { states: ['scheduled'] }), { count: 1, isExact: true });
    assert.deepEqual(await count('cancel', { states: ['queued', 'failed'] }), { count: 4, isExact: true });
    assert.deepEqual(await count('cancel', { text: 'BLUE' }), { count: 4, isExact: true });
    assert.deepEqual(await count('retry', { finished: { from: 0 } }), { count: 1, isExact: true });
    assert.deepEqual(await count('remove', { tags: { team: 'red' } }), { count: 0, isExact: true });
  });

  it('retries a chain that has failed in one call, also where it is longer than a batch', {
    timeout: 60_000,
  }, async () => {
    let isBroken = true;
    const failure = { code: 'NO', message: 'no', details: null };
    await using fixture = await openEngine({
      types: { task: async () => (isBroken ? { kind: 'failed', failure, isRetryable: false } : DONE) },
    });
    const length = 230;
    const ids = [await fixture.submit('task')];
    while (ids.length < length) ids.push(await fixture.submit('task', { after: [ids.at(-1) as string] }));
    const last = ids.at(-1) as string;
    await fixture.until(last, ({ state }) => state === 'failed');
    isBroken = false;
    const id = await bulk(fixture, 'retry', {});
    assert.deepEqual(await ended(fixture, id), { action: 'retry', changed: length, skipped: 0, failed: 0 });
    await fixture.until(last, ({ state }) => state === 'succeeded');
    assert.deepEqual(await states(fixture, ids), ['succeeded']);
  });

  it('cancels a chain and fails none of it', async () => {
    await using fixture = await openEngine(FAR);
    const ids = [await fixture.submit('far')];
    while (ids.length < 210) ids.push(await fixture.submit('far', { after: [ids.at(-1) as string] }));
    const id = await bulk(fixture, 'cancel', { types: ['far'] });
    assert.deepEqual(await ended(fixture, id), { action: 'cancel', changed: 210, skipped: 0, failed: 0 });
    await fixture.spy.idle();
    assert.deepEqual(await states(fixture, ids), ['cancelled']);
  });

  it('says "at least" where it stops counting', async () => {
    await using fixture = await openEngine({ ...FAR, limits: { countedJobsMax: 1_000, listSearchMax: 1_000 } });
    await submitted(fixture, 600, { a: 'b' });
    await submitted(fixture, 600, { a: 'b' });
    const count = (filter: JobFilter) => fixture.engine.bulk.count({ tenant: TENANT, action: 'cancel', filter });
    assert.deepEqual(await count({ tags: { a: 'b' } }), { count: 1_000, isExact: false });
    assert.deepEqual(await count({ text: 'a:b' }), { count: 1_000, isExact: false });
    assert.deepEqual(await count({}), { count: 1_200, isExact: true });
  });

  it('meets each job once: what it retries and fails again is not retried again', async () => {
    await using fixture = await openEngine({
      types: {
        task: async () => ({
          kind: 'failed',
          failure: { code: 'NO', message: 'no', details: null },
          isRetryable: false,
        }),
      },
    });
    const id = await fixture.submit('task');
    await fixture.until(id, ({ state }) => state === 'failed');
    const retry = await bulk(fixture, 'retry', { finished: { errorCode: 'NO' } });
    assert.deepEqual(await ended(fixture, retry), { action: 'retry', changed: 1, skipped: 0, failed: 0 });
    await fixture.until(id, ({ state, fence }) => state === 'failed' && fence === 2);
  });

  for (const action of ['cancel', 'retry', 'remove'] as const) {
    for (const when of ['before', 'after'] as const) {
      it(`${action} has the right numbers when any call to the store fails, ${when} it was done`, async () => {
        for (let number = 1, isReached = true; isReached && number < 24; number += 1) {
          await using fixture = await openEngine(FAR);
          const ids = await submitted(fixture, 20);
          if (action !== 'cancel') await Promise.all(ids.map((one) => fixture.engine.cancel(TENANT, one)));
          const id = await bulk(fixture, action, { types: ['far'] });
          const wasReached = fixture.spy.failCall(number, when);
          await fixture.advance(1_000).catch(() => {});
          // A claim whose answer was lost has to wait for its lease.
          for (let second = 0; second < 120 && (await fixture.job(id)).finishedAt === null; second += 5) {
            await fixture.advance(5_000);
          }
          isReached = wasReached();
          fixture.spy.failCall(Number.POSITIVE_INFINITY, when);
          const wanted = { action, changed: 20, skipped: 0, failed: 0 };
          assert.deepEqual(await ended(fixture, id), wanted, `call ${number}`);
        }
      });
    }
  }

  it('is one line of the audit, with how many it has changed', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    await fixture.submit('task');
    const run = await play.next();
    const id = await bulk(fixture, 'cancel', { types: ['task'] });
    assert.deepEqual(await ended(fixture, id), { action: 'cancel', changed: 1, skipped: 0, failed: 0 });
    run.end({ kind: 'aborted' });
    const { lines } = await fixture.engine.audit.read({ tenant: TENANT, limit: 5 });
    assert.deepEqual(
      lines.map(({ deed, by, target, count }) => ({ deed, by, target, count })),
      [{ deed: 'bulk.cancel', by: BY, target: id, count: 1 }],
    );
  });

  it('is one of so many of its tenant, and the same for the same idempotency key', async () => {
    await using fixture = await openEngine({ ...FAR, runsJobs: false, limits: { bulkPerTenantMax: 2 } });
    const call = { tenant: TENANT, action: 'cancel', filter: {}, by: BY } as const;
    const first = await fixture.engine.bulk.submit({ ...call, idempotencyKey: 'once' });
    assert.equal((await fixture.engine.bulk.submit(call)).kind, 'created');
    assert.deepEqual(await fixture.engine.bulk.submit(call), {
      kind: 'overQuota',
      limit: 'bulkPerTenantMax',
      value: 2,
    });
    assert.equal((await fixture.engine.bulk.submit({ ...call, idempotencyKey: 'new' })).kind, 'overQuota');
    const again = await fixture.engine.bulk.submit({ ...call, idempotencyKey: 'once' });
    assert.equal(again.kind, 'existing');
    assert.equal(
      first.kind === 'created' && again.kind === 'existing' && again.snapshot.job.id,
      first.kind === 'created' && first.snapshot.job.id,
    );
  });

  it('is one of so many of its tenant, however many are asked for at once', async () => {
    await using fixture = await openEngine({ ...FAR, runsJobs: false, limits: { bulkPerTenantMax: 3 } });
    const call = { tenant: TENANT, action: 'cancel', filter: {}, by: BY } as const;
    const outcomes = await Promise.all(Array.from({ length: 12 }, () => fixture.engine.bulk.submit(call)));
    assert.equal(outcomes.filter(({ kind }) => kind === 'created').length, 3);
    assert.equal(outcomes.filter(({ kind }) => kind === 'overQuota').length, 9);
    assert.equal((await fixture.engine.bulk.submit({ ...call, tenant: 'globex' })).kind, 'created');
  });

  it('cannot be submitted by its type, which is not shown', async () => {
    await using fixture = await openEngine({ types: { task: async () => DONE } });
    const [outcome] = await fixture.engine.submit([{ tenant: TENANT, type: 'bide.bulk', input: {} }]);
    assert.deepEqual(outcome, { kind: 'unknownType', types: ['task'] });
    assert.deepEqual(
      fixture.engine.types().map(({ name }) => name),
      ['task'],
    );
  });
});
