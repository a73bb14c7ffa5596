/**
 * A group: jobs that are looked at as one. It counts how its members have ended, and once it is closed and all of them are final it ends itself:
 * what was asked for then is submitted, once.
 *
 * Pure: what follows from a member's end, and from the end of the whole. The store keeps the counts.
 */
import type { JobSpec, Json } from '../job.ts';
import { FINAL_STATES, type FinalState, isFinal, type StoredState } from '../state.ts';

/** Members by how they have ended. Those that have not, or wait once more after a retry, are in none. */
export type GroupCounts = Readonly<Record<FinalState, number>>;

/**
 * What may be submitted at the end: in any case, where all have succeeded, and where one has not. Callers say `then` for `always`, which is no name for a
 * property: whatever is awaited and has one is taken for a promise.
 */
export const FOLLOW_UP_SLOTS = ['always', 'onSuccess', 'onFailure'] as const;
export type FollowUpSlot = (typeof FOLLOW_UP_SLOTS)[number];

/** A job to be: as it would be if it were submitted now, and its input without the group. */
export interface FollowUp {
  readonly spec: JobSpec;
  readonly delayMs: number;
  readonly input: { readonly [name: string]: Json };
}

export type FollowUps = Readonly<Partial<Record<FollowUpSlot, FollowUp>>>;

/** What became of each that was asked for; the job's id once there is one. */
export type FollowUpJobs = Readonly<
  Partial<Record<FollowUpSlot, { readonly type: string; readonly jobId: string | null }>>
>;

export interface Group {
  /** UUIDv7, lower case. */
  readonly id: string;
  readonly tenant: string;
  /** Members may be added. */
  readonly isOpen: boolean;
  /** Members, those that were removed since included. */
  readonly total: number;
  readonly counts: GroupCounts;
  /** Grows with every change. */
  readonly revision: number;
  readonly createdAt: number;
  readonly closedAt: number | null;
  /** When it ended, which it does once: a member that is retried later changes the counts and nothing else. */
  readonly finishedAt: number | null;
  /** How all of it went, as it was then. */
  readonly outcome: GroupOutcome | null;
  readonly retainMs: number;
  /** Not there any more from then on; null while it has not ended. */
  readonly removeAt: number | null;
  readonly followUps: FollowUpJobs;
  readonly idempotencyKey: string | null;
  readonly requestHash: string | null;
}

export type GroupOutcome = 'succeeded' | 'failed';

/** What of a group its maker decides. */
export type GroupSpec = Pick<
  Group,
  'id' | 'tenant' | 'createdAt' | 'retainMs' | 'followUps' | 'idempotencyKey' | 'requestHash'
>;

export const NO_COUNTS: GroupCounts = Object.freeze({ succeeded: 0, failed: 0, cancelled: 0, expired: 0 });

/** A new group without members. */
export function groupOf(spec: GroupSpec): Group {
  return {
    ...spec,
    isOpen: true,
    total: 0,
    counts: NO_COUNTS,
    revision: 1,
    closedAt: null,
    finishedAt: null,
    outcome: null,
    removeAt: null,
  };
}

export function unfinished({ total, counts }: Pick<Group, 'total' | 'counts'>): number {
  return FINAL_STATES.reduce((left, state) => left - counts[state], total);
}

/** Whether it is to end now. One without members does as soon as it is closed. */
export function isComplete(group: Group): boolean {
  return !group.isOpen && group.finishedAt === null && unfinished(group) === 0;
}

/** `open` while members may be added, `running` until all are final, `finished` from then on. */
export type GroupState = 'open' | 'running' | 'finished';

export function groupState({ isOpen, finishedAt }: Pick<Group, 'isOpen' | 'finishedAt'>): GroupState {
  if (finishedAt !== null) return 'finished';
  return isOpen ? 'open' : 'running';
}

/** In percent, of members that have ended; 100 only once all have. */
export function groupPercent(group: Pick<Group, 'total' | 'counts'>): number {
  const left = unfinished(group);
  return left === 0 ? 100 : Math.floor((100 * (group.total - left)) / group.total);
}

/** The state of a member as a group counts it: null while it is not final. */
export function countedState(state: StoredState): FinalState | null {
  return isFinal(state) ? state : null;
}

/** All members succeeded; so did none of none. */
export function outcomeOf({ total, counts }: Pick<Group, 'total' | 'counts'>): GroupOutcome {
  return counts.succeeded === total ? 'succeeded' : 'failed';
}

/** Which of those that were asked for are submitted at this end, in their order. */
export function slotsOf(outcome: GroupOutcome): readonly FollowUpSlot[] {
  return ['always', outcome === 'succeeded' ? 'onSuccess' : 'onFailure'];
}

/** The input of a job that comes after a group: what was asked for, and `group` with what became of it. Members are listed page by page. */
export function followUpInput(followUp: FollowUp, group: Group): { readonly [name: string]: Json } {
  const { id, total, counts } = group;
  return { ...followUp.input, group: { id, outcome: outcomeOf(group), total, counts: { ...counts } } };
}

/** The end of a complete group: as it is then, and the jobs that are submitted with it. */
export interface GroupEnd {
  readonly group: Group;
  readonly jobs: readonly { readonly spec: JobSpec; readonly input: string }[];
}

/** @param newId for each job */
export function groupEnd(group: Group, followUps: FollowUps, now: number, newId: () => string): GroupEnd {
  const outcome = outcomeOf(group);
  const jobs: GroupEnd['jobs'][number][] = [];
  const made: Partial<Record<FollowUpSlot, { readonly type: string; readonly jobId: string | null }>> = {
    ...group.followUps,
  };
  for (const slot of slotsOf(outcome)) {
    const followUp = followUps[slot];
    if (followUp === undefined) continue;
    const id = newId();
    const { spec, delayMs } = followUp;
    const own = { id, createdAt: now, runAt: now + delayMs, idempotencyKey: null, requestHash: null };
    jobs.push({ spec: { ...spec, ...own }, input: JSON.stringify(followUpInput(followUp, group)) });
    made[slot] = { type: spec.type, jobId: id };
  }
  const ended = { finishedAt: now, removeAt: now + group.retainMs, outcome, followUps: made };
  return { group: { ...group, ...ended, revision: group.revision + 1 }, jobs };
}
