/** What becomes of a new job whose unique key has a holder: see core/unique.ts. */
import type { Terms } from '../../../core/terms.ts';
import { AMENDED_COLUMNS } from '../../contract-amend.ts';
import { NEW_AT } from '../../job-row.ts';
import { beforeOf, holderAmong, stepOf } from '../../unique-keys.ts';
import { jobAt, jsonOf, type Row } from '../rows.ts';
import { amendRow } from './amend-jobs.ts';
import type { Transaction } from './transaction.ts';

/** @param job in the order of `NEW_JOB_COLUMNS`. Null: it is a job of its own */
export function holdersStep(
  transaction: Transaction,
  job: Row,
  input: string,
): { readonly kind: 'held' | 'replaced'; readonly row: Row } | null {
  const key = job[NEW_AT.unique_key];
  if (key === null || key === undefined) return null;
  const [tenant, type] = [job[NEW_AT.tenant] as string, job[NEW_AT.type] as string];
  const newest = transaction.connection.get('jobByUniqueKey', tenant, type, key);
  if (newest === undefined) return null;
  const row = holderRow(transaction, newest);
  const createdAt = job[NEW_AT.created_at] as number;
  const terms = jsonOf<Terms>(job[NEW_AT.terms] as string);
  const step = stepOf({ createdAt, runAt: job[NEW_AT.run_at] as number, terms }, jobAt(row));
  if (step.kind === 'take') return null;
  if (step.kind === 'held') return { kind: 'held', row };
  const cells = AMENDED_COLUMNS.map((column) => (column === 'run_at' ? step.runAt : (job[NEW_AT[column]] ?? null)));
  return { kind: 'replaced', row: amendRow(transaction, row, { cells, input, now: createdAt }) };
}

function holderRow({ connection }: Transaction, newest: Row): Row {
  const job = jobAt(newest);
  const id = beforeOf(job);
  const row = id === null ? undefined : connection.get('jobById', id);
  if (row === undefined) return newest;
  const before = jobAt(row);
  return holderAmong(job, before) === before ? row : newest;
}
