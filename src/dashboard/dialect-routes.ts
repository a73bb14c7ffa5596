/** Which faces of the server there are besides its own, for a page that says how to point a client at each. */
import type { FastifyInstance } from 'fastify';
import { BideError } from '../core/errors.ts';
import type { Authenticator, Dialect } from '../http/dialect.ts';
import { principalOfSession } from '../http/session.ts';
import { SESSION } from './paths.ts';

/** A dialect and where it is served: always below its prefix, by config under a host name or on a port too. */
export interface DialectPlace extends Pick<Dialect, 'name' | 'title' | 'setup'> {
  readonly prefix: string;
  readonly clientPath: string;
  readonly hostName: string | null;
  readonly port: number | null;
}

/** Answers of this process since its start. */
export interface DialectAnswers {
  readonly dialect: string;
  readonly status: number;
  readonly count: number;
  readonly lastAt: number;
}

export interface DialectServices {
  readonly auth: Authenticator;
  readonly dialects: readonly DialectPlace[];
  readonly answered: () => readonly DialectAnswers[];
}

export function declareDialectRoutes(app: FastifyInstance, { auth, dialects, answered }: DialectServices): void {
  app.get(`${SESSION}/dialects`, { schema: { hide: true } }, async (request, reply) => {
    const principal = await principalOfSession(auth, request.raw);
    if (principal === null) throw new BideError('UNAUTHENTICATED', 'Nobody is signed in.');
    // They count the requests of all tenants, as the metrics do.
    const maySee = principal.scopes.has('metrics') || principal.scopes.has('admin');
    const answers = maySee ? answered() : null;
    const shown = dialects.map((place) => ({ ...place, answers: answers && answersOf(answers, place.name) }));
    return reply.type('application/json; charset=utf-8').send({ dialects: shown });
  });
}

function answersOf(all: readonly DialectAnswers[], name: string) {
  return all
    .filter(({ dialect }) => dialect === name)
    .sort((a, b) => a.status - b.status)
    .map(({ status, count, lastAt }) => ({ status, count, lastAt: new Date(lastAt).toISOString() }));
}
