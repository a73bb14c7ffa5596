/**
 * All records of a database as of one moment, on a connection of its own: its read transaction holds a snapshot of the log, so
 * writes go on beside it and do not show.
 *
 * Rows are pulled one by one from a running statement, never a whole table; after each batch the event loop gets its turn. The log cannot
 * be cut while a snapshot is open, so it grows by what is written meanwhile; a dump is short enough for that.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { BideError } from '../../core/errors.ts';
import type { LogLine, StoreRecord } from '../contract.ts';
import { JOB_WIDTH } from '../job-row.ts';
import { limitRecordOf } from '../limit-row.ts';
import { BATCH_RECORDS_MAX, recordBatches } from '../record-batches.ts';
import { type Connection, openReaderConnection } from './connection.ts';
import { storeError } from './driver-errors.ts';
import { placeOf } from './event-reads.ts';
import { eventOfRow, pendingOfRow } from './event-wire.ts';
import { dueGroupOf, memberOf } from './group-calls.ts';
import { documentOfRow, keyOfRow, logLineOfRow } from './main-reads.ts';
import { resultBetween } from './result-parts.ts';
import type { Row } from './rows.ts';
import { jobAt } from './rows.ts';
import { storedLimitOf } from './writes/limits.ts';

/** @param closing ends the dump when the store closes */
export async function* dumpDatabase(path: string, closing: AbortSignal): AsyncGenerator<readonly StoreRecord[], void> {
  const connection = translated(path, () => openReaderConnection(path));
  const close = () => {
    if (connection.database.isOpen) connection.close();
  };
  closing.addEventListener('abort', close);
  try {
    connection.exec('BEGIN');
    for await (const batch of recordBatches(recordsOf(connection))) {
      yield batch;
      await turn();
      closing.throwIfAborted();
    }
  } catch (error) {
    throw closing.aborted ? new BideError('SHUTTING_DOWN') : storeError(error, path);
  } finally {
    closing.removeEventListener('abort', close);
    close();
  }
}

function translated<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storeError(error, path);
  }
}

function* recordsOf(connection: Connection): Generator<StoreRecord, void> {
  const position = placeOf(connection, 'fan-out');
  yield { kind: 'counter', number: Number(connection.get('jobNumberRead')?.[0]), position };
  for (const row of connection.each('keyListAll')) yield { kind: 'key', key: keyOfRow(row) };
  for (const row of connection.each('dumpDocuments')) yield { kind: 'document', document: documentOfRow(row) };
  for (const row of connection.each('dumpLimits')) {
    const ref = { tenant: row[0] as string, key: row[1] as string };
    yield { kind: 'limit', limit: limitRecordOf(ref, storedLimitOf(row)) };
  }
  for (const row of connection.each('dumpDeliveries')) yield { kind: 'delivery', delivery: pendingOfRow(row) };
  yield* eventsBehind(connection, position);
  for (const row of connection.each('dumpGroups')) yield { kind: 'group', ...dueGroupOf(row) };
  for (const row of connection.each('dumpMembers')) yield { kind: 'member', member: memberOf(row) };
  for (const row of connection.each('dumpTombstones')) yield tombstoneOf(row);
  const logsOf = logsByJob(connection);
  for (const row of connection.each('dumpJobs')) yield wholeJobOf(connection, row, logsOf);
}

/** Page by page, since it is a stretch of a table. */
function* eventsBehind(connection: Connection, position: number): Generator<StoreRecord, void> {
  for (let after = position; ; ) {
    const rows = connection.all('eventRead', after, Number.MAX_SAFE_INTEGER, BATCH_RECORDS_MAX);
    for (const row of rows) yield { kind: 'event', event: eventOfRow(row) };
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last[0] as number;
  }
}

function tombstoneOf(row: Row): StoreRecord {
  const [id, number, tenant, goneAt, goneUntil] = row as [string, number, string, number, number];
  return { kind: 'tombstone', tombstone: { id, number, tenant, goneAt, goneUntil } };
}

/** The lines of one job after another, in the order of their numbers: one running statement, since a probe per job is a second per 300,000. */
function logsByJob(connection: Connection): (number: number) => readonly LogLine[] {
  const rows = connection.each('dumpLogs')[Symbol.iterator]();
  let next = rows.next();
  return (number) => {
    const lines: LogLine[] = [];
    for (; next.done !== true && (next.value[0] as number) <= number; next = rows.next()) {
      if (next.value[0] === number) lines.push(logLineOfRow(next.value.slice(1)));
    }
    return lines;
  };
}

/** A row of `dumpJobs`: the job, its input, and the content of its result. */
function wholeJobOf(connection: Connection, row: Row, logsOf: (number: number) => readonly LogLine[]): StoreRecord {
  const job = jobAt(row);
  const [input, head] = row.slice(JOB_WIDTH) as [string, Uint8Array | null];
  const bytes = head && resultBetween(connection, { number: job.number, head });
  return {
    kind: 'job',
    job,
    input,
    result: job.result === null || bytes === null ? null : { contentType: job.result.contentType, bytes },
    logs: logsOf(job.number),
  };
}
