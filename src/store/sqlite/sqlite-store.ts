/** The store's calls, each to where it is answered: the writer, the scanner, or a read on the spot. */
import { BideError } from '../../core/errors.ts';
import type { DeliveryStore, DocumentOutcome, EventStore, Store, StoreFacts, StoreRecord } from '../contract.ts';
import { kindsMask } from '../event-row.ts';
import { errorCountsOf, statSumOf } from '../stat-row.ts';
import type { Connection } from './connection.ts';
import { storeError } from './driver-errors.ts';
import { dumpDatabase } from './dump.ts';
import { endedCalls, linkCalls } from './ended-calls.ts';
import { listDeliveries, readDelivery, readEvents, readFanOut } from './event-reads.ts';
import { deliveryOfRow, deliveryRow } from './event-wire.ts';
import { groupCalls } from './group-calls.ts';
import { inspectDatabase } from './inspect.ts';
import { limitCalls } from './limit-calls.ts';
import {
  countOfRow,
  documentOfRow,
  documentRows,
  dueDocuments,
  keyOfRow,
  listWorkers,
  nextRunAt,
  oldestDue,
  readDocument,
  readInput,
  readJob,
  readLogs,
  readResult,
  readUsage,
  sweepFindings,
  typeStarts,
} from './main-reads.ts';
import { refuseNewer, schemaVersion } from './migrate.ts';
import { SCHEMA_VERSION } from './migrations.ts';
import type { ScannerTable } from './scanner.ts';
import type { ThreadPort } from './thread-port.ts';
import {
  amendedOf,
  amendmentRow,
  appliedOf,
  claimedOf,
  documentText,
  insertedOf,
  jobsOf,
  newJobValues,
  patchBatch,
  recordRows,
} from './wire.ts';
import type { WriterTable } from './writer.ts';
import type { DocumentWritten } from './writes/documents.ts';

export interface StoreParts {
  /** The database file, as errors name it. */
  readonly path: string;
  readonly writer: ThreadPort<WriterTable>;
  openScanner(): Promise<ThreadPort<ScannerTable>>;
  readonly reader: Connection;
  /** Gives the data folder free. */
  release(): void;
}

const FACTS: StoreFacts = Object.freeze({ engine: 'sqlite', isShared: false, hasHints: false });

/** The parts behind a gate: closed or not migrated, nothing gets through. */
interface Gate {
  /** The writer, once it is certain that it finds the schema of this version. */
  writer(): ThreadPort<WriterTable>;
  scanner(): Promise<ThreadPort<ScannerTable>>;
  read<T>(work: (connection: Connection) => T): T;
  /** Before the schema is there. */
  early(): StoreParts;
  dump(): AsyncIterable<readonly StoreRecord[]>;
  close(): Promise<void>;
}

export function createStore(parts: StoreParts): Store {
  const gate = gateOf(parts);
  return {
    facts: FACTS,
    unsafe: parts.writer.unsafe,
    ...serviceCalls(gate),
    ...jobWrites(gate),
    ...jobReads(gate),
    ...logCalls(gate),
    ...eventCalls(gate),
    ...deliveryCalls(gate),
    ...endedCalls(gate),
    ...groupCalls(gate),
    ...limitCalls(gate),
    ...linkCalls(gate),
    ...statCalls(gate),
    ...workerCalls(gate),
    ...keyCalls(gate),
    ...documentCalls(gate),
    timeMark: {
      read: async () => (gate.read((connection) => connection.get('timeMarkRead'))?.[0] as number | undefined) ?? null,
      async write(time) {
        await gate.writer().call('timeMark', time, 1);
      },
    },
    dump: gate.dump,
    restore: async (batch) => gate.writer().call('restore', batch.map(recordRows), batch.length),
    // One process owns the data folder: there is nobody to tell and nobody to hear from.
    hint: () => {},
    changes: () => () => {},
  };
}

function gateOf(parts: StoreParts): Gate {
  const closing = new AbortController();
  let closed: Promise<void> | null = null;
  let isCurrent = false;
  let isUnsafe = false;
  void parts.writer.unsafe.then(() => {
    isUnsafe = true;
  });
  let scanner: Promise<ThreadPort<ScannerTable>> | null = null;

  function early(): StoreParts {
    if (closed !== null) throw new BideError('SHUTTING_DOWN');
    return parts;
  }

  function requireCurrent(): StoreParts {
    early();
    if (!isCurrent) requireSchema(parts);
    isCurrent = true;
    return parts;
  }

  function read<T>(work: (connection: Connection) => T): T {
    requireCurrent();
    return translated(parts.path, () => work(parts.reader));
  }

  function openScanner(): Promise<ThreadPort<ScannerTable>> {
    requireCurrent();
    scanner ??= parts.openScanner().catch((error: unknown) => {
      scanner = null;
      throw error;
    });
    return scanner;
  }

  async function* dump(): AsyncGenerator<readonly StoreRecord[], void> {
    yield* dumpDatabase(requireCurrent().path, closing.signal);
  }

  async function closeAll(): Promise<void> {
    closing.abort();
    await scanner?.then(
      (port) => port.close(),
      () => {},
    );
    // After a farewell the last connection must not close: that would be one more checkpoint. The process ends instead.
    if (isUnsafe) return;
    // The reader first: the last connection to close, the writer's, folds the log into the database file.
    parts.reader.close();
    await parts.writer.close();
    parts.release();
  }

  function close(): Promise<void> {
    closed ??= closeAll();
    return closed;
  }

  return { writer: () => requireCurrent().writer, scanner: openScanner, read, early, dump, close };
}

