/**
 * A PostgreSQL server for one test run: a fresh cluster in a temporary folder, on loopback and a free port.
 *
 * - Programs: see `binaries.ts`. PostgreSQL refuses to run as root; then it runs as uid and gid 65534 ("nobody" nearly
 *   everywhere), who owns the folder.
 * - Durable unless told otherwise: fsync and synchronous_commit are on, since what the tests claim is durability. Runs that
 *   only look at answers may pass `isDurable: false` and are about twice as fast.
 * - Nothing stays behind, however the test ends: see `keeper.ts`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, chownSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { type Binaries, findBinaries, isReachableByAnyone } from './binaries.ts';
import { copyCluster, freshCluster } from './fresh-cluster.ts';
import type { KeeperCommand, KeeperOrder, KeeperReply, StopMode } from './keeper.ts';

export interface TestServer {
  readonly port: number;
  /** The pid of the postmaster; another one after a restart. */
  readonly pid: number;
  /** Where the cluster and `postgres.log` are. */
  readonly folder: string;
  /** An empty database of its own. */
  createDatabase(): Promise<string>;
  /** One statement as superuser, in database `postgres`, on a connection of its own. */
  query(text: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  stopServer(mode: StopMode): Promise<void>;
  startServer(): Promise<void>;
  restart(mode: StopMode): Promise<void>;
  /** A hot standby that follows this server, which is restarted for the copy. Commits wait until the standby has applied them. */
  startStandby(): Promise<TestServer>;
  /** Stops it and removes the folder. Safe to call twice. */
  end(): Promise<void>;
}

export interface TestServerOptions {
  readonly isDurable?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  readonly binaries?: Binaries;
}

