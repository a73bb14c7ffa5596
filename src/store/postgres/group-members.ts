/**
 * Adds members to a group: all of a call, or none.
 *
 * It looks first, which says what is to be refused, and writes then in one transaction that ends itself where something has changed meanwhile. A look that
 * follows says what. Sent again after a lost answer it finds the jobs by their ids, and they are members already.
 */
import { BideError, type ErrorCode, type ErrorDetails } from '../../core/errors.ts';
import type { Group } from '../../core/groups/group.ts';
import type { Job } from '../../core/job.ts';
import { STORED_STATES } from '../../core/state.ts';
import type { GroupAdd, GroupInsert, GroupMembers, GroupWritten, GuardedPatch, NewJob } from '../contract.ts';
import { groupCells } from '../group-row.ts';
import { groupStarts } from '../mark-text.ts';
import { patchSteps } from './apply-patches.ts';
import { isRefused, isTakenId } from './connection/driver-errors.ts';
import type { Rows } from './connection/lane.ts';
import { repeated } from './connection/repeat.ts';
import type { Session, Step } from './connection/session.ts';
import { countLock } from './documents.ts';
import { groupAt, groupByKey, readGroup, thereAt } from './groups.ts';
import { insertSteps } from './insert-jobs.ts';
import { sequencedOf } from './new-jobs.ts';
import { readJobs } from './read-jobs.ts';
import { jobAt, STORED } from './rows.ts';
import { runSequenced } from './sequences.ts';
import { plainArray, storedText, textArray } from './wire-text.ts';

/** Each can only fail because something else was written in between. */
const ROUNDS_MAX = 8;
/** More than calls that make groups of one tenant at the same moment. */
const ROOM_LEFT = 1_000;
/** Ids that a refusal names. */
const NAMED_MAX = 10;

export type GroupInserted = GroupWritten & { readonly isExisting: boolean };

export async function insertGroup(session: Session, insert: GroupInsert): Promise<GroupInserted> {
  return inRounds(async (isAgain) => {
    const earlier = await earlierGroup(session, insert, isAgain);
    if ('group' in earlier) return earlier;
    const plan = await planOf(session, insert.group, insert, { membersMax: insert.membersMax, isAgain });
    const { group, followUps, groupsMax } = insert;
    const values = [...groupCells(group, STORED), storedText(JSON.stringify(followUps)), groupsMax];
    const closedAt = insert.isClosed ? insert.now : null;
    // Where there is room for many more, no number of calls at once fills it.
    const lock = earlier.count >= groupsMax - ROOM_LEFT ? [countLock(group.tenant, 'group')] : [];
    const first: readonly Step[] = [...lock, { name: 'groupInsert', values }];
    const written = await write(session, plan, { first, group, growth: 0, closedAt });
    return { ...written, isExisting: false };
  });
}

export async function addToGroup(session: Session, add: GroupAdd): Promise<GroupWritten | null> {
  return inRounds(async (isAgain) => {
    const group = thereAt(await readGroup(session, add), add.now);
    if (group === null) return null;
    const { membersMax } = add;
    const plan = await planOf(session, group, add, { membersMax, isAgain });
    const adding = plan.fresh.length + plan.joining.length;
    if (adding === 0) return { group, numbers: plan.numbers, joined: [] };
    const first = [{ name: 'groupHold', values: [group.id, storedText(group.tenant), adding, membersMax] }] as const;
    return write(session, plan, { first, group, growth: 1, closedAt: null });
  });
}

/** @param round told whether an earlier one may have written */
function inRounds<T>(round: (isAgain: boolean) => Promise<T>): Promise<T> {
  return repeated(async (isRepeat) => {
    for (let number = 1; number <= ROUNDS_MAX; number += 1) {
      try {
        return await round(isRepeat || number > 1);
      } catch (error) {
        // An id that is taken: a try whose answer was lost has stored all of it.
        if (!isRefused(error) && !isTakenId(error)) throw error;
      }
    }
    throw new BideError('OVERLOADED', 'The members of the group, or the group itself, keep changing.');
  });
}

