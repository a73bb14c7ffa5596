/** Figures by the minute: each row in place of the one that its node wrote before. */
import type { StatRow } from '../../contract.ts';
import { errorsText, figureValues } from '../../stat-row.ts';
import type { Transaction } from './transaction.ts';

export function writeStats({ connection }: Transaction, batch: readonly StatRow[]): true {
  for (const row of batch) {
    const { tenant, type, minute, node, figures } = row;
    connection.run('statPut', tenant, type, minute, node, errorsText(row), ...figureValues(figures));
  }
  return true;
}

export function dropStats(
  { connection }: Transaction,
  { before, limit }: { readonly before: number; readonly limit: number },
): number {
  return connection.run('statDrop', before, limit);
}
