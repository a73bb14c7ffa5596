/** Who works, as a row for each. */
import type { WorkerRow } from '../../contract.ts';
import type { Transaction } from './transaction.ts';

export function writeWorkers({ connection }: Transaction, batch: readonly WorkerRow[]): true {
  for (const { tenant, name, seenAt, facts } of batch)
    connection.run('workerPut', tenant, name, seenAt, JSON.stringify(facts));
  return true;
}

export function removeWorker({ connection }: Transaction, { tenant, name }: Pick<WorkerRow, 'tenant' | 'name'>): true {
  connection.run('workerRemove', tenant, name);
  return true;
}

export function dropWorkers({ connection }: Transaction, { before }: { readonly before: number }): true {
  connection.run('workerDrop', before);
  return true;
}
