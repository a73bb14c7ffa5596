/**
 * The store over PostgreSQL: many processes, on many machines, one truth.
 *
 * - Rows, leases and fences are all the coordination there is. No process knows of another, and each may vanish at any time.
 * - One call is one statement, or one transaction of a few. An answer means durable, as far as the server's own
 *   `synchronous_commit` and `fsync` go (both on by default).
 * - What happens when a connection dies before its answer stands in `repeat.ts`; how outages are met, in `connector.ts`.
 * - With `notify: false` nothing of a session is used (no LISTEN, no settings, no named statements), so that any pooler in
 *   transaction mode may stand in between.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { BideError } from '../../core/errors.ts';
import type { DeliveryStore, EndedStore, EventStore, GroupStore, LimitStore, LinkStore, Store } from '../contract.ts';
import { claimerOf } from './claim-jobs.ts';
import { type ConnectionOptions, clientOf } from './connection/connection.ts';
import { storeErrorOf } from './connection/driver-errors.ts';
import { hostsOf } from './connection/hosts.ts';
import { openLanes } from './connection/lanes.ts';
import { repeated } from './connection/repeat.ts';
import { type Session, type Step, sessionOf } from './connection/session.ts';
import {
  addDeliveries,
  claimDeliveries,
  countPending,
  pruneDeliveries,
  redeliver,
  settleDeliveries,
} from './deliveries.ts';
import { listDeliveries, readDelivery } from './delivery-list.ts';
import {
  addDocument,
  documentUsage,
  dueDocuments,
  listDocuments,
  nextDueDocument,
  readDocument,
  removeDocument,
  writeDocument,
} from './documents.ts';
import { dumpStore } from './dump-store.ts';
import { dropEnded, readEnded } from './ended.ts';
import { pruneEvents, readEvents, readFanOut, writeFanOut } from './events.ts';
import { extendLeases } from './extend-leases.ts';
import {
  dropStats,
  dropWorkers,
  listWorkers,
  readStats,
  removeWorker,
  statErrors,
  workerLoads,
  writeStats,
  writeWorkers,
} from './figures.ts';
import { follow, unfollow } from './followers.ts';
import {
  closeGroup,
  dueGroups,
  fireGroup,
  groupByKey,
  listGroups,
  pruneGroups,
  readGroups,
  removeGroup,
  settleGroups,
} from './groups.ts';
import { HintListener } from './hints/hint-listener.ts';
import { type HintSender, hintSenderOf } from './hints/hint-sender.ts';
import { insertKey, listKeys, readKey, revokeKey } from './keys.ts';
import { listLimits, readBlocks, readLimit, settleDue, writeLimit } from './limits.ts';
import { linkCalls } from './links.ts';
import { countJobs, jobUsage, listJobs } from './list-jobs.ts';
import { appendLogs, readLogs } from './logs.ts';
import { readInputs, readJobs, readResults } from './read-jobs.ts';
import { removeJobs } from './remove-jobs.ts';
import { readUses } from './run-claim.ts';
import { inspect } from './schema/inspect.ts';
import { migrate } from './schema/migrate.ts';
import { SeenJobs } from './seen-jobs.ts';
import { settledWrites } from './settled-writes.ts';
import { statementsOf } from './statements/statements.ts';
import { nextRunAt, oldestDue, sweepJobs } from './sweep-jobs.ts';

export interface PostgresOptions {
  /** postgres://user:password@host:port/database, with the driver's parameters (sslmode and so on); several hosts with commas. */
  readonly url: string;
  /** The schema that holds everything of Bide; lower case. */
  readonly schema?: string;
  /** False behind a pooler in transaction mode: no hints then, polling alone. */
  readonly notify?: boolean;
  /** True for those who only look or dump: a standby will do then. */
  readonly readsOnly?: boolean;
  /** Connections for short statements. One more is opened for long ones, one for hints. */
  readonly connections?: number;
  /** Time a new connection may take. */
  readonly connectMs?: number;
  /** Time a call waits for a connection when an outage has just begun; later ones fail at once until it is over. */
  readonly patienceMs?: number;
  /** Time after which a server that does not answer is given up. */
  readonly answerMs?: number;
}