/** The group that is there already, or how many others there are: by its key, or by its id from a try whose answer was lost. */
async function earlierGroup(
  session: Session,
  insert: GroupInsert,
  isAgain: boolean,
): Promise<GroupInserted | { readonly count: number }> {
  const { group, groupsMax, now } = insert;
  const { tenant, idempotencyKey } = group;
  const there = isAgain ? await readGroup(session, group) : null;
  if (there !== null) {
    const plan = await planOf(session, { ...there, isOpen: false }, insert, { membersMax: there.total, isAgain });
    return { group: there, numbers: plan.numbers, joined: [], isExisting: false };
  }
  if (idempotencyKey !== null) {
    await session.run('groupKeyFree', [storedText(tenant), storedText(idempotencyKey), now]);
    const earlier = await groupByKey(session, { tenant, idempotencyKey });
    if (earlier !== null) return { group: earlier, numbers: [], joined: [], isExisting: true };
  }
  const [counted] = await session.run('groupCount', [storedText(tenant), groupsMax + 1]);
  const count = Number(counted?.[0]);
  if (count >= groupsMax) refuse('TOO_MANY_GROUPS', { limit: 'groupsPerTenantMax', value: groupsMax });
  return { count };
}

interface Plan {
  /** To be inserted. */
  readonly fresh: readonly NewJob[];
  /** To be marked. */
  readonly joining: readonly Job[];
  /** Per new job of the call; those of `fresh` follow from the insert. */
  readonly numbers: readonly (number | null)[];
  readonly jobs: readonly NewJob[];
}

interface PlanOptions {
  readonly membersMax: number;
  readonly isAgain: boolean;
}

async function planOf(session: Session, group: Group, members: GroupMembers, options: PlanOptions): Promise<Plan> {
  const { jobs } = members;
  const { fresh, numbers, earlier } = await sorted(session, group, jobs, options.isAgain);
  const named = await namedJobs(session, group, members.ids);
  const others = new Map([...earlier, ...named].map((job) => [job.number, job]));
  const joining = await joiningOf(session, group, [...others.values()]);
  if (!group.isOpen && joining.length > 0) refuse('GROUP_CLOSED', { id: joining[0]?.id });
  const { membersMax } = options;
  const total = group.total + fresh.length + joining.length;
  if (fresh.length + joining.length > 0 && total > membersMax)
    refuse('GROUP_FULL', { limit: 'groupMembersMax', value: membersMax });
  return { fresh, joining, numbers, jobs };
}

interface Sorted {
  readonly fresh: readonly NewJob[];
  readonly numbers: readonly (number | null)[];
  /** Jobs that stand for new ones. */
  readonly earlier: readonly Job[];
}

/** New jobs, and those that stand for them by their idempotency keys, or were stored by a try without an answer. */
async function sorted(session: Session, group: Group, jobs: readonly NewJob[], isAgain: boolean): Promise<Sorted> {
  const found = await earlierJobs(session, jobs, isAgain);
  const keys = new Map<string, string | null>();
  const fresh: NewJob[] = [];
  const earlier: Job[] = [];
  const numbers = jobs.map((job, index) => {
    const { id, idempotencyKey: key, requestHash } = job.spec;
    const there = found.get(index);
    if (there?.id === id) return there.number;
    const hash = there === undefined ? (key === null ? undefined : keys.get(key)) : there.requestHash;
    if (hash !== undefined && hash !== requestHash) refuse('IDEMPOTENCY_MISMATCH', { index, jobId: there?.id });
    if (there !== undefined) earlier.push(there);
    if (hash !== undefined) return null;
    if (job.isReplay === true) refuse('QUOTA_EXCEEDED', { index });
    if (!group.isOpen) refuse('GROUP_CLOSED', { index });
    if (key !== null) keys.set(key, requestHash);
    fresh.push(job);
    return null;
  });
  return { fresh, numbers, earlier };
}

