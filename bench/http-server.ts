/**
 * One server to be measured, in a process of its own: `bare N` (Fastify answering a constant body of N bytes), `durable` (Bide on SQLite,
 * synchronous=FULL) or `noop` (Bide on a store that keeps nothing). Prints `{"port","key","pid"}`, and ends when its stdin does.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import { DEFAULT_LIMITS } from '../src/core/limits.ts';
import { createNativeDialect } from '../src/dialects/native/index.ts';
import { createEngine } from '../src/engine/index.ts';
import { createAuthenticator } from '../src/http/auth.ts';
import { createHolds } from '../src/http/hold.ts';
import { createKeys } from '../src/http/keys.ts';
import { createLogger } from '../src/http/log.ts';
import { createServer } from '../src/http/server.ts';
import type { Store } from '../src/store/contract.ts';
import { openSqlite } from '../src/store/sqlite/index.ts';
import { createNoopStore } from './noop-store.ts';

interface Measured {
  readonly url: string;
  readonly key: string;
  close(): Promise<void>;
}

async function openBare(bytes: number): Promise<Measured> {
  const app = Fastify();
  const body = JSON.stringify({ pad: 'x'.repeat(Math.max(0, bytes - 10)) });
  app.get('/v1/jobs/:id', (_request, reply) => reply.type('application/json; charset=utf-8').send(body));
  app.post('/v1/jobs', (_request, reply) => reply.code(202).type('application/json; charset=utf-8').send(body));
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { url, key: 'none', close: () => app.close() };
}

async function openBide(store: Store): Promise<Measured> {
  const limits = DEFAULT_LIMITS;
  await store.migrate();
  const engine = createEngine({
    store,
    limits,
    workerName: 'bench',
    runsJobs: false,
    types: [
      {
        name: 'bench',
        handler: 'remote',
        slots: 1,
        defaults: { timeoutMs: null, retainMs: null, retry: {} },
        checkInput: (input) => ({ kind: 'valid', input }),
      },
    ],
  });
  await engine.start();
  const made = await createKeys({ store, clock: engine.clock }).create({
    tenant: 'default',
    name: 'bench',
    scopes: ['submit', 'read'],
  });
  // The store that keeps nothing keeps no key either.
  const keyStore = { ...store, keyRead: async () => made.stored };
  const server = await createServer({
    engine,
    auth: createAuthenticator({ store: keyStore, clock: engine.clock, limits }),
    holds: createHolds({ limits, draining: engine.draining }),
    documents: store,
    logger: createLogger('error'),
    publicUrl: null,
    dialects: [
      {
        dialect: createNativeDialect({ version: 'bench', keys: null, hasDocs: false }),
        options: null,
        at: { kind: 'root' },
      },
    ],
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    key: made.key,
    async close() {
      await engine.stop({ drainMs: 0 });
      await server.close();
      await store.close();
    },
  };
}

async function open(kind: string, bytes: number): Promise<Measured> {
  if (kind === 'bare') return openBare(bytes);
  if (kind === 'noop') return openBide(createNoopStore());
  const folder = await mkdtemp(join(tmpdir(), 'bide-bench-'));
  const bide = await openBide(await openSqlite({ folder }));
  return {
    ...bide,
    async close() {
      await bide.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const measured = await open(process.argv[2] ?? 'bare', Number(process.argv[3] ?? 0));
const { url, key } = measured;
process.stdout.write(`${JSON.stringify({ port: Number(new URL(url).port), key, pid: process.pid })}\n`);
process.stdin.resume().on('end', () => {
  void measured.close().then(() => process.exit(0));
});
