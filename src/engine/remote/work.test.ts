import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DONE, type Fixture, NEVER, openEngine, TENANT } from '../../../test/engine/engine-fixture.ts';
import { openStore } from '../../../test/engine/store-pool.ts';
import { createHintBus, spyOn } from '../../../test/engine/store-spy.ts';
import { isFinal } from '../../core/state.ts';
import { createFakeClock } from '../fake-clock.ts';
import type { ClaimWorkRequest, HeartbeatRequest } from '../index.ts';

const types = { far: 'remote', other: 'remote', near: async () => DONE } as const;
const RESULT = { contentType: 'application/json', bytes: Buffer.from('{"n":1}') };
const FAILURE = { code: 'NO', message: 'no', details: null };

function claim(fixture: Fixture, request: Partial<ClaimWorkRequest> = {}) {
  const usual = { tenant: TENANT, types: ['far'], max: 10, leaseMs: 30_000, worker: 'w', timeoutMs: 0, signal: NEVER };
  return fixture.engine.workClaim({ ...usual, ...request });
}

async function claimIds(fixture: Fixture, request: Partial<ClaimWorkRequest> = {}): Promise<readonly string[]> {
  const outcome = await claim(fixture, request);
  assert.equal(outcome.kind, 'claimed');
  return outcome.kind === 'claimed' ? outcome.jobs.map(({ job }) => job.id) : [];
}

/** A claimed job and how its worker names it. */
async function held(fixture: Fixture) {
  const id = await fixture.submit('far');
  assert.deepEqual(await claimIds(fixture), [id]);
  return { tenant: TENANT, id, fence: 1 };
}

function heartbeat(fixture: Fixture, request: Pick<HeartbeatRequest, 'id' | 'fence'> & Partial<HeartbeatRequest>) {
  return fixture.engine.workHeartbeat({ tenant: TENANT, timeoutMs: 0, signal: NEVER, ...request });
}

