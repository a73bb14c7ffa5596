/**
 * What a store must answer, computed without one: plain arrays, the functions of `core`, and no thought of speed.
 *
 * It knows the contract only, so that it judges any driver. Numbers are given by the driver and checked for growing.
 */
import assert from 'node:assert/strict';
import { decide } from '../../src/core/decide.ts';
import { type Job, jobOf, patched, retainUntil } from '../../src/core/job.ts';
import { isFinal, type StoredState } from '../../src/core/state.ts';
import type {
  ApplyOutcome,
  ClaimedJob,
  ClaimRequest,
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
import { createDeliveryOracle, type DeliveryOracle } from './delivery-oracle.ts';
import { createEventOracle, type EventOracle } from './event-oracle.ts';

export interface Oracle {
  readonly deliveries: DeliveryOracle;
  readonly events: EventOracle;
  /** Every job there is, by number. */
  jobs(): readonly Job[];
  /** @param answers of the driver: their numbers are taken over */
  insert(batch: readonly NewJob[], answers: readonly InsertOutcome[]): readonly InsertOutcome[];
  claim(request: ClaimRequest): readonly ClaimedJob[];
  apply(batch: readonly GuardedPatch[]): readonly ApplyOutcome[];
  read(batch: readonly JobRef[]): readonly ReadOutcome[];
  readResult(id: string): ResultContent | null;
  readInput(id: string): string | null;
  list(filter: ListFilter): readonly Job[];
  count(filter: CountFilter): readonly Count[];
  usage(tenant: string): JobUsage;
  extend(batch: readonly LeaseExtension[]): readonly LeaseOutcome[];
  sweep(now: number, limit: number): SweepFindings;
  /** Either is right: a job behind an earlier one of its sequence may count, at the cost of a look too many. */
  nextRunAts(types: readonly string[], now: number): readonly (number | null)[];
  remove(batch: readonly Removal[]): readonly RemoveOutcome[];
}

interface Entry {
  job: Job;
  readonly input: string;
  result: ResultContent | null;
}

interface Tombstone {
  readonly id: string;
  readonly number: number;
  readonly tenant: string;
  readonly goneAt: number;
  readonly goneUntil: number;
}

export function createOracle(): Oracle {
  const entries = new Map<string, Entry>();
  let tombstones: readonly Tombstone[] = [];
  let lastNumber = 0;
  const events = createEventOracle();

  const jobs = () => [...entries.values()].map(({ job }) => job).toSorted((a, b) => a.number - b.number);

  function insertOne({ spec, input, isReplay = false }: NewJob, answer: InsertOutcome | undefined): InsertOutcome {
    const earlier = jobs().find(
      ({ tenant, idempotencyKey }) =>
        idempotencyKey !== null && tenant === spec.tenant && idempotencyKey === spec.idempotencyKey,
    );
    if (earlier !== undefined) {
      return { kind: earlier.requestHash === spec.requestHash ? 'existing' : 'conflict', job: earlier };
    }
    if (isReplay) return { kind: 'absent' };
    assert.ok(
      answer?.kind === 'created' && answer.number > lastNumber,
      `${JSON.stringify(answer)} after ${lastNumber}`,
    );
    lastNumber = answer.number;
    const job = jobOf(spec, answer.number);
    entries.set(spec.id, { job, input, result: null });
    events.changed('waiting', spec.createdAt, job);
    return { kind: 'created', number: answer.number };
  }

  const isOfSequence = (other: Job, job: Job) =>
    other.number !== job.number && other.tenant === job.tenant && other.sequenceKey === job.sequenceKey;

  /** Whether an earlier job of its tenant and key is not final, or any of them runs. */
  function isBlocked(job: Job): boolean {
    if (job.sequenceKey === null) return false;
    return jobs().some(
      (other) =>
        isOfSequence(other, job) && (other.state === 'running' || (other.number < job.number && !isFinal(other.state))),
    );
  }

  function claimType(request: ClaimRequest, type: string, max: number): readonly ClaimedJob[] {
    const due = jobs().filter(
      (job) =>
        job.type === type &&
        job.state === 'waiting' &&
        job.runAt <= request.now &&
        (request.tenant === null || job.tenant === request.tenant) &&
        !isBlocked(job),
    );
    const inOrder = due.toSorted((a, b) => b.priority - a.priority || a.runAt - b.runAt || a.number - b.number);
    return inOrder.slice(0, max).map((job) => claimJob(job, request));
  }

  function claimJob(job: Job, { worker, leaseMs, now }: ClaimRequest): ClaimedJob {
    const decision = decide(job, { kind: 'claim', worker, leaseMs }, now);
    assert.ok(decision.kind === 'accepted');
    const beside = jobs().find((other) => other.state === 'running' && isOfSequence(other, job));
    assert.ok(job.sequenceKey === null || beside === undefined, `${job.number} runs beside ${beside?.number}`);
    const entry = entryOf(job.id);
    entry.job = patched(job, decision.patch);
    events.changed('running', now, entry.job);
    return { job: entry.job, input: entry.input };
  }

  function entryOf(id: string): Entry {
    const entry = entries.get(id);
    assert.ok(entry !== undefined);
    return entry;
  }

  function applyOne({ id, expect, patch, result, now }: GuardedPatch): ApplyOutcome {
    const entry = entries.get(id);
    if (entry === undefined) return { kind: 'missing' };
    const { job } = entry;
    const isExpected =
      expect.states.includes(job.state) &&
      (expect.fence ?? job.fence) === job.fence &&
      (expect.revision ?? job.revision) === job.revision;
    if (!isExpected) return { kind: 'stale', job };
    entry.job = patched(job, patch);
    if (result !== undefined) entry.result = result;
    events.changed(entry.job.state === job.state ? 'changed' : entry.job.state, now ?? 0, entry.job);
    return { kind: 'applied', job: entry.job };
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
    const job = entries.get(id)?.job;
    if (job === undefined) return 'missing';
    if (job.revision !== revision || !isFinal(job.state)) return 'stale';
    entries.delete(id);
    tombstones = [...tombstones, { id, number: job.number, tenant: job.tenant, goneAt: now, goneUntil }];
    return 'removed';
  }

  return {
    deliveries: createDeliveryOracle(),
    events,
    jobs,
    insert: (batch, answers) => batch.map((item, index) => insertOne(item, answers[index])),
    claim(request) {
      const claimed: ClaimedJob[] = [];
      for (const { type, max } of request.wants) {
        claimed.push(...claimType(request, type, Math.min(max, request.max - claimed.length)));
      }
      return claimed;
    },
    apply: (batch) => batch.map(applyOne),
    read: (batch) => batch.map(readOne),
    readResult: (id) => entries.get(id)?.result ?? null,
    readInput: (id) => entries.get(id)?.input ?? null,
    list: (filter) => listOf(jobs(), filter),
    count: (filter) => countsOf(jobs().filter((job) => isWanted(job, filter))),
    usage(tenant) {
      const mine = [...entries.values()].filter(({ job }) => job.tenant === tenant);
      const sizes = mine.map(({ input, result }) => Buffer.byteLength(input) + (result?.bytes.byteLength ?? 0));
      return { jobs: mine.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
    },
    extend: (batch) =>
      batch.map(({ id, fence, leaseUntil }) => {
        const entry = entries.get(id);
        if (entry?.job.state !== 'running' || entry.job.fence !== fence) return { kind: 'lost' };
        entry.job = { ...entry.job, leaseUntil };
        return { kind: 'held', cancelRequestedAt: entry.job.cancelRequestedAt };
      }),
    sweep: (now, limit) => sweepOf(jobs(), now, limit),
    nextRunAts(types, now) {
      const ahead = jobs().filter((job) => types.includes(job.type) && job.state === 'waiting' && job.runAt > now);
      const earliest = (of: readonly Job[]) => (of.length === 0 ? null : Math.min(...of.map(({ runAt }) => runAt)));
      return [earliest(ahead.filter((job) => !isBlocked(job))), earliest(ahead)];
    },
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
