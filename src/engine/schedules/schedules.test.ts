/** Schedules in an engine: ticks by the clock, overlap, pauses, stops, several processes, and what is refused. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPlay, type Fixture, json, openEngine, TENANT } from '../../../test/engine/engine-fixture.ts';
import { spyOn } from '../../../test/engine/store-spy.ts';
import { BideError, type ErrorCode } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import type { ScheduleSpec } from '../../core/schedules/schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SPEC: ScheduleSpec = {
  ...{ cron: '@every 1m', timeZone: 'UTC', jitterMs: 0, overlap: 'allow', missed: 'last' },
  ...{ startAt: null, endAt: null, job: { type: 'task', input: { n: 1 } } },
};

const put = ({ engine }: Fixture, over: Partial<ScheduleSpec> = {}, name = 's') =>
  engine.schedules.put(TENANT, name, { ...SPEC, ...over });

async function jobsOf({ engine }: Fixture, name = 's'): Promise<readonly Job[]> {
  const tags = { 'bide.schedule': name };
  const { snapshots } = await engine.list({ tenant: TENANT, tags, limit: 1_000, order: 'oldest' });
  return snapshots.map(({ job }) => job);
}

/** Ticks of its jobs, in minutes since `from`. */
async function minutes(fixture: Fixture, from: number, name = 's'): Promise<readonly number[]> {
  return (await jobsOf(fixture, name)).map(({ terms }) => ((terms?.schedule?.tick ?? 0) - from) / MINUTE);
}

function codeOf(code: ErrorCode, sentence = /./): (error: unknown) => boolean {
  return (error) => error instanceof BideError && error.code === code && sentence.test(error.message);
}

