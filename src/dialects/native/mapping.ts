/** Jobs and outcomes as the native API says them: pure and total. Bodies are JSON text, since a result is spliced in as it was stored. */

import { awaitsParents } from '../../core/after/after.ts';
import { BideError } from '../../core/errors.ts';
import type { HeldBack } from '../../core/held-back.ts';
import { jobIdOf } from '../../core/id.ts';
import { groupIdOf, type Job, retainUntil, type Tags } from '../../core/job.ts';
import type { KeyLimit } from '../../core/limit-spec.ts';
import { quotaError } from '../../core/quota-error.ts';
import { type AwaitedSignal, isParked, type KnownSignals, knownSignals } from '../../core/signals.ts';
import { type ShownState, shownState } from '../../core/state.ts';
import type { ScheduleTerm } from '../../core/terms.ts';
import { traceHeaders } from '../../core/trace-context.ts';
import type {
  CommandOutcome,
  Lookup,
  Snapshot,
  StoredKey,
  SubmitOutcome,
  SubmitRequest,
  WorkOutcome,
} from '../../engine/api.ts';
import { invalid } from './problem.ts';
import { isoTime, isoTimeOrNull } from './status.ts';
import type { SubmitBody } from './wire.ts';

// --- Requests -------------------------------------------------------------------------------------------------------------

/** The id in a path. One that is no id is one that no job has: a 404, like any other unknown one. */
export function requireJobId(text: string): string {
  const id = jobIdOf(text);
  if (id === null) throw new BideError('JOB_NOT_FOUND', undefined, { id: text.slice(0, 100) });
  return id;
}

/** @param headerKey the Idempotency-Key header, which wins over the body's. */
export function submitRequestOf(tenant: string, body: SubmitBody, headerKey?: string): SubmitRequest {
  const { runAt, input, ...rest } = body;
  return {
    ...rest,
    tenant,
    input: input as SubmitRequest['input'],
    tags: rest.tags as Tags | undefined,
    runAt: runAt === null || runAt === undefined ? null : timeOf(runAt),
    idempotencyKey: headerKey ?? rest.idempotencyKey ?? null,
  };
}

const LEAP_SECOND = /:60(?=[.Zz+-])/;

/** Epoch ms of an ISO 8601 text, NaN for what is none. A leap second is the second after it, as for the clocks that Bide goes by. */
function timeOf(text: string): number {
  return LEAP_SECOND.test(text) ? Date.parse(text.replace(LEAP_SECOND, ':59')) + 1_000 : Date.parse(text);
}

export function requireTime(text: string, path: string): number {
  const ms = timeOf(text);
  if (Number.isNaN(ms)) throw invalid([{ path, message: 'must be a point in time, such as 2030-01-31T12:00:00Z' }]);
  return ms;
}

/** `team:x` -> team is x. The value may hold colons; those of a name are written `\\:`, its backslashes `\\\\`. */
const TAG = /^((?:[^:\\]|\\.)+):(.*)$/s;

export function tagsOf(pairs: readonly string[]): Tags {
  const tags = new Map<string, string>();
  for (const pair of pairs) {
    const [, escaped = '', value = ''] = TAG.exec(pair) ?? [];
    const name = escaped.replace(/\\(.)/gs, '$1');
    if ((tags.get(name) ?? value) !== value) {
      throw invalid([{ path: '/tag', message: `asks for two values of ${JSON.stringify(name)}; a job has one` }]);
    }
    tags.set(name, value);
  }
  return Object.fromEntries(tags);
}

// --- Bodies ---------------------------------------------------------------------------------------------------------------

/**
 * Written by hand, since every submit and every change of a job pays for it: 1.6 µs instead of 4.6 µs with `JSON.stringify` of the whole
 * (Node 24, 2 × AMD EPYC). Only what a caller can name is escaped; ids, words and times need none. The job's number is left out: it counts
 * the jobs of all tenants.
 * @param base what stands before `/v1` in links: empty, or the prefix under which the routes are part of another app.
 */
