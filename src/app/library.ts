/**
 * Bide inside another program: the engine in this process, functions inline, no server.
 *
 * `openBide` is the same engine, store and state table as the server's; what is missing are threads (a handler that never yields
 * blocks its program, as any function of it does) and, unless its routes are mounted, HTTP.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { requireKnown } from '../client/known-options.ts';
import type { LogsOptions, OutputOptions } from '../client/logging.ts';
import type { ChunkBody, JobBody, LogLineBody, LogsBody, OutputBody } from '../client/wire.ts';
import type { Config } from '../config/define-config.ts';
import { resolveConfigs } from '../config/resolve.ts';
import { BideError } from '../core/errors.ts';
import type { Json } from '../core/job.ts';
import { jsonProblem } from '../core/json-problem.ts';
import { quotaError } from '../core/quota-error.ts';
import type { Scope } from '../core/scopes.ts';
import { shownState } from '../core/state.ts';
import { logLineBody } from '../dialects/native/log-text.ts';
import { jobBody } from '../dialects/native/mapping.ts';
import { chunkBody } from '../dialects/native/output-text.ts';
import { nativeRoutes } from '../dialects/native/routes.ts';
import {
  type Clock,
  type CommandOutcome,
  createEngine,
  createTelemetry,
  type JobType,
  type Lookup,
  type ResultContent,
  type RunningEngine,
  type Snapshot,
  type SubmitOutcome,
  type SubmitRequest,
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
import { type LibraryGroups, libraryGroups } from './library-groups.ts';
import { type LibraryLimits, libraryLimits } from './library-limits.ts';
import { type LibrarySchedules, librarySchedules } from './library-schedules.ts';
import { openMigratedStore } from './open-store.ts';
import { type StoreClockOptions, storeClockOf } from './store-clock-of.ts';
import { processFacts, workerName } from './worker-name.ts';

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

export type SubmitOptions = Partial<Omit<SubmitRequest, 'tenant' | 'type' | 'input' | 'origin'>>;

export interface WaitOptions {
  /** Without end unless told. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface RoutesOptions {
  /** Who calls, where this program knows better than Bide's API keys do; null is answered with 401. */
  readonly identify?: (request: FastifyRequest) => Caller | null | Promise<Caller | null>;
}

export interface Caller {
  readonly tenant: string;
  /** `submit`, `read`, `work` and `priority` unless told. */
  readonly scopes?: readonly Scope[];
}

