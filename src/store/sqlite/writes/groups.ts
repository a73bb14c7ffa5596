/**
 * Groups and their members. A call that is refused throws: then nothing of its transaction stays, since the writer runs it again alone and rolls that
 * back.
 */
import { BideError, type ErrorCode, type ErrorDetails } from '../../../core/errors.ts';
import { countedState, type Group, isComplete } from '../../../core/groups/group.ts';
import type { Marks } from '../../../core/marks.ts';
import type { FinalState, StoredState } from '../../../core/state.ts';
import type { GroupAdd, GroupMember, GroupRef, RestoreOutcome } from '../../contract.ts';
import { GROUP_WIDTH, groupCells, groupReader } from '../../group-row.ts';
import { roomOf } from '../../job-rooms.ts';
import { AT } from '../../job-row.ts';
import { marksText } from '../../mark-text.ts';
import { AS_IT_IS, jsonOf, NEW_JOB_WIDTH, type Row, type Value } from '../rows.ts';
import { jobUpdate } from '../statements.ts';
import { changed } from './events.ts';
import { ABSENT, foundKind, insertJobs } from './insert-jobs.ts';
import type { Transaction } from './transaction.ts';

export const groupAt = groupReader(AS_IT_IS);

/** Jobs to insert, as `insertJobs` takes them, and ids of others. */
export interface MemberRows {
  readonly jobs: readonly Value[];
  readonly ids: readonly string[];
}

export interface GroupInsertRows extends MemberRows {
  readonly group: Group;
  readonly followUps: string;
  readonly isClosed: boolean;
  readonly now: number;
  readonly groupsMax: number;
  readonly membersMax: number;
}

export type GroupAddRows = Omit<GroupAdd, 'jobs'> & MemberRows;

export interface GroupWrittenRows {
  readonly group: Group;
  readonly isExisting: boolean;
  readonly numbers: readonly (number | null)[];
  readonly joined: readonly Row[];
}

export function insertGroup(transaction: Transaction, insert: GroupInsertRows): GroupWrittenRows {
  const { connection } = transaction;
  const { group, followUps, groupsMax, membersMax, isClosed, now } = insert;
  if (group.idempotencyKey !== null) {
    connection.run('groupKeyFree', group.tenant, group.idempotencyKey, now);
    const earlier = connection.get('groupByKey', group.tenant, group.idempotencyKey);
    if (earlier !== undefined) return { group: groupAt(earlier), isExisting: true, numbers: [], joined: [] };
  }
  const count = connection.get('groupCount', group.tenant, groupsMax + 1)?.[0] as number;
  if (count >= groupsMax) refuse('TOO_MANY_GROUPS', { limit: 'groupsPerTenantMax', value: groupsMax });
  connection.run('groupInsert', ...(groupCells(group, AS_IT_IS) as Row), followUps);
  const held = heldGroup(transaction, group);
  if (held === null) throw new Error('A group that was inserted is not there.');
  const added = addTo(transaction, held, insert, membersMax);
  const closed = isClosed ? { isOpen: false, closedAt: now } : {};
  // Written together, as one revision.
  const written = { ...added.group, ...closed, revision: group.revision };
  put(transaction, written);
  return { ...added, group: written, isExisting: false };
}

export function addToGroup(transaction: Transaction, add: GroupAddRows): GroupWrittenRows | null {
  const held = heldGroup(transaction, add, add.now);
  if (held === null) return null;
  const added = addTo(transaction, held, add, add.membersMax);
  if (added.group.total === held.group.total) return { ...added, group: held.group, isExisting: false };
  const group = { ...added.group, revision: held.group.revision + 1 };
  put(transaction, group);
  return { ...added, group, isExisting: false };
}

export function closeGroup(
  transaction: Transaction,
  { now, ...ref }: GroupRef & { readonly now: number },
): Group | null {
  const held = heldGroup(transaction, ref, now);
  if (held === null || !held.group.isOpen) return held?.group ?? null;
  const group = { ...held.group, isOpen: false, closedAt: now, revision: held.group.revision + 1 };
  put(transaction, group);
  return group;
}

export function removeGroup(transaction: Transaction, { now, ...ref }: GroupRef & { readonly now: number }): boolean {
  const held = heldGroup(transaction, ref, now);
  if (held === null) return false;
  put(transaction, { ...held.group, removeAt: now, idempotencyKey: null, revision: held.group.revision + 1 });
  return true;
}

