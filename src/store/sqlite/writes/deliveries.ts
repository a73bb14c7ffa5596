/** State changes on their way out: handed out to whoever delivers them, each job's in order, and settled under their fence. */
import type { DeliveryClaim, DeliverySettlement } from '../../contract.ts';
import type { Connection } from '../connection.ts';
import type { Row } from '../rows.ts';
import type { Transaction } from './transaction.ts';

/** Only the oldest delivery of a job has a due time (see the schema), so the order needs no further look. */
export function claimDeliveries({ connection }: Transaction, claim: DeliveryClaim): readonly Row[] {
  const { max, eachMax = max, after = '', busy = [] } = claim;
  const rows: Row[] = [];
  for (const tenant of tenantsFrom(connection, after)) {
    if (rows.length >= max) break;
    if (busy.includes(tenant)) continue;
    rows.push(...claimOfTenant(connection, { ...claim, max: Math.min(eachMax, max - rows.length) }, tenant));
  }
  return rows.toSorted((a, b) => (a[0] as number) - (b[0] as number));
}

function claimOfTenant(connection: Connection, claim: DeliveryClaim, tenant: string): readonly Row[] {
  const { now, leaseMs, max, laneMax = max, firstLane = 0, busyLanes = [] } = claim;
  const busy = new Set(busyLanes.filter((one) => one.tenant === tenant).map(({ lane }) => lane));
  const rows: Row[] = [];
  for (const lane of lanesFrom(connection, tenant, firstLane)) {
    if (rows.length >= max) break;
    if (busy.has(lane)) continue;
    const room = Math.min(laneMax, max - rows.length);
    rows.push(...connection.all('deliveryClaim', now + leaseMs, now, room, tenant, lane));
  }
  return rows;
}

function* lanesFrom(connection: Connection, tenant: string, start: number): Generator<number> {
  const next = (behind: number) => (connection.get('deliveryNextLane', tenant, behind)?.[0] ?? null) as number | null;
  for (let lane = next(start - 1); lane !== null; lane = next(lane)) yield lane;
  for (let lane = next(-1); lane !== null && lane < start; lane = next(lane)) yield lane;
}

/** Those with a delivery that is not under way behind another one, each once, by a probe of the index for each. */
function* tenantsFrom(connection: Connection, start: string): Generator<string> {
  const next = (behind: string) => connection.get('deliveryNextTenant', behind)?.[0] as string | null | undefined;
  for (let tenant = next(start) ?? null; tenant !== null; tenant = next(tenant) ?? null) yield tenant;
  for (let tenant = next('') ?? null; tenant !== null && tenant <= start; tenant = next(tenant) ?? null) yield tenant;
}

export function settleDeliveries(transaction: Transaction, batch: readonly DeliverySettlement[]): readonly boolean[] {
  return batch.map((settlement) => settle(transaction, settlement));
}

function settle({ connection }: Transaction, { number, fence, retryAt }: DeliverySettlement): boolean {
  if (retryAt !== null) return connection.run('deliveryRetry', number, fence, retryAt) === 1;
  const row = connection.get('deliveryDelete', number, fence);
  if (row === undefined) return false;
  connection.run('deliveryPromote', row[0] as number);
  return true;
}
