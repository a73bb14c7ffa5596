import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createPlay,
  DONE,
  type Fixture,
  NEVER,
  openEngine,
  openStore,
  TENANT,
} from '../../../test/engine/engine-fixture.ts';
import { spyOn } from '../../../test/engine/store-spy.ts';
import type { Json } from '../../core/job.ts';
import type { AttemptOutcome } from '../index.ts';

const parkFor = (signal: string, timeoutMs = 60_000): AttemptOutcome => ({ kind: 'parked', signal, timeoutMs });

const signal = ({ engine }: Fixture, id: string, name = 'go', value: Json = 1) =>
  engine.signal({ tenant: TENANT, id, name, value });

const isParked = ({ marks, state }: { marks: { signal?: unknown } | null; state: string }) =>
  state === 'waiting' && marks?.signal !== undefined;

describe('a signal', () => {
  it('wakes the job that is parked for it: no attempt is used up, and its slot was free meanwhile', async () => {
    const play = createPlay();
    await using fixture = await openEngine({
      types: { task: { handler: { kind: 'function', run: play.run }, slots: 1 } },
    });
    const id = await fixture.submit('task');
    (await play.next()).end(parkFor('go'));
    await fixture.until(id, isParked);
    const other = await fixture.submit('task');
    (await play.next()).end(DONE);
    await fixture.until(other, ({ state }) => state === 'succeeded');
    assert.equal((await signal(fixture, id, 'else')).kind, 'done');
    assert.ok(isParked(await fixture.job(id)), 'parked for another one');
    assert.equal((await signal(fixture, id)).kind, 'done');
    const again = await play.next();
    assert.deepEqual([again.attempt.job.id, again.attempt.job.attempt, again.attempt.job.fence], [id, 1, 2]);
    assert.equal(again.attempt.job.marks?.signals?.go?.value, 1);
    again.end(DONE);
    const { attempts, attempt } = await fixture.until(id, ({ state }) => state === 'succeeded');
    assert.deepEqual([attempts, attempt], [[], 1]);
  });

  it('is not replaced by another runAt: the job stays parked, and may be changed otherwise', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    (await play.next()).end(parkFor('go'));
    const parked = await fixture.until(id, isParked);
    const { engine } = fixture;
    for (const runAt of [null, fixture.clock.now(), fixture.clock.now() + 3_600_000]) {
      const outcome = await engine.amend({ tenant: TENANT, id, runAt });
      assert.deepEqual([outcome.kind, outcome.kind === 'parked' && outcome.signal], ['parked', 'go']);
    }
    assert.deepEqual(await fixture.job(id), parked);
    assert.equal((await engine.amend({ tenant: TENANT, id, priority: 3 })).kind, 'done');
    assert.deepEqual([(await fixture.job(id)).runAt, isParked(await fixture.job(id))], [parked.runAt, true]);
    await signal(fixture, id);
    (await play.next()).end(DONE);
  });

  it('is one of many at once: each lands or finds no room, and PATCHes beside them land too', async () => {
    await using fixture = await openEngine({ types: { task: createPlay().run } });
    const { engine } = fixture;
    const id = await fixture.submit('task', { delayMs: 60_000 });
    const signals = Array.from({ length: 40 }, (_, nth) => signal(fixture, id, `s${nth}`, nth));
    const patches = Array.from({ length: 40 }, (_, nth) =>
      engine.amend({ tenant: TENANT, id, tags: { nth: String(nth) } }),
    );
    const kinds = (await Promise.all(signals)).map(({ kind }) => kind);
    const { signalsPerJobMax } = engine.limits;
    assert.deepEqual(kinds.toSorted(), [
      ...Array<string>(signalsPerJobMax).fill('done'),
      ...Array<string>(40 - signalsPerJobMax).fill('full'),
    ]);
    for (const { kind } of await Promise.all(patches)) assert.equal(kind, 'done');
    assert.equal(Object.keys((await fixture.job(id)).marks?.signals ?? {}).length, signalsPerJobMax);
  });

  it('that came before the job waits is not missed', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    const run = await play.next();
    await signal(fixture, id);
    run.end(parkFor('go'));
    const again = await play.next();
    assert.equal(again.attempt.job.marks?.signals?.go?.value, 1);
    again.end(DONE);
  });

  it('that does not come lets the job go on when its time is over, and is remembered as missed', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    (await play.next()).end(parkFor('go', 5_000));
    await fixture.until(id, isParked);
    const [again] = await Promise.all([play.next(), fixture.advance(5_000)]);
    assert.equal((await signal(fixture, id)).kind, 'done');
    again.end(parkFor('more'));
    const { marks } = await fixture.until(id, isParked);
    assert.deepEqual([marks?.overdue, marks?.signal?.name], [['go'], 'more']);
  });

  it('says who cannot be told: a final job, one of others, one that is not there, one with all it may have', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run }, limits: { signalsPerJobMax: 1 } });
    const id = await fixture.submit('task');
    const run = await play.next();
    assert.equal((await signal(fixture, id, 'a')).kind, 'done');
    assert.equal((await signal(fixture, id, 'a')).kind, 'unchanged');
    assert.equal((await signal(fixture, id, 'a', 2)).kind, 'done');
    assert.equal((await signal(fixture, id, 'b')).kind, 'full');
    assert.equal((await fixture.engine.signal({ tenant: 'other', id, name: 'a', value: 1 })).kind, 'missing');
    assert.equal((await signal(fixture, '0190a1b2-0000-7000-8000-000000000001')).kind, 'missing');
    for (const name of ['', '_a', 'a b', 'a'.repeat(101), '../a'])
      assert.equal((await signal(fixture, id, name)).kind, 'invalidRequest', name);
    assert.equal((await signal(fixture, id, 'a', 'x'.repeat(4_095))).kind, 'invalidRequest');
    run.end(DONE);
    await fixture.until(id, ({ state }) => state === 'succeeded');
    assert.equal((await signal(fixture, id, 'a', 3)).kind, 'wrongState');
  });

  it('is not needed by a parked job that is cancelled or overdue', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const ids = [await fixture.submit('task'), await fixture.submit('task', { deadlineMs: 3_000 })];
    for (const _ of ids) (await play.next()).end(parkFor('go'));
    for (const id of ids) await fixture.until(id, isParked);
    assert.equal((await fixture.engine.cancel(TENANT, ids[0] ?? '')).kind, 'done');
    assert.equal((await fixture.job(ids[0] ?? '')).state, 'cancelled');
    await fixture.advance(10_000);
    const overdue = await fixture.until(ids[1] ?? '', ({ state }) => state === 'expired');
    assert.equal(overdue.error?.code, 'DEADLINE_PASSED');
  });

  it('finds the job parked after a restart, and one that was sent while nobody ran is seen by the next', async () => {
    await using own = await openStore();
    const spy = spyOn(own.store);
    const play = createPlay();
    let id = '';
    let clock: Fixture['clock'] | undefined;
    {
      await using fixture = await openEngine({ types: { task: play.run }, spy });
      id = await fixture.submit('task');
      (await play.next()).end(parkFor('go'));
      await fixture.until(id, isParked);
      clock = fixture.clock;
    }
    {
      await using idle = await openEngine({ types: { task: play.run }, spy, clock, runsJobs: false });
      assert.ok(isParked(await idle.job(id)));
      await signal(idle, id);
    }
    await using next = await openEngine({ types: { task: play.run }, spy, clock });
    const run = await play.next();
    assert.equal(run.attempt.job.marks?.signals?.go?.value, 1);
    run.end(DONE);
    await next.until(id, ({ state }) => state === 'succeeded');
  });

  it('reaches a job of a remote worker by its next claim; a repeated release is heard again, a late one is not', async () => {
    await using fixture = await openEngine({ types: { task: 'remote' } });
    const { engine } = fixture;
    const id = await fixture.submit('task');
    const claim = async () => {
      const request = {
        tenant: TENANT,
        types: ['task'],
        max: 1,
        leaseMs: 9_000,
        worker: 'w',
        timeoutMs: 0,
        signal: NEVER,
      };
      const claimed = await engine.workClaim(request);
      return claimed.kind === 'claimed' ? claimed.jobs[0]?.job : undefined;
    };
    const fence = (await claim())?.fence ?? 0;
    const release = () => engine.workPark({ tenant: TENANT, id, fence, signal: 'go', timeoutMs: 60_000 });
    assert.deepEqual([(await release()).kind, (await release()).kind], ['done', 'done']);
    assert.equal(await claim(), undefined);
    await signal(fixture, id);
    assert.equal((await claim())?.marks?.signals?.go?.value, 1);
    assert.equal((await release()).kind, 'lost');
  });
});
