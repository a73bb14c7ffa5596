/** Removes final jobs with everything that belongs to them, and leaves tombstones that end by themselves. */
import { isFinal, type StoredState } from '../../../core/state.ts';
import type { Removal, RemoveOutcome } from '../../contract.ts';
import { AT } from '../../job-row.ts';
import { type Gone, removeLogs } from './logs.ts';
import { leaveRoom } from './rooms.ts';
import { deleteTags } from './tags.ts';
import type { Transaction } from './transaction.ts';

/** Tombstones dropped per call: more than a sweep makes, so that they never pile up, and few enough to be done in 5 ms. */
const TOMBSTONES_DROPPED_MAX = 1_000;

export function removeJobs(transaction: Transaction, batch: readonly Removal[]): readonly RemoveOutcome[] {
  const gone: Gone[] = [];
  const outcomes = batch.map((removal) => removeJob(transaction, removal, gone));
  removeLogs(transaction, gone);
  const now = Math.max(...batch.map((removal) => removal.now));
  if (batch.length > 0) {
    transaction.connection.run('tombstoneDeleteOver', now, Math.max(TOMBSTONES_DROPPED_MAX, 2 * batch.length));
  }
  return outcomes;
}

function removeJob(transaction: Transaction, removal: Removal, gone: Gone[]): RemoveOutcome {
  const { connection } = transaction;
  const row = connection.get('jobById', removal.id);
  if (row === undefined) return 'missing';
  const state = row[AT.state] as StoredState;
  if (row[AT.revision] !== removal.revision || !isFinal(state)) return 'stale';
  const number = row[AT.number] as number;
  const tenant = row[AT.tenant] as string;
  const inputBytes = connection.get('inputBytes', number)?.[0] as number;
  connection.run('jobDelete', number);
  leaveRoom(transaction, 'finished', number);
  deleteTags(transaction, row);
  if (row[AT.terms] !== null) connection.run('linkDelete', number);
  connection.run('tombstonePut', removal.id, number, tenant, removal.now, removal.goneUntil);
  transaction.count(tenant, row[AT.type] as string, state, -1);
  transaction.use(tenant, { jobs: -1, bytes: -inputBytes - ((row[AT.result_bytes] as number | null) ?? 0) });
  gone.push({ number, tenant });
  return 'removed';
}