export const NOBODY = 65_534;
const PASSWORD = 'only-on-loopback';
/** Another process may take the free port between our look and the server's bind. */
const PORT_TRIES_MAX = 5;

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const account = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : null;
  const folder = temporaryFolder(account !== null);
  try {
    if (account !== null) chownSync(folder, account.uid, account.gid);
    const found = options.binaries ?? findBinaries();
    const binaries = reachableBinaries(found, folder, account !== null);
    await freshCluster({ found, initdb: binaries.initdb, folder, account, password: PASSWORD });
    const settings = { ...serverSettings(options.isDurable ?? true), ...options.settings };
    return await launch({ binary: binaries.postgres, folder, port: 0, settings, account });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function serverSettings(isDurable: boolean): Record<string, string> {
  return {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '100',
    ...(isDurable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
}

/** Under TMPDIR, unless that lies where another user cannot go (root's home). */
function temporaryFolder(isOther: boolean): string {
  const parent = !isOther || isReachableByAnyone(join(tmpdir(), 'x')) ? tmpdir() : '/tmp';
  const folder = mkdtempSync(join(parent, 'bide-postgres-'));
  chmodSync(folder, 0o700);
  return folder;
}

/** As root in a checkout that nobody else may enter, the programs are copied to where the server's user can reach them. */
function reachableBinaries(binaries: Binaries, folder: string, isOther: boolean): Binaries {
  if (!isOther || isReachableByAnyone(binaries.postgres)) return binaries;
  const copy = join(folder, 'programs');
  cpSync(dirname(dirname(binaries.postgres)), copy, { recursive: true, verbatimSymlinks: true });
  return { postgres: join(copy, 'bin', 'postgres'), initdb: join(copy, 'bin', 'initdb') };
}

async function launch(draft: KeeperOrder): Promise<TestServer> {
  const keeper = forkKeeper();
  const order = { ...draft, port: await freePort() };
  let pid = 0;
  const start = async () => {
    pid = await startOn(keeper, order);
  };
  for (let attempt = 1; pid === 0; attempt++) {
    try {
      await start();
    } catch (error) {
      if (attempt === PORT_TRIES_MAX) {
        await endKeeper(keeper);
        throw error;
      }
      order.port = await freePort();
    }
  }
  const stopServer = async (mode: StopMode) => void (await ask(keeper, { kind: 'stop', mode }));
  return {
    get pid() {
      return pid;
    },
    port: order.port,
    folder: order.folder,
    createDatabase: () => createDatabase(order.port),
    query: (text, values) => queryOnce(urlOf(order.port, 'postgres'), text, values),
    stopServer,
    startServer: start,
    async restart(mode) {
      await stopServer(mode);
      await start();
    },
    startStandby: () => standbyOf(order, { stopServer, start }),
    end: () => endKeeper(keeper),
  };
}

/** From a stopped copy of the data folder: the embedded programs have no `pg_basebackup`. */
async function standbyOf(
  primary: KeeperOrder,
  { stopServer, start }: { stopServer(mode: StopMode): Promise<void>; start(): Promise<void> },
): Promise<TestServer> {
  const { account, port } = primary;
  const folder = temporaryFolder(account !== null);
  try {
    if (account !== null) chownSync(folder, account.uid, account.gid);
    await stopServer('fast');
    await copyCluster(join(primary.folder, 'data'), folder);
    await start();
    const place = `host=127.0.0.1 port=${port} user=postgres password=${PASSWORD} application_name=standby`;
    appendFileSync(join(folder, 'data', 'postgresql.auto.conf'), `primary_conninfo = '${place}'\n`);
    const signal = join(folder, 'data', 'standby.signal');
    writeFileSync(signal, '');
    if (account !== null) chownSync(signal, account.uid, account.gid);
    const standby = await launch({ ...primary, folder, port: 0 });
    for (const setting of [`synchronous_standby_names = 'standby'`, `synchronous_commit = 'remote_apply'`]) {
      await queryOnce(urlOf(port, 'postgres'), `ALTER SYSTEM SET ${setting}`);
    }
    await queryOnce(urlOf(port, 'postgres'), 'SELECT pg_reload_conf()');
    return standby;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function forkKeeper(): ChildProcess {
  const env = { ...process.env };
  // A child that believes to be a test file reports to the runner in a format of its own.
  delete env.NODE_TEST_CONTEXT;
  delete env.NODE_OPTIONS;
  const keeper = fork(join(import.meta.dirname, 'keeper.ts'), [], {
    detached: true,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env,
  });
  // A test that forgets to end its server still exits; the closed channel then ends the server.
  keeper.unref();
  keeper.channel?.unref();
  return keeper;
}

async function startOn(keeper: ChildProcess, order: KeeperOrder): Promise<number> {
  const reply = await ask(keeper, { kind: 'start', order });
  if (reply.kind === 'started') return reply.pid;
  throw new Error(`PostgreSQL did not start: ${reply.kind === 'failed' ? reply.message : reply.kind}`);
}

async function ask(keeper: ChildProcess, command: KeeperCommand): Promise<KeeperReply> {
  const gone = new AbortController();
  const onExit = () => gone.abort(new Error('The keeper of the test server has ended.'));
  keeper.once('exit', onExit);
  keeper.channel?.ref();
  try {
    const reply = once(keeper, 'message', { signal: gone.signal });
    keeper.send(command);
    return (await reply)[0] as KeeperReply;
  } finally {
    keeper.channel?.unref();
    keeper.off('exit', onExit);
  }
}

async function endKeeper(keeper: ChildProcess): Promise<void> {
  if (keeper.exitCode !== null || keeper.signalCode !== null || !keeper.connected) return;
  const exited = once(keeper, 'exit');
  keeper.ref();
  keeper.send({ kind: 'end' } satisfies KeeperCommand);
  await exited;
}

let databases = 0;

async function createDatabase(port: number): Promise<string> {
  databases += 1;
  const name = `test_${process.pid}_${databases}`;
  await queryOnce(urlOf(port, 'postgres'), `CREATE DATABASE ${name}`);
  return urlOf(port, name);
}

/** One statement on a connection of its own. */
export async function queryOnce(url: string, text: string, values: readonly unknown[] = []) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text, [...values])).rows as readonly Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

function urlOf(port: number, database: string): string {
  return `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/${database}`;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port was given.');
  return address.port;
}
