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
import type { Engine, JobType, Store } from '../../engine/api.ts';
import { createEngine } from '../../engine/create-engine.ts';
import type { FakeClock } from '../../engine/fake-clock.ts';
import { createAuthenticator } from '../../http/auth.ts';
import { createHolds, type Holds } from '../../http/hold.ts';
import { createKeys } from '../../http/keys.ts';
import { createLogger } from '../../http/log.ts';
import { createServer } from '../../http/server.ts';
import { openSqlite } from '../../store/sqlite/open-sqlite.ts';
import type { Dialect, KeyAdmin } from '../dialect.ts';
import { type DialectAdapter, TEST_TYPE, type WireAnswer, type WireRequest } from './adapter.ts';
import { neighbour } from './neighbour.ts';
import { send } from './send.ts';
import { PARKED_TYPE, STAGED_TYPE } from './stage.ts';
import { createSweepClock, SWEEP_INTERVAL_MS } from './sweep-clock.ts';
import { watchWaits } from './watch-waits.ts';

/** `owner` and `other` are two tenants, `nobody` sends no credentials, `stranger` sends a key that nobody gave out. */
export type Caller = 'owner' | 'other' | 'nobody' | 'stranger';

export const OWNER_TENANT = 'acme';
export const OTHER_TENANT = 'globex';

export interface Rig {
  /** The very engine that the dialect talks to. */
  readonly engine: Engine;
  readonly clock: FakeClock;
  readonly holds: Holds;
  /** Where the dialect is mounted, without a trailing slash. */
  readonly url: string;
  readonly neighbourUrl: string;
  /** Connections of all requests of the rig. */
  readonly agent: Agent;
  /** The tenant of `owner`. */
  readonly tenant: string;
  readonly keys: Readonly<Record<'owner' | 'other' | 'stranger', string>>;
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
}

const REMOTE = { slots: 1, defaults: { timeoutMs: null, retainMs: null, retry: {} } } as const;

export async function openRig<O>(
  dialect: Dialect<O>,
  adapter: DialectAdapter<O>,
  options: RigOptions = {},
): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), 'bide-suite-'));
  const { clock, sweep } = createSweepClock();
  const limits = { ...DEFAULT_LIMITS, sweepIntervalMs: SWEEP_INTERVAL_MS, ...options.limits };
  const { store, reads } = countReads(await openSqlite({ folder }));
  await store.migrate();
  const engine = createEngine({ store, clock, limits, types: remoteTypes(), workerName: 'suite', runsJobs: false });
  await engine.start();
  const watched = watchWaits(engine, options.isPatient ?? true);
  const holds = createHolds({ limits, closing: engine.closing });
  const server = await createServer({
    engine: watched.engine,
    auth: createAuthenticator({ store, clock, limits }),
    holds,
    documents: store,
    dialects: [
      { dialect: dialect as Dialect, options: adapter.options, at: { kind: 'prefix', prefix: `/${dialect.name}` } },
      { dialect: neighbour, options: undefined, at: { kind: 'prefix', prefix: '/neighbour' } },
    ],
    logger: createLogger('silent'),
    publicUrl: options.publicUrl ?? null,
  });
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  const keys = await makeKeys(createKeys({ store, clock }));
  const agent = new Agent({ keepAlive: true });
  const closing = once(async () => {
    agent.destroy();
    await engine.stop({ drainMs: 0 });
    await server.close();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    engine: watched.engine,
    clock,
    holds,
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
    close: closing,
  };
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

function countReads(store: Store): { readonly store: Store; readonly reads: () => number } {
  let reads = 0;
  const read: Store['read'] = (batch) => {
    reads += batch.length;
    return store.read(batch);
  };
  const readResult: Store['readResult'] = (batch) => {
    reads += batch.length;
    return store.readResult(batch);
  };
  const counted = Object.create(store, { read: { value: read }, readResult: { value: readResult } }) as Store;
  return { store: counted, reads: () => reads };
}

async function makeKeys(admin: KeyAdmin): Promise<Rig['keys']> {
  const scopes = ['submit', 'read', 'work'] as const;
  const owner = await admin.create({ tenant: OWNER_TENANT, name: 'owner', scopes });
  const other = await admin.create({ tenant: OTHER_TENANT, name: 'other', scopes });
  return { owner: owner.key, other: other.key, stranger: `bide_${'0'.repeat(12)}_${'0'.repeat(48)}` };
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