describe('workClaim', () => {
  it('hands out jobs of the asked types and the tenant, with input, fence and lease', async () => {
    await using fixture = await openEngine({ types });
    const id = await fixture.submit('far', { input: { n: 1 } });
    await fixture.submit('other');
    await fixture.submit('far', { tenant: 'someone-else' });
    const outcome = await claim(fixture, { leaseMs: 5_000 });
    assert.equal(outcome.kind === 'claimed' && outcome.jobs.length, 1);
    const [claimed] = outcome.kind === 'claimed' ? outcome.jobs : [];
    assert.equal(claimed?.job.id, id);
    assert.equal(claimed?.input, '{"n":1}');
    assert.equal(claimed?.job.fence, 1);
    assert.equal(claimed?.job.worker, 'w');
    assert.equal(claimed?.job.leaseUntil, fixture.clock.now() + 5_000);
  });

  it('refuses unknown types, and types that the server runs itself', async () => {
    await using fixture = await openEngine({ types });
    assert.deepEqual(await claim(fixture, { types: ['nope'] }), {
      kind: 'unknownType',
      types: ['far', 'other', 'near'],
    });
    assert.deepEqual(await claim(fixture, { types: ['far', 'near'] }), { kind: 'notRemote', type: 'near' });
  });

  it('waits for a first job, and gets it as soon as it is submitted', async () => {
    await using fixture = await openEngine({ types });
    const waiting = claimIds(fixture, { timeoutMs: 20_000 });
    await fixture.spy.idle();
    assert.equal(fixture.engine.stats().workersWaiting, 1);
    const id = await fixture.submit('far');
    assert.deepEqual(await waiting, [id]);
    assert.equal(fixture.engine.stats().workersWaiting, 0);
  });

  it('gets a scheduled job when it is due', async () => {
    await using fixture = await openEngine({ types });
    const id = await fixture.submit('far', { delayMs: 5_000 });
    const waiting = claimIds(fixture, { timeoutMs: 20_000 });
    await fixture.advance(5_000);
    assert.deepEqual(await waiting, [id]);
  });

  it('gets a job of a type that is limited as a whole as soon as one has ended, or its rate has room', async () => {
    const capped = { handler: 'remote', limit: { concurrency: 1 } } as const;
    const rated = { handler: 'remote', limit: { rate: { count: 1, perMs: 5_000 } } } as const;
    await using fixture = await openEngine({ types: { capped, rated } });
    const asked = { timeoutMs: 20_000 };
    const [one, two] = [await fixture.submit('capped'), await fixture.submit('capped')];
    assert.deepEqual(await claimIds(fixture, { types: ['capped'] }), [one]);
    const next = claimIds(fixture, { ...asked, types: ['capped'], worker: 'other' });
    await fixture.advance(5_000);
    assert.equal(fixture.engine.stats().workersWaiting, 1);
    await fixture.engine.workSucceed({ tenant: TENANT, id: one, fence: 1, result: RESULT });
    assert.deepEqual(await next, [two]);
    const [first, later] = [await fixture.submit('rated'), await fixture.submit('rated')];
    assert.deepEqual(await claimIds(fixture, { types: ['rated'] }), [first]);
    const opened = claimIds(fixture, { ...asked, types: ['rated'] });
    await fixture.advance(4_900);
    assert.equal(fixture.engine.stats().workersWaiting, 1);
    await fixture.advance(200);
    assert.deepEqual(await opened, [later]);
  });

  it('gets a job of a limited type when another process has made room for it', async () => {
    await using own = await openStore();
    const bus = createHintBus();
    const clock = createFakeClock();
    const facts = { isShared: true, hasHints: true };
    const capped = { handler: 'remote', limit: { concurrency: 1 } } as const;
    const usual = { clock, types: { capped } };
    await using here = await openEngine({ ...usual, spy: spyOn(own.store, facts, bus), workerName: 'here' });
    await using there = await openEngine({ ...usual, spy: spyOn(own.store, facts, bus), workerName: 'there' });
    const [one, two] = [await here.submit('capped'), await here.submit('capped')];
    assert.deepEqual(await claimIds(there, { types: ['capped'] }), [one]);
    const next = claimIds(here, { types: ['capped'], timeoutMs: 20_000 });
    await here.spy.idle();
    await there.engine.workSucceed({ tenant: TENANT, id: one, fence: 1, result: RESULT });
    await there.spy.idle();
    await here.spy.idle();
    assert.equal(here.engine.stats().workersWaiting, 0);
    assert.deepEqual(await next, [two]);
  });

  it('gives new jobs to waiting workers in the order in which they came, at two claims for one job', async () => {
    await using fixture = await openEngine({ types });
    const waits = Array.from({ length: 50 }, () => claimIds(fixture, { timeoutMs: 20_000, max: 1 }));
    await fixture.spy.idle();
    const before = fixture.spy.calls.get('claim') ?? 0;
    const first = await fixture.submit('far');
    assert.deepEqual(await waits[0], [first]);
    await fixture.spy.idle();
    assert.equal((fixture.spy.calls.get('claim') ?? 0) - before, 2);
    const second = await fixture.submit('far');
    assert.deepEqual(await waits[1], [second]);
    await fixture.advance(20_000);
    assert.deepEqual(await Promise.all(waits.slice(2)), new Array(48).fill([]));
  });

  it('comes back empty when the time is over, the worker leaves, or the engine stops', async () => {
    await using fixture = await openEngine({ types });
    const late = claimIds(fixture, { timeoutMs: 5_000 });
    await fixture.advance(5_000);
    assert.deepEqual(await late, []);
    const worker = new AbortController();
    const left = claimIds(fixture, { timeoutMs: 5_000, signal: worker.signal });
    await fixture.spy.idle();
    worker.abort();
    assert.deepEqual(await left, []);
    const stopped = claimIds(fixture, { timeoutMs: 5_000 });
    await fixture.spy.idle();
    await fixture.engine.stop();
    assert.deepEqual(await stopped, []);
  });

  it('gives back what it got for a worker who left meanwhile', async () => {
    await using fixture = await openEngine({ types });
    const worker = new AbortController();
    const waiting = claimIds(fixture, { timeoutMs: 20_000, signal: worker.signal });
    await fixture.spy.idle();
    const reached = fixture.spy.pause('claim');
    const id = await fixture.submit('far');
    const go = await reached;
    worker.abort();
    go();
    assert.deepEqual(await waiting, []);
    const job = await fixture.until(id, ({ revision }) => revision === 3);
    assert.equal(job.state, 'waiting');
    assert.equal(job.attempt, 0);
  });

  it('gets the next job of a sequence once the one before is done', async () => {
    await using fixture = await openEngine({ types });
    const first = await fixture.submit('far', { sequenceKey: 's' });
    const second = await fixture.submit('other', { sequenceKey: 's' });
    assert.deepEqual(await claimIds(fixture, { types: ['far', 'other'] }), [first]);
    const waiting = claimIds(fixture, { types: ['other'], timeoutMs: 20_000 });
    await fixture.spy.idle();
    await fixture.engine.workSucceed({ tenant: TENANT, id: first, fence: 1, result: null });
    assert.deepEqual(await waiting, [second]);
  });
});