export function jobBody(base: string, { job, resultText }: Snapshot, shown: ShownState): string {
  const self = `${base}/v1/jobs/${job.id}`;
  const { progress } = job;
  const related = job.terms === null ? '' : relatedText(job);
  const copied = job.origin?.resubmitOf === undefined ? '' : `,"resubmitOf":"${job.origin.resubmitOf}"`;
  const ticked =
    job.terms?.schedule === undefined ? '' : `,"schedule":${JSON.stringify(scheduleFields(job.terms.schedule))}`;
  const group = groupIdOf(job);
  const grouped = group === null ? '' : `,"group":"${group}"`;
  const sequence = job.sequenceKey === null ? '' : `,"sequenceKey":${JSON.stringify(job.sequenceKey)}`;
  return `{"id":"${job.id}","type":${JSON.stringify(job.type)},"state":"${shown}"\
,"progress":{"percent":${progress.percent},"message":${JSON.stringify(progress.message)}}\
,"attempt":${job.attempt},"attemptsMax":${job.retry.attempts},"priority":${job.priority},"tags":${tagsText(job.tags)}\
,"revision":${job.revision}${copied}${ticked}${grouped}${sequence}${related}${waitingForText(job)},"createdAt":${timeText(job.createdAt)},"runAt":${timeText(job.runAt)}\
,"startedAt":${timeText(job.startedAt)},"finishedAt":${timeText(job.finishedAt)}\
,"deadlineAt":${timeText(job.deadlineAt)},"retainUntil":${timeText(retainUntil(job))}\
,"cancelRequestedAt":${timeText(job.cancelRequestedAt)},"error":${errorText(job)},"result":${resultText ?? 'null'}\
,"links":{"self":"${self}","result":"${self}/result","events":"${self}/events","cancel":"${self}/cancel"}}`;
}

/** The same body of a job that is held back. */
export function withHeldBack(body: string, held: HeldBack): string {
  return `${body.slice(0, -1)},"waitingFor":${JSON.stringify(heldFields(held))}}`;
}

function heldFields(held: HeldBack): object {
  if (held.by === 'type') return { type: held.type, reason: held.reason };
  if (held.by === 'sequence') return { sequence: held.key };
  return { limit: held.key, reason: held.reason, until: isoTimeOrNull(held.until) };
}

/** Only where it waits for something that somebody has to do. */
function waitingForText(job: Job): string {
  if (job.marks === null || !isParked(job)) return '';
  const { name, until } = job.marks.signal as AwaitedSignal;
  return `,"waitingFor":{"signal":${JSON.stringify(name)},"until":${timeText(until)}}`;
}

/** The same body with the number, which is for admins alone. */
export function withNumber(body: string, { job }: Snapshot): string {
  return `${body.slice(0, -1)},"number":${job.number}}`;
}

function scheduleFields({ name, tick }: ScheduleTerm) {
  return { name, tick: isoTime(tick) };
}

/** Of the few that come after others, have a key of a limit or of their own, or are part of a trace. */
function relatedText(job: Job): string {
  const { after, limit, unique, trace } = job.terms ?? {};
  const traced = trace === undefined ? '' : `,"traceparent":"${trace.parent}"`;
  const parents = after === undefined ? '' : `,"after":${JSON.stringify(after.ids)},"afterPolicy":"${after.policy}"`;
  const keys = `${limit === undefined ? '' : `,"limit":${limitText(limit)}`}${unique === undefined ? '' : `,"unique":${JSON.stringify(unique)}`}`;
  return `${parents}${keys}${traced}${awaitsParents(job) ? ',"waitingFor":{"parents":true}' : ''}`;
}

function limitText({ key, concurrency = null, rate = null }: KeyLimit): string {
  return JSON.stringify({ key, concurrency, rate });
}

function timeText(ms: number | null): string {
  return ms === null ? 'null' : `"${isoTime(ms)}"`;
}

function tagsText(tags: Tags): string {
  for (const _ in tags) return JSON.stringify(tags);
  return '{}';
}

function errorText({ error }: Job): string {
  if (error === null) return 'null';
  return JSON.stringify({ code: error.code, message: error.message, details: error.details });
}

/** An id that is not this tenant's, never was, or is gone: a wait says so in the job's place instead of failing as a whole. */
export function unknownBody(id: string): string {
  return JSON.stringify({ id, state: 'unknown' });
}

