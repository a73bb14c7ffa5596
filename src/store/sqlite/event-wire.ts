/** Events and deliveries of the contract as rows, and back. */
import type { Origin } from '../../core/job.ts';
import type {
  Delivery,
  DeliveryRecord,
  DeliveryState,
  DeliveryTry,
  EventKind,
  JobEvent,
  NewDelivery,
  PendingDelivery,
  WholeDelivery,
} from '../contract.ts';
import { eventJobReader, eventText } from '../event-row.ts';
import { AS_IT_IS, jsonOf, jsonText, type Row, rowOf } from './rows.ts';
import type { EventRow } from './writes/restore-events.ts';

const jobOfText = eventJobReader(AS_IT_IS);

/** Position, kind, time, job. */
export function eventOfRow(row: Row): JobEvent {
  const [position, kind, at, job] = row as readonly [number, EventKind, number, string];
  return { position, kind, at, job: jobOfText(job) };
}

export function eventRow({ position, kind, at, job }: JobEvent): EventRow {
  return { position, kind, at, job: eventText(rowOf(job) as readonly (string | number | null)[]) };
}

/** As `deliveryInsert` takes it. */
export function deliveryRow(delivery: NewDelivery | PendingDelivery): Row {
  const { tenant, jobId, revision, event, endpointId, url, lane, origin, headers, body, at, dueAt } = delivery;
  const { attempt = 0, fence = 0, firstTriedAt = null, tries = [] } = delivery as Partial<PendingDelivery>;
  const sent = [tenant, jobId, revision, event, endpointId, url, lane, jsonText(origin), at, dueAt];
  return [
    ...sent,
    JSON.stringify(headers),
    body,
    attempt,
    fence,
    firstTriedAt,
    tries.length === 0 ? null : JSON.stringify(tries),
  ];
}

/** A row of `deliveryClaim`. */
export function deliveryOfRow(row: Row): Delivery {
  const { dueAt: _, tries: __, ...delivery } = pendingOfRow(row);
  return { number: row[0] as number, ...delivery };
}

/** The same with its tries. Fields in the order that PostgreSQL's have: an archive has the same lines from either. */
export function pendingOfRow(row: Row): PendingDelivery {
  return {
    tenant: row[4] as string,
    jobId: row[5] as string | null,
    revision: row[6] as number,
    event: row[7] as string,
    endpointId: row[8] as string | null,
    url: row[9] as string,
    lane: row[10] as number,
    origin: jsonOf<Origin>(row[11] as string | null),
    headers: JSON.parse(row[14] as string) as Delivery['headers'],
    body: row[15] as string,
    at: row[12] as number,
    attempt: row[1] as number,
    fence: row[2] as number,
    firstTriedAt: row[3] as number | null,
    dueAt: row[13] as number,
    tries: triesOf(row[16]),
  };
}

/** A row of the lists. */
export function deliveryRecordOf(row: Row): DeliveryRecord {
  const state = row[9] as DeliveryState;
  return {
    number: row[0] as number,
    tenant: row[1] as string,
    jobId: row[2] as string | null,
    revision: row[3] as number,
    event: row[4] as string,
    endpointId: row[5] as string | null,
    url: row[6] as string,
    at: row[7] as number,
    attempt: row[8] as number,
    state,
    dueAt: state === 'pending' ? (row[10] as number) : null,
    keepUntil: row[11] as number | null,
    tries: triesOf(row[12]),
  };
}

export function wholeDeliveryOf(row: Row): WholeDelivery {
  const headers = JSON.parse(row[13] as string) as Delivery['headers'];
  return { ...deliveryRecordOf(row), headers, body: row[14] as string };
}

function triesOf(text: Row[number] | undefined): readonly DeliveryTry[] {
  return jsonOf<readonly DeliveryTry[]>((text ?? null) as string | null) ?? [];
}
