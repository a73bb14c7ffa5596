/** The bodies of groups. */
import type { SubmitBody } from './wire.ts';

/** Submitted when a group has ended, once. Its input is an object, which gets `group` (`GroupOutcome`). */
export type FollowUpBody = Omit<SubmitBody, 'idempotencyKey' | 'runAt' | 'after' | 'afterPolicy' | 'unique'>;

export interface GroupDraft {
  readonly jobs?: readonly SubmitBody[] | undefined;
  /** At the end, however its jobs went. */
  readonly then?: FollowUpBody | undefined;
  /** Where all have succeeded. */
  readonly onSuccess?: FollowUpBody | undefined;
  /** Where one has not. */
  readonly onFailure?: FollowUpBody | undefined;
  /** Takes more members until it is closed. */
  readonly isOpen?: boolean | undefined;
  /** How long it is kept after its end. */
  readonly retainMs?: number | undefined;
}

export interface GroupCounts {
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly expired: number;
}

/** What became of a group, in the inputs of the jobs that follow it. */
export interface GroupOutcome {
  readonly id: string;
  readonly outcome: 'succeeded' | 'failed';
  readonly total: number;
  readonly counts: GroupCounts;
}

export interface FollowUpState {
  readonly type: string;
  /** Once it is submitted. */
  readonly jobId: string | null;
}

export interface GroupBody {
  readonly id: string;
  readonly state: 'open' | 'running' | 'finished';
  readonly outcome: 'succeeded' | 'failed' | null;
  readonly total: number;
  readonly counts: GroupCounts & { readonly unfinished: number };
  readonly percent: number;
  readonly revision: number;
  readonly createdAt: string;
  readonly closedAt: string | null;
  readonly finishedAt: string | null;
  readonly retainUntil: string | null;
  readonly then: FollowUpState | null;
  readonly onSuccess: FollowUpState | null;
  readonly onFailure: FollowUpState | null;
  readonly links: Readonly<Record<'self' | 'jobs' | 'events' | 'close' | 'cancel' | 'retry', string>>;
}
