/** Changes written down for who follows them, and what becomes of what is written: read until it is pruned, fanned out once. */
import type { EventKind, EventPrune, Following } from '../../contract.ts';
import { eventText } from '../../event-row.ts';
import { AT } from '../../job-row.ts';
import type { Row } from '../rows.ts';
import { addDeliveries } from './deliveries.ts';
import type { Transaction } from './transaction.ts';

/**
 * Writes an event where somebody wants it.
 *
 * @param row the job as it is now
 * @param at when it changed; null when nobody said
 */
export function changed(transaction: Transaction, row: Row, kind: EventKind, at: number | null): void {
  const tenant = row[AT.tenant] as string;
  if (row[AT.callback_url] !== null || transaction.isFollowed(tenant, kind)) writeEvent(transaction, row, kind, at);
}

/** Where it is known that somebody wants it. */
export function writeEvent(transaction: Transaction, row: Row, kind: EventKind, at: number | null): void {
  const position = transaction.place('event') + 1;
  transaction.movePlace('event', position);
  // A row has no bytes: they are in columns of their own, which no snapshot has.
  const text = eventText(row as readonly (string | number | null)[]);
  transaction.connection.run('eventInsert', position, row[AT.tenant] as string, kind, at ?? Date.now(), text);
}

export interface FollowerRow {
  readonly tenant: string;
  readonly name: string;
  readonly wants: number;
  readonly until: number | null;
  readonly now: number;
}

export function follow(transaction: Transaction, { tenant, name, wants, until, now }: FollowerRow): Following {
  const { connection } = transaction;
  const there = connection.get('followerRead', tenant, name) as readonly [number, number | null, number] | undefined;
  const isKept = there !== undefined && (there[1] === null || there[1] > now) && (wants & ~there[0]) === 0;
  const since = isKept ? there[2] : transaction.place('event');
  connection.run('followerPut', tenant, name, wants, until, since);
  transaction.followersChanged(tenant);
  return { since };
}

export function unfollow(transaction: Transaction, { tenant, name }: Pick<FollowerRow, 'tenant' | 'name'>): null {
  transaction.connection.run('followerDelete', tenant, name);
  transaction.followersChanged(tenant);
  return null;
}

export function pruneEvents(transaction: Transaction, { now, before, keepMax, limit }: EventPrune): number {
  const { connection } = transaction;
  for (const [tenant] of connection.all('followerDeleteOver', now)) transaction.followersChanged(tenant as string);
  const keepFrom = keepMax === undefined ? 0 : transaction.place('event') - keepMax + 1;
  const ages = connection.all('eventAges', transaction.place('fan-out'), limit) as readonly [number, number][];
  const kept = ages.findIndex(([position, at]) => at >= before && position >= keepFrom);
  const last = ages[(kept === -1 ? ages.length : kept) - 1];
  if (last === undefined) return 0;
  transaction.movePlace('pruned', last[0]);
  return connection.run('eventDeleteTo', last[0]);
}

export interface FanOutRows {
  readonly from: number;
  readonly to: number;
  /** As `deliveryAdd` takes them. */
  readonly deliveries: readonly Row[];
}

export function writeFanOut(transaction: Transaction, { from, to, deliveries }: FanOutRows): boolean {
  if (transaction.place('fan-out') !== from) return false;
  addDeliveries(transaction, deliveries);
  transaction.movePlace('fan-out', to);
  return true;
}
