/** Jobs, times and steps that the tests are made of. */
import assert from 'node:assert/strict';
import { uuidv7 } from 'uuidv7';
import { type Command, decide, expectedStates } from '../../core/decide.ts';
import { BideError, type ErrorCode } from '../../core/errors.ts';
import { type Job, type JobSpec, patched } from '../../core/job.ts';
import type { ClaimedJob, NewDelivery, NewJob, ResultContent, Store, StoreRecord, WholeJob } from '../contract.ts';
import type { Context } from './suite.ts';

/** A moment for tests: any will do, stores take times from their callers. */
export const NOW = 1_750_000_000_000;
export const LEASE_MS = 30_000;
export const WORKER = 'worker-1';
export const RETAIN_MS = 60_000;

export function specOf({ tenant, type }: Pick<Context, 'tenant' | 'type'>, over: Partial<JobSpec> = {}): JobSpec {
  return {
    id: uuidv7(),
    tenant,
    type,
    priority: 0,
    runAt: NOW,
    tags: {},
    retry: { attempts: 3, backoffMs: 1_000, factor: 2, maxMs: 60_000 },
    timeoutMs: null,
    deadlineMs: null,
    sequenceKey: null,
    createdAt: NOW,
    retainMs: RETAIN_MS,
    idempotencyKey: null,
    requestHash: null,
    callbackUrl: null,
    origin: null,
    terms: null,
    ...over,
  };
}

export function newJob(context: Pick<Context, 'tenant' | 'type'>, over: Partial<JobSpec> = {}, input = '{}'): NewJob {
  return { spec: specOf(context, over), input };
}

/** Stores one job per element, in one batch, and returns the jobs as they were stored. */
export async function insertJobs(context: Context, overs: readonly Partial<JobSpec>[]): Promise<readonly Job[]> {
  const batch = overs.map((over) => newJob(context, over));
  await context.store.insert(batch);
  return Promise.all(batch.map(({ spec }) => readJob(context.store, spec.id)));
}

export async function insertJob(context: Context, over: Partial<JobSpec> = {}): Promise<Job> {
  return first(await insertJobs(context, [over]));
}

export async function readJob(store: Store, id: string): Promise<Job> {
  const outcome = first(await store.read([{ id }]));
  assert.equal(outcome.kind, 'found', `job ${id} is ${outcome.kind}`);
  return outcome.job;
}

export async function claimSome(
  { store, type }: Context,
  max: number,
  over: { readonly now?: number; readonly tenant?: string; readonly worker?: string; readonly leaseMs?: number } = {},
): Promise<readonly ClaimedJob[]> {
  return store.claim({
    wants: [{ type, max }],
    max,
    tenant: over.tenant ?? null,
    worker: over.worker ?? WORKER,
    leaseMs: over.leaseMs ?? LEASE_MS,
    now: over.now ?? NOW,
  });
}

/** Claims one job, which there has to be. */
export async function claimOne(context: Context, now = NOW): Promise<Job> {
  return first(await claimSome(context, 1, { now })).job;
}

/** Decides and writes as the engine does, guarded by the revision of the job that was read; returns the job after it. */
export async function take(store: Store, id: string, command: Command, now = NOW): Promise<Job> {
  return takeWith(store, id, { command, now });
}

interface Step {
  readonly command: Command;
  readonly now: number;
  readonly result?: ResultContent | undefined;
}

async function takeWith(store: Store, id: string, { command, now, result }: Step): Promise<Job> {
  const job = await readJob(store, id);
  const decision = decide(job, command, now);
  assert.equal(decision.kind, 'accepted', `${command.kind} of a ${job.state} job was ${JSON.stringify(decision)}`);
  const expect = { states: expectedStates(command.kind), revision: job.revision };
  const patch = { id, expect, patch: decision.patch, now, ...(result === undefined ? {} : { result }) };
  const outcome = first(await store.apply([patch]));
  assert.equal(outcome.kind, 'applied');
  assert.deepEqual(outcome.job, patched(job, decision.patch));
  return outcome.job;
}

/** Claims one job of the context and ends it well. */
export async function succeedOne(context: Context, now = NOW, result?: ResultContent): Promise<Job> {
  const job = await claimOne(context, now);
  return succeed(context.store, job, now, result);
}

export async function succeed(store: Store, job: Job, now = NOW, result?: ResultContent): Promise<Job> {
  const meta = result === undefined ? null : { contentType: result.contentType, bytes: result.bytes.byteLength };
  return takeWith(store, job.id, { command: { kind: 'succeed', fence: job.fence, result: meta }, now, result });
}

export function failure(code = 'HANDLER_FAILED', message = 'It broke.') {
  return { code, message, details: null };
}

export async function fail(store: Store, job: Job, isRetryable: boolean, now = NOW): Promise<Job> {
  return take(store, job.id, { kind: 'fail', fence: job.fence, failure: failure(), isRetryable, random: 0 }, now);
}

export function textResult(text: string, contentType = 'application/json'): ResultContent {
  return { contentType, bytes: new TextEncoder().encode(text) };
}

/** Everything that the store holds. */
export async function dumped(store: Store): Promise<readonly StoreRecord[]> {
  const records: StoreRecord[] = [];
  for await (const batch of store.dump()) records.push(...batch);
  return records;
}

/** The jobs of a dump, with all that belongs to them. */
export function wholeJobsOf(records: readonly StoreRecord[]): readonly ({ readonly kind: 'job' } & WholeJob)[] {
  return records.filter((record) => record.kind === 'job');
}

export function idsOf(jobs: readonly { readonly id: string }[]): readonly string[] {
  return jobs.map(({ id }) => id);
}

export function claimedIds(claimed: readonly ClaimedJob[]): readonly string[] {
  return claimed.map(({ job }) => job.id);
}

export function first<T>(items: readonly T[]): T {
  return at(items, 0);
}

export function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  assert.ok(item !== undefined, `there is no element ${index}`);
  return item;
}

export async function rejectsWith(promise: Promise<unknown>, ...codes: readonly ErrorCode[]): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof BideError, `${String(error)} is not a BideError`);
    assert.ok(codes.includes(error.code), `${error.code} (${error.message}) is none of ${codes.join(', ')}`);
    return true;
  });
}

/** Of a job that need not exist. */
export function newDelivery({ tenant }: Pick<Context, 'tenant'>, over: Partial<NewDelivery> = {}): NewDelivery {
  return {
    tenant,
    jobId: '00000000-0000-7000-8000-000000000001',
    revision: 1,
    event: 'job.succeeded',
    endpointId: null,
    url: 'http://127.0.0.1:1/hook',
    lane: 0,
    origin: null,
    headers: { 'content-type': 'application/json' },
    body: '{}',
    at: NOW,
    dueAt: NOW,
    ...over,
  };
}
