/**
 * Writes: each lot of requests in one transaction, each request whole or not at all. Runs in the writer thread; it is a plain
 * function of a connection, so that tests can make any statement of it fail.
 *
 * 1. BEGIN IMMEDIATE, every request in turn, COMMIT: one sync of the disk for all of them.
 * 2. When anything fails, everything is rolled back, and each request is run again in a transaction of its own: whoever was to
 *    blame fails alone. Savepoints for every request were rejected: they cost 4 µs each on the path where nothing fails.
 */
import type { MigrationReport } from '../contract.ts';
import { type Checkpoints, createCheckpoints } from './checkpoint.ts';
import type { Connection } from './connection.ts';
import { storeError } from './driver-errors.ts';
import { createFollowers, type Followers } from './followers.ts';
import { migrateDatabase } from './migrate.ts';
import { SCHEMA_VERSION } from './migrations.ts';
import { shrinkABit } from './shrink.ts';
import { type WireReply, type WireRequest, wireError } from './thread-protocol.ts';
import type { Answerer } from './thread-shell.ts';
import { amendJobs } from './writes/amend-jobs.ts';
import { applyPatches } from './writes/apply-patches.ts';
import { claimJobs } from './writes/claim-jobs.ts';
import { createTurns, type Turns } from './writes/claim-round.ts';
import { addDeliveries, claimDeliveries, pruneDeliveries, redeliver, settleDeliveries } from './writes/deliveries.ts';
import { addDocument, removeDocument, stepDocument, writeDocument } from './writes/documents.ts';
import { dropEnded } from './writes/ended.ts';
import { follow, pruneEvents, unfollow, writeFanOut } from './writes/events.ts';
import { extendLeases } from './writes/extend-leases.ts';
import {
  addToGroup,
  closeGroup,
  fireGroup,
  insertGroup,
  pruneGroups,
  removeGroup,
  settleGroups,
} from './writes/groups.ts';
import { insertJobs } from './writes/insert-jobs.ts';
import { insertKey, revokeKey } from './writes/keys.ts';
import { settleLimits, settleTouched, writeLimit } from './writes/limits.ts';
import { closeLinks, joinLinks } from './writes/links.ts';
import { appendLogs } from './writes/logs.ts';
import { removeJobs } from './writes/remove-jobs.ts';
import { restoreRecords } from './writes/restore-records.ts';
import { dropStats, writeStats } from './writes/stats.ts';
import { type Transaction, transactionOn } from './writes/transaction.ts';
import { dropWorkers, removeWorker, writeWorkers } from './writes/workers.ts';

const WRITES = {
  insert: insertJobs,
  claim: claimJobs,
  apply: applyPatches,
  extend: extendLeases,
  remove: removeJobs,
  amend: amendJobs,
  logAppend: appendLogs,
  follow,
  unfollow,
  eventPrune: pruneEvents,
  fanOutWrite: writeFanOut,
  deliveryAdd: addDeliveries,
  deliveryClaim: claimDeliveries,
  deliverySettle: settleDeliveries,
  deliveryRedeliver: redeliver,
  deliveryPrune: pruneDeliveries,
  endedDrop: dropEnded,
  groupInsert: insertGroup,
  groupAdd: addToGroup,
  groupClose: closeGroup,
  groupSettle: settleGroups,
  groupFire: fireGroup,
  groupRemove: removeGroup,
  groupPrune: pruneGroups,
  linkClose: closeLinks,
  linkJoin: joinLinks,
  keyInsert: insertKey,
  keyRevoke: revokeKey,
  limitWrite: writeLimit,
  limitSettle: settleLimits,
  statWrite: writeStats,
  statDrop: dropStats,
  workerWrite: writeWorkers,
  workerRemove: removeWorker,
  workerDrop: dropWorkers,
  documentWrite: writeDocument,
  documentAdd: addDocument,
  documentRemove: removeDocument,
  documentStep: stepDocument,
  restore: restoreRecords,
  ping: writeNothing,
  timeMark: writeTimeMark,
};

