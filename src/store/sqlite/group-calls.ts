/** The store's calls about groups: writes go to the writer, reads are answered on the spot. */
import type { FollowUps, Group } from '../../core/groups/group.ts';
import type { DueGroup, GroupInsert, GroupMember, GroupStore, GroupWritten } from '../contract.ts';
import { GROUP_WIDTH } from '../group-row.ts';
import type { Connection } from './connection.ts';
import { jobAt, type Row } from './rows.ts';
import type { ThreadPort } from './thread-port.ts';
import { newJobValues } from './wire.ts';
import type { WriterTable } from './writer.ts';
import { type GroupWrittenRows, groupAt } from './writes/groups.ts';

interface Ways {
  writer(): ThreadPort<WriterTable>;
  read<T>(work: (connection: Connection) => T): T;
}

export function groupCalls({ writer, read }: Ways): GroupStore {
  return {
    async groupInsert({ followUps, ...insert }) {
      const rows = { ...insert, jobs: newJobValues(insert.jobs), followUps: JSON.stringify(followUps) };
      const written = await writer().call('groupInsert', rows, 1 + sizeOf(insert));
      return { ...writtenOf(written), isExisting: written.isExisting };
    },
    async groupAdd(add) {
      const written = await writer().call('groupAdd', { ...add, jobs: newJobValues(add.jobs) }, 1 + sizeOf(add));
      return written === null ? null : writtenOf(written);
    },
    groupClose: async (ref) => writer().call('groupClose', ref, 1),
    groupRead: async (batch) => read((connection) => batch.map(({ id, tenant }) => groupOf(connection, id, tenant))),
    async groupByKey({ tenant, idempotencyKey }) {
      const row = read((connection) => connection.get('groupByKey', tenant, idempotencyKey));
      return row === undefined ? null : groupAt(row);
    },
    groupList: async ({ tenant, after = AFTER_ALL, now, limit }) =>
      read((connection) => connection.all('groupList', tenant, after, now, limit)).map(groupAt),
    async groupSettle(ended) {
      const rows = { numbers: ended.map(({ number }) => number), states: ended.map(({ state }) => state) };
      return writer().call('groupSettle', rows, ended.length);
    },
    groupDue: async ({ limit }) => read((connection) => connection.all('groupDue', limit)).map(dueGroupOf),
    groupFire: async ({ group, jobs }) =>
      writer().call('groupFire', { group, jobs: newJobValues(jobs) }, 1 + jobs.length),
    groupRemove: async (ref) => writer().call('groupRemove', ref, 1),
    groupPrune: async (request) => writer().call('groupPrune', request, request.limit),
  };
}

export function dueGroupOf(row: Row): DueGroup {
  return { group: groupAt(row), followUps: JSON.parse(row[GROUP_WIDTH] as string) as FollowUps };
}

export function memberOf([group, number, state]: Row): GroupMember {
  return { group, number, state } as GroupMember;
}

/** Behind every id. */
const AFTER_ALL = 'g';

function groupOf(connection: Connection, id: string, tenant: string): Group | null {
  const row = connection.get('groupById', id, tenant);
  return row === undefined ? null : groupAt(row);
}

function sizeOf({ jobs, ids }: Pick<GroupInsert, 'jobs' | 'ids'>): number {
  return jobs.length + ids.length;
}

function writtenOf({ group, numbers, joined }: GroupWrittenRows): GroupWritten {
  return { group, numbers, joined: joined.map((row) => jobAt(row)) };
}
