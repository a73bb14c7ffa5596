/** Deliveries: handed out to whoever sends them, those of an endpoint and job in order, settled under their fence, and kept for a while. */
import type { DeliveryClaim, DeliverySettlement, DeliveryTry, Redelivery } from '../../contract.ts';
import { TRIES_KEPT } from '../../contract.ts';
import type { Connection } from '../connection.ts';
import type { Row } from '../rows.ts';
import type { Transaction } from './transaction.ts';

/** So many due ones are looked at before tenants are asked one by one. */
const LOOK = 500;

/** Only the oldest of an endpoint and job is not blocked (see the schema), so the order needs no further look. */
export function claimDeliveries({ connection }: Transaction, claim: DeliveryClaim): readonly Row[] {
  const { now, max, eachMax = max, after = '', busy = [] } = claim;
  const due = connection.all('deliveryDue', now, LOOK) as readonly [string, number][];
  const tenants = due.length < LOOK ? inTurn(due, after) : walkedFrom(connection, after, now);
  const rows: Row[] = [];
  for (const tenant of tenants) {
    if (rows.length >= max) break;
    if (busy.includes(tenant)) continue;
    rows.push(...claimOfTenant(connection, { ...claim, max: Math.min(eachMax, max - rows.length) }, tenant));
  }
  return rows.toSorted((a, b) => (a[0] as number) - (b[0] as number));
}

/** The tenants of all that is due, each once. */
function inTurn(due: readonly (readonly [string, number])[], after: string): readonly string[] {
  const tenants = [...new Set(due.map(([tenant]) => tenant))].toSorted(byBytes);
  const isBehind = (tenant: string) => byBytes(tenant, after) > 0;
  return [...tenants.filter(isBehind), ...tenants.filter((tenant) => !isBehind(tenant))];
}

/** As SQLite compares texts. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** The same where there are many: the next one is looked for when it is asked for. */
function* walkedFrom(connection: Connection, start: string, now: number): Generator<string> {
  const next = (behind: string) => connection.get('deliveryNextDueTenant', behind, now)?.[0] as string | undefined;
  for (let tenant = next(start); tenant !== undefined; tenant = next(tenant)) yield tenant;
  for (let tenant = next(''); tenant !== undefined && byBytes(tenant, start) <= 0; tenant = next(tenant)) yield tenant;
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

/** A batch of new ones, each in the order of `deliveryRow`. */
export function addDeliveries({ connection }: Transaction, batch: readonly Row[]): readonly number[] {
  return batch.map((row) => connection.get('deliveryInsert', ...row)?.[0] as number);
}

export function settleDeliveries(transaction: Transaction, batch: readonly DeliverySettlement[]): readonly boolean[] {
  return batch.map((settlement) => settle(transaction, settlement));
}

function settle({ connection }: Transaction, { number, fence, tried, outcome }: DeliverySettlement): boolean {
  const held = connection.get('deliveryHeld', number, fence);
  if (held === undefined) return false;
  const [tenant = null, jobId = null, endpointId = null, before] = held;
  const tries = triesWith(before as string | null, tried);
  if (outcome.kind === 'retry') {
    connection.run('deliveryRetry', number, outcome.at, tried === null ? 1 : 0, tried?.at ?? null, tries);
    return true;
  }
  connection.run('deliverySettle', number, outcome.kind, outcome.keepUntil, tries);
  if (jobId !== null) connection.run('deliveryUnblock', tenant, jobId, endpointId);
  return true;
}

function triesWith(before: string | null, tried: DeliveryTry | null): string | null {
  if (tried === null) return before;
  const tries = before === null ? [] : (JSON.parse(before) as readonly DeliveryTry[]);
  return JSON.stringify([...tries, tried].slice(-TRIES_KEPT));
}

export function redeliver(transaction: Transaction, request: Redelivery): number {
  const { tenant, now } = request;
  if ('number' in request) return sendAgain(transaction, request.number, tenant, now);
  const { endpointId, failedFrom, limit } = request;
  const failed = transaction.connection.all('deliveryFailed', tenant, endpointId, failedFrom, limit);
  return failed.reduce((sum, [number]) => sum + sendAgain(transaction, number as number, tenant, now), 0);
}

/** 1 where there is such a settled one. */
function sendAgain({ connection }: Transaction, number: number, tenant: string, now: number): number {
  const row = connection.get('deliveryRedeliver', number, tenant, now);
  if (row === undefined) return 0;
  if (row[1] !== null) connection.run('deliveryBlock', ...row, number);
  return 1;
}

export function pruneDeliveries({ connection }: Transaction, { now, limit }: { now: number; limit: number }): number {
  return connection.run('deliveryDeleteOver', now, limit);
}
