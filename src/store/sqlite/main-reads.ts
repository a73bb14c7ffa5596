/**
 * Reads that are answered on the calling thread, from a read-only connection: each is a probe of an index (6 µs), less than a
 * message to another thread would cost.
 */

import type { Starts } from '../../core/fairness/type-limit.ts';
import type { Json } from '../../core/job.ts';
import type { Scope } from '../../core/scopes.ts';
import type { StoredState } from '../../core/state.ts';
import type {
  BlockedJob,
  Count,
  Document,
  DuePlace,
  DueRequest,
  JobRef,
  JobUsage,
  LimitRef,
  LimitRow,
  LimitStore,
  LogFilter,
  LogLine,
  OldestDue,
  ReadOutcome,
  ResultContent,
  ResultRef,
  Store,
  StoredKey,
  SweepFindings,
  TypeStarts,
  WorkerFilter,
  WorkerRow,
} from '../contract.ts';
import { blockedJobOf, limitRowOf } from '../limit-row.ts';
import { logLevelNumber, logLevelOf, streamNumber, streamOf } from '../log-room.ts';
import type { Connection } from './connection.ts';
import { PART_BYTES, resultBetween } from './result-parts.ts';
import type { Row } from './rows.ts';
import { jobAt } from './rows.ts';
import type { StatementName } from './statements.ts';
import type { DocumentRef } from './writes/documents.ts';
import { storedLimitOf } from './writes/limits.ts';

export function readJob(connection: Connection, ref: JobRef): ReadOutcome {
  const job = 'id' in ref ? connection.get('jobById', ref.id) : connection.get('jobByNumber', ref.number);
  if (job !== undefined) return { kind: 'found', job: jobAt(job) };
  const tombstone =
    'id' in ref ? connection.get('tombstoneById', ref.id) : connection.get('tombstoneByNumber', ref.number);
  if (tombstone === undefined) return { kind: 'missing' };
  const [tenant, goneAt, goneUntil] = tombstone as readonly [string, number, number];
  return { kind: 'gone', tenant, goneAt, goneUntil };
}

export function readResult(connection: Connection, { id, slice }: ResultRef): ResultContent | null {
  const row = connection.get('jobResult', id);
  if (row === undefined) return null;
  if ((row[2] as Uint8Array).byteLength < PART_BYTES) return resultOf(connection, row, slice);
  // Row and parts as of one moment: the result may be replaced in between.
  connection.exec('BEGIN');
  try {
    const current = connection.get('jobResult', id);
    return current === undefined ? null : resultOf(connection, current, slice);
  } finally {
    connection.exec('COMMIT');
  }
}

function resultOf(connection: Connection, row: Row, slice: ResultRef['slice']): ResultContent {
  const [number, contentType, head] = row as readonly [number, string, Uint8Array];
  const bytes = resultBetween(connection, { number, head }, slice?.first, slice && slice.first + slice.length);
  return { contentType, bytes };
}

export function readInput(connection: Connection, id: string): string | null {
  return (connection.get('jobInput', id)?.[0] as string | undefined) ?? null;
}

/** More bytes than any stream has, and a sum with an offset is exact still. */
const NO_BOUND = 2 ** 52;

export function readLogs(connection: Connection, filter: LogFilter): LogLine[] {
  const { id, stream, after, attempt, levelMin, limit, bytesMax = NO_BOUND } = filter;
  const level = levelMin === undefined ? 0 : logLevelNumber(levelMin);
  return connection
    .all('logRead', id, after, level, attempt ?? null, limit, streamNumber(stream), bytesMax)
    .map(logLineOfRow);
}

export function logLineOfRow(row: Row): LogLine {
  return {
    stream: streamOf(row[0] as number),
    offset: row[1] as number,
    fence: row[2] as number,
    attempt: row[3] as number,
    at: row[4] as number,
    level: logLevelOf(row[5] as number),
    line: row[6] as string,
    fields: row[7] as string | null,
  };
}

export function sweepFindings(connection: Connection, now: number, limit: number): SweepFindings {
  const found = (name: StatementName) => connection.all(name, now, limit).map((row) => jobAt(row));
  return {
    lost: found('jobLost'),
    overrun: found('jobOverrun'),
    overdue: found('jobOverdue'),
    prunable: found('jobPrunable'),
  };
}

export function startsOf(connection: Connection, type: string): Starts {
  const text = connection.get('typeStarts', type)?.[0] as string | undefined;
  return text === undefined ? [] : (JSON.parse(text) as Starts);
}

export function readUsage(connection: Connection, tenant: string): JobUsage {
  const [jobs, bytes] = connection.get('usage', tenant) ?? [0, 0];
  return { jobs: jobs as number, bytes: bytes as number };
}

