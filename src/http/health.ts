/**
 * `/healthz` and `/readyz`: whether the process lives, and whether it can do its work.
 *
 * Live means that the event loop answers. Ready means that the store answers within two seconds and no shutdown has begun; a balancer that
 * asks often costs the store one ping per second.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { BideError } from '../core/errors.ts';
import type { Engine, Store } from '../engine/api.ts';

/** A store that takes longer to say anything is not one to send work to. */
const PING_MS_MAX = 2_000;
const PING_LIFE_MS = 1_000;

export interface Readiness {
  readonly isReady: boolean;
  /** `ok`, or the sentence that says what is wrong. */
  readonly checks: { readonly store: string; readonly accepting: string };
}

export interface HealthOptions {
  readonly engine: Pick<Engine, 'clock' | 'closing'>;
  readonly store: Pick<Store, 'ping'>;
}

export interface Health {
  ready(): Promise<Readiness>;
}

export function createHealth({ engine, store }: HealthOptions): Health {
  let latest: { readonly answer: Promise<string>; readonly until: number } | undefined;

  function storeState(): Promise<string> {
    const now = engine.clock.now();
    if (latest === undefined || latest.until <= now) {
      latest = { answer: pinged(store, engine.clock), until: now + PING_LIFE_MS };
    }
    return latest.answer;
  }

  return {
    async ready() {
      const accepting = engine.closing.aborted ? 'The server is shutting down.' : 'ok';
      const checks = { store: await storeState(), accepting };
      return { isReady: checks.store === 'ok' && accepting === 'ok', checks };
    },
  };
}

async function pinged(store: HealthOptions['store'], clock: Engine['clock']): Promise<string> {
  const late = Promise.withResolvers<string>();
  const cancel = clock.after(PING_MS_MAX, () => late.resolve(`The store did not answer within ${PING_MS_MAX} ms.`));
  const answer = store.ping().then(
    () => 'ok',
    (error: unknown) => (error instanceof BideError ? error.message : 'The store answered with an error.'),
  );
  const state = await Promise.race([answer, late.promise]);
  cancel();
  return state;
}

const SERVICE = { tags: ['service'], security: [] };

/** Both are open: they tell nothing but whether this process can be sent work. */
export function declareHealthRoutes(app: FastifyInstance, health: Health): void {
  app.get('/healthz', { schema: { ...SERVICE, summary: 'Whether the process lives' } }, (_request, reply) =>
    send(reply, 200, { status: 'ok' }),
  );
  app.get(
    '/readyz',
    { schema: { ...SERVICE, summary: 'Whether the server can take work: 200, else 503' } },
    async (_request, reply) => {
      const { isReady, checks } = await health.ready();
      return send(reply, isReady ? 200 : 503, { status: isReady ? 'ok' : 'unready', checks });
    },
  );
}

function send(reply: FastifyReply, code: number, body: object): FastifyReply {
  return reply
    .code(code)
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(body));
}
