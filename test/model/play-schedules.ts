/** Commands about schedules: what a process does whose clock says that one is due, and another one at the same moment. */
import assert from 'node:assert/strict';
import { dueTicks, isFree, type Ran, stateAfter } from '../../src/core/schedules/decide-ticks.ts';
import { nextInterval } from '../../src/core/schedules/intervals.ts';
import type { NextTick, ScheduleSpec, ScheduleState } from '../../src/core/schedules/schedule.ts';
import { isFinal } from '../../src/core/state.ts';
import type { Document, DocumentWrite, NewJob } from '../../src/store/contract.ts';
import { type Play, takeId } from './play.ts';
import type { ScheduleCommand } from './schedule-commands.ts';
import { type ModelSchedule, SCHEDULE_KIND } from './schedule-oracle.ts';

/** Nothing is missed: a play takes minutes at most, by its clock. */
const LIMITS = { scheduleLateMsMax: 3_600_000, scheduleMissedMax: 7 };
const NEW: Omit<ScheduleState, 'cursor' | 'next'> = {
  ...{ catchUpUntil: null, pausedAt: null, recent: [], lastRun: null, lastSkip: null },
};

type Put = Extract<ScheduleCommand, { kind: 'schedulePut' }>;

export async function performOnSchedules(play: Play, command: ScheduleCommand): Promise<void> {
  const { store, oracle } = play;
  switch (command.kind) {
    case 'schedulePut':
      return put(play, command);
    case 'scheduleRemove': {
      const ref = { tenant: command.tenant, name: command.name };
      assert.equal(await store.documentRemove({ ...ref, kind: SCHEDULE_KIND }), oracle.schedules.remove(ref));
      return;
    }
    case 'scheduleLook':
      return look(play, command);
  }
}

async function put({ store, oracle, now }: Play, { tenant, name, everyMs, overlap }: Put): Promise<void> {
  if (oracle.schedules.read({ tenant, name }) !== null) return;
  const next = nextInterval(now + everyMs, everyMs, now);
  const schedule: ModelSchedule = { anchor: now, everyMs, overlap, state: { ...NEW, cursor: now, next } };
  const write = { ...writeOf({ tenant, name }, schedule, now), expectRevision: null };
  assert.deepEqual(await store.documentWrite(write), { kind: 'written', document: oracle.schedules.write(write) });
}

async function look(
  play: Play,
  { processes, limit }: Extract<ScheduleCommand, { kind: 'scheduleLook' }>,
): Promise<void> {
  const { store, oracle, now } = play;
  const due = await store.documentDue({ kind: SCHEDULE_KIND, now, limit });
  assert.deepEqual(due, oracle.schedules.due(now, limit));
  for (const document of due) for (let at = 0; at < processes; at += 1) await step(play, document);
  const next = await store.documentNextDue({ kind: SCHEDULE_KIND, now });
  assert.equal(next, oracle.schedules.nextDue(now));
}

/** Of whoever has seen this document, which another one may have written since. */
async function step(play: Play, seen: Document): Promise<void> {
  const { store, oracle, now } = play;
  const schedule = seen.data as unknown as ModelSchedule;
  const nextTick: NextTick = (after) => nextInterval(schedule.anchor + schedule.everyMs, schedule.everyMs, after);
  const due = dueTicks({ spec: { missed: 'all' } as ScheduleSpec, state: schedule.state }, nextTick, now, LIMITS);
  assert.ok(due !== null);
  const unfinished = schedule.state.recent.filter((id) => {
    const job = oracle.jobs().find((one) => one.id === id);
    return job !== undefined && !isFinal(job.state);
  });
  const { jobs, ran } = jobsOf(play, seen, due.ticks, unfinished.length);
  const next = nextTick(Math.max(schedule.state.cursor, due.cursor));
  const state = stateAfter(schedule.state, due, { next, unfinished, ran, skipped: null });
  const write = { ...writeOf(seen, { ...schedule, state }, now), expectRevision: seen.revision };
  const answer = await store.documentStep({ write, jobs });
  const document = oracle.schedules.write(write);
  if (document === null) {
    assert.deepEqual(answer, { kind: 'stale', document: oracle.schedules.read(seen) });
    return;
  }
  assert.ok(answer.kind === 'written');
  assert.deepEqual(answer, { kind: 'written', document, jobs: oracle.insert(jobs, answer.jobs) });
  assert.ok(answer.jobs.every(({ kind }) => kind === 'created'));
  oracle.schedules.decided(seen, due.ticks);
}

function jobsOf(play: Play, seen: Document, ticks: readonly number[], unfinished: number) {
  const { overlap } = seen.data as unknown as ModelSchedule;
  const jobs: NewJob[] = [];
  const ran: Ran[] = [];
  for (const tick of ticks) {
    if (!isFree(overlap, unfinished + jobs.length)) continue;
    const job = jobOfTick(play, seen, tick);
    jobs.push(job);
    ran.push({ tick, jobId: job.spec.id });
  }
  return { jobs, ran };
}

function jobOfTick(play: Play, { tenant, name, createdAt }: Document, tick: number): NewJob {
  const id = takeId(play);
  const spec = {
    ...{ id, tenant, type: 'x', priority: 0, runAt: tick, tags: {}, createdAt: play.now, retainMs: 10 },
    ...{ idempotencyKey: `${name} ${createdAt} ${tick}`, requestHash: 'h', sequenceKey: null, timeoutMs: null },
    ...{ deadlineMs: null, callbackUrl: null, origin: null, terms: { schedule: { name, tick } } },
    retry: { attempts: 2, backoffMs: 4, factor: 2, maxMs: 10 },
  };
  return { spec, input: JSON.stringify(id) };
}

function writeOf(
  { tenant, name }: Pick<Document, 'tenant' | 'name'>,
  schedule: ModelSchedule,
  now: number,
): Omit<DocumentWrite, 'expectRevision'> {
  const data = schedule as unknown as DocumentWrite['data'];
  return { tenant, kind: SCHEDULE_KIND, name, data, now, dueAt: schedule.state.next };
}
