/**
 * What a store must answer, computed without one: plain arrays, the functions of `core`, and no thought of speed.
 *
 * It knows the contract only, so that it judges any driver. Numbers are given by the driver and checked for growing.
 */
import assert from 'node:assert/strict';
import { type Job, type JobSpec, jobOf, patched, retainUntil } from '../../src/core/job.ts';
import { isParked } from '../../src/core/signals.ts';
import { isFinal, type StoredState } from '../../src/core/state.ts';
import { holderBefore, uniqueStep } from '../../src/core/unique.ts';
import type {
  ApplyOutcome,
  Count,
  CountFilter,
  GuardedPatch,
  InsertOutcome,
  JobRef,
  JobUsage,
  LeaseExtension,
  LeaseOutcome,
  ListFilter,
  NewJob,
  ReadOutcome,
  Removal,
  RemoveOutcome,
  ResultContent,
  SweepFindings,
} from '../../src/store/contract.ts';
import { createBook } from './book.ts';
import { type ClaimOracle, createClaimOracle } from './claim-oracle.ts';
import { createDeliveryOracle, type DeliveryOracle } from './delivery-oracle.ts';
import { createEventOracle, type EventOracle } from './event-oracle.ts';
import { createLimitOracle, type LimitOracle } from './limit-oracle.ts';
import { createLinkOracle, type LinkOracle } from './link-oracle.ts';
import { createScheduleOracle, type ScheduleOracle } from './schedule-oracle.ts';

export interface Oracle {
  readonly deliveries: DeliveryOracle;
  readonly events: EventOracle;
  readonly claims: ClaimOracle;
  readonly limits: LimitOracle;
  readonly links: LinkOracle;
  readonly schedules: ScheduleOracle;
  /** Every job there is, by number. */
  jobs(): readonly Job[];
  /** @param answers of the driver: their numbers are taken over */
  insert(batch: readonly NewJob[], answers: readonly InsertOutcome[]): readonly InsertOutcome[];
  /** @param answers of the driver: which children it freed with an end is taken over */
  apply(batch: readonly GuardedPatch[], answers?: readonly ApplyOutcome[]): readonly ApplyOutcome[];
  read(batch: readonly JobRef[]): readonly ReadOutcome[];
  readResult(id: string): ResultContent | null;
  readInput(id: string): string | null;
  list(filter: ListFilter): readonly Job[];
  count(filter: CountFilter): readonly Count[];
  usage(tenant: string): JobUsage;
  extend(batch: readonly LeaseExtension[]): readonly LeaseOutcome[];
  sweep(now: number, limit: number): SweepFindings;
  remove(batch: readonly Removal[]): readonly RemoveOutcome[];
}

interface Tombstone {
  readonly id: string;
  readonly number: number;
  readonly tenant: string;
  readonly goneAt: number;
  readonly goneUntil: number;
}