function requireSchema({ path, reader }: StoreParts): void {
  const version = translated(path, () => schemaVersion(reader.database));
  refuseNewer(version);
  if (version === SCHEMA_VERSION) return;
  throw new BideError('STORE_UNAVAILABLE', `${path} has schema version ${version}; it has to be migrated first.`);
}

function translated<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storeError(error, path);
  }
}

function serviceCalls({ early, writer, close }: Gate): Pick<Store, 'migrate' | 'inspect' | 'ping' | 'time' | 'close'> {
  return {
    migrate: async (options) => early().writer.call('migrate', { isDryRun: options?.dryRun ?? false }, 1),
    async inspect() {
      const { path, reader } = early();
      return translated(path, () => inspectDatabase(reader.database));
    },
    async ping() {
      await writer().call('ping', null, 1);
    },
    async time() {
      early();
      return Date.now();
    },
    close,
  };
}

function jobWrites({ writer }: Gate): Pick<Store, 'insert' | 'claim' | 'apply' | 'extend' | 'remove' | 'amend'> {
  return {
    async insert(batch) {
      return insertedOf(await writer().call('insert', newJobValues(batch), batch.length));
    },
    async claim(request) {
      return claimedOf(await writer().call('claim', request, request.max));
    },
    async apply(batch) {
      const patches = patchBatch(batch);
      return appliedOf(await writer().call('apply', patches.batch, batch.length), patches.ended);
    },
    extend: async (batch) => writer().call('extend', batch, batch.length),
    remove: async (batch) => writer().call('remove', batch, batch.length),
    amend: async (batch) => amendedOf(await writer().call('amend', batch.map(amendmentRow), batch.length)),
  };
}

type Times = 'nextRunAt' | 'startsOf' | 'oldestDue';
type JobReads = Pick<Store, 'read' | 'readResult' | 'readInput' | 'list' | 'count' | 'usage' | 'sweep' | Times>;

function jobReads({ read, scanner }: Gate): JobReads {
  return {
    read: async (batch) => read((connection) => batch.map((ref) => readJob(connection, ref))),
    readResult: async (batch) => read((connection) => batch.map((ref) => readResult(connection, ref))),
    readInput: async (batch) => read((connection) => batch.map(({ id }) => readInput(connection, id))),
    async list(filter) {
      return jobsOf(await (await scanner()).call('list', filter, 1));
    },
    async count(filter) {
      const { tenant, states, types, tags, group, createdFrom, createdBefore, finished } = filter;
      if ((tags ?? group ?? createdFrom ?? createdBefore ?? finished) !== undefined) {
        return (await (await scanner()).call('count', filter, 1)).map(countOfRow);
      }
      const rows = read((connection) =>
        tenant === null ? connection.all('countAll') : connection.all('countOfTenant', tenant),
      );
      const counts = rows.map(countOfRow);
      return counts.filter(({ type, state }) => (types?.includes(type) ?? true) && (states?.includes(state) ?? true));
    },
    usage: async (tenant) => read((connection) => readUsage(connection, tenant)),
    sweep: async ({ now, limit }) => read((connection) => sweepFindings(connection, now, limit)),
    startsOf: async (types) => read((connection) => types.flatMap((type) => typeStarts(connection, type))),
    nextRunAt: async ({ types, now }) => read((connection) => nextRunAt(connection, types, now)),
    oldestDue: async (request) => read((connection) => oldestDue(connection, request)),
  };
}

function logCalls({ writer, read }: Gate): Pick<Store, 'logAppend' | 'logRead'> {
  return {
    logAppend: async (batch) => writer().call('logAppend', batch, batch.length),
    logRead: async (filter) => read((connection) => readLogs(connection, filter)),
  };
}

function eventCalls({ writer, read }: Gate): EventStore {
  return {
    async follow({ tenant, name, wants, until, now }) {
      return writer().call('follow', { tenant, name, wants: kindsMask(wants), until, now }, 1);
    },
    async unfollow(ref) {
      await writer().call('unfollow', ref, 1);
    },
    eventRead: async (request) => read((connection) => readEvents(connection, request)),
    eventPrune: async (request) => writer().call('eventPrune', request, request.limit),
    fanOutRead: async ({ limit }) => read((connection) => readFanOut(connection, limit)),
    async fanOutWrite({ from, to, deliveries }) {
      const rows = deliveries.map(deliveryRow);
      return writer().call('fanOutWrite', { from, to, deliveries: rows }, Math.max(1, rows.length));
    },
  };
}

