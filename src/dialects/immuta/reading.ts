/** Reading jobs: by id with a wait, by bulk, by connection, by search, and counted. */

import type { FastifyRequest } from 'fastify';
import { Value } from 'typebox/value';
import { BideError } from '../../core/errors.ts';
import { jobIdOf } from '../../core/id.ts';
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
import { isJsonType } from '../../core/media-type.ts';
import { isParked, workingState } from '../../core/signals.ts';
import { isFinal, type ShownState, type StoredState } from '../../core/state.ts';
import type { Lookup, Snapshot } from '../../engine/api.ts';
import type { Principal } from '../../http/dialect.ts';
import { waitFor } from '../job-done.ts';
import { jsonBodyOf } from '../json-body.ts';
import { resultAtHand, resultOf } from '../result-of.ts';
import { keptPerSnapshot } from '../snapshot-cache.ts';
import type { Call } from './call.ts';
import { BULK_TAG, CONNECTION_TAG, foundJob, jobStatus, STATES_OF, shownStatesOf } from './mapping.ts';
import { date, invalid, many, one, type RawQuery, state, whole } from './query.ts';
import { type JobStatus, STATES, StatusesRequest, type StatusMap } from './wire.ts';

const SECOND_MS = 1_000;
const SIZE_DEFAULT = 50;
/** Rows that may be skipped: offsets are walked page by page, so they must end somewhere. */
const OFFSET_MAX = 10_000;

/** The answer where every job is in memory and there is nothing to wait for, spliced from texts that were made once; undefined otherwise. */
export function quickStatuses(context: Call['context'], principal: Principal, raw: FastifyRequest): string | undefined {
  const request = soleRequest(raw) ?? plainRequest(jsonBodyOf({ context, request: raw }));
  if (request === null || request.jobIds.length > context.engine.limits.idsPerCallMax) return undefined;
  const parts: string[] = [];
  let unfinished: Snapshot | undefined;
  for (const id of new Set(request.jobIds)) {
    // What memory knows by this name is an id, which needs no escapes.
    const snapshot = context.engine.peek(principal.tenant, id);
    if (snapshot === undefined || (request.wait !== 0 && !isFinal(snapshot.job.state))) return undefined;
    const text = textOf(snapshot, context.engine.clock.now());
    if (text === undefined) return undefined;
    parts.push(`"${id}":${text}`);
    if (!isFinal(snapshot.job.state)) unfinished = snapshot;
  }
  if (unfinished !== undefined) context.holds.look(principal, unfinished.job);
  return `{${parts.join(',')}}`;
}

/** Undefined where the result is not with the snapshot. */
const textOf = keptPerSnapshot((snapshot, shown): string | undefined => {
  const result = resultAtHand(snapshot);
  return result === undefined
    ? undefined
    : JSON.stringify(jobStatus(snapshot.job, result, isParked(snapshot.job) ? 'running' : shown));
});

interface PlainRequest {
  readonly jobIds: readonly string[];
  readonly wait: number;
}

const SOLE_ID = /^\s*\{\s*"jobIds"\s*:\s*\[\s*"([0-9a-f-]{36})"\s*\]\s*\}\s*$/;
const SOLE_BYTES_MAX = 200;

/** A poll for one job and nothing beside it, which need not be parsed; null for all others. */
function soleRequest({ body, headers }: FastifyRequest): PlainRequest | null {
  if (!(body instanceof Buffer) || body.length > SOLE_BYTES_MAX || !isJsonType(headers['content-type'])) return null;
  const id = SOLE_ID.exec(body.toString('latin1'))?.[1];
  return id === undefined ? null : { jobIds: [id], wait: 0 };
}

/** What nearly every other request is; null for all the rest, right or wrong, which are read with care. */
function plainRequest(body: Json | undefined): PlainRequest | null {
  const { jobIds, wait = 0, pollInterval = 1 } = fieldsOf(body);
  if (!Array.isArray(jobIds) || !jobIds.every((id) => typeof id === 'string')) return null;
  if (!Number.isInteger(wait) || !Number.isInteger(pollInterval) || Number(pollInterval) < 1) return null;
  return { jobIds: jobIds as readonly string[], wait: Number(wait) };
}

