/** The calls of a remote worker: claim, heartbeat, succeed, fail. `runWorker` makes a worker of them. */
import type { Json } from '../core/job.ts';
import type { CallOptions } from './commanding.ts';
import { secondsOf } from './hold-loop.ts';
import { requireKnown } from './known-options.ts';
import type { Transport } from './transport.ts';
import type { HeartbeatBody, JobBody, WorkBody, WorkLogLine } from './wire.ts';

export interface ClaimOptions extends CallOptions {
  readonly types: readonly string[];
  readonly worker: string;
  readonly max?: number | undefined;
  /** Holds the call until there is a job, or this time is over. */
  readonly waitMs?: number | undefined;
  readonly leaseMs?: number | undefined;
}

/** A claimed job: whatever has its id and its fence. */
export type WorkRef = Pick<WorkBody, 'id' | 'fence'>;

export interface HeartbeatOptions extends CallOptions {
  readonly percent?: number | undefined;
  readonly message?: string | null | undefined;
  /** What the work has said since the last one. */
  readonly log?: readonly WorkLogLine[] | undefined;
  /** What the work has emitted since the last one. */
  readonly output?: readonly unknown[] | undefined;
  readonly leaseMs?: number | undefined;
  /** Holds the call until a cancel is requested or the job is lost, or this time is over. */
  readonly waitMs?: number | undefined;
}

export interface WorkFailure {
  readonly code: string;
  readonly message: string;
  readonly details?: Json;
}

/** What a job is to wait for, and how long. */
export interface ParkReason {
  readonly signal: string;
  readonly timeoutMs?: number;
}

export interface FailOptions extends CallOptions {
  /** False for what no further attempt can fix. */
  readonly isRetryable?: boolean | undefined;
}

/** A result that is not JSON. */
export interface BytesResult {
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export function working(transport: Transport) {
  const post = async <T>(path: string, json: unknown, options: CallOptions, holdMs = 0): Promise<T> => {
    const call = { method: 'POST', path, json, isRepeatable: true, holdMs, signal: options.signal } as const;
    return (await transport.call(call)).body as T;
  };

  return {
    /** Not tried twice: jobs of a lost answer come back by themselves when their lease runs out. */
    async claim(options: ClaimOptions): Promise<readonly WorkBody[]> {
      requireKnown('claim', options, ['types', 'worker', 'max', 'leaseMs', 'waitMs', 'signal']);
      const { types, worker, max, leaseMs, waitMs = 0 } = options;
      const json = { types, worker, max, leaseMs, wait: Number(secondsOf(waitMs)) };
      const facts = { method: 'POST', path: '/v1/work/claim', json, isRepeatable: false, holdMs: waitMs } as const;
      return ((await transport.call({ ...facts, signal: options.signal })).body as { jobs: readonly WorkBody[] }).jobs;
    },

    async heartbeat(ref: WorkRef, options: HeartbeatOptions = {}): Promise<HeartbeatBody> {
      requireKnown('heartbeat', options, ['percent', 'message', 'log', 'output', 'leaseMs', 'waitMs', 'signal']);
      const { percent, message, log, output, leaseMs, waitMs } = options;
      const progress = percent === undefined && message === undefined ? undefined : { percent, message };
      const wait = waitMs === undefined ? undefined : Number(secondsOf(waitMs));
      const beat = { fence: ref.fence, leaseMs, progress, log, output, wait };
      return post(workPathOf(ref, 'heartbeat'), beat, options, waitMs);
    },

    /** May be tried twice: the fence lets only one through. 409 means that the job is somebody else's, or done. */
    succeed(ref: WorkRef, result: Json, options: CallOptions = {}): Promise<JobBody> {
      return post(workPathOf(ref, 'succeed'), { fence: ref.fence, result }, options);
    },

    async succeedWithBytes(ref: WorkRef, result: BytesResult, options: CallOptions = {}): Promise<JobBody> {
      const query = new URLSearchParams({ fence: String(ref.fence) });
      const headers = { 'content-type': result.contentType };
      const path = workPathOf(ref, 'succeed');
      const facts = { method: 'POST', path, query, headers, bytes: result.bytes, isRepeatable: true } as const;
      return (await transport.call({ ...facts, signal: options.signal })).body as JobBody;
    },

    /** Gives the job back until the signal comes; it is then claimed again, with what came in `signals`. */
    async park(ref: WorkRef, reason: ParkReason, options: CallOptions = {}): Promise<JobBody> {
      requireKnown('park', options, ['signal']);
      return post(workPathOf(ref, 'release'), { fence: ref.fence, reason }, options);
    },

    /** Gives the job back for later: its key starts nothing for so long; a job without a key waits alone. */
    async later(ref: WorkRef, closeMs: number, options: CallOptions = {}): Promise<JobBody> {
      requireKnown('later', options, ['signal']);
      return post(workPathOf(ref, 'release'), { fence: ref.fence, closeMs }, options);
    },

    async fail(ref: WorkRef, error: WorkFailure, options: FailOptions = {}): Promise<JobBody> {
      requireKnown('fail', options, ['isRetryable', 'signal']);
      const json = { fence: ref.fence, error, retryable: options.isRetryable ?? true };
      return post(workPathOf(ref, 'fail'), json, options);
    },
  };
}

function workPathOf(ref: WorkRef, call: 'heartbeat' | 'succeed' | 'fail' | 'release'): string {
  return `/v1/work/${encodeURIComponent(ref.id)}/${call}`;
}
