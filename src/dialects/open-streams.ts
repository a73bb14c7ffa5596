/**
 * Answers that are event streams, while they are open.
 *
 * A stream is a hold that is answered in parts: it counts among `holdsMax`, ends when the client goes away or its key does, and goes on
 * while the server drains. It ends with the engine, and with the app that the routes are part of.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { BideError } from '../core/errors.ts';
import type { CallerSignal } from '../engine/api.ts';
import type { Principal } from '../http/dialect.ts';
import type { AnyCall } from './call.ts';
import type { EventStream } from './streamed-texts.ts';

export interface OpenStreams {
  /** Throws TOO_MANY_HOLDS. */
  send(principal: Principal, reply: FastifyReply, stream: EventStream): FastifyReply;
}

export const STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  // A proxy that compresses or collects an answer would keep events back until it has enough of them.
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
} as const;

type Holding = Pick<AnyCall['context'], 'engine' | 'holds'>;

export function openStreams(app: FastifyInstance, context: Holding): OpenStreams {
  const streams = new Set<EventStream>();
  const endAll = () => {
    for (const stream of streams) stream.end();
  };
  context.engine.closing.addEventListener('abort', endAll, { once: true });
  // An app that these routes are part of may close before the engine does, and would wait for the streams.
  app.addHook('preClose', (done) => {
    endAll();
    done();
  });
  return {
    send(principal, reply, stream) {
      const held = holdOrRefuse(context, principal, reply, async (gone) => {
        gone.addEventListener('abort', () => stream.end(), { once: true });
        streams.add(stream);
        await stream.closed;
        streams.delete(stream);
      });
      // Only where its key ended before its first byte was out.
      held.catch(() => reply.raw.destroy());
      cutWhenStalled(context, reply);
      return reply.headers(STREAM_HEADERS).send(stream.readable);
    },
  };
}

/** Whoever takes nothing for so long will not, and a connection that is gone without a word says nothing at all. */
function cutWhenStalled({ engine: { limits } }: Holding, { request: { raw } }: FastifyReply): void {
  const { socket } = raw;
  // On the socket, which an injected request has none of. Keep-alives are traffic, so a reader that keeps up is never quiet for so long.
  if ('setTimeout' in socket) socket.setTimeout(Math.max(limits.idleTimeoutMs, 2 * limits.eventsKeepAliveMs));
}

/** Runs a wait in a hold; TOO_MANY_HOLDS where the server holds as many requests as it may. */
export function holdOrRefuse<T>(
  { engine, holds }: Holding,
  principal: Principal,
  reply: FastifyReply,
  wait: (signal: CallerSignal) => Promise<T>,
): Promise<T> {
  const held = holds.hold(principal, reply, wait);
  if (held !== null) return held;
  const { holdsMax: value, holdsPerTenantMax, holdsPerJobTokenMax } = engine.limits;
  const detail = `The server holds as many requests as it may: ${value} (holdsMax), ${holdsPerTenantMax} of one tenant (holdsPerTenantMax), ${holdsPerJobTokenMax} for the tokens of one job (holdsPerJobTokenMax).`;
  throw new BideError('TOO_MANY_HOLDS', detail, { limit: 'holdsMax', value });
}