/** The version of the schema once more: a page for the log like any other, and its sync with the commit. */
function writeNothing({ connection }: Transaction, _payload: null): true {
  connection.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  return true;
}

function writeTimeMark({ connection }: Transaction, time: number): true {
  connection.run('timeMarkWrite', time);
  return true;
}

type Writes = typeof WRITES;

/** What may be asked of the writer, as `ThreadPort` needs it. */
export type WriterTable = {
  readonly [Name in keyof Writes]: (payload: Parameters<Writes[Name]>[1]) => ReturnType<Writes[Name]>;
} & {
  readonly migrate: (payload: { readonly isDryRun: boolean }) => MigrationReport;
};

export type WriterRequest = WireRequest<keyof WriterTable & string>;

/** @param subject the file, as errors name it */
export function createWriter(connection: Connection, subject: string): Answerer {
  const checkpoints = createCheckpoints(connection, subject);
  const base: Base = { connection, subject, followers: createFollowers(), turns: createTurns() };
  return {
    answer: (requests) => answerAll(base, requests as readonly WriterRequest[]),
    rest: checkpoints.runIfDue,
    idle: () => shrunk(connection, checkpoints),
    close: () => connection.close(),
  };
}

/** The file itself is cut by a checkpoint of the whole log: the last step makes one. */
function shrunk(connection: Connection, checkpoints: Checkpoints): boolean {
  try {
    if (!shrinkABit(connection)) return false;
  } catch {
    // Rolled back, as any write that fails. There will be another idle moment.
    return false;
  }
  checkpoints.run();
  return true;
}

/** What every answer needs. */
interface Base {
  readonly connection: Connection;
  readonly subject: string;
  readonly followers: Followers;
  readonly turns: Turns;
}

function answerAll(base: Base, requests: readonly WriterRequest[]): readonly WireReply[] {
  const writes = requests.filter(isWrite);
  const others = requests.filter((request) => !isWrite(request));
  return [
    ...(writes.length === 0 ? [] : answerWrites(base, writes)),
    ...others.map((request) => answerOther(base, request)),
  ];
}

function isWrite(request: WriterRequest): boolean {
  return Object.hasOwn(WRITES, request[1]);
}

function answerWrites(base: Base, requests: readonly WriterRequest[]): readonly WireReply[] {
  try {
    return inTransaction(base, (transaction) => requests.map((request) => answerWrite(transaction, request)));
  } catch (error) {
    if (requests.length > 1) return requests.flatMap((request) => answerWrites(base, [request]));
    return requests.map(([id]) => [id, null, wireError(storeError(error, base.subject))]);
  }
}

function answerWrite(transaction: Transaction, [id, operation, payload]: WriterRequest): WireReply {
  const write = WRITES[operation as keyof Writes] as (transaction: Transaction, payload: unknown) => unknown;
  const answer = write(transaction, payload);
  settleTouched(transaction);
  return [id, answer];
}

function inTransaction<T>({ connection, followers, turns }: Base, work: (transaction: Transaction) => T): T {
  // Only after a rollback that failed: without this, no transaction would ever begin again.
  if (connection.database.isTransaction) connection.exec('ROLLBACK');
  connection.exec('BEGIN IMMEDIATE');
  try {
    const transaction = transactionOn(connection, followers, turns);
    const answer = work(transaction);
    transaction.settle();
    connection.exec('COMMIT');
    return answer;
  } catch (error) {
    followers.forget();
    // A full disk or a failed write has rolled back already.
    if (connection.database.isTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}

function answerOther({ connection, subject }: Base, [id, , payload]: WriterRequest): WireReply {
  try {
    const { isDryRun } = payload as { readonly isDryRun: boolean };
    return [id, migrateDatabase(connection.database, isDryRun)];
  } catch (error) {
    return [id, null, wireError(storeError(error, subject))];
  }
}
