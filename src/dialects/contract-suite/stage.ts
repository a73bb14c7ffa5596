/**
 * Puts jobs into each of the states that are shown, without a sleep: remote types whose worker is the caller, and a clock that is
 * turned by hand.
 */
import type { Json } from '../../core/job.ts';
import type { ShownState } from '../../core/state.ts';
import type { Engine, Snapshot, SubmitRequest } from '../../engine/api.ts';

/** Never claimed: its jobs stay `scheduled` or `queued`. */
export const PARKED_TYPE = 'parked';
/** Claimed by `stage` only, right after the submit, so that a claim always gets the job that is meant. */
export const STAGED_TYPE = 'staged';

const HOUR_MS = 3_600_000;
/** Backoff of an hour: a job that is to be seen `retrying` must not become due while a test turns the clock. */
const RETRY = { attempts: 3, backoffMs: HOUR_MS, factor: 1, maxMs: HOUR_MS };

export interface Held {
  readonly id: string;
  readonly fence: number;
}

/** The worker of the suite. */
export interface Worker {
  /** Claims the job of `type` that is due first; throws when there is none. */
  claim(type: string): Promise<Held>;
  succeed(held: Held, result: Json): Promise<void>;
  /** Any bytes under any content type. */
  succeedWith(held: Held, contentType: string, bytes: Uint8Array): Promise<void>;
  fail(held: Held, message: string, isRetryable?: boolean, details?: Json): Promise<void>;
  report(held: Held, percent: number): Promise<void>;
}

export function createWorker(engine: Engine, tenant: string): Worker {
  const never = new AbortController().signal;
  return {
    async claim(type) {
      const outcome = await engine.workClaim({
        tenant,
        types: [type],
        max: 1,
        leaseMs: HOUR_MS,
        worker: 'contract-suite',
        timeoutMs: 0,
        signal: never,
      });
      const claimed = outcome.kind === 'claimed' ? outcome.jobs[0] : undefined;
      if (claimed === undefined) throw new Error(`No job of type ${type} could be claimed: ${outcome.kind}.`);
      return { id: claimed.job.id, fence: claimed.job.fence };
    },
    succeed(held, result) {
      return this.succeedWith(held, 'application/json', Buffer.from(JSON.stringify(result)));
    },
    async succeedWith(held, contentType, bytes) {
      expectDone(await engine.workSucceed({ tenant, ...held, result: { contentType, bytes } }));
    },
    async fail(held, message, isRetryable = false, details = null) {
      const failure = { code: 'HANDLER_FAILED', message, details };
      expectDone(await engine.workFail({ tenant, ...held, failure, isRetryable }));
    },
    async report(held, percent) {
      const outcome = await engine.workHeartbeat({ tenant, ...held, percent, timeoutMs: 0, signal: never });
      if (outcome.kind !== 'held') throw new Error(`The worker could not report: ${outcome.kind}.`);
    },
  };
}

export interface StageOptions {
  readonly engine: Engine;
  readonly tenant: string;
  /** See `Rig`. */
  sweep(): Promise<void>;
}

export interface StageRequest {
  /** The result of a succeeded job. */
  readonly result?: Json;
  /** Fields of the submit, such as an origin. */
  readonly submit?: Partial<SubmitRequest>;
}

/** Submits a job natively and takes it to `shown`. Time moves on by a second for `expired`, else not at all. */
export async function stageJob(
  options: StageOptions,
  shown: ShownState,
  request: StageRequest = {},
): Promise<Snapshot> {
  const { engine, tenant, sweep } = options;
  const job = await submit(options, shown, request);
  const worker = createWorker(engine, tenant);
  if (shown === 'running') await worker.claim(STAGED_TYPE);
  if (shown === 'retrying') await worker.fail(await worker.claim(STAGED_TYPE), 'it broke', true);
  if (shown === 'failed') await worker.fail(await worker.claim(STAGED_TYPE), 'it broke');
  if (shown === 'succeeded') await worker.succeed(await worker.claim(STAGED_TYPE), request.result ?? null);
  if (shown === 'cancelled') await engine.cancel(tenant, job.id);
  if (shown === 'expired') {
    const done = untilDone(engine, tenant, job.id);
    await sweep();
    await done;
  }
  return current(engine, tenant, job.id);
}

async function submit({ engine, tenant }: StageOptions, shown: ShownState, request: StageRequest) {
  const isParked = shown === 'scheduled' || shown === 'queued' || shown === 'expired' || shown === 'cancelled';
  const [outcome] = await engine.submit([
    {
      tenant,
      type: isParked ? PARKED_TYPE : STAGED_TYPE,
      retry: RETRY,
      ...(shown === 'scheduled' ? { delayMs: HOUR_MS } : {}),
      ...(shown === 'expired' ? { deadlineMs: 1 } : {}),
      ...request.submit,
    },
  ]);
  if (outcome?.kind !== 'created') throw new Error(`The job was not submitted: ${outcome?.kind}.`);
  return outcome.snapshot.job;
}

async function untilDone(engine: Engine, tenant: string, id: string): Promise<void> {
  await engine.wait({
    tenant,
    ids: [id],
    for: 'all',
    until: { kind: 'done' },
    timeoutMs: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
  });
}

async function current(engine: Engine, tenant: string, id: string): Promise<Snapshot> {
  const [lookup] = await engine.read(tenant, [id]);
  if (lookup?.kind !== 'found') throw new Error(`The job is ${lookup?.kind}.`);
  return lookup.snapshot;
}

function expectDone(outcome: { readonly kind: string }): void {
  if (outcome.kind !== 'done') throw new Error(`The worker could not end the job: ${outcome.kind}.`);
}
