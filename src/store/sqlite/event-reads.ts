/** Reads of events and deliveries on the calling thread: each a probe of an index, or a stretch of one. */
import type {
  DeliveryFilter,
  DeliveryRecord,
  EventPage,
  EventReadRequest,
  FanOutPage,
  WholeDelivery,
} from '../contract.ts';
import type { Connection } from './connection.ts';
import { deliveryRecordOf, eventOfRow, wholeDeliveryOf } from './event-wire.ts';
import type { Row, Value } from './rows.ts';
import type { Place } from './writes/transaction.ts';

/** In this order, so that no event comes, or goes, between what is read: what is newest first, what is gone last. */
export function readEvents(connection: Connection, { tenant, after, limit }: EventReadRequest): EventPage {
  const newest = placeOf(connection, 'event');
  const rows =
    tenant === null
      ? connection.all('eventRead', after, newest, limit)
      : connection.all('eventReadOfTenant', after, newest, limit, tenant);
  return { events: rows.map(eventOfRow), newest, prunedTo: placeOf(connection, 'pruned') };
}

export function readFanOut(connection: Connection, limit: number): FanOutPage {
  const from = placeOf(connection, 'fan-out');
  const rows = connection.all('eventRead', from, Number.MAX_SAFE_INTEGER, limit);
  return { from, events: rows.map(eventOfRow) };
}

export function placeOf(connection: Connection, place: Place): number {
  return connection.get('placeRead', place)?.[0] as number;
}

/** A page of each state, each along its index; of them the first page. */
export function listDeliveries(connection: Connection, filter: DeliveryFilter): readonly DeliveryRecord[] {
  const { states = ['pending', 'delivered', 'failed'], limit } = filter;
  const rows = [...new Set(states)].flatMap((state) => rowsInState(connection, filter, state));
  const newest = rows.toSorted((a, b) => (b[0] as number) - (a[0] as number));
  return newest.slice(0, limit).map(deliveryRecordOf);
}

function rowsInState(connection: Connection, filter: DeliveryFilter, state: string): readonly Row[] {
  const { tenant, endpointId, jobId, after = Number.MAX_SAFE_INTEGER, limit } = filter;
  const values: readonly Value[] = [tenant, state, after, limit];
  if (jobId !== undefined && endpointId !== undefined)
    return connection.all('deliveryListOfBoth', ...values, jobId, endpointId);
  if (jobId !== undefined) return connection.all('deliveryListOfJob', ...values, jobId);
  if (endpointId !== undefined) return connection.all('deliveryListOfEndpoint', ...values, endpointId);
  return connection.all('deliveryList', ...values);
}

export function readDelivery(connection: Connection, tenant: string, number: number): WholeDelivery | null {
  const row = connection.get('deliveryRead', tenant, number);
  return row === undefined ? null : wholeDeliveryOf(row);
}
