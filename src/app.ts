/**
 * The composition root: config, store, engine, keys and servers, put together and taken apart in the right order.
 *
 * Start: config → store (locked, migrated) → engine → keys → servers. Whatever fails on the way closes what was opened before it.
 * Stop: the engine drains while the servers go on answering; then it ends all waits, which answers held requests, and the servers
 * close; the store closes last. From the first signal on that takes `drainMs`, the grace of handlers, and `ANSWERS_MS`.
 */
import { join } from 'node:path';
import { collectHeaps } from './app/collect-heaps.ts';
import { reconcileSchedules } from './app/config-schedules.ts';
import { deliveryRenderers } from './app/delivery-renderers.ts';
import { placesOf, planMounts } from './app/dialect-mounts.ts';
import { logTelemetry } from './app/log-telemetry.ts';
import { busyShares, giveBackAtRest } from './app/memory-at-rest.ts';
import { type DatabaseOptions, openMigratedStore } from './app/open-store.ts';
import { type Reloader, readFirst } from './app/reload.ts';
import { storeClockOf } from './app/store-clock-of.ts';
import { processFacts, workerName } from './app/worker-name.ts';
import { type LoadedConfig, type LoadOptions, loadConfig } from './config/load.ts';
import type { BideError } from './core/errors.ts';
import { createLinks, DASHBOARD, type DialectPlace, declareDashboardRoutes, type Links } from './dashboard/index.ts';
import { dialects } from './dialects/index.ts';
import { createNativeDialect } from './dialects/native/index.ts';
import {
  boundDocuments,
  type Clock,
  createEngine,
  createTelemetry,
  type RunningEngine,
  systemClock,
  type Telemetry,
} from './engine/index.ts';
import { createAnswers } from './http/answers.ts';
import { createAuthenticator } from './http/auth.ts';
import { createCors } from './http/cors.ts';
import type { KeyAdmin } from './http/dialect.ts';
import { declareHealthRoutes } from './http/health.ts';
import { createHolds, type Holds } from './http/hold.ts';
import { watchKeys } from './http/key-watch.ts';
import { createKeys, ensureAdminKey, forgetting } from './http/keys.ts';
import type { Logger } from './http/log.ts';
import { createMetrics, declareMetricsRoute, type Metrics } from './http/metrics.ts';
import { createServer, type Mount, type Server, type ServerOptions } from './http/server.ts';
import { playgroundSource } from './playground.ts';
import type { Store } from './store/contract.ts';

export { type Archive, archiveOf, openArchive } from './app/archive/archive.ts';
export { type ImportTally, importArchive, NOTHING_IMPORTED } from './app/archive/import-archive.ts';
export { NO_RECORDS, type RecordCounts } from './app/archive/record-lines.ts';
export { checkConfig } from './app/check-config.ts';
export { type OpenKeys, openKeys } from './app/open-keys.ts';
export {
  type DatabaseOptions,
  lossOf,
  openChosenStore,
  openFilledStore,
  openMigratedStore,
  openStore,
  type StoreChoice,
  type StoreOptions,
} from './app/open-store.ts';
export type { Reloaded, Reloader } from './app/reload.ts';
export { createLogger, type Logger, type LogLevel } from './http/log.ts';

export interface HttpOptions {
  readonly host?: string | undefined;
  /** 0 takes a free one. */
  readonly port?: number | undefined;
  readonly publicUrl?: string | undefined;
  /** What the config says unless told. */
  readonly hasDashboard?: boolean | undefined;
  readonly dialectPorts?: Readonly<Record<string, number>> | undefined;
}

export interface AppOptions {
  /** Without one, `bide.config.ts` in the working folder where there is one. */
  readonly configFile?: string | undefined;
  readonly hasPlayground?: boolean | undefined;
  readonly dataFolder: string;
  readonly database?: DatabaseOptions | undefined;
  /** Null for a process that only works. */
  readonly http: HttpOptions | null;
  readonly runsJobs: boolean;
  /** The operator's word that the machine's clock is right. */
  readonly trustsClock?: boolean | undefined;
  readonly allowsPrivateCallbacks?: boolean | undefined;
  /** Becomes the admin key of a store that has none. */
  readonly adminKey?: string | undefined;
  readonly logger: Logger;
  readonly version: string;
  /** Whether the config is going to be read again while it runs. */
  readonly reloads?: boolean | undefined;
}

