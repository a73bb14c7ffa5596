import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  aborted,
  createPlay,
  DONE,
  type FixtureOptions,
  json,
  NEVER,
  openEngine,
  TENANT,
} from '../../test/engine/engine-fixture.ts';
import { openStore } from '../../test/engine/store-pool.ts';
import { createHintBus, spyOn } from '../../test/engine/store-spy.ts';
import { isFinal } from '../core/state.ts';
import { createFakeClock, type WaitRequest } from './index.ts';

/** Two engines that know of each other only through the store: one answers callers, the other runs the jobs. */
async function openPair(options: { readonly types?: FixtureOptions['types']; readonly isSilent?: boolean } = {}) {
  const own = await openStore();
  const clock = createFakeClock();
  const bus = createHintBus();
  bus.isSilent = options.isSilent === true;
  const facts = { isShared: true, hasHints: true };
  const types = options.types ?? { task: async () => DONE };
  const usual = { clock, types };
  const front = await openEngine({ ...usual, spy: spyOn(own.store, facts, bus), runsJobs: false, workerName: 'front' });
  const back = await openEngine({ ...usual, spy: spyOn(own.store, facts, bus), workerName: 'back' });
  return {
    front,
    back,
    clock,
    bus,
    async advance(ms: number) {
      for (let rest = ms; rest > 0; rest -= 250) {
        await front.advance(Math.min(rest, 250));
        await back.spy.idle();
      }
    },
    async [Symbol.asyncDispose]() {
      await back[Symbol.asyncDispose]();
      await front[Symbol.asyncDispose]();
      await own[Symbol.asyncDispose]();
    },
  };
}

function waitRequest(ids: readonly string[]): WaitRequest {
  return { tenant: TENANT, ids, for: 'all', until: { kind: 'done' }, timeoutMs: 60_000, signal: NEVER };
}

for (const isSilent of [false, true]) {
  describe(`two processes on one store, hints ${isSilent ? 'lost' : 'heard'}`, () => {
    it('what a job says there is read here, by the next poll at the latest', async () => {
      const play = createPlay();
      await using pair = await openPair({ types: { task: play.run }, isSilent });
      const id = await pair.front.submit('task');
      if (isSilent) await pair.advance(1_500);
      const { attempt } = await play.next();
      const request = {
        tenant: TENANT,
        id,
        stream: 'log',
        after: 0,
        limit: 10,
        timeoutMs: 60_000,
        signal: NEVER,
      } as const;
      const reading = pair.front.engine.readLogs(request);
      await pair.front.spy.idle();
      attempt.log('one');
      await pair.advance(1_500);
      const page = await reading;
      assert.ok(page.kind === 'found');
      assert.deepEqual(
        page.lines.map(({ line }) => line),
        ['one'],
      );
    });

    it('a job submitted here runs there, and who waits here gets its result', async () => {
      const play = createPlay();
      await using pair = await openPair({ types: { task: play.run }, isSilent });
      const id = await pair.front.submit('task');
      const waiting = pair.front.engine.wait(waitRequest([id]));
      if (isSilent) await pair.advance(1_500);
      (await play.next()).end(json({ from: 'back' }));
      if (isSilent) await pair.advance(1_500);
      const { lookups } = await waiting;
      assert.equal(lookups[0]?.kind === 'found' && lookups[0].snapshot.resultText, '{"from":"back"}');
    });

    it('a cancel here stops the handler there', async () => {
      const play = createPlay();
      await using pair = await openPair({ types: { task: play.run }, isSilent });
      const id = await pair.front.submit('task');
      if (isSilent) await pair.advance(1_500);
      const run = await play.next();
      const reason = aborted(run.attempt);
      await pair.front.engine.cancel(TENANT, id);
      if (isSilent) await pair.advance(1_500);
      assert.equal(await reason, 'cancel');
      run.end({ kind: 'aborted' });
      await pair.back.until(id, ({ state }) => isFinal(state));
      assert.equal((await pair.front.job(id)).state, 'cancelled');
    });

    it('a scheduled job runs there in time', async () => {
      const play = createPlay();
      await using pair = await openPair({ types: { task: play.run }, isSilent });
      await pair.front.submit('task', { delayMs: 10_000 });
      await pair.advance(9_750);
      assert.equal(play.running, 0);
      await pair.advance(1_500);
      assert.equal(play.running, 1);
    });

    it('a remote worker that waits here gets a job submitted there', async () => {
      await using pair = await openPair({ types: { far: 'remote' }, isSilent });
      const request = { tenant: TENANT, types: ['far'], max: 1, leaseMs: 30_000, worker: 'w', signal: NEVER };
      const waiting = pair.front.engine.workClaim({ ...request, timeoutMs: 20_000 });
      await pair.front.spy.idle();
      await pair.back.submit('far');
      if (isSilent) await pair.advance(1_500);
      const outcome = await waiting;
      assert.equal(outcome.kind === 'claimed' && outcome.jobs.length, 1);
    });
  });
}

