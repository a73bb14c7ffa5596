/**
 * The store contract's part about groups: jobs that are looked at as one, see `core/groups/group.ts`.
 *
 * A group counts by rows: each member is one, with the state that it is counted as, so that to be told of an end twice changes nothing. A call that
 * adds members adds all of them or none. What a group submits at its end is inserted in the transaction that ends it: once, whoever dies when.
 */

import type { FollowUps, Group } from '../core/groups/group.ts';
import type { Job } from '../core/job.ts';
import type { FinalState } from '../core/state.ts';
import type { EndedJob } from './contract-ended.ts';
import type { NewJob } from './contract-jobs.ts';

export interface GroupRef {
  readonly tenant: string;
  readonly id: string;
}

/** Members to be. */
export interface GroupMembers {
  /** Their terms name the group. One whose idempotency key finds an earlier job stands for that one. */
  readonly jobs: readonly NewJob[];
  /** Of jobs that are there. */
  readonly ids: readonly string[];
}

export interface GroupInsert extends GroupMembers {
  /** As `groupOf` makes it. */
  readonly group: Group;
  readonly followUps: FollowUps;
  /** Closed with its first members. */
  readonly isClosed: boolean;
  readonly now: number;
  readonly groupsMax: number;
  readonly membersMax: number;
}

export interface GroupAdd extends GroupRef, GroupMembers {
  readonly now: number;
  readonly membersMax: number;
}

export interface GroupWritten {
  readonly group: Group;
  /** Of each new job its number; null where an earlier one stands for it. */
  readonly numbers: readonly (number | null)[];
  /** Jobs that were there before and are members since this call, as they are now. */
  readonly joined: readonly Job[];
}

/** A complete group that has not ended. */
export interface DueGroup {
  readonly group: Group;
  readonly followUps: FollowUps;
}

export interface GroupFire {
  /** As it is at its end, `groupEnd`; its revision is one above the one that was seen. */
  readonly group: Group;
  readonly jobs: readonly NewJob[];
}

/** As a dump has it. */
export interface GroupMember {
  readonly group: string;
  /** The job's, which may be gone. */
  readonly number: number;
  /** As it is counted; null while it is not final. */
  readonly state: FinalState | null;
}

export interface GroupList {
  readonly tenant: string;
  /** The last one seen. */
  readonly after?: string;
  /** Those that are over by then are left out. */
  readonly now: number;
  readonly limit: number;
}

export interface GroupStore {
  /**
   * Writes a group with its first members. Where the tenant has one with the same idempotency key, that one is answered, with nothing written.
   *
   * Both this and `groupAdd` reject, with nothing written, with GROUP_MEMBER_UNKNOWN, GROUP_MEMBER_TAKEN, GROUP_FULL, TOO_MANY_GROUPS,
   * IDEMPOTENCY_MISMATCH for a job whose key another request has, and OVER_QUOTA for a replay (`NewJob.isReplay`) without an earlier job.
   */
  groupInsert(insert: GroupInsert): Promise<GroupWritten & { readonly isExisting: boolean }>;
  /**
   * Jobs that are members already stay so. A closed group takes these alone, so that an add may be sent again: others are refused with GROUP_CLOSED. Null where there is no such
   * group.
   */
  groupAdd(add: GroupAdd): Promise<GroupWritten | null>;
  /** As it is then; unchanged where it was closed before. Null where there is none. */
  groupClose(ref: GroupRef & { readonly now: number }): Promise<Group | null>;
  /** Those that are over too, until they are pruned: see `removeAt`. */
  groupRead(batch: readonly GroupRef[]): Promise<readonly (Group | null)[]>;
  groupByKey(ref: { readonly tenant: string; readonly idempotencyKey: string }): Promise<Group | null>;
  /** Newest first. */
  groupList(list: GroupList): Promise<readonly Group[]>;
  /** Counts these members by the states that they have now, those of removed jobs by what is said here. Answers the groups that changed. */
  groupSettle(ended: readonly EndedJob[]): Promise<readonly Group[]>;
  groupDue(request: { readonly limit: number }): Promise<readonly DueGroup[]>;
  /** The numbers of the jobs; null with nothing written where the group is not as it was seen. */
  groupFire(fire: GroupFire): Promise<readonly number[] | null>;
  /** It is not there any more; its jobs stay, and it submits nothing. False where there was none. */
  groupRemove(ref: GroupRef & { readonly now: number }): Promise<boolean>;
  /** Takes away what is left of groups past their `removeAt` (`<= now`), at most `limit` rows at a time. Answers how many rows. */
  groupPrune(request: { readonly now: number; readonly limit: number }): Promise<number>;
}
