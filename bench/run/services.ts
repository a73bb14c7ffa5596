/** The servers that sides keep their jobs in: PostgreSQL as the tests start it, and Redis twice. Started when the first side needs them. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { freePort, startTestServer, type TestServer } from '../../test/postgres/server.ts';
import type { Service } from '../sides/catalog.ts';
import { freshFolder, guarded, type RunningChild, startChild } from './children.ts';
import { cpuSecondsOf } from './process-cpu.ts';

/** More than the defaults, which are for small machines; durable as they are. */
export const POSTGRES_SETTINGS = { shared_buffers: '512MB', max_wal_size: '4GB' };
export const REDIS_ARGS: Readonly<Record<'redis' | 'redisAlways', readonly string[]>> = {
  redis: [],
  redisAlways: ['--appendonly', 'yes', '--appendfsync', 'always'],
};
const READY_MS = 30_000;

export interface Services {
  /** An empty place of the service: a new database, a Redis without a key. */
  place(service: Service): Promise<string>;
  /** CPU seconds that its processes have used; 0 for none. */
  cpuSeconds(service: Service | null): number;
  end(): Promise<void>;
}

interface Redis {
  readonly port: number;
  readonly child: RunningChild;
}

export function createServices(): Services {
  let postgres: Promise<TestServer> | null = null;
  let postgresPid = 0;
  const redis = new Map<string, Redis>();
  const startedPostgres = async () => {
    postgres ??= startTestServer({ settings: POSTGRES_SETTINGS });
    const server = await postgres;
    postgresPid = server.pid;
    return server;
  };
  return {
    async place(service) {
      if (service === 'postgres') return (await startedPostgres()).createDatabase();
      const running = redis.get(service) ?? (await startRedis(service));
      redis.set(service, running);
      await flush(running.port);
      return `redis://127.0.0.1:${running.port}`;
    },
    cpuSeconds(service) {
      if (service === null) return 0;
      const pid = service === 'postgres' ? postgresPid : (redis.get(service)?.child.pid ?? 0);
      return pid === 0 ? 0 : (cpuSecondsOf(pid) ?? Number.NaN);
    },
    async end() {
      await Promise.all([...redis.values()].map(({ child }) => child.end()));
      await (await postgres)?.end();
    },
  };
}

async function startRedis(service: 'redis' | 'redisAlways'): Promise<Redis> {
  const port = await freePort();
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', freshFolder(service)];
  const command = guarded({ program: 'redis-server', args: [...place, ...REDIS_ARGS[service]] });
  return { port, child: await startChild(command, { ready: /Ready to accept connections/, deadlineMs: READY_MS }) };
}

async function flush(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const signal = AbortSignal.timeout(READY_MS);
  await once(socket, 'connect', { signal });
  socket.write('FLUSHALL\r\n');
  await once(socket, 'data', { signal });
  socket.destroy();
}