const CONNECTIONS = 4;
const CONNECT_MS = 5_000;
/** A server that restarts fast is back within a second; a caller of ours can wait that long without minding. */
const PATIENCE_MS = 1_000;
const ANSWER_MS = 30_000;
/** Below the answer time, so that the server gives up first and says why. */
const STATEMENT_SHARE = 0.8;
const LOCK_SHARE = 0.3;
/** Lower case, so that it needs no quotes in anybody's psql; short, so that the channel name fits in 63 bytes. */
const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,47}$/;

/**
 * Rejects with STORE_UNAVAILABLE when the server cannot be reached, and with CONFIG_INVALID when the options or the version of the
 * server are not fit. Does not migrate.
 */
export async function openPostgres(options: PostgresOptions): Promise<Store> {
  const schema = options.schema ?? 'bide';
  if (!SCHEMA_NAME.test(schema) || schema.startsWith('pg_')) {
    throw new BideError('CONFIG_INVALID', `The schema must be a plain name in lower case, not ${schema}.`);
  }
  const hasHints = options.notify ?? true;
  const connection = connectionOptionsOf(options, hasHints);
  refuseBadUrl(connection);
  const quoted = pg.escapeIdentifier(schema);
  const lanes = openLanes(options.connections ?? CONNECTIONS, connection);
  const session = sessionOf(lanes, statementsOf(quoted));
  try {
    await repeated(() => session.run('time', []));
  } catch (error) {
    await lanes.close();
    throw storeErrorOf(error);
  }
  const sender = randomBytes(6).toString('base64url');
  const channel = `bide_${schema}`;
  return storeOf({
    session,
    schema,
    quoted,
    connection,
    sender: hasHints ? hintSenderOf(session, channel, sender) : null,
    listener: hasHints ? new HintListener(connection, channel, sender) : null,
    closeLanes: () => lanes.close(),
  });
}

export function connectionOptionsOf(options: PostgresOptions, hasSession: boolean): ConnectionOptions {
  const answerMs = options.answerMs ?? ANSWER_MS;
  return {
    hosts: hostsOf(options.url),
    needsWrites: !(options.readsOnly ?? false),
    applicationName: 'bide',
    isForLists: false,
    hasSession,
    connectMs: options.connectMs ?? CONNECT_MS,
    patienceMs: options.patienceMs ?? PATIENCE_MS,
    answerMs,
    statementMs: Math.round(answerMs * STATEMENT_SHARE),
    lockMs: Math.round(answerMs * LOCK_SHARE),
  };
}

/** The driver reads the URL when a client is made. Its message would show the URL, and the password in it. */
function refuseBadUrl(connection: ConnectionOptions): void {
  try {
    for (const url of connection.hosts.urls) clientOf(connection, url, false);
  } catch (cause) {
    throw new BideError('CONFIG_INVALID', 'The database URL could not be read.', {}, { cause });
  }
}

const PROBE: readonly Step[] = (['probeTables', 'probeWrite', 'probeDisk'] as const).map((name) => ({
  name,
  values: [],
}));

interface Parts {
  readonly session: Session;
  readonly schema: string;
  readonly quoted: string;
  readonly connection: ConnectionOptions;
  readonly sender: HintSender | null;
  readonly listener: HintListener | null;
  closeLanes(): Promise<void>;
}

type FigureCalls = Pick<
  Store,
  | ('statWrite' | 'statRead' | 'statErrors' | 'statDrop')
  | ('workerWrite' | 'workerList' | 'workerRemove' | 'workerDrop' | 'workerLoads')
>;

type DocumentCalls = Pick<
  Store,
  | ('documentWrite' | 'documentAdd' | 'documentRead' | 'documentList' | 'documentUsage' | 'documentRemove')
  | ('documentDue' | 'documentNextDue')
>;

