/** Which faces of the server there are besides its own, for a page that says how to point a client at each. */
import type { FastifyInstance } from 'fastify';
import { BideError } from '../core/errors.ts';
import type { Authenticator, Dialect } from '../http/dialect.ts';
import { principalOfSession } from '../http/session.ts';
import { SESSION } from './paths.ts';

/** A dialect and where it is served: always below its prefix, by config under a host name or on a port too. */
export interface DialectPlace extends Pick<Dialect, 'name' | 'title' | 'setup'> {
  readonly prefix: string;
  readonly hostName: string | null;
  readonly port: number | null;
}

export interface DialectServices {
  readonly auth: Authenticator;
  readonly dialects: readonly DialectPlace[];
}

export function declareDialectRoutes(app: FastifyInstance, { auth, dialects }: DialectServices): void {
  app.get(`${SESSION}/dialects`, { schema: { hide: true } }, async (request, reply) => {
    if ((await principalOfSession(auth, request.raw)) === null) {
      throw new BideError('UNAUTHENTICATED', 'Nobody is signed in.');
    }
    return reply.type('application/json; charset=utf-8').send({ dialects });
  });
}
