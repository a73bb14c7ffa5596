/** State changes on their way out: handed out to whoever delivers them, each job's in order, and settled under their fence. */
import type { DeliverySettlement } from '../../contract.ts';
import type { Row } from '../connection.ts';
import type { Transaction } from './transaction.ts';

export interface DeliveryClaim {
  readonly now: number;
  readonly leaseMs: number;
  readonly max: number;
}

/** Only the oldest delivery of a job has a due time (see the schema), so the order needs no further look. */
export function claimDeliveries(transaction: Transaction, { now, leaseMs, max }: DeliveryClaim): readonly Row[] {
  const rows = transaction.connection.all('deliveryClaim', now + leaseMs, now, max);
  return rows.toSorted((a, b) => (a[0] as number) - (b[0] as number));
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
