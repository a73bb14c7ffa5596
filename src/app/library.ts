/**
 * Bide inside another program: the engine in this process, functions inline, no server.
 *
 * `openBide` is the same engine, store and state table as the server's; what is missing are threads (a handler that never yields
 * blocks its program, as any function of it does) and, unless its routes are mounted, HTTP.
 */
import type { FastifyRequest } from 'fastify';
import type { JobShapes, JobsOf } from '../client/job-types.ts';
import { requireKnown } from '../client/known-options.ts';
import type { TypedConfig } from '../config/define-config.ts';
import { resolveConfigs } from '../config/resolve.ts';
import { jsonProblem } from '../core/json-problem.ts';
import type { Scope } from '../core/scopes.ts';
import { nativeRoutes } from '../dialects/native/routes.ts';
import {
  type Clock,
  createEngine,
  createTelemetry,
  type JobType,
  type RunningEngine,
  systemClock,
} from '../engine/index.ts';
import { createAuthenticator } from '../http/auth.ts';
import type { Principal } from '../http/dialect.ts';
import { createHolds } from '../http/hold.ts';
import { createKeys, DEFAULT_TENANT, forgetting } from '../http/keys.ts';
import { readTraces } from '../http/read-trace.ts';
import type { Store } from '../store/contract.ts';
import { reconcileSchedules } from './config-schedules.ts';
import { deliveryRenderers } from './delivery-renderers.ts';
import { callsOf } from './library-calls.ts';
import type { Bide, Caller, Calls } from './library-face.ts';
import { openMigratedStore } from './open-store.ts';
import { type StoreClockOptions, storeClockOf } from './store-clock-of.ts';
import { processFacts, workerName } from './worker-name.ts';

export type { Bide, Caller, RoutesOptions, RunOptions, SubmitOptions, WaitOptions } from './library-face.ts';

export interface OpenOptions {
  /** Data folder; made where there is none. */
  readonly data?: string;
  /** postgres://… in place of the folder. */
  readonly database?: string;
  readonly schema?: string;
  /** Owner of the jobs of this object. Routes have the tenant of whoever calls. */
  readonly tenant?: string;
  /** False: submits and waits only; other processes run the jobs. */
  readonly runsJobs?: boolean;
  /** The machine's clock is right, however far it is ahead of what is in the data folder: see `clockJumpMsMax`. */
  readonly trustClock?: boolean;
}

/** A record, so that an option which is missing here does not compile. */
const OPEN_OPTIONS: Readonly<Record<keyof OpenOptions, true>> = {
  data: true,
  database: true,
  schema: true,
  tenant: true,
  runsJobs: true,
  trustClock: true,
};
const DEFAULT_FOLDER = './bide-data';
const PLAIN_SCOPES: ReadonlySet<Scope> = new Set(['submit', 'read', 'work', 'priority']);
const VERSION_FILE = new URL('../../package.json', import.meta.url);

export async function openBide<Inputs extends Record<string, unknown>, Types>(
  config: TypedConfig<Inputs, Types>,
  options: OpenOptions = {},
): Promise<Bide<JobsOf<{ types: Types }>>> {
  requireKnown('openBide', options, Object.keys(OPEN_OPTIONS) as (keyof OpenOptions)[]);
  return openLibrary(config, options, {
    handlerClock: systemClock,
    openStore: () =>
      openMigratedStore({
        dataFolder: options.data ?? DEFAULT_FOLDER,
        database: options.database === undefined ? undefined : { url: options.database, schema: options.schema },
      }),
    clockOf: (facts, opened) => storeClockOf({ ...facts, trustsClock: options.trustClock === true }, opened),
  });
}

/** What the engine of a library stands on. */
export interface Ground {
  /** What handlers go by. */
  readonly handlerClock: Clock;
  /** Closed with the library. */
  openStore(): Promise<Store>;
  clockOf(facts: Omit<StoreClockOptions, 'trustsClock'>, opened: AsyncDisposableStack): Promise<Clock>;
  /** In [0, 1): spreads retries. */
  readonly random?: () => number;
}

/** The same on any ground: tests bring a store and a clock of their own. */
export async function openLibrary<Jobs extends JobShapes>(
  config: unknown,
  options: Pick<OpenOptions, 'tenant' | 'runsJobs'>,
  ground: Ground,
): Promise<Bide<Jobs>> {
  const source = { config, name: 'the config', baseDir: process.cwd(), module: null };
  const { jobTypes, limits, deliveries, tenantWeights, schedules } = resolveConfigs([source], {
    clock: ground.handlerClock,
    functions: 'inline',
  });
  const store = await ground.openStore();
  await using opened = new AsyncDisposableStack();
  const telemetry = createTelemetry();
  opened.defer(() => store.close());
  const clock = await ground.clockOf({ store, limits, telemetry }, opened);
  const engine = createEngine({
    store,
    clock,
    limits,
    types: jobTypes.map(takingJson),
    tenantWeights,
    workerName: workerName(),
    about: processFacts(await packageVersion()),
    telemetry,
    runsJobs: options.runsJobs ?? true,
    renderDelivery: deliveryRenderers(),
    allowsPrivateDeliveries: deliveries.allowPrivateAddresses,
    ...(ground.random === undefined ? {} : { random: ground.random }),
  });
  opened.defer(() => engine.stop());
  await engine.start();
  await reconcileSchedules(engine, { schedules });
  const rest = opened.move();
  return {
    // What they are made for is known to the compiler alone.
    ...(callsOf(engine, options.tenant ?? DEFAULT_TENANT) as unknown as Calls<Jobs>),
    routes: routesOf(engine, store),
    engine,
    ...(store.unsafe === undefined ? {} : { unsafe: store.unsafe }),
    close: () => rest.disposeAsync(),
  };
}

/** Inputs do not come as text here: a Map or an instance of a class would be stored as `{}` without a word. */
function takingJson(type: JobType): JobType {
  return {
    ...type,
    checkInput: async (given) => {
      const checked = await type.checkInput(given);
      const problem = checked.kind === 'valid' ? jsonProblem(checked.input, { isStrict: false }) : null;
      if (problem === null) return checked;
      return { kind: 'invalid', issues: [{ path: problem.path, message: `is ${problem.what}, which is no JSON` }] };
    },
  };
}

async function packageVersion(): Promise<string> {
  const { default: manifest } = await import(VERSION_FILE.href, { with: { type: 'json' } });
  return manifest.version;
}

function routesOf(engine: RunningEngine, store: Store): Bide<JobShapes>['routes'] {
  const { clock, limits } = engine;
  const auth = createAuthenticator({ store, clock, limits });
  const holds = createHolds({ limits, draining: engine.draining, clock: engine.clock });
  const keys = createKeys({ store, clock, onRevoked: forgetting(auth, holds) });
  return async (app, { identify }) => {
    const version = await packageVersion();
    const who =
      identify === undefined
        ? {}
        : { identify: async (request: FastifyRequest) => principalOf(await identify(request)) };
    readTraces(app);
    await nativeRoutes(app, { engine, auth, holds }, { version, keys, hasDocs: true, ...who });
  };
}

function principalOf(caller: Caller | null): Principal | null {
  if (caller === null) return null;
  const scopes = caller.scopes === undefined ? PLAIN_SCOPES : new Set(caller.scopes);
  return { tenant: caller.tenant, keyId: 'app', keyName: 'app', scopes };
}