export interface App {
  /** Null where it serves no HTTP. */
  readonly url: string | null;
  /** Dialects with a port of their own, by name. */
  readonly dialectUrls: Readonly<Record<string, string>>;
  /** The admin key, when this start made it; it is shown nowhere else but in the data folder. */
  readonly adminKey: string | null;
  /** An admin key in force that is at hand: made by this start, chosen by the operator, or left in the data folder. */
  readonly heldKey: string | null;
  /** A path and fragment that signs in the holder of this key once; null where there is no dashboard. */
  signInLink(key: string): string | null;
  /** Null unless it was asked for. */
  readonly reloader: Reloader | null;
  readonly engine: RunningEngine;
  readonly store: Store;
  readonly keys: KeyAdmin;
  /** Resolves when the store must not be used on: the process should end at once, without `stop`. */
  readonly unsafe?: Promise<BideError>;
  /** Safe to call twice: the second call waits for the first, and its `force` counts too. */
  stop(options?: { readonly force?: AbortSignal }): Promise<void>;
}

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 7070;
/** What requests under way, such as a large result on a slow line, have at least when running jobs took all of `drainMs`. */
const ANSWERS_MS = 10_000;
const UNKNOWN_ADMIN_KEY =
  'BIDE_ADMIN_KEY gets nobody in: it is for the first start of a store, and this one has an admin key already. `bide keys create --scope admin` makes another.';

export async function startApp(options: AppOptions): Promise<App> {
  await using opened = new AsyncDisposableStack();
  const { config, reloader } = await readConfig(options);
  opened.defer(giveBackAtRest({ clock: systemClock, busyShare: busyShares(), collect: collectHeaps }));
  const store = await openMigratedStore(options);
  opened.defer(() => store.close());
  const telemetry = createTelemetry();
  telemetry.subscribe(logTelemetry(options.logger));
  void store.unsafe?.then((error) => options.logger.fatal({ err: error }, 'the database must not be used on'));
  const trustsClock = options.trustsClock === true;
  const clock = await storeClockOf({ store, limits: config.limits, telemetry, trustsClock }, opened);
  const engine = engineOf({ config, store, clock, telemetry, options });
  opened.defer(() => engine.stop());
  await engine.start();
  await reconcileSchedules(engine, config);
  const auth = createAuthenticator({ store, clock, limits: config.limits });
  const holds = createHolds({ limits: config.limits, draining: engine.draining, clock: engine.clock });
  const keys = createKeys({ store, clock, onRevoked: forgetting(auth, holds) });
  opened.defer(watchKeys({ store, clock, limits: config.limits, holds }));
  const isServing = options.http !== null;
  const hasDashboard = options.http?.hasDashboard ?? config.server.dashboard ?? true;
  const links = isServing && hasDashboard ? createLinks(clock) : null;
  const servers = isServing
    ? await startServers({ config, options, http: options.http, engine, store, auth, holds, keys, links }, opened)
    : { url: null, dialectUrls: {}, all: [] };
  // Last, since a key is shown once: a start that fails before (its port is taken) leaves that to the one that succeeds.
  const chosen = { folder: options.dataFolder, chosen: options.adminKey };
  const adminKey = isServing ? await ensureAdminKey({ store, clock, ...chosen }) : null;
  if (adminKey?.kind === 'there' && adminKey.isChosenUnknown) options.logger.warn(UNKNOWN_ADMIN_KEY);
  const rest = opened.move();
  return {
    url: servers.url,
    dialectUrls: servers.dialectUrls,
    adminKey: adminKey?.kind === 'made' ? adminKey.key : null,
    heldKey: adminKey?.key ?? null,
    signInLink: (key) => (links === null ? null : `${DASHBOARD}/#link=${links.make(key)}`),
    reloader: reloader(engine),
    engine,
    store,
    keys,
    ...(store.unsafe === undefined ? {} : { unsafe: store.unsafe }),
    async stop(stopOptions = {}) {
      const startedAt = engine.clock.now();
      // Nobody balances between processes that only work.
      await engine.drain({ ...stopOptions, drainMsMin: isServing ? config.limits.drainMsMin : 0 });
      // `closing` fires with the first step of this: the servers find their held requests answered.
      const stopped = engine.stop();
      const closing = { ...stopOptions, withinMs: leftMs(engine, startedAt) };
      await Promise.all([stopped, ...servers.all.map((server) => server.close(closing))]);
      await rest.disposeAsync();
    },
  };
}

async function readConfig({ configFile, hasPlayground, reloads }: AppOptions) {
  const others = hasPlayground === true ? [playgroundSource()] : [];
  const options: LoadOptions = { file: configFile, others, clock: systemClock, functions: 'threads' };
  return reloads === true ? readFirst(options) : { config: await loadConfig(options), reloader: () => null };
}

