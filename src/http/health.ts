/**
 * `/healthz` and `/readyz`: whether the process lives, and whether it can do its work.
 *
 * Live means that the event loop answers. Ready means what the engine says: started, writes are stored, no shutdown has begun. A shutdown
 * shows at once, and for as long as running jobs are given time; the store is asked once per second at most, however often
 * balancers ask.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Readiness, RunningEngine } from '../engine/index.ts';

const ANSWER_LIFE_MS = 1_000;

export type HealthEngine = Pick<RunningEngine, 'clock' | 'draining' | 'isReady'>;

/** Asks the engine, or remembers what it said a moment ago. */
export function createReadiness({ clock, draining, isReady }: HealthEngine): () => Promise<Readiness> {
  let latest: { readonly answer: Promise<Readiness>; readonly until: number } | undefined;
  return () => {
    const now = clock.now();
    if (draining.aborted || latest === undefined || latest.until <= now) {
      latest = { answer: isReady(), until: now + ANSWER_LIFE_MS };
    }
    return latest.answer;
  };
}

const STATUS = (words: readonly string[], description: string) => ({
  description,
  type: 'object',
  properties: { status: { type: 'string', enum: words }, reason: { type: 'string' } },
});
const OK = STATUS(['ok'], 'It does.');
const SERVICE = { tags: ['service'], security: [] };

/** Both are open: they tell nothing but whether this process can be sent work. */
export function declareHealthRoutes(app: FastifyInstance, engine: HealthEngine): void {
  const ready = createReadiness(engine);
  app.get(
    '/healthz',
    { schema: { ...SERVICE, summary: 'Whether the process lives', response: { 200: OK } } },
    (_request, reply) => send(reply, 200, { status: 'ok' }),
  );
  app.get(
    '/readyz',
    {
      schema: {
        ...SERVICE,
        summary: 'Whether the server can take work: 200, else 503',
        response: { 200: OK, 503: STATUS(['unready'], 'It cannot, and why.') },
      },
    },
    async (_request, reply) => {
      const readiness = await ready();
      if (readiness.ready) return send(reply, 200, { status: 'ok' });
      return send(reply, 503, { status: 'unready', reason: readiness.reason });
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
