/**
 * Submits what schedules are due for. Every process looks; whoever writes the step of a schedule first has its jobs stored with it, in one
 * transaction, and the others find that it has gone on.
 *
 * Nobody leads, nothing is locked while somebody thinks, and a process that dies between two statements has done all of a step or none of it.
 */

import { BideError } from '../../core/errors.ts';
import { jobOf } from '../../core/job.ts';
import { dueTicks, isFree, type Ran, type Skipped, stateAfter } from '../../core/schedules/decide-ticks.ts';
import type { Schedule } from '../../core/schedules/schedule.ts';
import { isFinal } from '../../core/state.ts';
import type { Document, DuePlace, InsertOutcome, NewJob, StepOutcome } from '../../store/contract.ts';
import type { SubmitRequest } from '../api.ts';
import type { EngineBase } from '../engine-base.ts';
import { doubtAfter } from '../failed-write.ts';
import { createLoop, type Loop } from '../loop.ts';
import { createPollTimer } from '../poll-timer.ts';
import type { Reader } from '../reading/reader.ts';
import { announceCreated, arriving } from '../submitting/arriving.ts';
import type { Coming } from '../submitting/coming.ts';
import type { Submits } from '../submitting/submit.ts';
import { refusalOf } from './refusal.ts';
import { SCHEDULE_KIND, scheduleIn, ticksIn, writeOf } from './shelf.ts';
import { tickRequest } from './tick-request.ts';

export interface TickingOptions extends EngineBase {
  readonly reader: Reader;
  readonly coming: Coming;
  readonly submits: () => Pick<Submits, 'check' | 'takeRoom' | 'giveBackRoom' | 'submit'>;
}

const PAGE = 100;
/** Of one look: a hundred thousand due ones take several. */
const PAGES_MAX = 50;
/** Steps under way at once. */
const AT_ONCE = 8;

export function createTicking(options: TickingOptions): Loop {
  const { store, clock } = options;
  const poll = createPollTimer(options);

  async function run(): Promise<number | null> {
    poll.isDue();
    // One moment for both questions: what falls due between them would be in neither answer.
    const request = { kind: SCHEDULE_KIND, now: clock.now(), limit: PAGE };
    let hasMore = false;
    let after: DuePlace | undefined;
    for (let pages = 0; pages < PAGES_MAX; pages += 1) {
      const documents = await store.documentDue(after === undefined ? request : { ...request, after });
      hasMore = (await stepAll(options, documents)) || hasMore;
      after = documents.at(-1);
      if (documents.length < PAGE) break;
    }
    return hasMore ? 0 : poll.sleepMs(await store.documentNextDue(request));
  }

  return createLoop({ ...options, name: 'schedules', run });
}

/** Whether one of them has more to do at once. */
async function stepAll(options: TickingOptions, documents: readonly Document[]): Promise<boolean> {
  // Each process in an order of its own, so that they share the work.
  const left = documents
    .map((document) => ({ document, at: options.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ document }) => document);
  let hasMore = false;
  const work = async () => {
    for (let document = left.pop(); document !== undefined; document = left.pop()) {
      try {
        hasMore = (await step(options, document)) || hasMore;
      } catch (error) {
        // One that cannot be read, of a zone that is no more, keeps nobody else's waiting. A store that is away keeps all.
        if (error instanceof BideError && error.kind !== 'internal' && error.kind !== 'unprocessable') throw error;
        options.telemetry.emit({ kind: 'internalError', where: `schedule ${document.name}`, error });
      }
    }
  };
  const settled = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
  return hasMore;
}

/** Whether it is due again at once. */
async function step(options: TickingOptions, document: Document): Promise<boolean> {
  const schedule = scheduleIn(document);
  // A process that does not know the type leaves the tick to one that does.
  if (!options.types.has(schedule.spec.job.type)) return false;
  const now = options.clock.now();
  const nextTick = ticksIn(document);
  const due = dueTicks(schedule, nextTick, now, options.limits);
  if (due === null) return false;
  const unfinished = await unfinishedOf(options, schedule.state.recent);
  const jobs = await jobsOf(options, document, due.ticks, unfinished.length);
  const skipped = jobs.skipped ?? missedOf(due.missed);
  const next = nextTick(Math.max(schedule.state.cursor, due.cursor));
  const state = stateAfter(schedule.state, due, { next, unfinished, ran: jobs.ran, skipped });
  const written = await write(options, document, { ...schedule, state }, jobs.ready);
  if (written.kind !== 'written') return false;
  const held = heldTick(jobs, written.jobs);
  if (held !== null) await noteHeld(options, written.document, { before: schedule.state, ran: jobs.ran, ...held });
  const told = held?.skipped ?? skipped;
  if (told !== null) tellSkipped(options, document, told);
  return next !== null && next <= now;
}

