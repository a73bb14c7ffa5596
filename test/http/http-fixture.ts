/** Bide's own server on a real engine and a real SQLite store, under a clock turned by hand, with a key per kind of caller. */
import assert from 'node:assert/strict';
import type { Json } from '../../src/core/job.ts';
import { DEFAULT_LIMITS, type LimitName } from '../../src/core/limits.ts';
import type { Scope } from '../../src/core/scopes.ts';
import { createLinks, DASHBOARD, declareDashboardRoutes, type Links } from '../../src/dashboard/index.ts';
import { createNativeDialect } from '../../src/dialects/native/index.ts';
import { createAuthenticator, type KeyAuthenticator } from '../../src/http/auth.ts';
import { createCors } from '../../src/http/cors.ts';
import type { Dialect, KeyAdmin } from '../../src/http/dialect.ts';
import { declareHealthRoutes } from '../../src/http/health.ts';
import { createHolds, type Holds } from '../../src/http/hold.ts';
import { watchKeys } from '../../src/http/key-watch.ts';
import { createKeys, forgetting } from '../../src/http/keys.ts';
import { createLogger } from '../../src/http/log.ts';
import { createMetrics, declareMetricsRoute } from '../../src/http/metrics.ts';
import { createServer, type Mount, type Server } from '../../src/http/server.ts';
import { type Fixture, type FixtureOptions, openEngine, TENANT } from '../engine/engine-fixture.ts';
import { requireDocumented } from './documented-answers.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | readonly string[] | undefined>>;
  readonly text: string;
  readonly bytes: Buffer;
  readonly json: () => Record<string, Json>;
}

export interface CallOptions {
  readonly key?: string | null;
  /** Sent as JSON, unless it is text or bytes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Caller = 'admin' | 'operator' | 'submitter' | 'reader' | 'worker' | 'scraper' | 'foreigner';

export interface HttpFixture extends AsyncDisposable {
  readonly on: Fixture;
  readonly server: Server;
  readonly auth: KeyAuthenticator;
  readonly holds: Holds;
  readonly links: Links;
  readonly keyAdmin: KeyAdmin;
  readonly keys: Readonly<Record<Caller, string>>;
  /** By the admin's key unless told; null sends none. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Submits a job and returns its id. */
  submit(type: string, body?: object): Promise<string>;
  /** Resolves once `count` requests are held. */
  held(count: number): Promise<void>;
}

const CALLERS: Readonly<Record<Caller, { readonly tenant: string; readonly scopes: readonly Scope[] }>> = {
  admin: { tenant: TENANT, scopes: ['admin'] },
  submitter: { tenant: TENANT, scopes: ['submit'] },
  reader: { tenant: TENANT, scopes: ['read'] },
  operator: { tenant: TENANT, scopes: ['operate'] },
  worker: { tenant: TENANT, scopes: ['work'] },
  scraper: { tenant: TENANT, scopes: ['metrics'] },
  foreigner: { tenant: 'globex', scopes: ['admin'] },
};

export interface HttpOptions extends FixtureOptions {
  readonly limits?: Partial<Record<LimitName, number>>;
  readonly mounts?: readonly (Pick<Mount, 'dialect' | 'at'> & Partial<Mount>)[];
  readonly publicUrl?: string;
  /** True unless told. */
  readonly hasDashboard?: boolean;
  /** Origins of pages that may call. */
  readonly cors?: readonly string[];
}