/** None where nothing was started. */
export function typeStarts(connection: Connection, type: string): readonly TypeStarts[] {
  const starts = startsOf(connection, type);
  return starts.length === 0 ? [] : [{ type, starts }];
}

export function nextRunAt(connection: Connection, types: readonly string[], now: number): number | null {
  const times = types.flatMap((type) => (connection.get('jobNextRunAt', type, now)?.[0] as number | null) ?? []);
  return times.length === 0 ? null : Math.min(...times);
}

/** Of each priority the first in the order of claims. */
export function oldestDue(
  connection: Connection,
  { tenant, types, now }: Parameters<Store['oldestDue']>[0],
): readonly OldestDue[] {
  if (tenant === null) return types.flatMap((type) => oldestOfAll(connection, type, now));
  return types.flatMap((type) => {
    let oldest = Number.POSITIVE_INFINITY;
    let row = connection.get('jobNextPriority', type, Number.MAX_SAFE_INTEGER, tenant);
    while (row !== undefined) {
      const priority = row[0] as number;
      oldest = Math.min(oldest, connection.get('jobOldest', tenant, type, priority)?.[0] as number);
      row = connection.get('jobNextPriority', type, priority, tenant);
    }
    return oldest <= now ? [{ type, runAt: oldest }] : [];
  });
}

function oldestOfAll(connection: Connection, type: string, now: number): readonly OldestDue[] {
  const runAt = connection.get('jobNextRunAt', type, Number.MIN_SAFE_INTEGER)?.[0] as number | null | undefined;
  return runAt != null && runAt <= now ? [{ type, runAt }] : [];
}

export function listWorkers(connection: Connection, { tenants, since, limit }: WorkerFilter): readonly WorkerRow[] {
  const rows = [...new Set(tenants)].sort().flatMap((tenant) => connection.all('workerList', tenant, since, limit));
  return rows.slice(0, limit).map((row) => ({
    tenant: row[0] as string,
    name: row[1] as string,
    seenAt: row[2] as number,
    facts: JSON.parse(row[3] as string) as Json,
  }));
}

export function countOfRow(row: Row): Count {
  return {
    tenant: row[0] as string,
    type: row[1] as string,
    state: row[2] as StoredState,
    count: row[3] as number,
  };
}

export function keyOfRow(row: Row): StoredKey {
  return {
    id: row[0] as string,
    tenant: row[1] as string,
    name: row[2] as string,
    scopes: JSON.parse(row[3] as string) as readonly Scope[],
    hash: row[4] as string,
    createdAt: row[5] as number,
    revokedAt: row[6] as number | null,
    expiresAt: row[7] as number | null,
  };
}

export function documentOfRow(row: Row): Document {
  return {
    tenant: row[0] as string,
    kind: row[1] as string,
    name: row[2] as string,
    data: JSON.parse(row[3] as string) as Json,
    revision: row[4] as number,
    createdAt: row[5] as number,
    dueAt: row[6] as number | null,
  };
}

/** Before any place there is. */
const NOWHERE: DuePlace = { dueAt: Number.MIN_SAFE_INTEGER, tenant: '', name: '' };

export function dueDocuments(
  connection: Connection,
  { kind, now, after = NOWHERE, limit }: DueRequest,
): readonly Document[] {
  const rows = connection.all('documentDue', kind, now, after.dueAt, after.tenant, after.name, limit);
  return rows.map(documentOfRow);
}

export function documentRows(
  connection: Connection,
  { tenant, kind, after, limit }: Parameters<Store['documentList']>[0],
): readonly Row[] {
  if (after === undefined) return connection.all('documentList', tenant, kind, limit);
  return connection.all('documentListAfter', tenant, kind, limit, after.createdAt, after.name);
}

export function readDocument(connection: Connection, { tenant, kind, name }: DocumentRef): Document | null {
  const row = connection.get('documentRead', tenant, kind, name);
  return row === undefined ? null : documentOfRow(row);
}

export function readLimit(connection: Connection, { tenant, key }: LimitRef): LimitRow | null {
  const row = connection.get('limitRead', tenant, key);
  return row === undefined ? null : shownLimitOf(row);
}

export function listLimits(
  connection: Connection,
  { tenant, after = '', limit }: Parameters<LimitStore['limitList']>[0],
): readonly LimitRow[] {
  return connection.all('limitList', tenant, after, limit).map(shownLimitOf);
}

export function readBlocks(connection: Connection, numbers: readonly number[]): readonly BlockedJob[] {
  return numbers.flatMap((number) => {
    const row = connection.get('jobBlocks', number);
    return row === undefined ? [] : [blockedJobOf(number, row[1] as number, row[2] as string | null)];
  });
}

function shownLimitOf(row: Row): LimitRow {
  const [running, waiting] = row.slice(-2) as [number, number];
  return limitRowOf({ tenant: row[0] as string, key: row[1] as string }, storedLimitOf(row), { running, waiting });
}
