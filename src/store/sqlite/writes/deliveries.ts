/** State changes on their way out: handed out to whoever delivers them, each job's in order, and settled under their fence. */
import type { DeliveryClaim, DeliverySettlement } from '../../contract.ts';
import type { Connection } from '../connection.ts';
import type { Row } from '../rows.ts';
import type { Transaction } from './transaction.ts';

/** Only the oldest delivery of a job has a due time (see the schema), so the order needs no further look. */
export function claimDeliveries({ connection }: Transaction, claim: DeliveryClaim): readonly Row[] {
  const { now, leaseMs, max, eachMax = max, after = '', busy = [] } = claim;
  const rows: Row[] = [];
  for (const tenant of tenantsFrom(connection, after)) {
    if (rows.length >= max) break;
    if (busy.includes(tenant)) continue;
    rows.push(...connection.all('deliveryClaim', now + leaseMs, now, Math.min(eachMax, max - rows.length), tenant));
  }
  return rows.toSorted((a, b) => (a[0] as number) - (b[0] as number));
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
