import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createPlay,
  DONE,
  type Fixture,
  failed,
  NEVER,
  openEngine,
  TENANT,
} from '../../../test/engine/engine-fixture.ts';
import type { WaitRequest } from '../index.ts';

const UNKNOWN = '00000000-0000-7000-8000-000000000000';

function wait(fixture: Fixture, ids: readonly string[], request: Partial<WaitRequest> = {}) {
  return fixture.engine.wait({
    ...{ tenant: TENANT, ids, for: 'all', until: { kind: 'done' }, timeoutMs: 60_000, signal: NEVER },
    ...request,
  });
}

function states({ lookups }: Awaited<ReturnType<typeof wait>>): string[] {
  return lookups.map((lookup) => (lookup.kind === 'found' ? lookup.snapshot.job.state : lookup.kind));
}

async function playing() {
  const play = createPlay();
  const fixture = await openEngine({ types: { task: { slots: 5_000, handler: { kind: 'function', run: play.run } } } });
  return { play, fixture };
}

describe('wait for all', () => {
  it('answers when the last job is final, in the order of the ids, repeated ones included', async () => {
    const { play, fixture } = await playing();
    await using _ = fixture;
    const a = await fixture.submit('task');
    const first = await play.next();
    const b = await fixture.submit('task', { retry: { attempts: 1 } });
    const second = await play.next();
    const waiting = wait(fixture, [b, a, b]);
    second.end(failed('no'));
    await fixture.until(b, ({ state }) => state === 'failed');
    assert.equal(fixture.engine.stats().waits, 1);
    first.end(DONE);
    const waited = await waiting;
    assert.equal(waited.isSatisfied, true);
    assert.deepEqual(states(waited), ['failed', 'succeeded', 'failed']);
    assert.equal(fixture.engine.stats().waits, 0);
  });

  it('does not wait for unknown jobs nor for those of other tenants', async () => {
    const { fixture } = await playing();
    await using _ = fixture;
    const id = await fixture.submit('task', { tenant: 'other' });
    const waited = await wait(fixture, [id, UNKNOWN]);
    assert.equal(waited.isSatisfied, false, 'nobody may take this for two jobs that are done');
    assert.deepEqual(states(waited), ['missing', 'missing']);
  });

  it('waits on for a job that was retried before the rest was done', async () => {
    const { play, fixture } = await playing();
    await using _ = fixture;
    const a = await fixture.submit('task', { retry: { attempts: 1 } });
    const first = await play.next();
    const b = await fixture.submit('task');
    const second = await play.next();
    const waiting = wait(fixture, [a, b]);
    first.end(failed('no'));
    await fixture.until(a, ({ state }) => state === 'failed');
    await fixture.engine.retry(TENANT, a);
    const third = await play.next();
    second.end(DONE);
    await fixture.until(b, ({ state }) => state === 'succeeded');
    assert.equal(fixture.engine.stats().waits, 1);
    third.end(DONE);
    assert.deepEqual(states(await waiting), ['succeeded', 'succeeded']);
  });

  it('answers with mixed states and unsatisfied when the time is over', async () => {
    const { play, fixture } = await playing();
    await using _ = fixture;
    const a = await fixture.submit('task');
    (await play.next()).end(DONE);
    await fixture.until(a, ({ state }) => state === 'succeeded');
    const b = await fixture.submit('task');
    await play.next();
    const waiting = wait(fixture, [a, b], { timeoutMs: 5_000 });
    await fixture.advance(5_000);
    const waited = await waiting;
    assert.equal(waited.isSatisfied, false);
    assert.deepEqual(states(waited), ['succeeded', 'running']);
  });

  it('answers at once when the timeout is 0', async () => {
    const { play, fixture } = await playing();
    await using _ = fixture;
    const id = await fixture.submit('task');
    await play.next();
    assert.deepEqual(states(await wait(fixture, [id], { timeoutMs: 0 })), ['running']);
  });
});

it('wait for all is not satisfied by jobs that are done beside one that was removed', async () => {
  const { play, fixture } = await playing();
  await using _ = fixture;
  const ids = [await fixture.submit('task'), await fixture.submit('task')];
  for (const id of ids) {
    (await play.next()).end(DONE);
    await fixture.until(id, ({ state }) => state === 'succeeded');
  }
  assert.equal((await wait(fixture, [...ids, ...ids])).isSatisfied, true);
  await fixture.engine.remove(TENANT, ids[0] ?? '');
  const waited = await wait(fixture, ids);
  assert.deepEqual([waited.isSatisfied, states(waited)], [false, ['gone', 'succeeded']]);
});

