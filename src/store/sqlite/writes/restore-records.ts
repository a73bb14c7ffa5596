/**
 * Records of a dump, written as they are. What the row alone does not say follows from it in the same transaction, as it would
 * have at the job's own changes: its tags, its place in the counts, and who of its sequence may run.
 */

import type { Group } from '../../../core/groups/group.ts';
import type { Tags } from '../../../core/job.ts';
import { isFinal, type StoredState } from '../../../core/state.ts';
import type { GroupMember, LimitRecord, LogLine, RestoreOutcome, StoredKey, Tombstone } from '../../contract.ts';
import { roomFor, roomOf } from '../../job-rooms.ts';
import { AT, FIXED_COLUMNS } from '../../job-row.ts';
import { isHeld } from '../../mark-text.ts';
import type { Connection } from '../connection.ts';
import type { Row } from '../rows.ts';
import { restoreGroup, restoreMember } from './groups.ts';
import { insertKey } from './keys.ts';
import { limitChanged, restoreLimit } from './limits.ts';
import { restoreLinks } from './links.ts';
import { restoreLogs } from './logs.ts';
import { type EventRow, restoreCounter, restoreDelivery, restoreEvent } from './restore-events.ts';
import { enterRoom } from './rooms.ts';
import { writeEnd } from './state-change.ts';
import { insertTags } from './tags.ts';
import type { Transaction } from './transaction.ts';

export interface JobRows {
  /** In the order of `JOB_COLUMNS`. */
  readonly row: Row;
  readonly input: string;
  readonly result: Uint8Array | null;
  readonly logs: readonly LogLine[];
}

/** A `StoreRecord` with everything that is JSON as its text. */
export type RecordRows =
  | { readonly kind: 'counter'; readonly number: number; readonly position: number }
  | { readonly kind: 'key'; readonly key: StoredKey }
  /** As `documentPut` takes it. */
  | { readonly kind: 'document'; readonly row: Row }
  /** As `deliveryInsert` takes it. */
  | { readonly kind: 'delivery'; readonly row: Row }
  | { readonly kind: 'event'; readonly event: EventRow }
  | { readonly kind: 'group'; readonly group: Group; readonly followUps: string }
  | { readonly kind: 'member'; readonly member: GroupMember }
  | { readonly kind: 'limit'; readonly limit: LimitRecord }
  | { readonly kind: 'tombstone'; readonly tombstone: Tombstone }
  | ({ readonly kind: 'job' } & JobRows);

export function restoreRecords(transaction: Transaction, batch: readonly RecordRows[]): readonly RestoreOutcome[] {
  return batch.map((record) => restoreRecord(transaction, record));
}

function restoreRecord(transaction: Transaction, record: RecordRows): RestoreOutcome {
  switch (record.kind) {
    case 'counter':
      return restoreCounter(transaction, record);
    case 'key':
      return restoreKey(transaction, record.key);
    case 'document':
      return restoreDocument(transaction, record.row);
    case 'delivery':
      return restoreDelivery(transaction, record.row);
    case 'event':
      return restoreEvent(transaction, record.event);
    case 'group':
      return restoreGroup(transaction, record.group, record.followUps);
    case 'member':
      return restoreMember(transaction, record.member);
    case 'limit':
      return restoreLimit(transaction, record.limit);
    case 'tombstone':
      return restoreTombstone(transaction, record.tombstone);
    case 'job':
      return restoreJob(transaction, record);
  }
}

function restoreKey(transaction: Transaction, key: StoredKey): RestoreOutcome {
  if (insertKey(transaction, key)) return 'written';
  const there = transaction.connection.get('keyRead', key.id);
  const isSame = there?.[4] === key.hash;
  // A key that was revoked must not stay in force because an older dump of it is there.
  const isOlder = key.revokedAt !== null && there?.[6] === null;
  return isSame && !isOlder ? 'present' : 'conflict';
}

