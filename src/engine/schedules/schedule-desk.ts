/** Keeps the schedules of tenants: decides whether a change may be, and writes it. */
import { BideError } from '../../core/errors.ts';
import type { NextTick, Schedule, ScheduleSpec, ScheduleState } from '../../core/schedules/schedule.ts';
import type { Document } from '../../store/contract.ts';
import type { EngineBase } from '../engine-base.ts';
import { createLines, inLine } from '../lines.ts';
import { stableText } from '../submitting/request-hash.ts';
import type { Submits } from '../submitting/submit.ts';
import { createConfigured } from './configured.ts';
import { ticksOf } from './cron.ts';
import { refusalOf } from './refusal.ts';
import type { NamedSchedule, PutOutcome, PutRequest, RunOutcome, RunRequest, Schedules } from './schedules.ts';
import { namedOf, notFound, type Placed, placeOf, SCHEDULE_KIND, scheduleIn, ticksIn, writeOf } from './shelf.ts';
import { specIssues } from './spec-issues.ts';
import { tickRequest } from './tick-request.ts';

export interface ScheduleDeskOptions extends Pick<EngineBase, 'store' | 'clock' | 'limits' | 'types'> {
  readonly submits: () => Pick<Submits, 'check' | 'submit'>;
  /** There may be a tick sooner. */
  readonly wake: () => void;
}

export function createScheduleDesk(options: ScheduleDeskOptions): Schedules {
  const { store } = options;
  const lines = createLines();
  const changeInLine = ({ tenant, name }: Placed, changed: Changed) =>
    inLine(lines, JSON.stringify([tenant, name]), () => change(options, { tenant, name }, changed));
  const configured = createConfigured(options, {
    put: (request) => put(options, request),
    remove: async ({ tenant, name }) => void (await store.documentRemove(placeOf({ tenant, name }))),
  });
  return {
    put: (tenant, name, spec) =>
      inLine(lines, JSON.stringify([tenant, name]), () => put(options, { tenant, name, spec, source: 'api' })),
    read: async (tenant, name) => namedOf(await requireOne(options, tenant, name)),
    async list({ tenant, after, limit }) {
      const filter = { tenant, kind: SCHEDULE_KIND, limit: limit + 1, ...(after === undefined ? {} : { after }) };
      const documents = await store.documentList(filter);
      return { schedules: documents.slice(0, limit).map(namedOf), hasMore: documents.length > limit };
    },
    async remove(tenant, name) {
      refuseConfigured(await requireOne(options, tenant, name));
      if (!(await store.documentRemove(placeOf({ tenant, name })))) throw notFound(name);
    },
    pause: (tenant, name) =>
      changeInLine({ tenant, name }, ({ state }, now) =>
        state.pausedAt === null ? { ...state, pausedAt: now } : null,
      ),
    resume: (tenant, name) =>
      changeInLine({ tenant, name }, ({ state }, now, nextTick) =>
        state.pausedAt === null ? null : { ...fromNow(state, now, nextTick), pausedAt: null },
      ),
    run: (request) => runNow(options, request),
    reconcile: configured.reconcile,
  };
}

/** Ticks up to now are passed over. Never back: those that were decided on stay so. */
function fromNow(state: ScheduleState, now: number, nextTick: NextTick): ScheduleState {
  const cursor = Math.max(state.cursor, now);
  return { ...state, cursor, next: nextTick(cursor), catchUpUntil: null };
}

const NEW_STATE = { catchUpUntil: null, pausedAt: null, recent: [], lastRun: null, lastSkip: null };

async function put(options: ScheduleDeskOptions, request: PutRequest): Promise<PutOutcome> {
  const { store, clock, limits } = options;
  const { tenant, name, spec, source } = request;
  requireSound(options, request);
  ticksOf(spec, 0);
  await requireTaken(options, request);
  let document = await store.documentRead(placeOf(request));
  for (let attempt = 0; attempt < limits.applyAttemptsMax; attempt += 1) {
    if (source === 'api' && document !== null) refuseConfigured(document);
    if (document !== null && isSame(scheduleIn(document), request)) {
      return { kind: 'unchanged', schedule: namedOf(document) };
    }
    const now = clock.now();
    const nextTick = ticksOf(spec, document?.createdAt ?? now);
    const state = fromNow(
      document === null ? { ...NEW_STATE, cursor: now, next: null } : scheduleIn(document).state,
      now,
      nextTick,
    );
    if (state.next === null) throw new BideError('SCHEDULE_NEVER', neverOf(spec, now));
    const schedule: Schedule = { spec, state, source, updatedAt: now };
    const write = writeOf({ tenant, name }, schedule, { revision: document?.revision ?? 0, now });
    const outcome = await (document === null
      ? store.documentAdd({ ...write, countMax: limits.schedulesMax })
      : store.documentWrite(write));
    if (outcome.kind === 'full') throw tooMany(outcome.count, limits.schedulesMax);
    if (outcome.kind === 'written') {
      options.wake();
      return { kind: document === null ? 'created' : 'changed', schedule: namedOf(outcome.document) };
    }
    document = outcome.document;
  }
  throw new BideError('CHANGED_MEANWHILE');
}

