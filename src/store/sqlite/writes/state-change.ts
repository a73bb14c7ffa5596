/**
 * What goes with a change of a job's state, in the same transaction: the counts, the delivery to its callbackUrl, and who of
 * its sequence may run.
 */
import { isFinal, type StoredState } from '../../../core/state.ts';
import { AT } from '../../job-row.ts';
import { laneOf } from '../delivery-lane.ts';
import type { Row } from '../rows.ts';
import type { Transaction } from './transaction.ts';

/**
 * @param row the job as it is now, in a state other than `before`
 * @param at when it happened; null when nobody said
 */
export function stateChanged(transaction: Transaction, row: Row, before: StoredState, at: number | null): void {
  const tenant = row[AT.tenant] as string;
  const type = row[AT.type] as string;
  const state = row[AT.state] as StoredState;
  transaction.count(tenant, type, before, -1);
  transaction.count(tenant, type, state, 1);
  announce(transaction, row, at);
  if (row[AT.sequence_key] !== null) sequenceChanged(transaction, row, before);
}

/**
 * Adds the delivery of the state that `row` has just entered, if somebody asked for deliveries. It is due at once: without a time
 * from the caller that is 0, since this machine's time may lie ahead of the clock that the caller goes by.
 */
export function announce(transaction: Transaction, row: Row, at: number | null): void {
  const url = row[AT.callback_url];
  if (url === null || url === undefined) return;
  transaction.connection.run(
    'deliveryInsert',
    row[AT.number] as number,
    row[AT.id] as string,
    row[AT.tenant] as string,
    row[AT.revision] as number,
    row[AT.state] as string,
    url,
    row[AT.origin] as string | null,
    at ?? Date.now(),
    at ?? 0,
    laneOf(String(url)),
  );
}

/**
 * Keeps `blocked` true to its meaning: a waiting job is blocked exactly when an earlier one of its key is unfinished, or any of
 * them runs. Hence only the first unfinished job of a key can be free, and each change touches at most three rows.
 */
function sequenceChanged(transaction: Transaction, row: Row, before: StoredState): void {
  const tenant = row[AT.tenant] as string;
  const key = row[AT.sequence_key] as string;
  const number = row[AT.number] as number;
  const state = row[AT.state] as StoredState;
  const { connection } = transaction;
  if (state === 'waiting' && isFinal(before)) connection.run('sequenceBlockNext', tenant, key, number);
  if (state !== 'running') connection.run('sequenceUnblockFirst', tenant, key);
}