describe('wait for any', () => {
  it('answers when the first job is final', async () => {
    const { play, fixture } = await playing();
    await using _ = fixture;
    const a = await fixture.submit('task');
    const first = await play.next();
    const b = await fixture.submit('task');
    await play.next();
    const waiting = wait(fixture, [b, a, UNKNOWN], { for: 'any' });
    first.end(DONE);
    const waited = await waiting;
    assert.equal(waited.isSatisfied, true);
    assert.deepEqual(states(waited), ['running', 'succeeded', 'missing']);
  });

  it('ends unsatisfied when none of the jobs exists, or the last one is removed', async () => {
    const { play, fixture } = await playing();
    await using _ = fixture;
    assert.equal((await wait(fixture, [UNKNOWN], { for: 'any' })).isSatisfied, false);
    const id = await fixture.submit('task');
    (await play.next()).end(DONE);
    const { revision } = await fixture.until(id, ({ state }) => state === 'succeeded');
    const waiting = wait(fixture, [id], { for: 'any', until: { kind: 'change', since: revision } });
    await fixture.spy.idle();
    await fixture.engine.remove(TENANT, id);
    const waited = await waiting;
    assert.equal(waited.isSatisfied, false);
    assert.deepEqual(states(waited), ['gone']);
  });
});

describe('wait for a change', () => {
  it('answers at the next revision, and at once when that is there already', async () => {
    const { play, fixture } = await playing();
    await using _ = fixture;
    const id = await fixture.submit('task');
    const run = await play.next();
    const { revision } = await fixture.job(id);
    const waiting = wait(fixture, [id], { until: { kind: 'change', since: revision } });
    await fixture.spy.idle();
    run.attempt.report(10);
    const { lookups } = await waiting;
    assert.equal(lookups[0]?.kind === 'found' && lookups[0].snapshot.job.progress.percent, 10);
    const again = await wait(fixture, [id], { until: { kind: 'change', since: revision } });
    assert.equal(again.isSatisfied, true);
  });
});

describe('a wait that nobody waits for any more', () => {
  it('ends at once when its signal fires, and leaves nothing behind', async () => {
    const { play, fixture } = await playing();
    await using _ = fixture;
    const id = await fixture.submit('task');
    await play.next();
    const caller = new AbortController();
    const timersBefore = fixture.clock.pending;
    const waiting = wait(fixture, [id], { signal: caller.signal });
    await fixture.spy.idle();
    assert.equal(fixture.clock.pending, timersBefore + 1);
    caller.abort();
    assert.equal((await waiting).isSatisfied, false);
    assert.equal(fixture.engine.stats().waits, 0);
    assert.equal(fixture.clock.pending, timersBefore);
    assert.equal((await wait(fixture, [id], { signal: AbortSignal.abort() })).isSatisfied, false);
  });

  it('is answered with the current state when the engine has stopped what runs', async () => {
    const { play, fixture } = await playing();
    await using _ = fixture;
    const id = await fixture.submit('task', { delayMs: 60_000 });
    const running = await fixture.submit('task');
    const run = await play.next();
    const waiting = wait(fixture, [id], { timeoutMs: Number.POSITIVE_INFINITY });
    await fixture.spy.idle();
    const stopped = fixture.engine.stop();
    const other = wait(fixture, [running], { timeoutMs: Number.POSITIVE_INFINITY });
    run.end(DONE);
    assert.deepEqual(states(await other), ['succeeded']);
    const waited = await waiting;
    assert.equal(waited.isSatisfied, false);
    assert.deepEqual(states(waited), ['waiting']);
    assert.equal(fixture.engine.closing.aborted, true);
    assert.equal((await wait(fixture, [id])).isSatisfied, false);
    await stopped;
  });
});

describe('a wait whose first read finds the database away', () => {
  async function during() {
    const { fixture } = await playing();
    const timersBefore = fixture.clock.pending;
    fixture.spy.breakDown('read');
    const caller = new AbortController();
    const waiting = wait(fixture, [UNKNOWN], { timeoutMs: 3_000, signal: caller.signal });
    await fixture.spy.idle();
    return { fixture, waiting, caller, timersBefore };
  }

  it('is held, and is answered soon after it is back', async () => {
    const { fixture, waiting } = await during();
    await using _ = fixture;
    await fixture.advance(1_500);
    assert.equal(fixture.engine.stats().waits, 1);
    fixture.spy.repair();
    await fixture.advance(500);
    assert.deepEqual(states(await waiting), ['missing']);
  });

  it('rejects when its time is over first, or its caller leaves, or the engine stops, and is not kept', async () => {
    const away = { code: 'STORE_UNAVAILABLE' };
    for (const end of ['time', 'caller', 'engine'] as const) {
      const { fixture, waiting, caller, timersBefore } = await during();
      await using _ = fixture;
      const rejected = assert.rejects(waiting, away, end);
      if (end === 'time') await fixture.advance(3_000);
      else if (end === 'caller') caller.abort();
      else await fixture.engine.stop();
      await rejected;
      assert.equal(fixture.engine.stats().waits, 0);
      if (end !== 'engine') assert.equal(fixture.clock.pending, timersBefore);
    }
  });

  it('rejects at once where nobody wants to wait', async () => {
    const { fixture } = await playing();
    await using _ = fixture;
    fixture.spy.breakDown('read');
    await assert.rejects(wait(fixture, [UNKNOWN], { timeoutMs: 0 }), { code: 'STORE_UNAVAILABLE' });
    assert.equal(fixture.engine.stats().waits, 0);
  });
});

