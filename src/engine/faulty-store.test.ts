import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Fixture, failed, json, NEVER, openEngine } from '../../test/engine/engine-fixture.ts';
import { openStore } from '../../test/engine/store-pool.ts';
import { spyOn } from '../../test/engine/store-spy.ts';
import { isFinal } from '../core/state.ts';
import type { Store } from '../store/contract.ts';
import type { Attempt, AttemptOutcome } from './index.ts';

/**
 * One script, run again and again on one store, each time with the next store call failing: before it did anything, or
 * after it did all of it and before its answer. Whatever fails, what was acknowledged must come to its one right end.
 */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  plain: ['succeeded'],
  flaky: ['succeeded'],
  hopeless: ['failed'],
  // The cancel may have been refused by the failing call; then the job runs into its timeout.
  endless: ['cancelled', 'expired'],
  far: ['succeeded', 'failed'],
};
/** Far above the number of calls that the script makes; reached, the script never ends. */
const CALLS_MAX = 500;

const types = {
  plain: async ({ input, report }: Attempt) => {
    report(50, 'half');
    return json(JSON.parse(input));
  },
  flaky: async ({ job }: Attempt) => (job.attempt === 1 ? failed('first') : json('second')),
  hopeless: async () => failed('no', false),
  endless: ({ signal }: Attempt) =>
    new Promise<AttemptOutcome>((resolve) => {
      if (signal.aborted) resolve({ kind: 'aborted' });
      signal.addEventListener('abort', () => resolve({ kind: 'aborted' }));
    }),
  far: 'remote',
} as const;

/** What a client sees: the ids that were acknowledged. Its calls may fail; it goes on. */
async function playScript(fixture: Fixture, tenant: string): Promise<ReadonlyMap<string, string>> {
  const { engine } = fixture;
  const acknowledged = new Map<string, string>();
  const submit = async (type: string) => {
    const request = { tenant, type, input: type, idempotencyKey: type, timeoutMs: 30_000 };
    const [outcome] = await engine.submit([request]).catch(() => [undefined]);
    if (outcome?.kind === 'created' || outcome?.kind === 'existing') acknowledged.set(type, outcome.snapshot.job.id);
  };
  for (const type of Object.keys(EXPECTED)) await submit(type);
  await fixture.advance(500);
  const endless = acknowledged.get('endless');
  if (endless !== undefined) await engine.cancel(tenant, endless).catch(() => null);
  await remoteWork(fixture, tenant).catch(() => null);
  await fixture.advance(2_000);
  return acknowledged;
}

async function remoteWork({ engine }: Fixture, tenant: string): Promise<void> {
  const request = { tenant, types: ['far'], max: 1, leaseMs: 10_000, worker: 'w', timeoutMs: 0, signal: NEVER };
  const outcome = await engine.workClaim(request);
  for (const { job } of outcome.kind === 'claimed' ? outcome.jobs : []) {
    const ref = { tenant, id: job.id, fence: job.fence };
    await engine.workHeartbeat({ ...ref, percent: 10, timeoutMs: 0, signal: NEVER });
    await engine.workSucceed({ ...ref, result: { contentType: 'application/json', bytes: Buffer.from('"far"') } });
  }
}

/** Everything that was acknowledged has ended as it should, with its result, and nothing is left running. */
async function check({ engine, advance }: Fixture, tenant: string, acknowledged: ReadonlyMap<string, string>) {
  for (let minute = 0; minute < 4; minute += 1) {
    await advance(30_000);
    await remoteWork({ engine } as Fixture, tenant);
  }
  for (const [type, id] of acknowledged) {
    const found = await engine.readResult(tenant, id);
    assert.ok(found.kind === 'found' || found.kind === 'none', `${type} is ${found.kind}`);
    const { job, resultText } = found.snapshot;
    assert.ok(EXPECTED[type]?.includes(job.state), `${type} ended as ${job.state}`);
    if (type === 'plain') assert.equal(resultText, '"plain"');
    if (type === 'flaky') assert.equal(resultText, '"second"');
  }
  const counts = await engine.count({ tenant });
  assert.deepEqual(
    counts.filter(({ state }) => !isFinal(state)),
    [],
  );
  assert.equal(engine.stats().attempts, 0);
}

async function roundWithFault(store: Store, call: number, when: 'before' | 'after'): Promise<boolean> {
  const tenant = `${when}-${call}`;
  const spy = spyOn(store);
  await using fixture = await openEngine({ spy, types });
  const hasFailed = spy.failCall(call, when);
  const acknowledged = await playScript(fixture, tenant);
  const isReached = hasFailed();
  if (!isReached) assert.equal(acknowledged.size, Object.keys(EXPECTED).length);
  await check(fixture, tenant, acknowledged);
  return isReached;
}

describe('with a store whose k-th call fails, for every k', () => {
  for (const when of ['before', 'after'] as const) {
    it(`${when} it did its work, what was acknowledged comes to its one right end`, async () => {
      await using own = await openStore();
      let call = 1;
      while (await roundWithFault(own.store, call, when)) {
        call += 1;
        assert.ok(call < CALLS_MAX);
      }
      assert.ok(call > 15, `the script makes only ${call} calls`);
    });
  }
});