export function pruneGroups(
  { connection }: Transaction,
  { now, limit }: { readonly now: number; readonly limit: number },
): number {
  let left = limit;
  for (const [number] of connection.all('groupsOver', now, limit)) {
    left -= connection.run('membersDelete', number as number, left);
    if (left <= 0) break;
    left -= connection.run('groupDelete', number as number);
  }
  return limit - left;
}

/** Lists of plain values: a thread is sent them for a fifth of what as many objects cost. */
export interface EndedRows {
  readonly numbers: readonly number[];
  readonly states: readonly StoredState[];
}

/** A job that was told of twice, or that goes on after its end, is counted as it is now. */
export function settleGroups(transaction: Transaction, { numbers, states }: EndedRows): readonly Group[] {
  const { connection } = transaction;
  const groups = new Map<number, Group>();
  for (const [at, number] of numbers.entries()) {
    const member = connection.get('memberRead', number) as readonly [number, FinalState | null] | undefined;
    if (member === undefined) continue;
    const [groupNumber, before] = member;
    const job = connection.get('countedState', number) as readonly [FinalState | null] | undefined;
    const now = job === undefined ? countedState(states[at] as StoredState) : job[0];
    if (now === before) continue;
    const group = groups.get(groupNumber) ?? groupAt(connection.get('groupByNumber', groupNumber) ?? []);
    connection.run('memberCount', number, now);
    groups.set(groupNumber, { ...group, counts: moved(group.counts, before, now) });
  }
  const changedOnes = [...groups.values()].map((group) => ({ ...group, revision: group.revision + 1 }));
  for (const group of changedOnes) put(transaction, group);
  return changedOnes;
}

export interface GroupFireRows {
  readonly group: Group;
  readonly jobs: readonly Value[];
}

/** Null where it is not as it was seen. */
export function fireGroup(transaction: Transaction, { group, jobs }: GroupFireRows): readonly number[] | null {
  const held = heldGroup(transaction, group);
  if (held === null || held.group.revision !== group.revision - 1) return null;
  if (!isComplete(held.group) || held.group.removeAt !== null) return null;
  put(transaction, group);
  return insertJobs(transaction, jobs).numbers;
}

export function restoreGroup({ connection }: Transaction, group: Group, followUps: string): RestoreOutcome {
  const there = connection.get('groupStanding', group.id);
  if (there !== undefined) return groupAt(there).revision >= group.revision ? 'present' : 'conflict';
  const { tenant, idempotencyKey } = group;
  if (idempotencyKey !== null && connection.get('groupByKey', tenant, idempotencyKey) !== undefined) return 'conflict';
  connection.run('groupInsert', ...(groupCells(group, AS_IT_IS) as Row), followUps);
  return 'written';
}

/** Its group has counted it. */
export function restoreMember({ connection }: Transaction, { group, number, state }: GroupMember): RestoreOutcome {
  const groupNumber = connection.get('groupStanding', group)?.[GROUP_WIDTH] as number | undefined;
  const member = connection.get('memberRead', number);
  if (member !== undefined) return member[0] === groupNumber ? 'present' : 'conflict';
  if (groupNumber === undefined) return 'conflict';
  connection.run('memberInsert', number, groupNumber, state);
  return 'written';
}

interface HeldGroup {
  readonly group: Group;
  readonly number: number;
}

/** @param now leaves out one that is over */
function heldGroup({ connection }: Transaction, { tenant, id }: GroupRef, now?: number): HeldGroup | null {
  const row = connection.get('groupById', id, tenant);
  if (row === undefined) return null;
  const group = groupAt(row);
  const isOver = now !== undefined && group.removeAt !== null && group.removeAt <= now;
  return isOver ? null : { group, number: row[GROUP_WIDTH] as number };
}

function put({ connection }: Transaction, group: Group): void {
  if (connection.run('groupPut', ...(groupCells(group, AS_IT_IS) as Row)) !== 1)
    throw new Error(`Group ${group.id} is gone.`);
}