describe('many waits', () => {
  it('2,000 holds on 2,000 jobs read nothing from the store while they wait and are woken', async () => {
    const { play, fixture } = await playing();
    await using _ = fixture;
    const requests = Array.from({ length: 2_000 }, () => ({ tenant: TENANT, type: 'task' }));
    const outcomes = await fixture.engine.submit(requests);
    const ids = outcomes.map((outcome) => (outcome.kind === 'created' ? outcome.snapshot.job.id : ''));
    const runs = await Promise.all(ids.map(() => play.next()));
    fixture.spy.calls.clear();
    const waits = ids.map((id) => wait(fixture, [id]));
    const one = wait(fixture, ids);
    const other = wait(fixture, ids, { for: 'any' });
    await fixture.spy.idle();
    assert.equal(fixture.engine.stats().waits, 2_002);
    for (const run of runs) run.end(DONE);
    const waited = await Promise.all([...waits, one, other]);
    assert.equal(
      waited.every(({ isSatisfied }) => isSatisfied),
      true,
    );
    assert.equal(fixture.spy.calls.get('read') ?? 0, 0);
    assert.equal(fixture.spy.calls.get('readResult') ?? 0, 0);
    assert.equal(fixture.engine.stats().waits, 0);
  });

  it('2,000 holds on one job are all woken by one change', async () => {
    const { play, fixture } = await playing();
    await using _ = fixture;
    const id = await fixture.submit('task');
    const run = await play.next();
    const waits = Array.from({ length: 2_000 }, () => wait(fixture, [id]));
    await fixture.spy.idle();
    fixture.spy.calls.clear();
    run.end(DONE);
    const waited = await Promise.all(waits);
    assert.equal(
      waited.every(({ isSatisfied }) => isSatisfied),
      true,
    );
    assert.equal(fixture.spy.calls.get('read') ?? 0, 0);
  });

  it('on one job leave the thread to others while they are woken', async () => {
    const { play, fixture } = await playing();
    await using _ = fixture;
    const [crowded, other] = [await fixture.submit('task'), await fixture.submit('task')];
    const [run, otherRun] = [await play.next(), await play.next()];
    let woken = 0;
    const waits = Array.from({ length: 1_000 }, () => wait(fixture, [crowded]).then(() => (woken += 1)));
    const quick = wait(fixture, [other]).then(() => woken);
    await fixture.spy.idle();
    run.end(DONE);
    otherRun.end(DONE);
    const perTurn: number[] = [];
    while (woken < 1_000) {
      const before = woken;
      await new Promise((resolve) => setImmediate(resolve));
      perTurn.push(woken - before);
    }
    await Promise.all(waits);
    assert.ok(Math.max(...perTurn) <= 200, `${Math.max(...perTurn)} in one turn`);
    assert.ok((await quick) < 1_000, 'the wait for the other job came last');
  });

  it('for a thousand jobs each are woken one by one, and those whose time is over know what has changed', async () => {
    const { play, fixture } = await playing();
    await using _ = fixture;
    const ids: string[] = [];
    for (let index = 0; index < 300; index += 1) ids.push(await fixture.submit('task'));
    const runs = await Promise.all(ids.map(() => play.next()));
    const waits = Array.from({ length: 20 }, () => wait(fixture, ids, { timeoutMs: 1_000 }));
    await fixture.spy.idle();
    for (const run of runs) run.end(DONE);
    const first = await Promise.race(waits);
    // The others have not been told yet: the end of their time finds all jobs done.
    await fixture.advance(1_000);
    const waited = await Promise.all(waits);
    assert.ok([first, ...waited].every(({ isSatisfied }) => isSatisfied));
  });

  it('of one tenant are for a bounded number of jobs together, and other tenants have their own', async () => {
    const play = createPlay();
    const types = { task: { slots: 10, handler: { kind: 'function' as const, run: play.run } } };
    await using fixture = await openEngine({ types, limits: { waitIdsPerTenantMax: 1_000 } });
    const ids = [await fixture.submit('task'), await fixture.submit('task')];
    const many = Array.from({ length: 900 }, (_, index) => ids[index % 2] ?? '');
    const gone = new AbortController();
    const first = wait(fixture, many, { signal: gone.signal });
    await assert.rejects(wait(fixture, many), { code: 'TOO_MANY_HOLDS' });
    const other = wait(fixture, many, { tenant: 'other', timeoutMs: 1 });
    gone.abort();
    await first;
    const again = wait(fixture, many, { timeoutMs: 1 });
    await fixture.spy.idle();
    await fixture.advance(1);
    assert.equal((await again).isSatisfied, false);
    await other;
  });
});