export function createOracle(): Oracle {
  const book = createBook();
  const { jobs } = book;
  let tombstones: readonly Tombstone[] = [];
  let lastNumber = 0;
  const events = createEventOracle();
  const links = createLinkOracle(book, events);
  const limits = createLimitOracle(book);

  function insertOne({ spec, input, isReplay = false }: NewJob, answer: InsertOutcome | undefined): InsertOutcome {
    const earlier = jobs().find(
      ({ tenant, idempotencyKey }) =>
        idempotencyKey !== null && tenant === spec.tenant && idempotencyKey === spec.idempotencyKey,
    );
    if (earlier !== undefined) {
      return { kind: earlier.requestHash === spec.requestHash ? 'existing' : 'conflict', job: earlier };
    }
    if (isReplay) return { kind: 'absent' };
    const held = heldBy(spec, input);
    if (held !== null) return held;
    const missing = links.missing(spec);
    if (missing !== undefined) return { kind: 'noParent', id: missing };
    assert.ok(
      answer?.kind === 'created' && answer.number > lastNumber,
      `${JSON.stringify(answer)} after ${lastNumber}`,
    );
    lastNumber = answer.number;
    const job = jobOf(spec, answer.number);
    book.put({ job, input, result: null });
    events.changed('waiting', spec.createdAt, job);
    links.link(job);
    limits.came(job);
    return { kind: 'created', number: answer.number };
  }

  /** What becomes of it where another job holds its unique key. */
  function heldBy(spec: JobSpec, input: string): InsertOutcome | null {
    const { tenant, type, terms, createdAt, runAt, priority, tags, deadlineMs } = spec;
    const unique = terms?.unique;
    if (unique === undefined) return null;
    const ofKey = (job: Job) => job.tenant === tenant && job.type === type && job.terms?.unique?.key === unique.key;
    const newest = jobs().findLast(ofKey);
    if (newest === undefined) return null;
    const { state } = newest;
    const afterOf = newest.terms?.after?.ids ?? [];
    const before = book.entry(holderBefore({ state, mode: newest.terms?.unique?.mode, after: afterOf }) ?? '')?.job;
    const job = before === undefined || isFinal(before.state) ? newest : before;
    const holder = { ...job, isParked: isParked(job), forMs: job.terms?.unique?.forMs ?? null };
    const step = uniqueStep({ unique, createdAt, runAt, after: terms?.after?.ids ?? [] }, holder);
    if (step.kind === 'take') return null;
    if (step.kind === 'held') return { kind: 'held', job };
    const deadlineAt = deadlineMs === null ? null : createdAt + deadlineMs;
    const next = { ...job, ...{ priority, tags, deadlineMs, deadlineAt, runAt: step.runAt, attempt: 0 } };
    const replaced = { ...next, revision: job.revision + 1 };
    book.put({ job: replaced, input, result: null });
    events.changed('changed', createdAt, replaced);
    return { kind: 'replaced', job: replaced };
  }

  function applyOne({ id, expect, patch, result, now, frees }: GuardedPatch, answer?: ApplyOutcome): ApplyOutcome {
    const entry = book.entry(id);
    if (entry === undefined) return { kind: 'missing' };
    const { job } = entry;
    const isExpected =
      expect.states.includes(job.state) &&
      (expect.fence ?? job.fence) === job.fence &&
      (expect.revision ?? job.revision) === job.revision;
    if (!isExpected) return { kind: 'stale', job };
    const next = patched(job, patch);
    book.put({ ...entry, job: next, result: result ?? entry.result });
    events.changed(next.state === job.state ? 'changed' : next.state, now ?? 0, next);
    links.changed(job, next);
    if (frees !== true || answer?.kind !== 'applied') return { kind: 'applied', job: next };
    return { kind: 'applied', job: next, ...links.ended(next, answer, now ?? 0) };
  }

  function readOne(ref: JobRef): ReadOutcome {
    const isMeant = (of: { readonly id: string; readonly number: number }) =>
      'id' in ref ? of.id === ref.id : of.number === ref.number;
    const job = jobs().find(isMeant);
    if (job !== undefined) return { kind: 'found', job };
    const tombstone = tombstones.find(isMeant);
    if (tombstone === undefined) return { kind: 'missing' };
    return { kind: 'gone', tenant: tombstone.tenant, goneAt: tombstone.goneAt, goneUntil: tombstone.goneUntil };
  }

  function removeOne({ id, revision, now, goneUntil }: Removal): RemoveOutcome {
    const job = book.entry(id)?.job;
    if (job === undefined) return 'missing';
    if (job.revision !== revision || !isFinal(job.state)) return 'stale';
    book.remove(id);
    links.removed(job.number);
    tombstones = [...tombstones, { id, number: job.number, tenant: job.tenant, goneAt: now, goneUntil }];
    return 'removed';
  }

  return {
    deliveries: createDeliveryOracle(),
    events,
    links,
    limits,
    schedules: createScheduleOracle(),
    claims: createClaimOracle(book, events, limits),
    jobs,
    insert: (batch, answers) => batch.map((item, index) => insertOne(item, answers[index])),
    apply: (batch, answers = []) => batch.map((item, index) => applyOne(item, answers[index])),
    read: (batch) => batch.map(readOne),
    readResult: (id) => book.entry(id)?.result ?? null,
    readInput: (id) => book.entry(id)?.input ?? null,
    list: (filter) => listOf(jobs(), filter),
    count: (filter) => countsOf(jobs().filter((job) => isWanted(job, filter))),
    usage(tenant) {
      const mine = jobs().flatMap((job) => (job.tenant === tenant ? [book.entry(job.id)] : []));
      const sizes = mine.map((entry) => Buffer.byteLength(entry?.input ?? '') + (entry?.result?.bytes.byteLength ?? 0));
      return { jobs: mine.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
    },
    extend: (batch) =>
      batch.map(({ id, fence, leaseUntil }) => {
        const job = book.entry(id)?.job;
        if (job?.state !== 'running' || job.fence !== fence) return { kind: 'lost' };
        book.change({ ...job, leaseUntil });
        return { kind: 'held', cancelRequestedAt: job.cancelRequestedAt };
      }),
    sweep: (now, limit) => sweepOf(jobs(), now, limit),
    remove(batch) {
      const outcomes = batch.map(removeOne);
      const now = Math.max(...batch.map((removal) => removal.now));
      tombstones = tombstones.filter(({ goneUntil }) => goneUntil > now);
      return outcomes;
    },
  };
}

function listOf(jobs: readonly Job[], filter: ListFilter): readonly Job[] {
  const isNewest = (filter.order ?? 'newest') === 'newest';
  const { after } = filter;
  const isPast = ({ number }: Job) => after === undefined || (isNewest ? number < after : number > after);
  const wanted = jobs.filter((job) => isWanted(job, filter) && isPast(job));
  return (isNewest ? wanted.toReversed() : wanted).slice(0, filter.limit);
}

function isWanted(job: Job, { tenant, states, types, tags, createdFrom, createdBefore }: CountFilter): boolean {
  return (
    (tenant === null || job.tenant === tenant) &&
    (states?.includes(job.state) ?? true) &&
    (types?.includes(job.type) ?? true) &&
    Object.entries(tags ?? {}).every(([name, value]) => job.tags[name] === value) &&
    (createdFrom === undefined || job.createdAt >= createdFrom) &&
    (createdBefore === undefined || job.createdAt < createdBefore)
  );
}

function countsOf(jobs: readonly Job[]): readonly Count[] {
  const groups = new Map<string, Count>();
  for (const { tenant, type, state } of jobs) {
    const key = groupOf({ tenant, type, state });
    groups.set(key, { tenant, type, state, count: (groups.get(key)?.count ?? 0) + 1 });
  }
  return sortedCounts([...groups.values()]);
}

export function sortedCounts(counts: readonly Count[]): readonly Count[] {
  return counts.toSorted((a, b) => (groupOf(a) < groupOf(b) ? -1 : 1));
}

function groupOf({ tenant, type, state }: { tenant: string; type: string; state: StoredState }): string {
  return `${tenant} ${type} ${state}`;
}

function sweepOf(jobs: readonly Job[], now: number, limit: number): SweepFindings {
  const running = jobs.filter(({ state }) => state === 'running');
  const overrunAt = ({ startedAt, timeoutMs, deadlineAt }: Job) =>
    Math.min((startedAt ?? 0) + (timeoutMs ?? Number.POSITIVE_INFINITY), deadlineAt ?? Number.POSITIVE_INFINITY);
  const leaseUntil = (job: Job) => job.leaseUntil ?? 0;
  const due = (candidates: readonly Job[], time: (job: Job) => number) =>
    candidates
      .filter((job) => time(job) <= now)
      .toSorted((a, b) => time(a) - time(b) || a.number - b.number)
      .slice(0, limit);
  return {
    lost: due(running, leaseUntil),
    overrun: due(
      running.filter((job) => leaseUntil(job) > now),
      overrunAt,
    ),
    overdue: due(
      jobs.filter(({ state }) => state === 'waiting'),
      ({ deadlineAt }) => deadlineAt ?? Number.POSITIVE_INFINITY,
    ),
    prunable: due(jobs, (job) => retainUntil(job) ?? Number.POSITIVE_INFINITY),
  };
}