export async function statuses(call: Call, body: Json | undefined): Promise<StatusMap> {
  const request = statusesRequest(body, call.context.engine.limits.idsPerCallMax);
  const asked = [...new Set([request.jobIds].flat())];
  const known = asked.flatMap((text) => {
    const id = jobIdOf(text);
    return id === null ? [] : [{ text, id }];
  });
  const lookups = await waited(
    call,
    known.map(({ id }) => id),
    request.wait ?? 0,
  );
  requireFitting(
    call,
    lookups.flatMap((lookup) => (lookup.kind === 'found' ? [lookup.snapshot] : [])),
  );
  const entries = await Promise.all(known.map(({ text }, index) => entryOf(call, text, lookups[index])));
  return Object.fromEntries(entries.flat());
}

/** `GET /jobs`: by bulk as an id-keyed map, by connection as a count of what is pending. */
export async function jobsOf(call: Call, query: RawQuery): Promise<StatusMap | { readonly pending?: string }> {
  const bulkId = one(query, 'bulkId');
  if (bulkId !== undefined) return mapOf(call, await tagged(call, { [BULK_TAG]: bulkId }));
  const connection = one(query, 'connectionString');
  if (connection !== undefined) return pendingOf(call, connection);
  throw invalid('"bulkId" is required');
}

export async function search(call: Call, query: RawQuery) {
  const { limits } = call.context.engine;
  const size = whole(query, 'size', { min: 1, max: limits.listPageMax, otherwise: SIZE_DEFAULT });
  const offset = whole(query, 'offset', { min: 0, max: OFFSET_MAX, otherwise: 0 });
  const wanted = state(query);
  const snapshots = await listed(call, {
    ...filterOf(query),
    ...(wanted === undefined ? {} : { states: shownStatesOf(wanted) }),
    count: offset + size + 1,
    hasResults: false,
  });
  // A page ends early where its results are large: the offset of the next one follows from what is on it.
  const page = withinBytes(snapshots.slice(offset, offset + size), limits.pageBytesMax);
  const jobs = await Promise.all(
    page.map(async (snapshot) => foundJob(snapshot.job, await resultOf(call.context.engine, snapshot), now(call))),
  );
  const end = offset + page.length;
  return { jobs, next: snapshots.length > end ? String(end) : null };
}

/** As many of them as have so many bytes of results, and one in any case. */
function withinBytes(snapshots: readonly Snapshot[], bytesMax: number): readonly Snapshot[] {
  let bytes = 0;
  const end = snapshots.findIndex(({ job }, index) => {
    bytes += job.result?.bytes ?? 0;
    return index > 0 && bytes > bytesMax;
  });
  return end === -1 ? snapshots : snapshots.slice(0, end);
}

/** Statuses carry whole results: what is asked for in one call must fit into one answer. */
function requireFitting(call: Call, snapshots: readonly Snapshot[]): void {
  const { answerBytesPerTenantMax: value } = call.context.engine.limits;
  if (snapshots.length < 2 || withinBytes(snapshots, value).length === snapshots.length) return;
  throw new BideError(
    'ANSWER_TOO_LARGE',
    `The results of these ${snapshots.length} jobs have more than ${value} bytes.`,
  );
}

/** Per job type, the jobs in each state. Stored states only: a retry that is due is `created` here. */
export async function summary(call: Call, query: RawQuery) {
  const counts = await call.context.engine.count({ tenant: call.principal.tenant, ...filterOf(query) });
  const none = Object.fromEntries(STATES.map((word) => [word, 0]));
  const rows = new Map<string, Record<string, number | string>>();
  for (const { type, state: stored, count } of counts) {
    const row = rows.get(type) ?? { jobType: type, ...none };
    const word = STATES_OF[shownAs(stored)];
    row[word] = Number(row[word]) + count;
    rows.set(type, row);
  }
  return { jobType: [...rows.values()] };
}

function statusesRequest(body: Json | undefined, idsMax: number): StatusesRequest {
  const given = body ?? {};
  const [error] = Value.Errors(StatusesRequest, given);
  if (error !== undefined) throw invalid(sentenceOf(given, error));
  const request = given as StatusesRequest;
  if ([request.jobIds].flat().length > idsMax)
    throw invalid(`"jobIds" must contain less than or equal to ${idsMax} items`);
  return request;
}

