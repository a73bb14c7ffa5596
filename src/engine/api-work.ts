/** What remote workers ask of the engine. Seen by all as part of `api.ts`. */
import type { LogEntry } from '../core/log-line.ts';
import type { ClaimedJob } from '../store/contract.ts';
import type { CallerSignal } from './caller-signal.ts';

export interface ClaimWorkRequest {
  readonly tenant: string;
  readonly types: readonly string[];
  readonly max: number;
  readonly leaseMs: number;
  readonly worker: string;
  /** What the worker's program calls itself. */
  readonly agent?: string | null;
  /** Waits up to this long for a first job. */
  readonly timeoutMs: number;
  readonly signal: CallerSignal;
}

export type ClaimWorkOutcome =
  | { readonly kind: 'claimed'; readonly jobs: readonly ClaimedJob[] }
  | { readonly kind: 'unknownType'; readonly types: readonly string[] }
  | { readonly kind: 'notRemote'; readonly type: string };

export interface WorkRef {
  readonly tenant: string;
  readonly id: string;
  readonly fence: number;
}

export interface HeartbeatRequest extends WorkRef {
  readonly leaseMs?: number;
  readonly percent?: number;
  readonly message?: string | null;
  /** What the work has said since the last one. */
  readonly log?: readonly LogEntry[];
  /** What it has emitted since the last one, each a JSON text. */
  readonly output?: readonly string[];
  /** Holds the answer until a cancel is requested, the job is lost, or this time is over: the worker learns of a cancel at once. */
  readonly timeoutMs: number;
  readonly signal: CallerSignal;
}