/** Of `drainMs` what the drain has left over. */
function leftMs({ clock, limits: { drainMs } }: RunningEngine, startedAt: number): number {
  return Math.max(Math.min(drainMs, ANSWERS_MS), drainMs - (clock.now() - startedAt));
}

interface EngineParts {
  readonly config: LoadedConfig;
  readonly store: Store;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly options: AppOptions;
}

function engineOf({ config, store, clock, telemetry, options }: EngineParts): RunningEngine {
  const checking = dialects.flatMap(({ name, checkAttempt }) =>
    checkAttempt === undefined ? [] : [[name, checkAttempt] as const],
  );
  return createEngine({
    store,
    clock,
    telemetry,
    types: config.jobTypes,
    tenantWeights: config.tenantWeights,
    limits: config.limits,
    workerName: workerName(),
    about: processFacts(options.version),
    runsJobs: options.runsJobs,
    renderDelivery: deliveryRenderers(),
    checkAttempt: new Map(checking),
    allowsPrivateDeliveries: options.allowsPrivateCallbacks === true || config.deliveries.allowPrivateAddresses,
  });
}

interface Serving {
  readonly config: LoadedConfig;
  readonly options: AppOptions;
  readonly http: HttpOptions | null;
  readonly engine: RunningEngine;
  readonly store: Store;
  readonly auth: ReturnType<typeof createAuthenticator>;
  readonly holds: Holds;
  readonly keys: KeyAdmin;
  /** Null where there is no dashboard. */
  readonly links: Links | null;
}

interface Servers {
  readonly url: string;
  readonly dialectUrls: Readonly<Record<string, string>>;
  readonly all: readonly Server[];
}

async function startServers(serving: Serving, opened: AsyncDisposableStack): Promise<Servers> {
  const { config, options, engine, store } = serving;
  const http = serving.http ?? {};
  const host = http.host ?? config.server.host ?? DEFAULT_HOST;
  const publicUrl = http.publicUrl ?? config.server.publicUrl ?? null;
  const planned = planMounts({
    settings: config.dialects,
    ports: http.dialectPorts ?? {},
    hasPlayground: options.hasPlayground === true,
  });
  const { holds } = serving;
  const metrics = createMetrics({ engine, holds });
  opened.defer(() => metrics.close());
  const shared: Omit<ServerOptions, 'dialects' | 'publicUrl'> = {
    engine,
    auth: serving.auth,
    holds,
    answers: createAnswers(config.limits),
    documents: boundDocuments({ store, limits: config.limits, clock: engine.clock }),
    logger: options.logger,
    cors: config.server.cors === undefined ? null : createCors(config.server.cors),
    dialectsFolder: join(options.dataFolder, 'dialects'),
  };
  const all: Server[] = [];
  const open = async (mounts: readonly Mount[], port: number, url: string | null): Promise<string> => {
    const server = await createServer({ ...shared, dialects: mounts, publicUrl: url });
    opened.defer(() => server.close());
    all.push(server);
    return server.listen({ host, port });
  };
  const dialectUrls: Record<string, string> = {};
  // A public URL is that of the main port; a dialect on a port of its own goes by the Host header.
  for (const { port, mount } of planned.ports) dialectUrls[mount.dialect.name] = await open([mount], port, null);
  const native: Mount = {
    dialect: nativeDialect(serving, metrics, placesOf(planned, dialectUrls)),
    options: null,
    at: { kind: 'root' },
  };
  const url = await open([native, ...planned.main], http.port ?? config.server.port ?? DEFAULT_PORT, publicUrl);
  return { url, dialectUrls, all };
}

function nativeDialect(
  { options, engine, keys, auth, links, config }: Serving,
  metrics: Metrics,
  places: readonly DialectPlace[],
): Mount['dialect'] {
  const publicUrl = options.http?.publicUrl ?? config.server.publicUrl;
  const isSecure = () => publicUrl?.startsWith('https:') === true;
  return createNativeDialect({
    version: options.version,
    keys,
    hasDocs: true,
    ...(links === null ? {} : { home: DASHBOARD }),
    more(app, guard) {
      if (links !== null)
        declareDashboardRoutes(app, { auth, links, isSecure, dialects: places, answered: () => metrics.answered() });
      declareHealthRoutes(app, engine);
      // They count the jobs of all tenants, and whoever scrapes them needs to do nothing else.
      declareMetricsRoute(app, metrics, guard('metrics'));
    },
  }) as Mount['dialect'];
}