describe('workSucceed and workFail', () => {
  it('succeed stores the result, and may be repeated', async () => {
    await using fixture = await openEngine({ types });
    const ref = await held(fixture);
    for (let times = 0; times < 2; times += 1) {
      const outcome = await fixture.engine.workSucceed({ ...ref, result: RESULT });
      assert.equal(outcome.kind, 'done');
      assert.equal(outcome.kind === 'done' && outcome.snapshot.resultText, '{"n":1}');
      assert.equal(outcome.kind === 'done' && outcome.snapshot.job.revision, 3);
    }
    assert.equal((await fixture.engine.workFail({ ...ref, failure: FAILURE, isRetryable: true })).kind, 'lost');
  });

  it('fail schedules another attempt or fails for good, and may be repeated', async () => {
    await using fixture = await openEngine({ types });
    const ref = await held(fixture);
    const retried = await fixture.engine.workFail({ ...ref, failure: FAILURE, isRetryable: true, retryAfterMs: 9_000 });
    assert.equal(retried.kind === 'done' && retried.snapshot.job.runAt - fixture.clock.now(), 9_000);
    assert.equal((await fixture.engine.workFail({ ...ref, failure: FAILURE, isRetryable: true })).kind, 'done');
    await fixture.advance(9_000);
    await claimIds(fixture);
    const again = { ...ref, fence: 2 };
    assert.equal((await fixture.engine.workFail({ ...ref, failure: FAILURE, isRetryable: true })).kind, 'lost');
    const failed = await fixture.engine.workFail({ ...again, failure: FAILURE, isRetryable: false });
    assert.equal(failed.kind === 'done' && failed.snapshot.job.state, 'failed');
  });

  it('a late completion is lost when the sweeper gave the job away, even before anybody took it', async () => {
    await using fixture = await openEngine({ types });
    const ref = await held(fixture);
    await fixture.advance(30_000);
    assert.equal((await fixture.job(ref.id)).state, 'waiting');
    assert.equal((await fixture.engine.workSucceed({ ...ref, result: null })).kind, 'lost');
    assert.equal((await fixture.engine.workFail({ ...ref, failure: FAILURE, isRetryable: true })).kind, 'lost');
  });

  it('know nothing of other tenants, of jobs that the server runs, and of fences that were never given', async () => {
    await using fixture = await openEngine({ types });
    const ref = await held(fixture);
    assert.equal((await fixture.engine.workSucceed({ ...ref, tenant: 'x', result: null })).kind, 'missing');
    assert.equal((await fixture.engine.workSucceed({ ...ref, fence: 2, result: null })).kind, 'lost');
    const near = await fixture.submit('near', { delayMs: 60_000 });
    assert.equal((await fixture.engine.workSucceed({ ...ref, id: near, fence: 0, result: null })).kind, 'lost');
    assert.equal((await fixture.job(ref.id)).state, 'running');
  });

  it('a result over the limit is refused and the job goes on', async () => {
    await using fixture = await openEngine({ types, limits: { resultBytesMax: 1_024 } });
    const ref = await held(fixture);
    const result = { contentType: 'text/plain', bytes: Buffer.alloc(1_025) };
    await assert.rejects(fixture.engine.workSucceed({ ...ref, result }), { code: 'RESULT_TOO_LARGE' });
    assert.equal((await fixture.job(ref.id)).state, 'running');
  });

  it('a result that calls itself JSON and is not is refused, whatever its size, and the job goes on', async () => {
    await using fixture = await openEngine({ types });
    const ref = await held(fixture);
    for (const text of ['{', 'x'.repeat(100_000), 'x'.repeat(300_000), '['.repeat(1_000) + ']'.repeat(1_000)]) {
      const result = { contentType: 'application/json', bytes: Buffer.from(text) };
      await assert.rejects(fixture.engine.workSucceed({ ...ref, result }), { code: 'MALFORMED_JSON' });
    }
    assert.equal((await fixture.job(ref.id)).state, 'running');
    const result = { contentType: 'text/plain', bytes: Buffer.from('{') };
    assert.equal((await fixture.engine.workSucceed({ ...ref, result })).kind, 'done');
  });
});

