/** Groups: reading, counting and ending them. How members are added stands in `group-members.ts`. */
import type { FollowUps, Group } from '../../core/groups/group.ts';
import { countedState } from '../../core/groups/group.ts';
import { jobIdOf } from '../../core/id.ts';
import type { DueGroup, EndedJob, GroupFire, GroupList, GroupMember, GroupRef } from '../contract.ts';
import { GROUP_WIDTH, groupCells, groupReader } from '../group-row.ts';
import { isRefused } from './connection/driver-errors.ts';
import type { Row, Rows } from './connection/lane.ts';
import { repeated } from './connection/repeat.ts';
import type { Session } from './connection/session.ts';
import { insertSteps } from './insert-jobs.ts';
import { sequencedOf } from './new-jobs.ts';
import { readJobs } from './read-jobs.ts';
import { jsonOf, STORED } from './rows.ts';
import { runSequenced } from './sequences.ts';
import { plainArray, storedText, textArray } from './wire-text.ts';

export const groupAt = groupReader(STORED);

export async function readGroups(session: Session, batch: readonly GroupRef[]): Promise<readonly (Group | null)[]> {
  const known = batch.flatMap(({ id, tenant }, index) => (jobIdOf(id) === id ? [{ id, tenant, index }] : []));
  const groups = new Array<Group | null>(batch.length).fill(null);
  if (known.length === 0) return groups;
  const values = [plainArray(known.map(({ id }) => id)), textArray(known.map(({ tenant }) => tenant))];
  for (const [ord, ...row] of await repeated(() => session.run('groupRead', values))) {
    groups[known[(ord as number) - 1]?.index as number] = groupAt(row);
  }
  return groups;
}

export async function readGroup(session: Session, ref: GroupRef): Promise<Group | null> {
  return (await readGroups(session, [ref]))[0] ?? null;
}

export async function groupByKey(
  session: Session,
  { tenant, idempotencyKey }: { readonly tenant: string; readonly idempotencyKey: string },
): Promise<Group | null> {
  const [row] = await repeated(() => session.run('groupByKey', [tenant, idempotencyKey].map(storedText)));
  return row === undefined ? null : groupAt(row);
}

/** Behind every id. */
const AFTER_ALL = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

export async function listGroups(
  session: Session,
  { tenant, after = AFTER_ALL, now, limit }: GroupList,
): Promise<readonly Group[]> {
  const rows = await repeated(() => session.run('groupList', [storedText(tenant), after, now, limit]));
  return rows.map(groupAt);
}

export async function dueGroups(session: Session, limit: number): Promise<readonly DueGroup[]> {
  const rows = await repeated(() => session.run('groupDue', [limit]));
  return rows.map(dueGroupOf);
}

export function dueGroupOf(row: Row): DueGroup {
  return { group: groupAt(row), followUps: jsonOf<FollowUps>(row[GROUP_WIDTH] as string) ?? {} };
}

export function memberOf([group, number, state]: Row): GroupMember {
  return { group, number, state } as GroupMember;
}

export async function closeGroup(session: Session, ref: GroupRef & { readonly now: number }): Promise<Group | null> {
  if (jobIdOf(ref.id) !== ref.id) return null;
  const [row] = await repeated(() => session.run('groupClose', [ref.id, storedText(ref.tenant), ref.now]));
  return row === undefined ? thereAt(await readGroup(session, ref), ref.now) : groupAt(row);
}

/** Null where it is over. */
export function thereAt(group: Group | null, now: number): Group | null {
  return group === null || (group.removeAt !== null && group.removeAt <= now) ? null : group;
}

export async function removeGroup(session: Session, ref: GroupRef & { readonly now: number }): Promise<boolean> {
  if (jobIdOf(ref.id) !== ref.id) return false;
  return repeated(async (isRepeat) => {
    const rows = await session.run('groupRemove', [ref.id, storedText(ref.tenant), ref.now]);
    // Gone on a repeat: the try whose answer was lost removed it, or it was not there; then both answers leave it so.
    return rows.length > 0 || isRepeat;
  });
}

export async function pruneGroups(session: Session, now: number, limit: number): Promise<number> {
  const steps = [
    { name: 'memberPrune', values: [now, limit] },
    { name: 'groupPrune', values: [now] },
  ] as const;
  const results = await repeated(() => session.runAll(steps));
  return results.reduce((sum, rows) => sum + rows.length, 0);
}

export async function settleGroups(session: Session, ended: readonly EndedJob[]): Promise<readonly Group[]> {
  // The latest of each.
  const told = new Map(ended.map(({ number, state }) => [number, countedState(state)]));
  if (told.size === 0) return [];
  const numbers = plainArray([...told.keys()]);
  const [, rows = []] = await repeated(() =>
    session.runAll([
      { name: 'groupHoldOf', values: [numbers] },
      { name: 'groupSettle', values: [numbers, textArray([...told.values()])] },
    ]),
  );
  return rows.map(groupAt);
}

export async function fireGroup(session: Session, fire: GroupFire): Promise<readonly number[] | null> {
  const { group, jobs } = fire;
  const guard = { name: 'groupFire', values: groupCells(group, STORED) } as const;
  const steps = [guard, ...insertSteps(jobs)];
  return repeated(async (isRepeat) => {
    try {
      const [, ...inserted] = await runSequenced(session, steps, sequencedOf(jobs.map(({ spec }) => spec)));
      return numbersOf(fire, inserted.flat());
    } catch (error) {
      if (!isRefused(error)) throw error;
      return isRepeat ? firedBefore(session, fire) : null;
    }
  });
}

function numbersOf({ jobs }: GroupFire, rows: Rows): readonly number[] {
  const byId = new Map(rows.map(([id, number]) => [id, number as number]));
  return jobs.map(({ spec }) => byId.get(spec.id) ?? 0);
}

/** The try whose answer was lost did it; or another process did. */
async function firedBefore(session: Session, { jobs }: GroupFire): Promise<readonly number[] | null> {
  const reads = await readJobs(
    session,
    jobs.map(({ spec: { id } }) => ({ id })),
  );
  const numbers = reads.flatMap((read) => (read.kind === 'found' ? [read.job.number] : []));
  return jobs.length > 0 && numbers.length === jobs.length ? numbers : null;
}