describe('schedules', () => {
  it('take changes that come at once one after another', async () => {
    await using fixture = await openEngine({ types: { task: async () => json('done') } });
    const crons = Array.from({ length: 30 }, (_, nth) => `@every ${nth + 1}m`);
    const kinds = (await Promise.all(crons.map((cron) => put(fixture, { cron })))).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['created', ...Array<string>(29).fill('changed')]);
    const { schedules } = fixture.engine;
    await Promise.all(crons.flatMap(() => [schedules.pause(TENANT, 's'), schedules.resume(TENANT, 's')]));
    assert.deepEqual(
      [(await schedules.read(TENANT, 's')).spec.cron, (await schedules.read(TENANT, 's')).state.pausedAt],
      ['@every 30m', null],
    );
  });

  it('submit their job at each tick, with the tick, the tag and all that the job says', async () => {
    await using fixture = await openEngine({ types: { task: async () => json('done') } });
    const from = fixture.clock.now();
    const job = { type: 'task', input: { n: 1 }, tags: { a: 'b' }, priority: -3, timeoutMs: 7, retainMs: HOUR };
    const made = await put(fixture, { job });
    assert.equal(made.kind, 'created');
    assert.deepEqual(
      made.schedule.next.map((tick) => (tick - from) / MINUTE),
      [1, 2, 3, 4, 5],
    );
    await fixture.advance(3 * MINUTE);
    assert.deepEqual(await minutes(fixture, from), [1, 2, 3]);
    const [first] = await jobsOf(fixture);
    assert.deepEqual(first?.tags, { a: 'b', 'bide.schedule': 's' });
    assert.deepEqual([first?.priority, first?.timeoutMs, first?.retainMs, first?.state], [-3, 7, HOUR, 'succeeded']);
    assert.deepEqual(first?.terms, { schedule: { name: 's', tick: from + MINUTE } });
    assert.equal(first?.runAt, from + MINUTE);
    const read = await fixture.engine.schedules.read(TENANT, 's');
    assert.equal(read.state.lastRun?.tick, from + 3 * MINUTE);
    assert.equal(read.state.lastRun?.jobId, (await jobsOf(fixture)).at(-1)?.id);
  });

  it('run under a limit of a key, and pass over a tick while another job holds the unique key', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const from = fixture.clock.now();
    const unique = { key: 'u', mode: 'existing' };
    const first = await fixture.submit('task', { unique: { key: 'u', mode: 'reject' } });
    await put(fixture, { job: { type: 'task', limit: { key: 'k', concurrency: 1 }, unique } });
    await fixture.advance(2 * MINUTE);
    assert.deepEqual(await minutes(fixture, from), []);
    const { state } = await fixture.engine.schedules.read(TENANT, 's');
    assert.deepEqual([state.lastSkip?.reason, state.lastSkip?.tick], ['unique', from + 2 * MINUTE]);
    assert.deepEqual([state.lastRun, state.recent], [null, []]);
    (await play.next()).end(json(1));
    await fixture.until(first, (job) => job.state === 'succeeded');
    await fixture.advance(2 * MINUTE);
    assert.deepEqual(await minutes(fixture, from), [3]);
    assert.equal((await fixture.engine.schedules.read(TENANT, 's')).state.lastRun?.tick, from + 3 * MINUTE);
    assert.equal((await fixture.engine.keyLimits.read(TENANT, 'k')).running, 1);
    (await play.next()).end(json(1));
  });

  it('spread their jobs after the tick, in every process alike', async () => {
    await using fixture = await openEngine();
    await put(fixture, { jitterMs: 50_000 });
    await fixture.advance(5 * MINUTE);
    const jobs = await jobsOf(fixture);
    const delays = jobs.map(({ runAt, terms }) => runAt - (terms?.schedule?.tick ?? 0));
    assert.equal(new Set(delays).size, 5);
    assert.ok(delays.every((delay) => delay >= 0 && delay <= 50_000));
  });

  it('skip a tick, or queue one, while an earlier job is unfinished', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const from = fixture.clock.now();
    await put(fixture, { overlap: 'skip' }, 'skip');
    await fixture.advance(3 * MINUTE);
    assert.deepEqual(await minutes(fixture, from, 'skip'), [1]);
    const { state } = await fixture.engine.schedules.read(TENANT, 'skip');
    assert.deepEqual([state.lastSkip?.reason, state.lastSkip?.tick], ['overlap', from + 3 * MINUTE]);
    (await play.next()).end(json(1));
    await fixture.advance(MINUTE);
    assert.deepEqual(await minutes(fixture, from, 'skip'), [1, 4]);
    await fixture.engine.schedules.remove(TENANT, 'skip');
    (await play.next()).end(json(1));

    const later = fixture.clock.now();
    await put(fixture, { overlap: 'queue' }, 'queue');
    await fixture.advance(4 * MINUTE);
    assert.deepEqual(await minutes(fixture, later, 'queue'), [1, 2]);
    assert.deepEqual(
      (await jobsOf(fixture, 'queue')).map(({ state }) => state),
      ['running', 'waiting'],
    );
    (await play.next()).end(json(1));
    await fixture.advance(MINUTE);
    assert.deepEqual(await minutes(fixture, later, 'queue'), [1, 2, 5]);
  });

  it('make up for what a stop of hours has missed as they say', async () => {
    await using first = await openEngine({ runsJobs: false });
    const from = first.clock.now();
    for (const missed of ['skip', 'last', 'all'] as const) await put(first, { missed }, missed);
    await first.advance(2 * MINUTE);
    await first.engine.stop();
    first.clock.advance(5 * HOUR);
    const limits = { scheduleMissedMax: 50 };
    await using second = await openEngine({ spy: first.spy, clock: first.clock, runsJobs: false, limits });
    await second.advance(10);
    assert.deepEqual(await minutes(second, from, 'skip'), [1, 2]);
    assert.deepEqual(await minutes(second, from, 'last'), [1, 2, 302]);
    const all = await minutes(second, from, 'all');
    assert.deepEqual(all, [1, 2, ...Array.from({ length: 50 }, (_, at) => 253 + at)]);
    assert.equal((await second.engine.schedules.read(TENANT, 'last')).state.lastSkip?.reason, 'missed');
    await second.advance(MINUTE);
    for (const missed of ['skip', 'last', 'all']) assert.equal((await minutes(second, from, missed)).at(-1), 303);
  });

  it('pass over what falls into a pause, and go on with the next tick', async () => {
    await using fixture = await openEngine();
    const from = fixture.clock.now();
    await put(fixture, { missed: 'all' });
    await fixture.advance(MINUTE);
    const paused = await fixture.engine.schedules.pause(TENANT, 's');
    assert.deepEqual([paused.next, paused.state.pausedAt], [[], fixture.clock.now()]);
    await fixture.advance(3 * MINUTE + 1_000);
    const resumed = await fixture.engine.schedules.resume(TENANT, 's');
    assert.equal(resumed.next[0], from + 5 * MINUTE);
    await fixture.advance(MINUTE);
    assert.deepEqual(await minutes(fixture, from), [1, 5]);
    assert.equal((await fixture.engine.schedules.resume(TENANT, 's')).revision, resumed.revision + 1);
  });

  it('run once, now, also while they are paused', async () => {
    await using fixture = await openEngine();
    await put(fixture);
    await fixture.engine.schedules.pause(TENANT, 's');
    const { id } = await fixture.engine.schedules.run({ tenant: TENANT, name: 's' });
    const [job] = await jobsOf(fixture);
    assert.equal(job?.id, id);
    assert.deepEqual(job?.terms?.schedule, { name: 's', tick: fixture.clock.now() });
  });

  it('keep their ticks when the clock is set back, and miss none when it is set ahead', async () => {
    await using fixture = await openEngine({ runsJobs: false });
    const from = fixture.clock.now();
    await put(fixture);
    await fixture.advance(3 * MINUTE);
    fixture.clock.jump(-2 * MINUTE);
    await fixture.advance(2 * MINUTE);
    assert.deepEqual(await minutes(fixture, from), [1, 2, 3]);
    await fixture.advance(MINUTE);
    assert.deepEqual(await minutes(fixture, from), [1, 2, 3, 4]);
    fixture.clock.jump(90_000);
    await fixture.advance(2 * MINUTE);
    assert.equal((await minutes(fixture, from)).includes(5), true);
  });

  it('change from now on, and not at all by the same again', async () => {
    await using fixture = await openEngine();
    const from = fixture.clock.now();
    const made = await put(fixture);
    const same = await put(fixture);
    assert.equal(same.kind, 'unchanged');
    assert.deepEqual(same.schedule, made.schedule);
    await fixture.advance(MINUTE + 30_000);
    assert.equal((await put(fixture, { cron: '@every 2m' })).kind, 'changed');
    await fixture.advance(3 * MINUTE);
    assert.deepEqual(await minutes(fixture, from), [1, 2, 4]);
  });

  it('end with their end, and are shown then without a next tick', async () => {
    await using fixture = await openEngine();
    const from = fixture.clock.now();
    await put(fixture, { endAt: from + 3 * MINUTE });
    await fixture.advance(6 * MINUTE);
    assert.deepEqual(await minutes(fixture, from), [1, 2]);
    assert.deepEqual((await fixture.engine.schedules.read(TENANT, 's')).next, []);
  });

  it('have one job for each tick when several processes look at once, also where jobs are removed as soon as they end', async () => {
    await using first = await openEngine();
    const shared = { isShared: true, hasHints: false };
    const from = first.clock.now();
    const nodes = await Promise.all(
      ['b', 'c'].map((workerName) =>
        openEngine({ clock: first.clock, spy: spyOn(first.store, shared), workerName, runsJobs: false }),
      ),
    );
    await put(first, { job: { type: 'task', retainMs: 0 } }, 'gone');
    await put(first);
    const started: string[] = [];
    first.engine.subscribe((event) => {
      if (event.kind !== 'changed' || event.shown !== 'queued') return;
      const tick = event.snapshot.job.terms?.schedule;
      if (tick !== undefined) started.push(`${tick.name} ${(tick.tick - from) / MINUTE}`);
    });
    for (let minute = 0; minute < 10; minute += 1) {
      await first.advance(MINUTE);
      for (const node of nodes) await node.spy.idle();
    }
    assert.deepEqual(await minutes(first, from), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert.equal(started.length, new Set(started).size);
    for (const node of nodes) await node[Symbol.asyncDispose]();
  });

  it('neither lose nor double a tick whose answer was lost, or whose store was away', async () => {
    await using fixture = await openEngine({ runsJobs: false });
    const from = fixture.clock.now();
    await put(fixture);
    fixture.spy.loseAnswer('documentStep');
    await fixture.advance(2 * MINUTE);
    fixture.spy.breakDown();
    await fixture.advance(30_000);
    fixture.spy.repair();
    await fixture.advance(2 * MINUTE);
    assert.deepEqual(await minutes(fixture, from), [1, 2, 3, 4]);
  });

  it('say why a tick had no job, and go on', async () => {
    let isRefused = false;
    const checkInput = (input: unknown) =>
      isRefused
        ? { kind: 'invalid' as const, issues: [{ path: '/n', message: 'must be text' }] }
        : { kind: 'valid' as const, input: input as null };
    await using fixture = await openEngine({ types: { task: { checkInput } }, limits: { jobsWaitingMax: 1 } });
    await put(fixture);
    isRefused = true;
    await fixture.advance(MINUTE);
    const skip = async () => (await fixture.engine.schedules.read(TENANT, 's')).state.lastSkip;
    assert.match((await skip())?.message ?? '', /\/job\/input\/n must be text/);
    isRefused = false;
    await fixture.advance(2 * MINUTE);
    assert.match((await skip())?.message ?? '', /1 unfinished jobs/);
    assert.equal((await jobsOf(fixture)).length, 1);
    assert.ok(fixture.events.some(({ kind }) => kind === 'tickSkipped'));
  });

  it('leave a tick whose type is unknown here to a process that knows it', async () => {
    await using first = await openEngine();
    const from = first.clock.now();
    await put(first);
    await first.engine.stop();
    await using other = await openEngine({ spy: first.spy, clock: first.clock, types: { else: 'remote' } });
    await other.advance(2 * MINUTE + 1_000);
    assert.deepEqual(await minutes(other, from), []);
    await using third = await openEngine({ spy: first.spy, clock: first.clock });
    await third.advance(1);
    assert.deepEqual(await minutes(third, from), [2]);
  });

  it('are refused for what can never be, each with its code', async () => {
    await using fixture = await openEngine({ limits: { schedulesMax: 2, scheduleBytesMax: 2_000 } });
    const { schedules } = fixture.engine;
    await assert.rejects(put(fixture, { cron: 'x' }), codeOf('SCHEDULE_CRON_INVALID'));
    await assert.rejects(put(fixture, { cron: '0 0 30 2 *' }), codeOf('SCHEDULE_NEVER', /No date fits/));
    await assert.rejects(put(fixture, { endAt: 5 }), codeOf('SCHEDULE_NEVER', /endAt is over/));
    await assert.rejects(put(fixture, { endAt: fixture.clock.now() + 1 }), codeOf('SCHEDULE_NEVER', /before endAt/));
    await assert.rejects(put(fixture, { timeZone: 'Mars/Base' }), codeOf('TIME_ZONE_UNKNOWN'));
    await assert.rejects(put(fixture, { jitterMs: -1 }), codeOf('INVALID_REQUEST', /jitterMs/));
    await assert.rejects(put(fixture, {}, 'a/b'), codeOf('INVALID_REQUEST', /slash/));
    await assert.rejects(put(fixture, {}, 'x'.repeat(101)), codeOf('INVALID_REQUEST', /1 to 100/));
    await assert.rejects(put(fixture, {}, ''), codeOf('INVALID_REQUEST', /1 to 100/));
    const job = (over: object) => put(fixture, { job: { type: 'task', ...over } });
    await assert.rejects(job({ input: 'x'.repeat(2_000) }), codeOf('INVALID_REQUEST', /scheduleBytesMax is 2000/));
    await assert.rejects(job({ runAt: 5 }), codeOf('INVALID_REQUEST', /runAt must not be there/));
    await assert.rejects(job({ type: 'none' }), codeOf('TYPE_UNKNOWN', /"none"/));
    await assert.rejects(job({ priority: 1e9 }), codeOf('INVALID_REQUEST', /^\/job\/priority must/));
    await put(fixture, {}, 'one');
    await put(fixture, {}, 'two');
    await assert.rejects(put(fixture, {}, 'three'), codeOf('TOO_MANY_SCHEDULES'));
    assert.equal((await put(fixture, { cron: '@every 9m' }, 'two')).kind, 'changed');
    for (const call of [
      schedules.read('other', 'one'),
      schedules.remove('other', 'one'),
      schedules.pause('other', 'one'),
      schedules.run({ tenant: 'other', name: 'one' }),
    ]) {
      await assert.rejects(call, codeOf('SCHEDULE_NOT_FOUND'));
    }
    const page = await schedules.list({ tenant: TENANT, limit: 1 });
    assert.deepEqual([page.schedules.length, page.hasMore], [1, true]);
  });

  it('of the config are made, changed and removed with it, and are its alone to change', async () => {
    await using fixture = await openEngine();
    const { schedules } = fixture.engine;
    const of = (name: string, over: Partial<ScheduleSpec> = {}) => ({
      tenant: TENANT,
      name,
      spec: { ...SPEC, ...over },
    });
    await put(fixture, {}, 'mine');
    await schedules.reconcile([of('a'), of('b')]);
    const names = async () =>
      (await schedules.list({ tenant: TENANT, limit: 9 })).schedules.map(({ name }) => name).sort();
    assert.deepEqual(await names(), ['a', 'b', 'mine']);
    await assert.rejects(put(fixture, {}, 'a'), codeOf('SCHEDULE_FROM_CONFIG'));
    await assert.rejects(schedules.remove(TENANT, 'a'), codeOf('SCHEDULE_FROM_CONFIG'));
    await schedules.pause(TENANT, 'a');
    const { revision } = await schedules.read(TENANT, 'b');
    await schedules.reconcile([of('a', { cron: '@every 5m' }), of('b')]);
    const a = await schedules.read(TENANT, 'a');
    assert.deepEqual([a.spec.cron, a.state.pausedAt !== null, a.source], ['@every 5m', true, 'config']);
    assert.equal((await schedules.read(TENANT, 'b')).revision, revision);
    await schedules.reconcile([]);
    assert.deepEqual(await names(), ['mine']);
    await assert.rejects(
      schedules.reconcile([of('a', { job: { type: 'none' } })]),
      codeOf('CONFIG_INVALID', /schedules\.a/),
    );
  });
});