function storeOf(parts: Parts): Store {
  const { session, schema, quoted, connection, sender, listener } = parts;
  const gate = gateOf();
  const { pass } = gate;
  const seen = new SeenJobs();
  const claim = claimerOf(session, seen);
  let closing: Promise<void> | null = null;

  async function close(): Promise<void> {
    await gate.shut();
    await Promise.all([listener?.close(), parts.closeLanes()]);
  }

  return {
    facts: { engine: 'postgres', isShared: true, hasHints: sender !== null },
    migrate: pass((request = {}) => migrate(connection, schema, request.dryRun ?? false)),
    inspect: pass(() => inspect(connection, schema)),
    ping: pass(async () => void (await session.runAll(PROBE))),
    time: pass(async () => (await repeated(() => session.run('time', [])))[0]?.[0] as number),
    close() {
      closing ??= close();
      return closing;
    },

    ...settledWrites({ session, seen, sender, pass }),
    claim: pass((request) => claim(request)),
    read: pass((batch) => readJobs(session, batch)),
    readResult: pass((batch) => readResults(session, batch)),
    readInput: pass((batch) => readInputs(session, batch)),
    list: pass((filter) => listJobs(session, quoted, filter)),
    count: pass((filter) => countJobs(session, quoted, filter)),
    usage: pass((tenant) => jobUsage(session, tenant)),
    extend: pass((batch) => extendLeases(session, batch)),
    sweep: pass(({ now, limit }) => sweepJobs(session, now, limit)),
    startsOf: pass(async (types) => {
      const uses = await repeated(() => readUses(session, types));
      return uses.filter(({ starts }) => starts.length > 0).map(({ type, starts }) => ({ type, starts }));
    }),
    nextRunAt: pass(({ types, now }) => nextRunAt(session, types, now)),
    oldestDue: pass((request) => oldestDue(session, request)),
    remove: pass((batch) => removeJobs(session, batch)),

    ...figureCalls(session, pass),

    hint(hints) {
      if (!gate.isShut()) sender?.send(hints);
    },
    changes(onHint) {
      return gate.isShut() || listener === null ? () => {} : listener.subscribe(onHint);
    },

    logAppend: pass((batch) => appendLogs(session, batch)),
    logRead: pass((filter) => readLogs(session, filter)),

    ...passed(linkCalls(session), pass),
    ...eventCalls(session, quoted, pass),
    ...groupCalls(session, pass),

    keyInsert: pass((key) => insertKey(session, key)),
    keyRead: pass((id) => readKey(session, id)),
    keyList: pass((tenant) => listKeys(session, tenant)),
    keyRevoke: pass(({ id, now }) => revokeKey(session, id, now)),

    ...documentCalls(session, pass),

    dump: () => dumpStore(connection, schema, gate.closing),
  };
}

function passed(
  { linkRead, linkClose, linkJoin, linkChildren }: LinkStore,
  pass: ReturnType<typeof gateOf>['pass'],
): LinkStore {
  return {
    linkRead: pass(linkRead),
    linkClose: pass(linkClose),
    linkJoin: pass(linkJoin),
    linkChildren: pass(linkChildren),
  };
}

function eventCalls(
  session: Session,
  quoted: string,
  pass: ReturnType<typeof gateOf>['pass'],
): EventStore & DeliveryStore & EndedStore & LimitStore {
  return {
    ...limitCalls(session, pass),
    follow: pass((follower) => follow(session, follower)),
    unfollow: pass((ref) => unfollow(session, ref)),
    eventRead: pass((request) => readEvents(session, request)),
    eventPrune: pass((request) => pruneEvents(session, request)),
    fanOutRead: pass((request) => readFanOut(session, request)),
    fanOutWrite: pass((write) => writeFanOut(session, write)),

    endedRead: pass(({ limit }) => readEnded(session, limit)),
    endedDrop: pass((batch) => dropEnded(session, batch)),

    deliveryAdd: pass((batch) => addDeliveries(session, batch)),
    deliveryClaim: pass((request) => claimDeliveries(session, request)),
    deliverySettle: pass((batch) => settleDeliveries(session, batch)),
    deliveryList: pass((filter) => listDeliveries(session, quoted, filter)),
    deliveryRead: pass((ref) => readDelivery(session, ref)),
    deliveryRedeliver: pass((request) => redeliver(session, request)),
    deliveryPending: pass((ref) => countPending(session, ref)),
    deliveryPrune: pass((request) => pruneDeliveries(session, request)),
  };
}

