/**
 * Holds requests, and completes the jobs that they wait for: `bare` is Fastify with a map of replies, `bide PLACE` is Bide as a library with its
 * routes mounted. Takes orders over its channel (`hold-messages.ts`), after `{"port"}` on stdout; ends with its stdin.
 */
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { remote } from '../../src/config/index.ts';
import { defineConfig, openBide } from '../../src/index.ts';
import { epochMs, type HoldOrder } from './hold-messages.ts';
import type { BidePlace } from './start-server.ts';

const TENANT = 'default';
const TYPE = 'parcel';
const BATCH = 1_000;
/** Longer than any measurement. */
const LEASE_MS = 600_000;
const RESULT = { contentType: 'application/json', bytes: Buffer.from('[{"row":1}]') };

interface Holder {
  readonly app: FastifyInstance;
  prepare(count: number): Promise<readonly string[]>;
  /** Without waiting: the answer to whoever waits is what is measured. */
  complete(path: string): void;
}

function bare(): Holder {
  const app = Fastify();
  const held = new Map<string, FastifyReply>();
  app.get<{ Params: { id: string } }>('/held/:id', (request, reply) => {
    held.set(request.url, reply);
  });
  return {
    app,
    prepare: async (count) => Array.from({ length: count }, (_, at) => `/held/${at}`),
    complete(path) {
      held.get(path)?.send({ id: path, state: 'succeeded', result: [{ row: 1 }] });
      held.delete(path);
    },
  };
}

async function bide({ folder, url }: BidePlace): Promise<Holder> {
  const app = Fastify();
  const config = defineConfig({ types: { [TYPE]: remote() } });
  const { engine, routes } = await openBide(config, {
    data: folder,
    ...(url === null ? {} : { database: url }),
    runsJobs: false,
  });
  await app.register(routes, { identify: () => ({ tenant: TENANT }) });
  const fences = new Map<string, number>();
  const claim = {
    tenant: TENANT,
    types: [TYPE],
    max: engine.limits.claimMax,
    leaseMs: LEASE_MS,
    worker: 'bench',
    timeoutMs: 0,
  };
  return {
    app,
    async prepare(count) {
      for (let left = count; left > 0; left -= BATCH) {
        await engine.submit(Array.from({ length: Math.min(left, BATCH) }, () => ({ tenant: TENANT, type: TYPE })));
      }
      while (fences.size < count) {
        const outcome = await engine.workClaim({ ...claim, signal: new AbortController().signal });
        if (outcome.kind !== 'claimed' || outcome.jobs.length === 0)
          throw new Error(`Error: ${fences.size} of ${count} claimed.`);
        for (const { job } of outcome.jobs) fences.set(`/v1/jobs/${job.id}?wait=60`, job.fence);
      }
      return [...fences.keys()];
    },
    complete(path) {
      const id = /jobs\/([^?]+)/.exec(path)?.[1] ?? '';
      void engine.workSucceed({ tenant: TENANT, id, fence: fences.get(path) ?? 0, result: RESULT });
    },
  };
}

/** As many a second as told, whatever a timer is late by. */
function completeSteadily(
  { complete }: Holder,
  paths: readonly string[],
  perSecond: number,
): Promise<readonly number[]> {
  const startedAt = performance.now();
  const times: number[] = [];
  return new Promise((resolve) => {
    const step = () => {
      const due = Math.min(paths.length, Math.ceil(((performance.now() - startedAt) * perSecond) / 1_000));
      while (times.length < due) {
        times.push(epochMs());
        complete(paths[times.length - 1] ?? '');
      }
      if (times.length < paths.length) setTimeout(step, 1);
      else resolve(times);
    };
    step();
  });
}

async function obey(holder: Holder, order: HoldOrder): Promise<unknown> {
  if (order.kind === 'prepare') return holder.prepare(order.count);
  if (order.kind === 'complete') return completeSteadily(holder, order.paths, order.perSecond);
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

const [kind, place = '{}'] = process.argv.slice(2);
const holder = kind === 'bare' ? bare() : await bide(JSON.parse(place) as BidePlace);
// All waiters come at once.
const url = await holder.app.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 });
process.on('message', (order: HoldOrder) => void obey(holder, order).then((answer) => process.send?.({ answer })));
process.stdout.write(`${JSON.stringify({ port: Number(new URL(url).port) })}\n`);
process.stdin.resume().on('end', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
