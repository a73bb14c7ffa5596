/** The tags of a job, as lists look for them. */
import type { Tags } from '../../../core/job.ts';
import { AT } from '../../job-row.ts';
import type { Row } from '../rows.ts';
import { jsonOf } from '../rows.ts';
import type { Transaction } from './transaction.ts';

export function insertTags(transaction: Transaction, tenant: string, number: number, tags: Tags): void {
  for (const [name, value] of Object.entries(tags)) {
    transaction.connection.run('jobTagInsert', tenant, name, value, number);
  }
}

export function deleteTags(transaction: Transaction, row: Row): void {
  const tags = jsonOf<Tags>(row[AT.tags] as string | null) ?? {};
  for (const [name, value] of Object.entries(tags)) {
    transaction.connection.run('jobTagDelete', row[AT.tenant] as string, name, value, row[AT.number] as number);
  }
}
