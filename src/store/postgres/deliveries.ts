/** Deliveries: handed out to whoever sends them, those of one endpoint and job in order, settled under their fence, and kept in a log for a while. */
import type { Origin } from '../../core/job.ts';
import type {
  Delivery,
  DeliveryClaim,
  DeliverySettlement,
  DeliveryTry,
  NewDelivery,
  PendingDelivery,
  Redelivery,
} from '../contract.ts';
import type { Row } from './connection/lane.ts';
import { repeated } from './connection/repeat.ts';
import type { Session, Step } from './connection/session.ts';
import { type Placed, placedAt, roundsOf } from './rounds.ts';
import { jsonOf, jsonText, plainColumn, textColumn } from './rows.ts';
import { givenText, plainArray, storedText, storedTextArray, textArray } from './wire-text.ts';

/** The row of a callback has no null there: see the schema. */
export const CALLBACK_ENDPOINT = '';

/** In the order of `NEW_DELIVERY`. */
export function newDeliveryValues(batch: readonly NewDelivery[]): unknown[] {
  const texts = (of: (delivery: NewDelivery) => string) => textColumn(batch.map((one) => storedText(of(one))));
  return [
    textArray(batch.map(({ tenant }) => tenant)),
    plainColumn(batch.map(({ jobId }) => jobId)),
    plainColumn(batch.map(({ revision }) => revision)),
    texts(({ event }) => event),
    texts(({ endpointId }) => endpointId ?? CALLBACK_ENDPOINT),
    texts(({ url }) => url),
    plainColumn(batch.map(({ lane }) => lane)),
    textColumn(batch.map(({ origin }) => jsonText(origin))),
    textColumn(batch.map(({ headers }) => jsonText(headers))),
    texts(({ body }) => body),
    plainColumn(batch.map(({ at }) => at)),
    plainColumn(batch.map(({ dueAt }) => dueAt)),
  ];
}

/** Not repeated after a lost answer: a test that is sent twice would say more than one that is asked for again. */
export async function addDeliveries(session: Session, batch: readonly NewDelivery[]): Promise<readonly number[]> {
  if (batch.length === 0) return [];
  const rows = await session.run('deliveryAdd', newDeliveryValues(batch));
  return rows.map(([number]) => number as number).sort((a, b) => a - b);
}

/** A claim whose answer was lost is not searched for: its rows come up again when their lease is over. */
export async function claimDeliveries(session: Session, claim: DeliveryClaim) {
  const { now, leaseMs, max, eachMax = max, after = '', busy = [] } = claim;
  const { laneMax = max, firstLane = 0, busyLanes = [] } = claim;
  const lanes = busyLanes.map(({ tenant, lane }) => `${tenant}:${lane}`);
  const bounds = [Math.max(0, max), Math.max(0, eachMax)];
  const values = [now, now + leaseMs, ...bounds, storedText(after), textArray(busy)];
  values.push(Math.max(0, laneMax), firstLane, textArray(lanes));
  const rows = await repeated(() => session.run('deliveryClaim', values));
  return rows.map(deliveryOf).sort((a, b) => a.number - b.number);
}

export async function settleDeliveries(
  session: Session,
  batch: readonly DeliverySettlement[],
): Promise<readonly boolean[]> {
  const settled = new Array<boolean>(batch.length).fill(false);
  const rounds = roundsOf(batch, ({ number }) => number);
  if (rounds.length === 0) return settled;
  const results = await repeated(() => session.runAll(rounds.map(settleStep)));
  for (const [at, rows] of results.entries()) {
    for (const [ord] of rows) settled[placedAt(rounds, at, ord).index] = true;
  }
  return settled;
}

function settleStep(round: readonly Placed<DeliverySettlement>[]): Step {
  const items = round.map(({ item }) => item);
  return {
    name: 'deliverySettle',
    values: [
      plainArray(items.map(({ number }) => number)),
      plainArray(items.map(({ fence }) => fence)),
      storedTextArray(items.map(({ tried }) => jsonText(tried))),
      plainArray(items.map(({ tried }) => tried?.at ?? null)),
      textArray(items.map(({ outcome }) => (outcome.kind === 'retry' ? null : outcome.kind))),
      plainArray(items.map(({ outcome }) => (outcome.kind === 'retry' ? outcome.at : outcome.keepUntil))),
    ],
  };
}

/** Repeated after a lost answer, one that is pending by then was made so by the first try; of those of an endpoint only the rest is counted. */
export async function redeliver(session: Session, request: Redelivery): Promise<number> {
  const { tenant, now } = request;
  return repeated(async (isRepeat) => {
    if ('endpointId' in request) {
      const { endpointId, failedFrom, limit } = request;
      const values = [storedText(tenant), storedText(endpointId), now, failedFrom, Math.max(0, limit)];
      return (await session.run('deliveryRedeliverFailed', values)).length;
    }
    const ref = [storedText(tenant), request.number];
    const rows = await session.run('deliveryRedeliver', [...ref, now]);
    if (rows.length > 0 || !isRepeat) return rows.length;
    const [row] = await session.run('deliveryRead', ref);
    return row?.[9] === 'pending' ? 1 : 0;
  });
}

export async function countPending(
  session: Session,
  { tenant, endpointId }: { readonly tenant: string; readonly endpointId: string },
): Promise<number> {
  const [row] = await repeated(() => session.run('deliveryPending', [storedText(tenant), storedText(endpointId)]));
  return (row?.[0] as number | undefined) ?? 0;
}

export async function pruneDeliveries(
  session: Session,
  { now, limit }: { readonly now: number; readonly limit: number },
): Promise<number> {
  const [row] = await repeated(() => session.run('deliveryPrune', [now, Math.max(0, limit)]));
  return (row?.[0] as number | undefined) ?? 0;
}

export function endpointOf(cell: unknown): string | null {
  return cell === CALLBACK_ENDPOINT ? null : givenText(cell as string);
}

/** An array of texts, each the JSON of a try. */
export function triesOf(cell: unknown): readonly DeliveryTry[] {
  return (JSON.parse(cell as string) as string[]).map((text) => JSON.parse(givenText(text)) as DeliveryTry);
}

/** @param row number, and what follows in the order of `HANDED` up to `first_tried_at` */
export function deliveryOf(row: Row): Delivery {
  const [number, tenant, jobId, revision, event, endpoint, url, lane, origin, headers, body, at, ...rest] = row;
  const [attempt, fence, firstTriedAt] = rest;
  return {
    number: number as number,
    tenant: givenText(tenant as string),
    jobId: jobId as string | null,
    revision: revision as number,
    event: givenText(event as string),
    endpointId: endpointOf(endpoint),
    url: givenText(url as string),
    lane: lane as number,
    origin: jsonOf<Origin>(origin as string | null),
    headers: jsonOf<Record<string, string>>(headers as string) ?? {},
    body: givenText(body as string),
    at: at as number,
    attempt: attempt as number,
    fence: fence as number,
    firstTriedAt: firstTriedAt as number | null,
  };
}

/** @param row as `deliveryOf` has it, then `due_at` and `tries` */
export function pendingOf(row: Row): PendingDelivery {
  const { number: _, ...delivery } = deliveryOf(row);
  const [dueAt, tries] = row.slice(-2);
  return { ...delivery, dueAt: dueAt as number, tries: triesOf(tries) };
}
