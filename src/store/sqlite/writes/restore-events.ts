/** Records of a dump about events: what was not fanned out keeps its position, what was not delivered goes on in its order. */
import type { EventKind, RestoreOutcome } from '../../contract.ts';
import { AT } from '../../job-row.ts';
import type { Row } from '../rows.ts';
import { addDeliveries } from './deliveries.ts';
import type { Transaction } from './transaction.ts';

export interface EventRow {
  readonly position: number;
  readonly kind: EventKind;
  readonly at: number;
  /** The cells of the job as JSON. */
  readonly job: string;
}

/** Events go on behind both what was here and what was there; of those that were fanned out there, none is here. */
export function restoreCounter(
  transaction: Transaction,
  { number, position }: { readonly number: number; readonly position: number },
): RestoreOutcome {
  const isRaised = transaction.raiseNumber(number);
  const newest = transaction.place('event');
  if (position <= newest) return isRaised ? 'written' : 'present';
  if (transaction.place('fan-out') === newest) transaction.movePlace('fan-out', position);
  transaction.movePlace('pruned', position);
  transaction.movePlace('event', position);
  return 'written';
}

export function restoreEvent(transaction: Transaction, { position, kind, at, job }: EventRow): RestoreOutcome {
  const { connection } = transaction;
  const row = JSON.parse(job) as Row;
  const there = connection.get('eventAt', position)?.[0] as string | undefined;
  if (there !== undefined) return (JSON.parse(there) as Row)[AT.id] === row[AT.id] ? 'present' : 'conflict';
  if (position <= transaction.place('fan-out')) return 'present';
  connection.run('eventInsert', position, row[AT.tenant] as string, kind, at, job);
  if (position > transaction.place('event')) transaction.movePlace('event', position);
  return 'written';
}

/** The columns that tell a delivery from others, in the order of `deliveryIsThere`. */
const IDENTITY = [0, 1, 4, 2, 3];

export function restoreDelivery(transaction: Transaction, row: Row): RestoreOutcome {
  const identity = IDENTITY.map((place) => row[place] ?? null);
  if (transaction.connection.get('deliveryIsThere', ...identity) !== undefined) return 'present';
  addDeliveries(transaction, [row]);
  return 'written';
}