describe('workHeartbeat', () => {
  it('extends the lease and reports progress', async () => {
    await using fixture = await openEngine({ types });
    const ref = await held(fixture);
    await fixture.advance(20_000);
    const outcome = await heartbeat(fixture, { ...ref, leaseMs: 10_000, percent: 40, message: 'so far' });
    assert.deepEqual(outcome, {
      kind: 'held',
      isCancelRequested: false,
      leaseUntil: fixture.clock.now() + 10_000,
    });
    assert.deepEqual((await fixture.job(ref.id)).progress, { percent: 40, message: 'so far' });
  });

  it('held, learns of a cancel at once, and before that keeps the lease', async () => {
    await using fixture = await openEngine({ types });
    const ref = await held(fixture);
    const beat = heartbeat(fixture, { ...ref, timeoutMs: 60_000 });
    for (let step = 0; step < 5; step += 1) await fixture.advance(10_000);
    assert.equal((await fixture.job(ref.id)).state, 'running');
    await fixture.engine.cancel(TENANT, ref.id);
    const outcome = await beat;
    assert.equal(outcome.kind === 'held' && outcome.isCancelRequested, true);
    assert.equal((await fixture.engine.workFail({ ...ref, failure: FAILURE, isRetryable: true })).kind, 'done');
    assert.equal((await fixture.job(ref.id)).state, 'cancelled');
  });

  it('held, answers when its time is over, the worker leaves or the engine stops', async () => {
    await using fixture = await openEngine({ types });
    const ref = await held(fixture);
    const late = heartbeat(fixture, { ...ref, timeoutMs: 5_000 });
    await fixture.advance(5_000);
    assert.equal((await late).kind, 'held');
    const worker = new AbortController();
    const left = heartbeat(fixture, { ...ref, timeoutMs: 5_000, signal: worker.signal });
    await fixture.spy.idle();
    worker.abort();
    assert.equal((await left).kind, 'held');
    const stopped = heartbeat(fixture, { ...ref, timeoutMs: 5_000 });
    await fixture.spy.idle();
    await fixture.engine.stop();
    assert.equal((await stopped).kind, 'held');
  });

  it('stops the job under a worker that goes on past the grace time after a cancel', async () => {
    await using fixture = await openEngine({ types });
    const ref = await held(fixture);
    await fixture.engine.cancel(TENANT, ref.id);
    assert.equal((await heartbeat(fixture, ref)).kind, 'held');
    await fixture.advance(fixture.engine.limits.cancelGraceMs);
    assert.equal((await heartbeat(fixture, ref)).kind, 'lost');
    assert.equal((await fixture.job(ref.id)).state, 'cancelled');
  });

  it('says that the job is lost under an old fence or after its end, and missing to others', async () => {
    await using fixture = await openEngine({ types });
    const ref = await held(fixture);
    assert.equal((await heartbeat(fixture, { ...ref, tenant: 'x' })).kind, 'missing');
    await fixture.engine.workSucceed({ ...ref, result: null });
    assert.equal((await heartbeat(fixture, { ...ref, timeoutMs: 5_000 })).kind, 'lost');
    assert.equal(isFinal((await fixture.job(ref.id)).state), true);
    await fixture.engine.remove(TENANT, ref.id);
    assert.equal((await heartbeat(fixture, ref)).kind, 'gone');
  });
});
