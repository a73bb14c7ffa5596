/** Changes what a waiting job was submitted with: in `jobs`, in its room, and among the tags. */
import type { Tags } from '../../../core/job.ts';
import { AMENDED_COLUMNS } from '../../contract-amend.ts';
import { AT } from '../../job-row.ts';
import type { Row, Value } from '../rows.ts';
import { jsonOf } from '../rows.ts';
import { changed } from './events.ts';
import { insertTags } from './insert-jobs.ts';
import { deleteTags } from './remove-jobs.ts';
import type { Transaction } from './transaction.ts';

export interface AmendmentRow {
  readonly id: string;
  readonly revision: number;
  /** In the order of `AMENDED_COLUMNS`. */
  readonly cells: Row;
  readonly now: number;
}

export interface AmendedRow {
  readonly isAmended: boolean;
  /** The job as it is now; null where there is none. */
  readonly row: Row | null;
}

export function amendJobs(transaction: Transaction, batch: readonly AmendmentRow[]): readonly AmendedRow[] {
  return batch.map((amendment) => amendJob(transaction, amendment));
}

function amendJob(transaction: Transaction, { id, revision, cells, now }: AmendmentRow): AmendedRow {
  const { connection } = transaction;
  const row = connection.get('jobById', id) ?? null;
  if (row === null || row[AT.state] !== 'waiting' || row[AT.revision] !== revision) return { isAmended: false, row };
  const next: Value[] = [...row];
  for (const [place, column] of AMENDED_COLUMNS.entries()) next[AT[column]] = cells[place] ?? null;
  const number = row[AT.number] as number;
  const cell = (column: keyof typeof AT) => next[AT[column]] as Value;
  connection.run('jobAmend', number, cell('priority'), cell('tags'), cell('deadline_ms'));
  connection.run('waitingAmend', number, cell('priority'), cell('run_at'), cell('deadline_at'));
  if (cell('tags') !== row[AT.tags]) {
    deleteTags(transaction, row);
    insertTags(transaction, row[AT.tenant] as string, number, jsonOf<Tags>(cell('tags') as string | null) ?? {});
  }
  next[AT.revision] = revision + 1;
  changed(transaction, next, 'changed', now);
  return { isAmended: true, row: next };
}
