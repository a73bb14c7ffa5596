/** Ends of which all that follows has been written. */
import type { EndedJob } from '../../contract.ts';
import type { Transaction } from './transaction.ts';

export function dropEnded({ connection }: Transaction, batch: readonly Pick<EndedJob, 'place'>[]): null {
  for (const { place } of batch) connection.run('endedDelete', place);
  return null;
}