interface Held {
  readonly skipped: Skipped;
  /** Jobs that were not stored, since another held their unique key. */
  readonly ids: ReadonlySet<string>;
}

function heldTick({ ran }: TickJobs, outcomes: readonly InsertOutcome[]): Held | null {
  const held = ran.filter((_, index) => outcomes[index]?.kind === 'held');
  const last = held.at(-1);
  if (last === undefined) return null;
  const message = 'Another job holds the unique key.';
  return {
    skipped: { tick: last.tick, reason: 'unique', message },
    ids: new Set(held.map(({ jobId }) => jobId)),
  };
}

/**
 * Who holds a key is known when the step is written: its jobs are taken out of the state afterwards. A process that dies in between leaves the name of a job
 * that is not there, which nobody waits for.
 */
async function noteHeld(
  { store, clock }: TickingOptions,
  document: Document,
  { before, ran, skipped, ids }: Held & { readonly before: Schedule['state']; readonly ran: readonly Ran[] },
): Promise<void> {
  const schedule = scheduleIn(document);
  const state = {
    ...schedule.state,
    recent: schedule.state.recent.filter((id) => !ids.has(id)),
    lastRun: ran.findLast(({ jobId }) => !ids.has(jobId)) ?? before.lastRun,
    lastSkip: skipped,
  };
  await store.documentWrite(
    writeOf(document, { ...schedule, state }, { revision: document.revision, now: clock.now() }),
  );
}

/** Also those that a process without this one's memory has made: read by id, removed ones are final. */
async function unfinishedOf({ reader }: TickingOptions, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const found = await reader.fresh(ids);
  return ids.filter((_, index) => {
    const one = found[index];
    return one?.kind === 'found' && !isFinal(one.snapshot.job.state);
  });
}

interface TickJobs {
  readonly ready: readonly NewJob[];
  readonly ran: readonly Ran[];
  /** The last of them. */
  readonly skipped: Skipped | null;
}

async function jobsOf(
  options: TickingOptions,
  document: Document,
  ticks: readonly number[],
  unfinished: number,
): Promise<TickJobs> {
  const { spec } = scheduleIn(document);
  const ready: NewJob[] = [];
  const ran: Ran[] = [];
  let skipped: Skipped | null = null;
  for (const tick of ticks) {
    if (!isFree(spec.overlap, unfinished + ready.length)) {
      skipped = { tick, reason: 'overlap', message: 'A job of an earlier tick is unfinished.' };
      continue;
    }
    const job = await jobOfTick(options, tickRequest(document, spec, { tick, now: options.clock.now() }));
    if (job instanceof BideError) skipped = { tick, reason: 'refused', message: job.message };
    else {
      ready.push(job);
      ran.push({ tick, jobId: job.spec.id });
    }
  }
  return { ready, ran, skipped };
}

/** With its room taken, or why there is none. */
async function jobOfTick({ submits, limits }: TickingOptions, request: SubmitRequest): Promise<NewJob | BideError> {
  const { check, takeRoom } = submits();
  const checked = await check(request);
  if (checked.kind !== 'checked') return refusalOf(checked, request.type);
  const limit = await takeRoom([checked.job]);
  return limit === null ? checked.job : refusalOf({ kind: 'overQuota', limit, value: limits[limit] }, request.type);
}

async function write(
  options: TickingOptions,
  document: Document,
  schedule: Schedule,
  jobs: readonly NewJob[],
): Promise<StepOutcome> {
  const { store, clock, submits, changes } = options;
  const write = writeOf(document, schedule, { revision: document.revision, now: clock.now() });
  const specs = jobs.map(({ spec }) => spec);
  const outcome = await arriving(options, specs, () => store.documentStep({ write, jobs })).catch((error: unknown) => {
    submits().giveBackRoom(jobs);
    doubtAfter(error, changes, () => {});
    throw error;
  });
  for (const [index, job] of jobs.entries()) {
    const inserted = outcome.kind === 'written' ? outcome.jobs[index] : undefined;
    if (inserted?.kind === 'created') announceCreated(options, jobOf(job.spec, inserted.number));
    else submits().giveBackRoom([job]);
  }
  return outcome;
}

function missedOf(tick: number | null): Skipped | null {
  return tick === null ? null : { tick, reason: 'missed', message: 'No process was there for it in time.' };
}

function tellSkipped({ telemetry }: TickingOptions, { tenant, name }: Document, { reason, message }: Skipped): void {
  telemetry.emit({ kind: 'tickSkipped', tenant, name, reason, message });
}
