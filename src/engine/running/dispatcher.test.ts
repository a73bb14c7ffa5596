import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPlay, DONE, failed, openEngine } from '../../../test/engine/engine-fixture.ts';
import { isFinal } from '../../core/state.ts';

function withSlots(slots: number, run: ReturnType<typeof createPlay>['run']) {
  return { slots, handler: { kind: 'function' as const, run } };
}

describe('the dispatcher', () => {
  it('never runs more handlers of a type than it has slots, and fills each one as it gets free', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: withSlots(3, play.run) } });
    const ids = await Promise.all(Array.from({ length: 20 }, () => fixture.submit('task')));
    for (const _ of ids) {
      await fixture.spy.idle();
      assert.ok(play.running <= 3);
      (await play.next()).end(DONE);
    }
    for (const id of ids) await fixture.until(id, ({ state }) => isFinal(state));
    assert.equal(play.runningMax, 3);
  });

  it('claims a new job right behind its insert, once, and tells of both in their order', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: withSlots(3, play.run) } });
    await fixture.spy.idle();
    const claims = fixture.spy.calls.get('claim') ?? 0;
    const told: string[] = [];
    fixture.engine.subscribe((event) => told.push(event.kind === 'changed' ? event.shown : event.kind));
    let isAnswered = false;
    const reached = fixture.spy.pause('claim');
    const submitted = fixture.submit('task').then((id) => {
      isAnswered = true;
      return id;
    });
    const go = await reached;
    assert.equal(isAnswered, false);
    go();
    const id = await submitted;
    (await play.next()).end(DONE);
    await fixture.until(id, ({ state }) => isFinal(state));
    await fixture.spy.idle();
    assert.equal((fixture.spy.calls.get('claim') ?? 0) - claims, 1);
    assert.deepEqual(told, ['queued', 'running', 'succeeded']);
  });

  it('keeps the slots of one type apart from those of another', async () => {
    const slow = createPlay();
    const quick = createPlay();
    await using fixture = await openEngine({ types: { slow: withSlots(1, slow.run), quick: withSlots(1, quick.run) } });
    await fixture.submit('slow');
    await fixture.submit('slow');
    await slow.next();
    const id = await fixture.submit('quick');
    (await quick.next()).end(DONE);
    await fixture.until(id, ({ state }) => isFinal(state));
    assert.equal(slow.running, 1);
  });

  it('runs the higher priority first, then the older job', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: withSlots(1, play.run) } });
    const blocker = await fixture.submit('task');
    const blocking = await play.next();
    const low = await fixture.submit('task', { priority: -1 });
    const first = await fixture.submit('task');
    const second = await fixture.submit('task');
    const high = await fixture.submit('task', { priority: 5 });
    const order = [blocker];
    let run = blocking;
    for (let round = 0; round < 4; round += 1) {
      run.end(DONE);
      run = await play.next();
      order.push(run.attempt.job.id);
    }
    assert.deepEqual(order, [blocker, high, first, second, low]);
  });

  it('goes round the tenants by weight, and lets a low priority overtake after its time', async () => {
    const play = createPlay();
    const types = { task: { ...withSlots(1, play.run), agingMs: 1_000 } };
    await using fixture = await openEngine({ types, tenantWeights: { b: 2 } });
    await fixture.submit('task');
    let run = await play.next();
    for (const tenant of ['a', 'b']) {
      const requests = Array.from({ length: 4 }, () => ({ tenant, type: 'task', input: null }));
      await fixture.engine.submit(requests);
    }
    await fixture.clock.advance(1_500);
    const [late] = await fixture.engine.submit([{ tenant: 'a', type: 'task', priority: 1 }]);
    const order: string[] = [];
    const lateId = late?.kind === 'created' ? late.snapshot.job.id : '';
    for (let round = 0; round < 9; round += 1) {
      run.end(DONE);
      run = await play.next();
      order.push(run.attempt.job.id === lateId ? 'late' : run.attempt.job.tenant);
    }
    assert.deepEqual(order.join(' '), 'b b a b b a a a late');
  });

  it('keeps to the concurrency of a type as a whole, and fills it as each job ends', async () => {
    const play = createPlay();
    const types = { task: { ...withSlots(5, play.run), limit: { concurrency: 3 } } };
    await using fixture = await openEngine({ types });
    const ids = await Promise.all(Array.from({ length: 12 }, () => fixture.submit('task')));
    for (const _ of ids) {
      await fixture.spy.idle();
      (await play.next()).end(DONE);
    }
    for (const id of ids) await fixture.until(id, ({ state }) => isFinal(state));
    assert.equal(play.runningMax, 3);
  });

  it('starts no more of a type than its rate, and goes on by itself when there is room again', async () => {
    const starts: number[] = [];
    const fixed = { slots: 5, limit: { rate: { count: 2, perMs: 1_000 } } };
    const run = async () => {
      starts.push(fixture.clock.now() - begin);
      return DONE;
    };
    await using fixture = await openEngine({ types: { task: { ...withSlots(5, run), ...fixed } } });
    const begin = fixture.clock.now();
    for (let count = 0; count < 6; count += 1) await fixture.submit('task');
    await fixture.advance(2_500);
    assert.deepEqual(starts, [0, 0, 1_000, 1_000, 2_000, 2_000]);
  });

  it('runs a scheduled job when it is due, though nothing else happens', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    await fixture.submit('task', { delayMs: 10_000 });
    await fixture.submit('task', { delayMs: 5_000 });
    await fixture.spy.idle();
    const claims = fixture.spy.calls.get('claim');
    await fixture.advance(4_999);
    assert.equal(play.running, 0);
    await fixture.advance(1);
    assert.equal(play.running, 1);
    await fixture.advance(5_000);
    assert.equal(play.running, 2);
    // One claim per due time, and one more at most to learn that there is no more.
    assert.ok((fixture.spy.calls.get('claim') ?? 0) - (claims ?? 0) <= 4);
  });

  it('finds at its start what was scheduled before it', async () => {
    const play = createPlay();
    await using first = await openEngine({ runsJobs: false });
    await first.submit('task', { delayMs: 60_000 });
    await using second = await openEngine({ spy: first.spy, clock: first.clock, types: { task: play.run } });
    await second.advance(60_000);
    (await play.next()).end(DONE);
  });

  it('runs jobs of one sequence one after another, in the order of their numbers', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { a: withSlots(5, play.run), b: withSlots(5, play.run) } });
    const ids = [];
    for (const type of ['a', 'b', 'a', 'b'])
      ids.push(await fixture.submit(type, { sequenceKey: 's', priority: ids.length }));
    for (const id of ids) {
      const run = await play.next();
      assert.equal(run.attempt.job.id, id);
      await fixture.spy.idle();
      assert.equal(play.running, 1);
      run.end(DONE);
    }
  });

  it('keeps a sequence waiting while its first job is between two attempts', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: withSlots(5, play.run) } });
    const first = await fixture.submit('task', { sequenceKey: 's' });
    await fixture.submit('task', { sequenceKey: 's' });
    (await play.next()).end(failed('later'));
    await fixture.until(first, ({ state, attempt }) => state === 'waiting' && attempt === 1);
    await fixture.spy.idle();
    assert.equal(play.running, 0);
    await fixture.advance(1_000);
    assert.equal((await play.next()).attempt.job.id, first);
  });

  it('does not ask the store again and again when there is nothing to do', async () => {
    await using fixture = await openEngine();
    await fixture.until(await fixture.submit('task'), ({ state }) => isFinal(state));
    await fixture.spy.idle();
    const claims = fixture.spy.calls.get('claim');
    for (let minute = 0; minute < 10; minute += 1) await fixture.advance(60_000);
    assert.equal(fixture.spy.calls.get('claim'), claims);
  });

  it('backs off while the store fails, tells once, and goes on when it is back', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    fixture.spy.breakDown('claim');
    await fixture.submit('task');
    for (let second = 0; second < 20; second += 1) await fixture.advance(1_000);
    const claims = fixture.spy.calls.get('claim') ?? 0;
    assert.ok(claims >= 5 && claims <= 15, `${claims} claims in 20 s of outage`);
    assert.equal(fixture.events.filter(({ kind }) => kind === 'loopFailed').length, 1);
    fixture.spy.repair();
    await fixture.advance(5_000);
    (await play.next()).end(DONE);
    assert.equal(fixture.events.filter(({ kind }) => kind === 'loopRecovered').length, 1);
  });

  it('runs nothing in a process that only answers callers', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ runsJobs: false, types: { task: play.run } });
    const id = await fixture.submit('task');
    await fixture.advance(60_000);
    assert.equal((await fixture.job(id)).state, 'waiting');
  });
});
