/**
 * What goes with a change of a job's state, in the same transaction: the counts, the event for who follows, and who of
 * its sequence may run.
 */
import { isFinal, type StoredState } from '../../../core/state.ts';
import { AT } from '../../job-row.ts';
import { isAwaited, isHeld } from '../../mark-text.ts';
import type { Row } from '../rows.ts';
import { changed } from './events.ts';
import { limitChanged } from './limits.ts';
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
  changed(transaction, row, state, at);
  if (row[AT.sequence_key] !== null) sequenceChanged(transaction, row, before, at);
  if (row[AT.limit_key] !== null && state !== 'running') limitChanged(transaction, row, at);
  if (row[AT.marks] !== null && (isFinal(state) || isFinal(before))) writeEnd(transaction, row);
}

/** Where somebody waits for it, or where it waits again and so do its parents' ends for it. */
export function writeEnd(transaction: Transaction, row: Row): void {
  const isLooking = row[AT.state] === 'waiting' && isHeld(row[AT.marks]);
  if (isLooking || isAwaited(row[AT.marks])) tellEnd(transaction, row);
}

/** Whether or not somebody is known to wait for it. */
export function tellEnd({ connection }: Transaction, row: Row): void {
  const { number, revision, id, tenant, state } = AT;
  connection.run('endedInsert', ...[number, revision, id, tenant, state].map((place) => row[place] ?? null));
}

/**
 * Keeps the sequence's bit of `blocked` true to its meaning: a waiting job has it exactly when an earlier one of its key is unfinished, or any of
 * them runs. Hence only the first unfinished job of a key can be free, and each change touches at most three rows.
 */
function sequenceChanged(transaction: Transaction, row: Row, before: StoredState, at: number | null): void {
  const tenant = row[AT.tenant] as string;
  const key = row[AT.sequence_key] as string;
  const number = row[AT.number] as number;
  const state = row[AT.state] as StoredState;
  const { connection } = transaction;
  if (state === 'waiting' && isFinal(before)) connection.run('sequenceBlockNext', tenant, key, number);
  if (state === 'running') return;
  const freed = connection.get('sequenceUnblockFirst', tenant, key);
  if (freed !== undefined && freed[0] !== null) transaction.touchLimit(tenant, freed[0] as string, at);
}
