/** Heartbeats: no change that a reader could see, so the revision stays. */
import type { LeaseExtension, LeaseOutcome } from '../../contract.ts';
import type { Transaction } from './transaction.ts';

export function extendLeases(transaction: Transaction, batch: readonly LeaseExtension[]): readonly LeaseOutcome[] {
  return batch.map(({ id, fence, leaseUntil }) => {
    const row = transaction.connection.get('jobHeld', id, fence);
    if (row === undefined) return { kind: 'lost' };
    transaction.connection.run('jobExtend', leaseUntil, row[0] as number);
    return { kind: 'held', cancelRequestedAt: row[1] as number | null };
  });
}