function requireSound({ limits }: ScheduleDeskOptions, { name, spec }: PutRequest): void {
  const issues = specIssues(name, spec, limits);
  const [first] = issues;
  if (first === undefined) return;
  throw new BideError('INVALID_REQUEST', `${first.path} ${first.message}.`, { errors: issues });
}

/** As its first tick would be, but for the room that there is then. */
async function requireTaken({ clock, submits }: ScheduleDeskOptions, request: PutRequest): Promise<void> {
  const checked = await submits().check(tickRequest(request, request.spec, { tick: null, now: clock.now() }));
  if (checked.kind !== 'checked') throw refusalOf(checked, request.spec.job.type);
}

function isSame({ spec, source }: Schedule, request: PutRequest): boolean {
  return source === request.source && stableText({ ...spec } as never) === stableText({ ...request.spec } as never);
}

function neverOf({ endAt }: ScheduleSpec, now: number): string {
  if (endAt !== null && endAt <= now) return 'endAt is over: no tick comes before it.';
  return endAt === null ? 'No date fits all fields of cron, ever.' : 'No tick comes before endAt.';
}

function tooMany(count: number, value: number): BideError {
  const message = `The tenant has ${count} schedules, and schedulesMax is ${value}.`;
  return new BideError('TOO_MANY_SCHEDULES', message, { limit: 'schedulesMax', value });
}

async function requireOne({ store }: ScheduleDeskOptions, tenant: string, name: string): Promise<Document> {
  const document = await store.documentRead(placeOf({ tenant, name }));
  if (document === null) throw notFound(name);
  return document;
}

function refuseConfigured(document: Document): void {
  if (scheduleIn(document).source === 'config') throw new BideError('SCHEDULE_FROM_CONFIG');
}

type Changed = (schedule: Schedule, now: number, nextTick: NextTick) => ScheduleState | null;

/** @param changed the state as it is to be; null where it is so already */
async function change(
  options: ScheduleDeskOptions,
  { tenant, name }: Placed,
  changed: Changed,
): Promise<NamedSchedule> {
  const { store, clock, limits } = options;
  let document: Document | null = await requireOne(options, tenant, name);
  for (let attempt = 0; attempt < limits.applyAttemptsMax; attempt += 1) {
    if (document === null) throw notFound(name);
    const schedule = scheduleIn(document);
    const now = clock.now();
    const state = changed(schedule, now, ticksIn(document));
    if (state === null) return namedOf(document);
    const { revision } = document;
    const outcome = await store.documentWrite(writeOf(document, { ...schedule, state }, { revision, now }));
    if (outcome.kind === 'written') {
      options.wake();
      return namedOf(outcome.document);
    }
    document = outcome.document;
  }
  throw new BideError('CHANGED_MEANWHILE');
}

/** Its job is one that later ticks look at, as far as they look: an overlap with it is one. */
async function runNow(options: ScheduleDeskOptions, { tenant, name, idempotencyKey }: RunRequest): Promise<RunOutcome> {
  const { spec } = scheduleIn(await requireOne(options, tenant, name));
  const request = tickRequest({ tenant, name }, spec, { tick: null, now: options.clock.now() });
  const [outcome] = await options.submits().submit([{ ...request, idempotencyKey: idempotencyKey ?? null }]);
  if (outcome === undefined) throw new TypeError('A submit was not answered.');
  if (outcome.kind !== 'created' && outcome.kind !== 'existing') throw refusalOf(outcome, spec.job.type);
  const { id } = outcome.snapshot.job;
  if (outcome.kind === 'existing') return { id, kind: outcome.unique === undefined ? 'replayed' : 'held' };
  const noted: Changed = ({ state }) => ({ ...state, recent: [...state.recent, id].slice(-2) });
  await change(options, { tenant, name }, noted).catch(ifGone);
  return { id, kind: 'created' };
}

/** The job is stored: that its schedule was removed meanwhile, or changed all the time, is no failure of the call. */
function ifGone(error: unknown): void {
  if (!(error instanceof BideError) || !['SCHEDULE_NOT_FOUND', 'CHANGED_MEANWHILE'].includes(error.code)) throw error;
}
