/**
 * One dialect on a real server: real engine, SQLite in a temporary folder, a real socket, a clock that is turned by hand.
 *
 * Next to the dialect stands a neighbour with other parsers and other errors, so that whatever leaks between them shows.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_LIMITS, type Limits } from '../../core/limits.ts';
import type { Documents, Engine, JobType, Store } from '../../engine/api.ts';
import { createEngine, type RunningEngine } from '../../engine/create-engine.ts';
import type { FakeClock } from '../../engine/fake-clock.ts';
import { createAuthenticator } from '../../http/auth.ts';
import type { Dialect, KeyAdmin } from '../../http/dialect.ts';
import { createHolds, type Holds } from '../../http/hold.ts';
import { createKeys } from '../../http/keys.ts';
import { createLogger } from '../../http/log.ts';
import { createServer, type Mount } from '../../http/server.ts';
import { openSqlite } from '../../store/sqlite/open-sqlite.ts';
import { type DialectAdapter, TEST_TYPE, type WireAnswer, type WireRequest } from './adapter.ts';
import { countReads } from './count-reads.ts';
import { neighbour } from './neighbour.ts';
import { send } from './send.ts';
import { PARKED_TYPE, STAGED_TYPE } from './stage.ts';
import { writeSuiteSecret } from './suite-secret.ts';
import { createSweepClock, SWEEP_INTERVAL_MS } from './sweep-clock.ts';
import { watchWaits } from './watch-waits.ts';

/**
 * `owner` and `other` are two tenants, `nobody` sends no credentials, `stranger` sends a key that nobody gave out, `limited` is of the
 * owner's tenant with a key that may neither submit nor read, `reader` with one that may only read, `submitter` with one that may only submit.
 */
export type Caller = 'owner' | 'other' | 'limited' | 'reader' | 'submitter' | 'nobody' | 'stranger';

export const OWNER_TENANT = 'acme';
export const OTHER_TENANT = 'globex';

export interface Rig {
  /** The very engine that the dialect talks to. */
  readonly engine: Engine;
  readonly clock: FakeClock;
  readonly holds: Holds;
  /** What dialects keep beside jobs. */
  readonly documents: Documents;
  /** `http://host:port` of the server. */
  readonly origin: string;
  /** Where the dialect is mounted, without a trailing slash. */
  readonly url: string;
  readonly neighbourUrl: string;
  /** Connections of all requests of the rig. */
  readonly agent: Agent;
  /** The tenant of `owner`. */
  readonly tenant: string;
  readonly keys: Readonly<Record<Exclude<Caller, 'nobody'>, string>>;
  send(request: WireRequest, as?: Caller, signal?: AbortSignal): Promise<WireAnswer>;
  /** Resolves once the engine has `count` waits under way. */
  held(count: number): Promise<void>;
  /** Resolves once the engine has no wait under way. */
  released(): Promise<void>;
  /** Has the engine look for passed deadlines and ended retention; turns the clock by less than a second. */
  sweep(): Promise<void>;
  /** Jobs and results read from the store so far, by whomever. */
  reads(): number;
  /** Begins the shutdown of the engine: waits end. The server still answers what it has. */
  shutDown(): Promise<void>;
  close(): Promise<void>;
}

export interface RigOptions {
  readonly limits?: Partial<Limits>;
  /** Ends every wait at once: for requests that nobody will answer otherwise. */
  readonly isPatient?: boolean;
  /** Base URL as clients see it. */
  readonly publicUrl?: string;
  /** Job types beside those of the suite; with some, the engine runs jobs. */
  readonly types?: readonly JobType[];
  /** Dialects on the same server, beside this one and its neighbour. */
  readonly beside?: readonly Mount[];
}

const REMOTE = { slots: 1, defaults: { timeoutMs: null, retainMs: null, retry: {} } } as const;

