/** Lines of jobs' logs: appended under the fence of the attempt that says them, cut in the middle where there are too many, and removed with their job. */
import { type LogEntry, leftOutLine } from '../../../core/log-line.ts';
import type { LogAppend, LogLine, LogOutcome } from '../../contract.ts';
import { cutAt, headBytes, logEntryBytes, logLevelNumber } from '../../log-room.ts';
import type { Transaction } from './transaction.ts';

/** A job that is being removed. */
export interface Gone {
  readonly number: number;
  readonly tenant: string;
}

interface Holder extends Gone {
  readonly attempt: number;
}

export function appendLogs(transaction: Transaction, batch: readonly LogAppend[]): readonly LogOutcome[] {
  return batch.map((append) => {
    const holder = holderOf(transaction, append);
    if (holder === null) return 'lost';
    appendTo(transaction, holder, append);
    return 'written';
  });
}

function holderOf({ connection }: Transaction, { id, fence }: LogAppend): Holder | null {
  const row = connection.get('logHolder', id, fence);
  if (row === undefined) return null;
  const [number, attempt, tenant] = row as readonly [number, number, string];
  return { number, attempt, tenant };
}

function appendTo(transaction: Transaction, holder: Holder, { entries, bytesMax }: LogAppend): void {
  const before = (transaction.connection.get('logEnd', holder.number)?.[0] ?? 0) as number;
  let end = before;
  for (const entry of entries) {
    end += logEntryBytes(entry);
    insert(transaction, holder.number, { ...entry, offset: end, attempt: holder.attempt });
  }
  const cut =
    end <= bytesMax ? 0 : cutMiddle(transaction, holder.number, { end, bytesMax, at: entries.at(-1)?.at ?? 0 });
  transaction.use(holder.tenant, { jobs: 0, bytes: end - before - cut });
}

interface Cut {
  readonly end: number;
  readonly bytesMax: number;
  readonly at: number;
}

/** Returns how many bytes fewer there are. */
function cutMiddle(transaction: Transaction, number: number, { end, bytesMax, at }: Cut): number {
  const { connection } = transaction;
  const head = headBytes(bytesMax);
  const [firstOffset = null, firstAttempt = null] = connection.get('logFirstBehind', number, head) ?? [];
  const upTo = cutAt(end, bytesMax, firstAttempt === 0 ? (firstOffset as number) : null);
  const last = upTo === null ? null : (connection.get('logLastUpTo', number, upTo)?.[0] as number | null);
  if (upTo === null || last === null || last <= head) return 0;
  const bytes = bytesBetween(transaction, number, head, upTo);
  connection.run('logDeleteBetween', number, head, upTo);
  const headEnd = (connection.get('logLastUpTo', number, head)?.[0] ?? 0) as number;
  const line: LogEntry = { at, level: 'warn', line: leftOutLine(last - headEnd, bytesMax), fields: null };
  insert(transaction, number, { ...line, offset: last, attempt: 0 });
  return bytes - logEntryBytes(line);
}

/** One probe for all of them: jobs without logs cost none of their own. */
export function removeLogs(transaction: Transaction, jobs: readonly Gone[]): void {
  if (jobs.length === 0) return;
  const { connection } = transaction;
  const numbers = jobs.map(({ number }) => number);
  if (connection.get('logIsAny', Math.min(...numbers), Math.max(...numbers)) === undefined) return;
  for (const { number, tenant } of jobs) {
    const bytes = bytesBetween(transaction, number, 0, Number.MAX_SAFE_INTEGER);
    if (bytes === 0) continue;
    connection.run('logDeleteBetween', number, 0, Number.MAX_SAFE_INTEGER);
    transaction.use(tenant, { jobs: 0, bytes: -bytes });
  }
}

export function restoreLogs(transaction: Transaction, { number, tenant }: Gone, lines: readonly LogLine[]): void {
  for (const line of lines) insert(transaction, number, line);
  const bytes = lines.reduce((sum, line) => sum + logEntryBytes(line), 0);
  transaction.use(tenant, { jobs: 0, bytes });
}

function bytesBetween({ connection }: Transaction, number: number, after: number, upTo: number): number {
  return (connection.get('logBytesBetween', number, after, upTo)?.[0] ?? 0) as number;
}

function insert({ connection }: Transaction, number: number, entry: LogLine): void {
  const { offset, attempt, at, level, line, fields } = entry;
  connection.run('logInsert', number, offset, attempt, at, logLevelNumber(level), line, fields);
}