function addTo(
  transaction: Transaction,
  { group, number: groupNumber }: HeldGroup,
  { jobs, ids, now }: MemberRows & { readonly now: number },
  membersMax: number,
): Omit<GroupWrittenRows, 'isExisting'> {
  const inserted = insertJobs(transaction, group.isOpen ? jobs : asReplays(jobs));
  const added = new Adding(transaction, group, { groupNumber, now, membersMax });
  let earlier = 0;
  const numbers = inserted.numbers.map((number, index) => {
    if (number > 0) return added.newJob(number);
    if (number === ABSENT) refuse(group.isOpen ? 'QUOTA_EXCEEDED' : 'GROUP_CLOSED', { index });
    const row = inserted.jobs.slice(earlier * AT_WIDTH, (earlier + 1) * AT_WIDTH);
    earlier += 1;
    if (foundKind(number) === 'conflict') refuse('IDEMPOTENCY_MISMATCH', { index, jobId: row[AT.id] });
    added.jobThere(row);
    return null;
  });
  added.jobsThere(ids);
  return { group: added.group, numbers, joined: added.joined };
}

const AT_WIDTH = Object.keys(AT).length;

/** Nothing of them is stored. */
function asReplays(jobs: readonly Value[]): readonly Value[] {
  return jobs.map((value, at) => (at % NEW_JOB_WIDTH === NEW_JOB_WIDTH - 1 ? null : value));
}

interface AddingPlace {
  readonly groupNumber: number;
  readonly now: number;
  readonly membersMax: number;
}

class Adding {
  group: Group;
  readonly joined: Row[] = [];
  readonly #transaction: Transaction;
  readonly #place: AddingPlace;

  constructor(transaction: Transaction, group: Group, place: AddingPlace) {
    this.#transaction = transaction;
    this.group = group;
    this.#place = place;
  }

  newJob(number: number): number {
    this.#count(number, null);
    return number;
  }

  jobsThere(ids: readonly string[]): void {
    const { connection } = this.#transaction;
    const rows = ids.map((id) => connection.get('jobById', id));
    const unknown = ids.filter((_, at) => rows[at]?.[AT.tenant] !== this.group.tenant);
    if (unknown.length > 0) refuse('GROUP_MEMBER_UNKNOWN', { ids: unknown.slice(0, NAMED_MAX) });
    for (const row of rows) this.jobThere(row as Row);
  }

  /** One that is a member already stays one; where it was named twice, the row is older than its mark. */
  jobThere(row: Row): void {
    const { connection } = this.#transaction;
    const { groupNumber } = this.#place;
    const number = row[AT.number] as number;
    const member = connection.get('memberRead', number);
    if (member?.[0] === groupNumber) return;
    const id = row[AT.id] as string;
    if (member !== undefined) refuse('GROUP_MEMBER_TAKEN', { id });
    if (!this.group.isOpen) refuse('GROUP_CLOSED', { id });
    const state = row[AT.state] as StoredState;
    const marks = { ...jsonOf<Marks>(row[AT.marks] as string | null), isAwaited: true, group: this.group.id } as const;
    const next = row.slice();
    next[AT.marks] = marksText(marks);
    next[AT.revision] = (row[AT.revision] as number) + 1;
    const update = connection.prepareOnce(jobUpdate(roomOf(state), ['marks']));
    if (update.run(next[AT.marks] ?? null, number, row[AT.revision] as number) !== 1)
      throw new Error(`Job ${number} changed meanwhile.`);
    changed(this.#transaction, next, 'changed', this.#place.now);
    this.joined.push(next);
    this.#count(number, countedState(state));
  }

  #count(number: number, state: FinalState | null): void {
    const { groupNumber, membersMax } = this.#place;
    const total = this.group.total + 1;
    if (total > membersMax) refuse('GROUP_FULL', { limit: 'groupMembersMax', value: membersMax });
    this.#transaction.connection.run('memberInsert', number, groupNumber, state);
    this.group = { ...this.group, total, counts: moved(this.group.counts, null, state) };
  }
}

/** Ids that a refusal names. */
const NAMED_MAX = 10;

function moved(counts: Group['counts'], from: FinalState | null, to: FinalState | null): Group['counts'] {
  const next = { ...counts };
  if (from !== null) next[from] -= 1;
  if (to !== null) next[to] += 1;
  return next;
}

function refuse(code: ErrorCode, details: ErrorDetails): never {
  throw new BideError(code, undefined, details);
}
