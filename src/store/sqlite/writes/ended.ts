/** Ends of which all that follows has been written. */
import type { EndedJob } from '../../contract.ts';
import type { Transaction } from './transaction.ts';

export function dropEnded({ connection }: Transaction, batch: readonly Pick<EndedJob, 'number' | 'revision'>[]): null {
  for (const { number, revision } of batch) connection.run('endedDelete', number, revision);
  return null;
}