function deliveryCalls({ writer, read }: Gate): DeliveryStore {
  return {
    deliveryAdd: async (batch) => writer().call('deliveryAdd', batch.map(deliveryRow), batch.length),
    async deliveryClaim(request) {
      return (await writer().call('deliveryClaim', request, request.max)).map(deliveryOfRow);
    },
    deliverySettle: async (batch) => writer().call('deliverySettle', batch, batch.length),
    deliveryList: async (filter) => read((connection) => listDeliveries(connection, filter)),
    deliveryRead: async ({ tenant, number }) => read((connection) => readDelivery(connection, tenant, number)),
    deliveryRedeliver: async (request) =>
      writer().call('deliveryRedeliver', request, 'limit' in request ? request.limit : 1),
    deliveryPending: async ({ tenant, endpointId }) =>
      read((connection) => connection.get('deliveryPending', tenant, endpointId)?.[0] as number),
    deliveryPrune: async (request) => writer().call('deliveryPrune', request, request.limit),
  };
}

function statCalls({ writer, scanner, read }: Gate): Pick<Store, 'statWrite' | 'statRead' | 'statErrors' | 'statDrop'> {
  return {
    async statWrite(batch) {
      await writer().call('statWrite', batch, batch.length);
    },
    async statRead(filter) {
      return (await (await scanner()).call('stats', filter, 1)).map((row) => statSumOf(row, (text) => text));
    },
    async statErrors({ tenant, from }) {
      const rows = read((connection) => connection.all('statErrors', tenant, from));
      return errorCountsOf(rows as unknown as readonly [string, string, number][]);
    },
    statDrop: async (request) => writer().call('statDrop', request, 1),
  };
}

function workerCalls({
  writer,
  read,
}: Gate): Pick<Store, 'workerWrite' | 'workerList' | 'workerRemove' | 'workerDrop' | 'workerLoads'> {
  return {
    async workerWrite(batch) {
      await writer().call('workerWrite', batch, batch.length);
    },
    workerList: async (filter) => read((connection) => listWorkers(connection, filter)),
    async workerRemove(ref) {
      await writer().call('workerRemove', ref, 1);
    },
    async workerDrop(request) {
      await writer().call('workerDrop', request, 1);
    },
    workerLoads: async ({ tenant }) =>
      read((connection) => connection.all('workerLoads', tenant)).map((row) => ({
        tenant: row[0] as string,
        worker: row[1] as string,
        running: row[2] as number,
      })),
  };
}

function keyCalls({ writer, read }: Gate): Pick<Store, 'keyInsert' | 'keyRead' | 'keyList' | 'keyRevoke'> {
  return {
    keyInsert: async (key) => writer().call('keyInsert', key, 1),
    async keyRead(id) {
      const row = read((connection) => connection.get('keyRead', id));
      return row === undefined ? null : keyOfRow(row);
    },
    async keyList(tenant) {
      return read((of) => (tenant === null ? of.all('keyListAll') : of.all('keyListOfTenant', tenant))).map(keyOfRow);
    },
    keyRevoke: async (request) => writer().call('keyRevoke', request, 1),
  };
}

function documentOutcome({ isWritten, row }: DocumentWritten): DocumentOutcome {
  const document = row === null ? null : documentOfRow(row);
  return isWritten && document !== null ? { kind: 'written', document } : { kind: 'stale', document };
}

function documentCalls({
  writer,
  read,
}: Gate): Pick<
  Store,
  | ('documentWrite' | 'documentAdd' | 'documentRead' | 'documentList' | 'documentUsage' | 'documentRemove')
  | ('documentDue' | 'documentNextDue' | 'documentStep')
> {
  return {
    documentWrite: async (write) => documentOutcome(await writer().call('documentWrite', documentText(write), 1)),
    async documentAdd({ countMax, ...write }) {
      const added = await writer().call('documentAdd', { ...documentText(write), countMax }, 1);
      return typeof added === 'number' ? { kind: 'full', count: added } : documentOutcome(added);
    },
    async documentStep({ write, jobs }) {
      const step = { write: documentText(write), jobs: newJobValues(jobs) };
      const { row, inserted } = await writer().call('documentStep', step, Math.max(1, jobs.length));
      const document = row === null ? null : documentOfRow(row);
      if (inserted === null || document === null) return { kind: 'stale', document };
      return { kind: 'written', document, jobs: insertedOf(inserted) };
    },
    documentDue: async (request) => read((connection) => dueDocuments(connection, request)),
    documentNextDue: async ({ kind, now }) =>
      (read((connection) => connection.get('documentNextDue', kind, now))?.[0] as number | null | undefined) ?? null,
    documentRead: async (ref) => read((connection) => readDocument(connection, ref)),
    documentList: async (filter) => read((connection) => documentRows(connection, filter)).map(documentOfRow),
    async documentUsage(tenant, kind) {
      const row = read((connection) =>
        kind === undefined
          ? connection.get('documentUsage', tenant)
          : connection.get('documentUsageOfKind', tenant, kind),
      );
      const [count, bytes] = row ?? [];
      return { count: count as number, bytes: bytes as number };
    },
    documentRemove: async (ref) => writer().call('documentRemove', ref, 1),
  };
}
