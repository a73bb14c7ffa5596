/**
 * Answers that are event streams, while they are open.
 *
 * A stream is a hold that is answered in parts: it counts among `holdsMax`, ends when the client goes away or its key does, and goes on
 * while the server drains. It ends with the engine, and with the app that the routes are part of.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { EventStream } from './event-stream.ts';
import { type Face, holdOrRefuse } from './face.ts';

export interface OpenStreams {
  /** Throws TOO_MANY_HOLDS. */
  send(request: FastifyRequest, reply: FastifyReply, stream: EventStream): FastifyReply;
}

export const STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  // A proxy that compresses or collects an answer would keep events back until it has enough of them.
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
} as const;

export function openStreams(app: FastifyInstance, face: Face): OpenStreams {
  const streams = new Set<EventStream>();
  const endAll = () => {
    for (const stream of streams) stream.end();
  };
  face.engine.closing.addEventListener('abort', endAll, { once: true });
  // An app that these routes are part of may close before the engine does, and would wait for the streams.
  app.addHook('preClose', (done) => {
    endAll();
    done();
  });
  return {
    send(request, reply, stream) {
      const held = holdOrRefuse(face, request, reply, async (gone) => {
        gone.addEventListener('abort', () => stream.end(), { once: true });
        streams.add(stream);
        await stream.closed;
        streams.delete(stream);
      });
      // Only where its key ended before its first byte was out.
      held.catch(() => reply.raw.destroy());
      cutWhenStalled(face, request);
      return reply.headers(STREAM_HEADERS).send(stream.readable);
    },
  };
}

/** Whoever takes nothing for so long will not, and a connection that is gone without a word says nothing at all. */
function cutWhenStalled({ engine: { limits } }: Face, { raw: { socket } }: FastifyRequest): void {
  // On the socket, which an injected request has none of. Keep-alives are traffic, so a reader that keeps up is never quiet for so long.
  if ('setTimeout' in socket) socket.setTimeout(Math.max(limits.idleTimeoutMs, 2 * limits.eventsKeepAliveMs));
}