/** Jobs are given as the HTTP API gives them. An id that there is no job for throws JOB_NOT_FOUND or JOB_GONE. */
export interface Bide<Inputs extends Record<string, unknown>> {
  /** Resolves when the job is on disk. TYPE_UNKNOWN, INPUT_INVALID, INVALID_REQUEST, IDEMPOTENCY_MISMATCH, PARENT_UNKNOWN or QUOTA_EXCEEDED otherwise. */
  submit<Name extends keyof Inputs & string>(
    type: Name,
    input: Inputs[Name],
    options?: SubmitOptions,
  ): Promise<JobBody>;
  get(id: string): Promise<JobBody>;
  /** The job once it is final, or as it is when the time is over. */
  wait(id: string, options?: WaitOptions): Promise<JobBody>;
  /** Null while there is none. */
  result(id: string): Promise<ResultContent | null>;
  /** What the job has said, a page of it. */
  logs(id: string, options?: LogsOptions): Promise<LogsBody>;
  /** What the job has emitted. */
  output(id: string, options?: OutputOptions): Promise<OutputBody>;
  /** WRONG_STATE when the job is final already. */
  cancel(id: string): Promise<JobBody>;
  retry(id: string): Promise<JobBody>;
  /** Tells the job something that it waits for, or will. WRONG_STATE when it is final, SIGNALS_FULL or INVALID_REQUEST otherwise. */
  signal(id: string, name: string, value?: Json): Promise<JobBody>;
  remove(id: string): Promise<JobBody>;
  /** Limits that jobs share by a key. */
  readonly limits: LibraryLimits;
  /** Jobs that are looked at as one. */
  readonly groups: LibraryGroups;
  /** Jobs that are submitted again and again. */
  readonly schedules: LibrarySchedules;
  /** The native API as a Fastify plugin, under any prefix. */
  readonly routes: (app: FastifyInstance, options: RoutesOptions) => Promise<void>;
  readonly engine: RunningEngine;
  /** Resolves when the disk did not confirm a write to the data folder: every call is refused from then on, and the process should end. */
  readonly unsafe?: Promise<BideError>;
  /** Lets running jobs finish, gives back what does not, and closes the store. */
  close(): Promise<void>;
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
const SUBMIT_OPTIONS = [
  ...(['tags', 'priority', 'runAt', 'delayMs', 'timeoutMs', 'deadlineMs', 'retry', 'retainMs'] as const),
  ...(['idempotencyKey', 'callback', 'sequenceKey', 'limit', 'unique', 'after', 'afterPolicy'] as const),
];
const DEFAULT_FOLDER = './bide-data';
const PLAIN_SCOPES: ReadonlySet<Scope> = new Set(['submit', 'read', 'work', 'priority']);
const VERSION_FILE = new URL('../../package.json', import.meta.url);

export async function openBide<Inputs extends Record<string, unknown>>(
  config: Config<Inputs>,
  options: OpenOptions = {},
): Promise<Bide<Inputs>> {
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
export async function openLibrary<Inputs extends Record<string, unknown>>(
  config: Config<Inputs>,
  options: Pick<OpenOptions, 'tenant' | 'runsJobs'>,
  ground: Ground,
): Promise<Bide<Inputs>> {
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
    ...callsOf<Inputs>(engine, options.tenant ?? DEFAULT_TENANT),
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

type Calls<Inputs extends Record<string, unknown>> = Omit<Bide<Inputs>, 'routes' | 'engine' | 'unsafe' | 'close'>;

function callsOf<Inputs extends Record<string, unknown>>(engine: RunningEngine, tenant: string): Calls<Inputs> {
  const body = ({ job, resultText }: Snapshot): JobBody =>
    JSON.parse(jobBody('', { job, resultText }, shownState(job, engine.clock.now()))) as JobBody;
  const get = async (id: string) => body(foundOf(id, (await engine.read(tenant, [id]))[0]));
  const commanded = (id: string, outcome: CommandOutcome) => commandedOf(id, outcome, engine.clock.now());
  return {
    async submit(type, input, options = {}) {
      requireKnown('submit', options, SUBMIT_OPTIONS);
      const [outcome] = await engine.submit([{ ...options, tenant, type, input: input as Json }]);
      return body(submittedOf(type, outcome));
    },
    get,
    async wait(id, options = {}) {
      requireKnown('wait', options, ['timeoutMs', 'signal']);
      const { timeoutMs = Number.POSITIVE_INFINITY, signal = new AbortController().signal } = options;
      const until = { kind: 'done' } as const;
      const { lookups } = await engine.wait({ tenant, ids: [id], for: 'all', until, timeoutMs, signal });
      return body(foundOf(id, lookups[0]));
    },
    async result(id) {
      const outcome = await engine.readResult(tenant, id);
      if (outcome.kind === 'missing' || outcome.kind === 'gone') throw absent(id, outcome.kind);
      return outcome.kind === 'found' ? outcome.result : null;
    },
    async output(id, options = {}) {
      requireKnown('output', options, ['after', 'attempt', 'limit', 'waitMs', 'signal']);
      return outputOf(engine, tenant, id, options);
    },
    async logs(id, options = {}) {
      requireKnown('logs', options, ['after', 'attempt', 'level', 'limit', 'waitMs', 'signal']);
      return logsOf(engine, tenant, id, options);
    },
    groups: libraryGroups(engine, tenant),
    schedules: librarySchedules(engine, tenant, get),
    limits: libraryLimits(engine, tenant),
    cancel: async (id) => body(commanded(id, await engine.cancel(tenant, id))),
    retry: async (id) => body(commanded(id, await engine.retry(tenant, id))),
    signal: async (id, name, value = null) => {
      const outcome = await engine.signal({ tenant, id, name, value });
      if (outcome.kind === 'invalidRequest')
        throw new BideError('INVALID_REQUEST', undefined, { errors: outcome.issues });
      if (outcome.kind === 'full') throw new BideError('SIGNALS_FULL', undefined, { id });
      return body(commanded(id, outcome));
    },
    remove: async (id) => body(commanded(id, await engine.remove(tenant, id))),
  };
}

async function outputOf(
  engine: RunningEngine,
  tenant: string,
  id: string,
  options: OutputOptions,
): Promise<OutputBody> {
  const { after = 0, attempt, limit = engine.limits.logPageMax, waitMs = 0 } = options;
  const { signal = new AbortController().signal } = options;
  const asked = { tenant, id, stream: 'output', after, attempt, limit, timeoutMs: waitMs, signal } as const;
  const page = await engine.readLogs(asked);
  if (page.kind !== 'found') throw absent(id, page.kind);
  const chunks = page.lines.map((line) => JSON.parse(chunkBody(line)) as ChunkBody);
  return { chunks, next: page.next, done: page.isDone };
}

async function logsOf(engine: RunningEngine, tenant: string, id: string, options: LogsOptions): Promise<LogsBody> {
  const { after = 0, attempt, level, limit = engine.limits.logPageMax, waitMs = 0 } = options;
  const { signal = new AbortController().signal } = options;
  const asked = { tenant, id, after, attempt, levelMin: level, limit, timeoutMs: waitMs, signal };
  const page = await engine.readLogs({ ...asked, stream: 'log' });
  if (page.kind !== 'found') throw absent(id, page.kind);
  const lines = page.lines.map((line) => JSON.parse(logLineBody(line)) as LogLineBody);
  return { lines, next: page.next, done: page.isDone };
}

async function packageVersion(): Promise<string> {
  const { default: manifest } = await import(VERSION_FILE.href, { with: { type: 'json' } });
  return manifest.version;
}

function routesOf(engine: RunningEngine, store: Store): Bide<Record<string, unknown>>['routes'] {
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

function submittedOf(type: string, outcome: SubmitOutcome | undefined): Snapshot {
  switch (outcome?.kind) {
    case 'created':
    case 'existing':
      return outcome.snapshot;
    case 'unknownType':
      throw new BideError('TYPE_UNKNOWN', `There is no job type ${type}.`, { types: outcome.types });
    case 'invalidInput':
      throw new BideError('INPUT_INVALID', undefined, { errors: outcome.issues });
    case 'invalidRequest':
      throw new BideError('INVALID_REQUEST', undefined, { errors: outcome.issues });
    case 'held':
      throw new BideError('UNIQUE_HELD', undefined, { jobId: outcome.snapshot.job.id });
    case 'conflict':
      throw new BideError('IDEMPOTENCY_MISMATCH', undefined, { id: outcome.snapshot.job.id });
    case 'refused':
      throw outcome.error;
    case 'noParent':
      throw new BideError('PARENT_UNKNOWN', undefined, { id: outcome.id });
    case 'overQuota':
      throw quotaError(outcome);
    default:
      throw new BideError('INTERNAL', 'A submit came back without an outcome.');
  }
}

function commandedOf(id: string, outcome: CommandOutcome, now: number): Snapshot {
  if (outcome.kind === 'missing' || outcome.kind === 'gone') throw absent(id, outcome.kind);
  if (outcome.kind !== 'wrongState') return outcome.snapshot;
  throw new BideError('WRONG_STATE', `Job ${id} is ${shownState(outcome.snapshot.job, now)}.`, { id });
}

function foundOf(id: string, lookup: Lookup | undefined): Snapshot {
  if (lookup?.kind === 'found') return lookup.snapshot;
  throw absent(id, lookup?.kind ?? 'missing');
}

function absent(id: string, kind: 'missing' | 'gone'): BideError {
  return new BideError(kind === 'gone' ? 'JOB_GONE' : 'JOB_NOT_FOUND', undefined, { id });
}
