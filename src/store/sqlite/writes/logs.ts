/** What jobs say: lines are appended under the fence of the attempt that says them, a log is cut in its middle where it is too long, output is refused there. */
import { type LogEntry, leftOutLine } from '../../../core/log-line.ts';
import type { LogAppend, LogLine, LogOutcome } from '../../contract.ts';
import { cutAt, headBytes, logEntryBytes, logLevelNumber, streamNumber } from '../../log-room.ts';
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
    return holder === null ? 'lost' : appendTo(transaction, holder, append);
  });
}

function holderOf({ connection }: Transaction, { id, fence }: LogAppend): Holder | null {
  const row = connection.get('logHolder', id, fence);
  if (row === undefined) return null;
  const [number, attempt, tenant] = row as readonly [number, number, string];
  return { number, attempt, tenant };
}

function appendTo(transaction: Transaction, holder: Holder, append: LogAppend): Exclude<LogOutcome, 'lost'> {
  const { stream, fence, entries, bytesMax } = append;
  const before = (transaction.connection.get('logEnd', holder.number, streamNumber(stream))?.[0] ?? 0) as number;
  const after = entries.reduce((sum, entry) => sum + logEntryBytes(entry), before);
  if (stream === 'output' && !hasRoom(transaction, holder, append, after)) return 'full';
  let offset = before;
  for (const entry of entries) {
    offset += logEntryBytes(entry);
    insert(transaction, holder.number, { ...entry, stream, offset, fence, attempt: holder.attempt });
  }
  const isTooLong = stream === 'log' && after > bytesMax;
  const at = entries.at(-1)?.at ?? 0;
  const cut = isTooLong ? cutMiddle(transaction, holder.number, { end: after, bytesMax, at }) : 0;
  transaction.use(holder.tenant, { jobs: 0, bytes: after - before - cut });
  return 'written';
}

const OUTPUT = streamNumber('output');
const LOG = streamNumber('log');

/** Whether the output of this run may grow to this end; that of earlier runs goes where it is in the way. */
function hasRoom(transaction: Transaction, holder: Gone, { fence, bytesMax }: LogAppend, end: number): boolean {
  const { connection } = transaction;
  const { number, tenant } = holder;
  if (end - outputStart(transaction, number, fence) <= bytesMax) return true;
  const last = connection.get('logLastBefore', number, OUTPUT, fence)?.[0] as number | null;
  if (last === null) return false;
  const bytes = bytesBetween(transaction, [number, OUTPUT], 0, last - 1);
  connection.run('logDeleteBetween', number, OUTPUT, 0, last - 1);
  transaction.use(tenant, { jobs: 0, bytes: -bytes });
  return end - last <= bytesMax;
}

/** Where the output begins that is kept; behind its first line where that is of an earlier run, since such a line may have to stay. */
function outputStart({ connection }: Transaction, number: number, fence: number): number {
  const row = connection.get('logFirstBehind', number, OUTPUT, 0);
  if (row === undefined) return 0;
  const [position, , firstFence, bytes] = row as readonly [number, number, number, number];
  return firstFence === fence ? position - bytes : position;
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
  const [firstOffset = null, firstAttempt = null] = connection.get('logFirstBehind', number, LOG, head) ?? [];
  const upTo = cutAt(end, bytesMax, firstAttempt === 0 ? (firstOffset as number) : null);
  const last = upTo === null ? null : (connection.get('logLastUpTo', number, LOG, upTo)?.[0] as number | null);
  if (upTo === null || last === null || last <= head) return 0;
  const bytes = bytesBetween(transaction, [number, LOG], head, upTo);
  connection.run('logDeleteBetween', number, LOG, head, upTo);
  const headEnd = (connection.get('logLastUpTo', number, LOG, head)?.[0] ?? 0) as number;
  const line: LogEntry = { at, level: 'warn', line: leftOutLine(last - headEnd, bytesMax), fields: null };
  insert(transaction, number, { ...line, stream: 'log', offset: last, fence: 0, attempt: 0 });
  return bytes - logEntryBytes(line);
}

/** One probe for all of them: jobs without logs cost none of their own. */
export function removeLogs(transaction: Transaction, jobs: readonly Gone[]): void {
  if (jobs.length === 0) return;
  const { connection } = transaction;
  const numbers = jobs.map(({ number }) => number);
  if (connection.get('logIsAny', Math.min(...numbers), Math.max(...numbers)) === undefined) return;
  for (const { number, tenant } of jobs) {
    const bytes = (connection.get('logBytes', number)?.[0] ?? 0) as number;
    if (bytes === 0) continue;
    connection.run('logDelete', number);
    transaction.use(tenant, { jobs: 0, bytes: -bytes });
  }
}

export function restoreLogs(transaction: Transaction, { number, tenant }: Gone, lines: readonly LogLine[]): void {
  for (const line of lines) insert(transaction, number, line);
  const bytes = lines.reduce((sum, line) => sum + logEntryBytes(line), 0);
  transaction.use(tenant, { jobs: 0, bytes });
}

type Of = readonly [number: number, stream: number];

function bytesBetween({ connection }: Transaction, [number, stream]: Of, after: number, upTo: number): number {
  return (connection.get('logBytesBetween', number, stream, after, upTo)?.[0] ?? 0) as number;
}

function insert({ connection }: Transaction, number: number, entry: LogLine): void {
  const { stream, offset, fence, attempt, at, level, line, fields } = entry;
  const [streamCell, levelCell] = [streamNumber(stream), logLevelNumber(level)];
  connection.run('logInsert', number, streamCell, offset, fence, attempt, at, levelCell, line, fields);
}