export async function openHttp(options: HttpOptions = {}): Promise<HttpFixture> {
  const on = await openEngine({ types: { task: 'remote' }, ...options });
  const { engine, clock, store } = on;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const auth = createAuthenticator({ store, clock, limits });
  const watched = watchHolds(createHolds({ limits, draining: engine.draining, clock: engine.clock }));
  const keyAdmin = createKeys({ store, clock, onRevoked: forgetting(auth, watched.holds) });
  const stopKeyWatch = watchKeys({ store, clock, limits, holds: watched.holds });
  const metrics = createMetrics({ engine, holds: watched.holds });
  const links = createLinks(clock);
  const hasDashboard = options.hasDashboard !== false;
  const native = createNativeDialect({
    version: '0.0.0',
    keys: keyAdmin,
    hasDocs: true,
    ...(hasDashboard ? { home: DASHBOARD } : {}),
    more(app, guard) {
      const isSecure = () => options.publicUrl?.startsWith('https:') === true;
      if (hasDashboard) declareDashboardRoutes(app, { auth, links, isSecure, dialects: [], answered: () => [] });
      declareHealthRoutes(app, engine);
      declareMetricsRoute(app, metrics, guard('metrics'));
    },
  });
  const server = await createServer({
    ...{ engine, auth, holds: watched.holds, documents: store, logger: createLogger('silent') },
    publicUrl: options.publicUrl ?? null,
    cors: options.cors === undefined ? null : createCors({ origins: options.cors }),
    dialects: [
      { dialect: native as Dialect, options: null, at: { kind: 'root' } },
      ...(options.mounts ?? []).map((mount) => ({ options: undefined, ...mount })),
    ],
  });
  const keys = Object.fromEntries(
    await Promise.all(
      Object.entries(CALLERS).map(async ([name, caller]) => {
        const { key } = await keyAdmin.create({ name, ...caller });
        return [name, key];
      }),
    ),
  ) as Record<Caller, string>;
  const call: HttpFixture['call'] = async (method, path, given = {}) => {
    const answer = await inject(server, method, path, { key: keys.admin, ...given });
    await requireDocumented({ method, path }, answer, async () => {
      const document = await server.inject({ method: 'GET', url: '/openapi.json' });
      return document.json();
    });
    return answer;
  };
  return {
    ...{ on, server, auth, links, keyAdmin, keys, call },
    holds: watched.holds,
    async submit(type, body = {}) {
      const answer = await call('POST', '/v1/jobs', { body: { type, ...body } });
      assert.equal(answer.status, 202, answer.text);
      return String(answer.json().id);
    },
    held: watched.reached,
    async [Symbol.asyncDispose]() {
      metrics.close();
      stopKeyWatch();
      const stopped = on[Symbol.asyncDispose]();
      await server.close();
      await stopped;
    },
  };
}

/** The same on a real socket. */
export interface Listening extends HttpFixture {
  readonly url: string;
  readonly port: number;
}

export async function openListening(options: HttpOptions = {}): Promise<Listening> {
  const http = await openHttp(options);
  const url = await http.server.listen({ host: '127.0.0.1', port: 0 });
  return Object.assign(http, { url, port: Number(new URL(url).port) });
}

async function inject(
  server: Server,
  method: string,
  path: string,
  { key = null, body, headers }: CallOptions,
): Promise<Answer> {
  const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
  const answer = await server.inject({
    method: method as 'GET',
    url: path,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined || isRaw ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: isRaw ? body : JSON.stringify(body) }),
  });
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text: answer.payload,
    bytes: answer.rawPayload,
    json: () => JSON.parse(answer.payload) as Record<string, Json>,
  };
}

/** Tells when a number of requests is held: what a test waits for instead of sleeping. */
function watchHolds(holds: Holds): { readonly holds: Holds; reached(count: number): Promise<void> } {
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const look = () => {
    for (const [index, { count, resolve }] of [...waiting.entries()].reverse()) {
      if (holds.count < count) continue;
      waiting.splice(index, 1);
      resolve();
    }
  };
  const watched: Holds = Object.create(holds, {
    hold: {
      value: (...args: Parameters<Holds['hold']>) => {
        const held = holds.hold(...args);
        look();
        return held;
      },
    },
  });
  return {
    holds: watched,
    reached(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ count, resolve });
      look();
      return promise;
    },
  };
}