describe('on a shared store', () => {
  it('1,000 waiters cost a read each at their start, then a few batches per safety poll, not a read each', async () => {
    const play = createPlay();
    const types = { task: { slots: 2_000, handler: { kind: 'function' as const, run: play.run } } };
    await using pair = await openPair({ types, isSilent: true });
    const outcomes = await pair.front.engine.submit(
      Array.from({ length: 1_000 }, () => ({ tenant: TENANT, type: 'task' })),
    );
    const ids = outcomes.map((outcome) => (outcome.kind === 'created' ? outcome.snapshot.job.id : ''));
    await pair.advance(1_500);
    const waits = ids.map((id) => pair.front.engine.wait(waitRequest([id])));
    await pair.front.spy.idle();
    pair.front.spy.calls.clear();
    await pair.advance(10_000);
    const reads = pair.front.spy.calls.get('read') ?? 0;
    assert.ok(reads >= 8 && reads <= 70, `${reads} reads in 10 s`);
    for (const _ of ids) (await play.next()).end(DONE);
    await pair.advance(2_500);
    const waited = await Promise.all(waits);
    assert.equal(
      waited.every(({ isSatisfied }) => isSatisfied),
      true,
    );
  });

  it('a hinted job is read with the next chunk of a poll under way, not after all of it', async () => {
    await using pair = await openPair();
    const specs = Array.from({ length: 2_500 }, () => ({ tenant: TENANT, type: 'task', delayMs: 60_000 }));
    const outcomes = await pair.front.engine.submit(specs);
    const ids = outcomes.map((outcome) => (outcome.kind === 'created' ? outcome.snapshot.job.id : ''));
    const waits = ids.map((id) => pair.front.engine.wait(waitRequest([id])));
    await pair.front.spy.idle();
    const reading = pair.front.spy.pause('read');
    pair.front.clock.advance(1_500);
    const go = await reading;
    const last = ids.at(-1) ?? '';
    await pair.back.engine.cancel(TENANT, last);
    const before = pair.front.spy.calls.get('read') ?? 0;
    go();
    assert.equal((await waits.at(-1))?.isSatisfied, true);
    assert.equal((pair.front.spy.calls.get('read') ?? 0) - before, 1);
  });

  it('hinted jobs are read in one batch, and only those that somebody waits for', async () => {
    await using pair = await openPair();
    const [own] = [await pair.front.submit('task', { delayMs: 60_000 })];
    const other = await pair.front.submit('task', { delayMs: 60_000 });
    const waiting = pair.front.engine.wait(waitRequest([own]));
    await pair.front.spy.idle();
    pair.front.spy.calls.clear();
    await Promise.all([pair.back.engine.cancel(TENANT, own), pair.back.engine.cancel(TENANT, other)]);
    assert.equal((await waiting).isSatisfied, true);
    await pair.front.spy.idle();
    assert.equal(pair.front.spy.calls.get('read'), 1);
  });

  it("the end of a remote worker's job costs one read, and so does a heartbeat with a report", async () => {
    await using pair = await openPair({ types: { far: 'remote' } });
    const { engine, spy } = pair.front;
    const id = await pair.front.submit('far');
    const request = { tenant: TENANT, types: ['far'], max: 1, leaseMs: 30_000, worker: 'w', signal: NEVER };
    const claim = await engine.workClaim({ ...request, timeoutMs: 0 });
    const fence = claim.kind === 'claimed' ? (claim.jobs[0]?.job.fence ?? 0) : 0;
    spy.calls.clear();
    const beat = await engine.workHeartbeat({ tenant: TENANT, id, fence, percent: 50, timeoutMs: 0, signal: NEVER });
    assert.deepEqual([beat.kind, spy.calls.get('read')], ['held', 1]);
    spy.calls.clear();
    const ended = await engine.workSucceed({ tenant: TENANT, id, fence, result: null });
    assert.deepEqual([ended.kind, spy.calls.get('read'), spy.calls.get('apply')], ['done', 1, 1]);
  });

  it('snapshots are never served from memory, and stay the same object per revision', async () => {
    await using pair = await openPair();
    const id = await pair.front.submit('task', { delayMs: 60_000 });
    assert.equal(pair.front.engine.peek(TENANT, id), undefined);
    const read = async () => {
      const [lookup] = await pair.front.engine.read(TENANT, [id]);
      return lookup?.kind === 'found' ? lookup.snapshot : null;
    };
    const first = await read();
    assert.equal(await read(), first);
    await pair.back.engine.cancel(TENANT, id);
    assert.equal((await read())?.job.state, 'cancelled');
  });

  it('waits survive an outage of the store and are answered when it is back', async () => {
    const play = createPlay();
    await using pair = await openPair({ types: { task: play.run } });
    const id = await pair.front.submit('task');
    const waiting = pair.front.engine.wait(waitRequest([id]));
    const run = await play.next();
    await pair.front.spy.idle();
    pair.front.spy.breakDown();
    run.end(DONE);
    await pair.advance(10_000);
    assert.equal(pair.front.engine.stats().waits, 1);
    pair.front.spy.repair();
    await pair.advance(6_000);
    assert.equal((await waiting).isSatisfied, true);
  });

  it('an outage is told once by the loop that rereads waited jobs, and ends when a read succeeds', async () => {
    const play = createPlay();
    await using pair = await openPair({ types: { task: play.run } });
    const id = await pair.front.submit('task');
    await play.next();
    const waiting = pair.front.engine.wait({ ...waitRequest([id]), timeoutMs: 60_000 });
    await pair.advance(1_500);
    pair.front.spy.breakDown();
    await pair.advance(20_000);
    const tellings = () =>
      pair.front.events.flatMap((event) => ('loop' in event && event.loop === 'rereads' ? [event.kind] : []));
    assert.deepEqual(tellings(), ['loopFailed']);
    pair.front.spy.repair();
    await pair.advance(6_000);
    assert.deepEqual(tellings(), ['loopFailed', 'loopRecovered']);
    await pair.advance(60_000);
    assert.equal((await waiting).isSatisfied, false);
  });

  it('a worker that was away for longer than its lease cannot finish the job any more', async () => {
    const play = createPlay();
    await using pair = await openPair({ types: { task: play.run } });
    const id = await pair.front.submit('task', { retry: { attempts: 2 } });
    const run = await play.next();
    // As after SIGSTOP: nothing of it reaches the store.
    pair.back.spy.breakDown();
    await pair.advance(32_000);
    assert.equal((await pair.front.job(id)).error?.code, 'WORKER_LOST');
    run.end(json('too late'));
    pair.back.spy.repair();
    await pair.advance(6_000);
    const again = await play.next();
    again.end(json('in time'));
    await pair.advance(2_000);
    const found = await pair.front.engine.readResult(TENANT, id);
    assert.equal(found.kind === 'found' && found.snapshot.resultText, '"in time"');
  });

  it('running jobs survive an outage that was longer than their leases', async () => {
    const play = createPlay();
    await using pair = await openPair({ types: { task: play.run } });
    const running = await pair.front.submit('task');
    const ended = await pair.front.submit('task');
    const runs = [await play.next(), await play.next()];
    const [first, second] = runs.sort((a) => (a.attempt.job.id === running ? -1 : 1));
    pair.front.spy.breakDown();
    pair.back.spy.breakDown();
    second?.end(json('in the dark'));
    await pair.advance(90_000);
    // The one that looks first after the outage is not the one that runs the jobs.
    pair.front.spy.repair();
    await pair.advance(6_000);
    pair.back.spy.repair();
    await pair.advance(6_000);
    first?.end(DONE);
    for (const id of [running, ended]) {
      const job = await pair.back.until(id, ({ state }) => isFinal(state));
      assert.equal(job.state, 'succeeded');
      assert.equal(job.attempt, 1);
    }
  });

  it('counts of the quota are refreshed with what other processes did', async () => {
    await using own = await openEngine({ runsJobs: false });
    const facts = { isShared: true };
    const usual = { clock: own.clock, runsJobs: false, limits: { jobsWaitingMax: 2 } };
    await using front = await openEngine({ ...usual, spy: spyOn(own.store, facts) });
    await using back = await openEngine({ ...usual, spy: spyOn(own.store, facts) });
    await back.submit('task');
    const id = await back.submit('task');
    const request = { tenant: TENANT, type: 'task' };
    await front.advance(15_000);
    assert.equal((await front.engine.submit([request]))[0]?.kind, 'overQuota');
    await back.engine.cancel(TENANT, id);
    await front.advance(15_000);
    assert.equal((await front.engine.submit([request]))[0]?.kind, 'created');
  });
});