export async function openRig<O>(
  dialect: Dialect<O>,
  adapter: DialectAdapter<O>,
  options: RigOptions = {},
): Promise<Rig> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'bide-suite-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const { clock, sweep } = createSweepClock();
  const limits = { ...DEFAULT_LIMITS, sweepIntervalMs: SWEEP_INTERVAL_MS, ...options.limits };
  const { store, reads } = countReads(await openSqlite({ folder, synchronous: 'normal' }));
  opened.defer(() => store.close());
  await store.migrate();
  await writeSuiteSecret(store);
  const engine = engineOf(dialect, { store, clock, limits, types: options.types ?? [] });
  opened.defer(() => engine.stop({ drainMs: 0 }));
  await engine.start();
  const watched = watchWaits(engine, options.isPatient ?? true);
  const holds = createHolds({ limits, draining: engine.draining, clock: engine.clock });
  const server = await createServer({
    engine: watched.engine,
    auth: createAuthenticator({ store, clock, limits }),
    holds,
    documents: store,
    dialects: [
      { dialect: dialect as Dialect, options: adapter.options, at: { kind: 'prefix', prefix: `/${dialect.name}` } },
      { dialect: neighbour, options: undefined, at: { kind: 'prefix', prefix: '/neighbour' } },
      ...(options.beside ?? []),
    ],
    dialectsFolder: join(folder, 'dialects'),
    logger: createLogger('silent'),
    publicUrl: options.publicUrl ?? null,
  });
  opened.defer(() => server.close());
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  const keys = await makeKeys(createKeys({ store, clock }));
  const agent = new Agent({ keepAlive: true });
  opened.defer(() => agent.destroy());
  const rest = opened.move();
  return {
    engine: watched.engine,
    clock,
    holds,
    documents: store,
    origin,
    url: `${origin}/${dialect.name}`,
    neighbourUrl: `${origin}/neighbour`,
    agent,
    tenant: OWNER_TENANT,
    keys,
    send: createSender(`${origin}/${dialect.name}`, agent, adapter, keys),
    held: (count) => watched.reached((waits) => waits >= count),
    released: () => watched.reached((waits) => waits === 0),
    sweep,
    reads,
    shutDown: () => engine.stop(),
    // Held requests are answered before the server goes: they would keep it open otherwise.
    close: once(async () => {
      await engine.stop({ drainMs: 0 });
      await rest.disposeAsync();
    }),
  };
}

function engineOf<O>(
  dialect: Dialect<O>,
  parts: {
    readonly store: Store;
    readonly clock: FakeClock;
    readonly limits: Limits;
    readonly types: readonly JobType[];
  },
): RunningEngine {
  const { name, renderDelivery, checkAttempt } = dialect;
  return createEngine({
    ...parts,
    types: [...remoteTypes(), ...parts.types],
    workerName: 'suite',
    runsJobs: parts.types.length > 0,
    renderDelivery: new Map(renderDelivery === undefined ? [] : [[name, renderDelivery]]),
    checkAttempt: new Map(checkAttempt === undefined ? [] : [[name, checkAttempt]]),
    // Webhooks of a test go to a server of that test.
    allowsPrivateDeliveries: true,
  });
}

/** Takes no input apart and has no default of its own: whatever a dialect submits is taken. */
function remoteTypes(): readonly JobType[] {
  return [TEST_TYPE, PARKED_TYPE, STAGED_TYPE].map((name) => ({
    ...REMOTE,
    name,
    handler: 'remote',
    checkInput: (input) => ({ kind: 'valid', input }),
  }));
}

async function makeKeys(admin: KeyAdmin): Promise<Rig['keys']> {
  const scopes = ['submit', 'read'] as const;
  const owner = await admin.create({ tenant: OWNER_TENANT, name: 'owner', scopes });
  const other = await admin.create({ tenant: OTHER_TENANT, name: 'other', scopes });
  const limited = await admin.create({ tenant: OWNER_TENANT, name: 'limited', scopes: ['work'] });
  const reader = await admin.create({ tenant: OWNER_TENANT, name: 'reader', scopes: ['read'] });
  const submitter = await admin.create({ tenant: OWNER_TENANT, name: 'submitter', scopes: ['submit'] });
  return {
    owner: owner.key,
    other: other.key,
    limited: limited.key,
    reader: reader.key,
    submitter: submitter.key,
    stranger: `bide_${'0'.repeat(12)}_${'0'.repeat(48)}`,
  };
}

function createSender<O>(baseUrl: string, agent: Agent, adapter: DialectAdapter<O>, keys: Rig['keys']): Rig['send'] {
  const bare = (request: WireRequest) => send({ agent, baseUrl }, request);
  return async (request, as = 'owner', signal) => {
    const credentials = as === 'nobody' ? {} : await adapter.credentials(keys[as], bare);
    const headers = { ...credentials, ...request.headers };
    return send({ agent, baseUrl, ...(signal === undefined ? {} : { signal }) }, { ...request, headers });
  };
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= action();
    return done;
  };
}
