/** Changes what a waiting job was submitted with: in `jobs`, in its room, and among the tags. */
import type { Tags } from '../../../core/job.ts';
import { AMENDED_COLUMNS } from '../../contract-amend.ts';
import { AT } from '../../job-row.ts';
import type { Row, Value } from '../rows.ts';
import { jsonOf } from '../rows.ts';
import { changed } from './events.ts';
import { deleteTags, insertTags } from './tags.ts';
import type { Transaction } from './transaction.ts';

export interface AmendmentRow {
  readonly id: string;
  readonly revision: number;
  /** In the order of `AMENDED_COLUMNS`. */
  readonly cells: Row;
  /** Null leaves the input and the attempts as they are. */
  readonly input: string | null;
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

function amendJob(transaction: Transaction, amendment: AmendmentRow): AmendedRow {
  const row = transaction.connection.get('jobById', amendment.id) ?? null;
  const isAsSeen = row !== null && row[AT.state] === 'waiting' && row[AT.revision] === amendment.revision;
  return isAsSeen ? { isAmended: true, row: amendRow(transaction, row, amendment) } : { isAmended: false, row };
}

/** @param row of a job that waits; the row that it becomes comes back */
export function amendRow(
  transaction: Transaction,
  row: Row,
  { cells, input, now }: Pick<AmendmentRow, 'cells' | 'input' | 'now'>,
): Row {
  const { connection } = transaction;
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
  next[AT.revision] = (row[AT.revision] as number) + 1;
  if (input !== null) beginAnew(transaction, next, input);
  changed(transaction, next, 'changed', now);
  if (row[AT.limit_key] !== null) transaction.touchLimit(row[AT.tenant] as string, row[AT.limit_key] as string, now);
  return next;
}

function beginAnew(transaction: Transaction, row: Value[], input: string): void {
  const { connection } = transaction;
  const number = row[AT.number] as number;
  const bytesBefore = connection.get('inputBytes', number)?.[0] as number;
  connection.run('jobInputPut', number, input);
  connection.run('waitingBegin', number);
  row[AT.attempt] = 0;
  transaction.use(row[AT.tenant] as string, { jobs: 0, bytes: Buffer.byteLength(input) - bytesBefore });
}