function groupCalls(
  session: Session,
  pass: ReturnType<typeof gateOf>['pass'],
): Omit<GroupStore, 'groupInsert' | 'groupAdd'> {
  return {
    groupClose: pass((ref) => closeGroup(session, ref)),
    groupRead: pass((batch) => readGroups(session, batch)),
    groupByKey: pass((ref) => groupByKey(session, ref)),
    groupList: pass((list) => listGroups(session, list)),
    groupSettle: pass((ended) => settleGroups(session, ended)),
    groupDue: pass(({ limit }) => dueGroups(session, limit)),
    groupFire: pass((fire) => fireGroup(session, fire)),
    groupRemove: pass((ref) => removeGroup(session, ref)),
    groupPrune: pass(({ now, limit }) => pruneGroups(session, now, limit)),
  };
}

function documentCalls(session: Session, pass: ReturnType<typeof gateOf>['pass']): DocumentCalls {
  return {
    documentWrite: pass((write) => writeDocument(session, write)),
    documentAdd: pass((write) => addDocument(session, write)),
    documentRead: pass((ref) => readDocument(session, ref)),
    documentList: pass((filter) => listDocuments(session, filter)),
    documentUsage: pass((tenant, kind) => documentUsage(session, tenant, kind)),
    documentRemove: pass((ref) => removeDocument(session, ref)),
    documentDue: pass((request) => dueDocuments(session, request)),
    documentNextDue: pass((request) => nextDueDocument(session, request)),
  };
}

function limitCalls(session: Session, pass: ReturnType<typeof gateOf>['pass']): LimitStore {
  return {
    limitRead: pass((ref) => readLimit(session, ref)),
    limitList: pass((filter) => listLimits(session, filter)),
    limitWrite: pass((write) => writeLimit(session, write)),
    limitSettle: pass((request) => settleDue(session, request)),
    blocksRead: pass((jobs) => readBlocks(session, jobs)),
  };
}

function figureCalls(session: Session, pass: ReturnType<typeof gateOf>['pass']): FigureCalls {
  return {
    statWrite: pass((batch) => writeStats(session, batch)),
    statRead: pass((filter) => readStats(session, filter)),
    statErrors: pass((filter) => statErrors(session, filter)),
    statDrop: pass((request) => dropStats(session, request)),

    workerWrite: pass((batch) => writeWorkers(session, batch)),
    workerList: pass((filter) => listWorkers(session, filter)),
    workerRemove: pass((ref) => removeWorker(session, ref)),
    workerDrop: pass(({ before }) => dropWorkers(session, before)),
    workerLoads: pass(({ tenant }) => workerLoads(session, tenant)),
  };
}

/** The one door that every call goes through: it counts them, translates their errors, and closes. */
function gateOf() {
  const underWay = new Set<Promise<unknown>>();
  const closing = new AbortController();
  let isShut = false;
  return {
    isShut: () => isShut,
    /** For what is under way for longer than a call. */
    closing: closing.signal,
    pass<A extends unknown[], T>(call: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
      return async (...args) => {
        if (isShut) throw new BideError('SHUTTING_DOWN');
        const answer = call(...args);
        underWay.add(answer);
        try {
          return await answer;
        } catch (error) {
          throw storeErrorOf(error);
        } finally {
          underWay.delete(answer);
        }
      };
    },
    /** Resolves when what was under way has ended. Every call has a deadline of its own, so this has one. */
    async shut() {
      isShut = true;
      closing.abort();
      await Promise.allSettled(underWay);
    },
  };
}