async function earlierJobs(
  session: Session,
  jobs: readonly NewJob[],
  isAgain: boolean,
): Promise<ReadonlyMap<number, Job>> {
  const asked = jobs.flatMap(({ spec }, index) => (isAgain || spec.idempotencyKey !== null ? [{ spec, index }] : []));
  if (asked.length === 0) return new Map();
  const rows = await session.run('jobFindEarlier', [
    plainArray(asked.map(({ spec }) => spec.id)),
    textArray(asked.map(({ spec }) => spec.tenant)),
    textArray(asked.map(({ spec }) => spec.idempotencyKey)),
  ]);
  return new Map(rows.map((row) => [asked[(row[0] as number) - 1]?.index as number, jobAt(row, 1)]));
}

async function namedJobs(session: Session, { tenant }: Group, ids: readonly string[]): Promise<readonly Job[]> {
  if (ids.length === 0) return [];
  const reads = await readJobs(
    session,
    ids.map((id) => ({ id })),
  );
  const jobs = reads.flatMap((read) => (read.kind === 'found' && read.job.tenant === tenant ? [read.job] : []));
  if (jobs.length === ids.length) return jobs;
  const known = new Set(jobs.map(({ id }) => id));
  const unknown = ids.filter((id) => !known.has(id));
  return refuse('GROUP_MEMBER_UNKNOWN', { ids: unknown.slice(0, NAMED_MAX) });
}

/** Those that are not members yet. */
async function joiningOf(session: Session, group: Group, jobs: readonly Job[]): Promise<readonly Job[]> {
  if (jobs.length === 0) return [];
  const rows = await session.run('memberRead', [plainArray(jobs.map(({ number }) => number))]);
  const groups = new Map(rows.map(([number, groupId]) => [number, groupId]));
  const taken = jobs.find(({ number }) => (groups.get(number) ?? group.id) !== group.id);
  if (taken !== undefined) refuse('GROUP_MEMBER_TAKEN', { id: taken.id });
  return jobs.filter(({ number }) => !groups.has(number));
}

interface Writing {
  /** What says whether the group takes them. */
  readonly first: readonly Step[];
  readonly group: Group;
  /** Of the revision. */
  readonly growth: 0 | 1;
  readonly closedAt: number | null;
}

async function write(session: Session, plan: Plan, { first, group, growth, closedAt }: Writing): Promise<GroupWritten> {
  const { fresh, joining } = plan;
  const inserts = insertSteps(fresh);
  const marks = joining.length === 0 ? [] : patchSteps(joining.map((job) => markOf(job, group.id)));
  const join: Step = {
    name: 'groupJoin',
    values: [
      group.id,
      plainArray(fresh.map(({ spec }) => spec.id)),
      plainArray(joining.map(({ id }) => id)),
      textArray(groupStarts(group.id)),
      growth,
      closedAt,
    ],
  };
  const steps = [...first, ...inserts, ...marks, join];
  const results = await runSequenced(session, steps, sequencedOf(fresh.map(({ spec }) => spec)));
  const [row] = results.at(-1) ?? [];
  const numbers = new Map(
    results
      .slice(first.length, first.length + inserts.length)
      .flatMap((rows) => rows.map(([id, number]) => [id, number])),
  );
  return {
    group: groupAt(row ?? []),
    numbers: plan.jobs.map(
      ({ spec }, index) => (numbers.get(spec.id) as number | undefined) ?? plan.numbers[index] ?? null,
    ),
    joined: results.slice(first.length + inserts.length, -1).flatMap(markedJobs),
  };
}

function markOf({ id, revision, marks }: Job, groupId: string): GuardedPatch {
  const patch = { marks: { ...marks, isAwaited: true, group: groupId } } as const;
  return { id, expect: { states: STORED_STATES, revision }, patch };
}

/** Place, lease and the whole job: nobody has said that they saw it. */
function markedJobs(rows: Rows): readonly Job[] {
  return rows.map(([, , cells]) => jobAt(JSON.parse(cells as string) as readonly unknown[]));
}

function refuse(code: ErrorCode, details: ErrorDetails): never {
  throw new BideError(code, undefined, details);
}