/** The vendor validates with joi: the field in quotes, then what is wrong with it. */
function sentenceOf(given: Json, error: { readonly instancePath: string; readonly message: string }): string {
  const fields = fieldsOf(given);
  if ((fields.jobIds ?? null) === null) return '"jobIds" is required';
  const field = error.instancePath.split('/')[1] ?? 'value';
  if (field === 'pollInterval' && Number.isInteger(fields.pollInterval)) {
    return '"pollInterval" must be greater than or equal to 1';
  }
  if (field === 'wait' || field === 'pollInterval') return `"${field}" must be an integer`;
  return field === 'jobIds' ? '"jobIds" must be an array of strings' : 'Invalid request payload input';
}

async function waited(call: Call, ids: readonly string[], wait: number): Promise<readonly Lookup[]> {
  const { waitSecondsMax } = call.context.options;
  const seconds = Math.min(wait < 0 ? Number.POSITIVE_INFINITY : wait, waitSecondsMax ?? Number.POSITIVE_INFINITY);
  const timeoutMs = seconds * SECOND_MS;
  const { lookups } = await waitFor(call, { ids, for: 'all', until: { kind: 'done' }, timeoutMs });
  const unfinished = lookups.find((lookup) => lookup.kind === 'found' && !isFinal(lookup.snapshot.job.state));
  // One look, however many jobs it is at.
  if (timeoutMs <= 0 && unfinished?.kind === 'found') call.context.holds.look(call.principal, unfinished.snapshot.job);
  return lookups;
}

async function entryOf(call: Call, text: string, lookup: Lookup | undefined): Promise<[string, JobStatus][]> {
  if (lookup?.kind !== 'found') return [];
  return [[text, await statusOf(call, lookup.snapshot)]];
}

async function statusOf(call: Call, snapshot: Snapshot): Promise<JobStatus> {
  return jobStatus(snapshot.job, await resultOf(call.context.engine, snapshot), workingState(snapshot.job, now(call)));
}

async function mapOf(call: Call, snapshots: readonly Snapshot[]): Promise<StatusMap> {
  requireFitting(call, snapshots);
  const all = await Promise.all(snapshots.map((snapshot) => statusOf(call, snapshot)));
  return Object.fromEntries(all.map((status) => [status.id, status]));
}

function tagged(call: Call, tags: Readonly<Record<string, string>>): Promise<readonly Snapshot[]> {
  return listed(call, { tags, order: 'oldest', count: call.context.engine.limits.jobsPerCallMax });
}

interface Wanted {
  readonly tags?: Readonly<Record<string, string>>;
  readonly types?: readonly string[];
  readonly states?: readonly ShownState[];
  readonly createdFrom?: number;
  readonly createdBefore?: number;
  readonly order?: 'newest' | 'oldest';
  readonly count: number;
  readonly hasResults?: boolean;
}

async function listed(call: Call, { count, ...filter }: Wanted): Promise<readonly Snapshot[]> {
  const { engine } = call.context;
  const found: Snapshot[] = [];
  let after: number | null = null;
  do {
    const limit = Math.min(engine.limits.listPageMax, count - found.length);
    const page = await engine.list({
      ...filter,
      tenant: call.principal.tenant,
      limit,
      ...(after === null ? {} : { after }),
    });
    found.push(...page.snapshots);
    after = page.next?.number ?? null;
  } while (after !== null && found.length < count);
  return found;
}

/** Nothing where no job of this connection is remembered: clients take that for "done long ago". */
async function pendingOf(call: Call, connection: string): Promise<{ readonly pending?: string }> {
  const counts = await call.context.engine.count({
    tenant: call.principal.tenant,
    tags: { [CONNECTION_TAG]: connection },
  });
  if (counts.length === 0) return {};
  const open = counts.filter(({ state: stored }) => stored === 'waiting' || stored === 'running');
  return { pending: String(open.reduce((sum, { count }) => sum + count, 0)) };
}

function filterOf(query: RawQuery): Pick<Wanted, 'types' | 'createdFrom' | 'createdBefore'> {
  const types = many(query, 'jobType');
  const from = date(query, 'startDate');
  const before = date(query, 'endDate');
  return {
    ...(types.length === 0 ? {} : { types }),
    ...(from === undefined ? {} : { createdFrom: from }),
    ...(before === undefined ? {} : { createdBefore: before }),
  };
}

function shownAs(stored: StoredState): ShownState {
  return stored === 'waiting' ? 'queued' : stored;
}

function now(call: Call): number {
  return call.context.engine.clock.now();
}