/** What a worker gets to work on. */
export function claimedBody(job: Job, input: string): string {
  const fields = {
    id: job.id,
    type: job.type,
    attempt: job.attempt,
    attemptsMax: job.retry.attempts,
    fence: job.fence,
    timeoutMs: job.timeoutMs,
    deadlineAt: isoTimeOrNull(job.deadlineAt),
    leaseUntil: isoTimeOrNull(job.leaseUntil),
    tags: job.tags,
    ...(job.terms?.schedule === undefined ? {} : { schedule: scheduleFields(job.terms.schedule) }),
    ...traceHeaders(job.terms?.trace ?? null),
    ...signalsOf(knownSignals(job.marks, job.startedAt ?? 0)),
  };
  return `${JSON.stringify(fields).slice(0, -1)},"input":${input}}`;
}

function signalsOf(known: KnownSignals | null): object {
  return known === null ? {} : { signals: known.values, signalsMissed: known.overdue };
}

export function keyBody(key: StoredKey): object {
  const { id, tenant, name, scopes } = key;
  const times = { createdAt: isoTime(key.createdAt), revokedAt: isoTimeOrNull(key.revokedAt) };
  return { id, tenant, name, scopes, ...times, expiresAt: isoTimeOrNull(key.expiresAt) };
}

// --- Refusals -------------------------------------------------------------------------------------------------------------

export type SubmitRefusal = Exclude<SubmitOutcome, { kind: 'created' | 'existing' }>;

export function submitError(outcome: SubmitRefusal, type: string): BideError {
  switch (outcome.kind) {
    case 'conflict':
      return new BideError('IDEMPOTENCY_MISMATCH', undefined, { jobId: outcome.snapshot.job.id });
    case 'held':
      return new BideError('UNIQUE_HELD', undefined, { jobId: outcome.snapshot.job.id });
    case 'unknownType':
      return new BideError('TYPE_UNKNOWN', `There is no job type named ${JSON.stringify(type)}.`, {
        types: outcome.types,
      });
    case 'invalidInput':
      return new BideError('INPUT_INVALID', undefined, { errors: outcome.issues });
    case 'invalidRequest':
      return invalid(outcome.issues);
    case 'refused':
      return outcome.error;
    case 'noParent':
      return new BideError('PARENT_UNKNOWN', undefined, { id: outcome.id.slice(0, 100) });
    case 'overQuota':
      return quotaError(outcome);
  }
}

export function notThere(outcome: { readonly kind: 'gone'; readonly goneAt: number } | { readonly kind: 'missing' }) {
  if (outcome.kind === 'missing') return new BideError('JOB_NOT_FOUND');
  return new BideError('JOB_GONE', undefined, { goneAt: isoTime(outcome.goneAt) });
}

/** The snapshot of a lookup, or the 404 or 410 that it means. */
export function requireFound(lookup: Lookup | undefined): Snapshot {
  if (lookup?.kind === 'found') return lookup.snapshot;
  throw notThere(lookup ?? { kind: 'missing' });
}

export function requireDone(outcome: CommandOutcome, what: string, now: number): Snapshot {
  if (outcome.kind === 'done' || outcome.kind === 'unchanged') return outcome.snapshot;
  if (outcome.kind !== 'wrongState') throw notThere(outcome);
  const state = shownState(outcome.snapshot.job, now);
  throw new BideError('WRONG_STATE', `A job that is ${state} cannot be ${what}.`, { state });
}

export function requireHeld<Outcome extends { readonly kind: string }>(
  outcome: Outcome | Exclude<WorkOutcome, { kind: 'done' }>,
  now: number,
): Outcome {
  if (outcome.kind === 'lost' && 'snapshot' in outcome) {
    const { fence } = outcome.snapshot.job;
    const state = shownState(outcome.snapshot.job, now);
    const detail = state === 'running' ? undefined : `The job is not running any more: it is ${state}.`;
    throw new BideError('FENCE_OLD', detail, { state, fence });
  }
  if (outcome.kind === 'gone' && 'goneAt' in outcome) throw notThere(outcome);
  if (outcome.kind === 'missing') throw notThere({ kind: 'missing' });
  return outcome as Outcome;
}