function restoreDocument({ connection }: Transaction, row: Row): RestoreOutcome {
  const [tenant, kind, name, , revision, createdAt] = row as [string, string, string, string, number, number];
  const there = connection.get('documentRead', tenant, kind, name);
  if (there === undefined) {
    connection.run('documentPut', ...row);
    return 'written';
  }
  return there[5] === createdAt && (there[4] as number) >= revision ? 'present' : 'conflict';
}

function restoreTombstone(
  transaction: Transaction,
  { id, number, tenant, goneAt, goneUntil }: Tombstone,
): RestoreOutcome {
  const { connection } = transaction;
  const there = graveOf(connection, id, number);
  if (there !== null) return there;
  if (connection.get('jobById', id) !== undefined || connection.get('jobByNumber', number) !== undefined)
    return 'conflict';
  transaction.raiseNumber(number);
  connection.run('tombstonePut', id, number, tenant, goneAt, goneUntil);
  return 'written';
}

/** Whether a removed job has this id and number: null when none has either. */
function graveOf(connection: Connection, id: string, number: number): 'present' | 'conflict' | null {
  const graves = connection.all('tombstonesOf', id, number);
  if (graves.length === 0) return null;
  return graves.every((grave) => grave[0] === id && grave[1] === number) ? 'present' : 'conflict';
}

function restoreJob(transaction: Transaction, rows: JobRows): RestoreOutcome {
  const there = standingOf(transaction.connection, rows.row);
  if (there !== null) return there;
  const isResultOdd = rows.result !== null && rows.row[AT.result_type] === null;
  if (isResultOdd || roomFor(rows.row) === null) return 'conflict';
  insertWholeJob(transaction, rows);
  return 'written';
}

/** What is in the way of a job; null when nothing is. */
function standingOf(connection: Connection, row: Row): 'present' | 'conflict' | null {
  const id = row[AT.id] as string;
  const number = row[AT.number] as number;
  const there = connection.get('jobById', id);
  if (there !== undefined) {
    const isAsNew = (there[AT.revision] as number) >= (row[AT.revision] as number);
    return there[AT.number] === number && isAsNew ? 'present' : 'conflict';
  }
  if (connection.get('jobByNumber', number) !== undefined) return 'conflict';
  const key = row[AT.idempotency_key] ?? null;
  const isKeyTaken = key !== null && connection.get('jobByIdempotencyKey', row[AT.tenant] as string, key) !== undefined;
  return graveOf(connection, id, number) ?? (isKeyTaken ? 'conflict' : null);
}

/** Of those that wait, only those that may have been freed have something to be looked at. */
function writeRestored(transaction: Transaction, row: Row, state: StoredState): void {
  if (isFinal(state) || isHeld(row[AT.marks])) writeEnd(transaction, row);
}

function insertWholeJob(transaction: Transaction, { row, input, result, logs }: JobRows): void {
  const { connection } = transaction;
  const number = row[AT.number] as number;
  const tenant = row[AT.tenant] as string;
  const state = row[AT.state] as StoredState;
  transaction.raiseNumber(number);
  connection.run('jobInsert', ...row.slice(0, FIXED_COLUMNS.length), input);
  enterRoom(transaction, roomOf(state), row, result);
  const tags = row[AT.tags];
  if (typeof tags === 'string') insertTags(transaction, tenant, number, JSON.parse(tags) as Tags);
  transaction.count(tenant, row[AT.type] as string, state, 1);
  const resultBytes = (row[AT.result_bytes] as number | null) ?? 0;
  transaction.use(tenant, { jobs: 1, bytes: Buffer.byteLength(input) + resultBytes });
  const key = row[AT.sequence_key] ?? null;
  // Whatever was first of the sequence after it no longer is.
  if (key !== null && !isFinal(state)) connection.run('sequenceBlockNext', tenant, key, number);
  if (key !== null && state === 'running') connection.run('sequenceBlockFirst', tenant, key);
  if (row[AT.limit_key] !== null && !isFinal(state)) limitChanged(transaction, row, null);
  if (row[AT.terms] !== null) restoreLinks(transaction, row);
  if (state !== 'running' && row[AT.marks] !== null) writeRestored(transaction, row, state);
  if (logs.length > 0) restoreLogs(transaction, { number, tenant }, logs);
}
