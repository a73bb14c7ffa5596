/**
 * The frame around a dialect's routes: whatever goes wrong inside is said in the dialect's own shape.
 *
 * - Errors thrown by hooks, parsers and handlers become `dialect.errorBody` of their kind; causes are the server's to log.
 * - Paths without a route are `not_found`; methods that a path does not take are `method`, with an Allow header.
 * - The parsers that Fastify brings are taken away: a dialect names the content types that it takes, and how it reads them.
 *
 * All of it is set on the encapsulated instance that the dialect is given, so that nothing leaks into another.
 */
import type { FastifyInstance, FastifyReply, RouteOptions } from 'fastify';
import type { ErrorKind } from '../core/errors.ts';
import type { Dialect } from '../http/dialect.ts';
import { faultOf, isTransient } from './fault.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** Seconds that a refused caller is told to stay away: long enough to drain a burst, short enough for a person. */
const RETRY_AFTER_SECONDS = 1;

type ErrorBody = Pick<Dialect, 'errorBody'>;

/** Calls `routes` to declare parsers, hooks and routes on `app`, and closes the frame around them. */
export function frame(app: FastifyInstance, dialect: ErrorBody, routes: (app: FastifyInstance) => void): void {
  app.removeAllContentTypeParsers();
  app.setErrorHandler((error, _request, reply) => {
    const fault = faultOf(error);
    return refuse(dialect, reply, fault.kind, fault.message);
  });
  app.setNotFoundHandler((_request, reply) => refuse(dialect, reply, 'not_found', 'There is nothing at this path.'));
  const taken = collectMethods(app);
  routes(app);
  // After the plugins that `routes` may have registered: their routes are declared only when they load.
  void app.after(() => {
    for (const [url, methods] of [...taken]) refuseOtherMethods(app, dialect, url, methods);
  });
}

/** Answers with the dialect's own body for this kind of error. */
export function refuse(dialect: ErrorBody, reply: FastifyReply, kind: ErrorKind, message: string): FastifyReply {
  const answer = dialect.errorBody(kind, message);
  if (isTransient(kind) && !reply.hasHeader('retry-after')) reply.header('retry-after', RETRY_AFTER_SECONDS);
  if (answer.headers !== undefined) reply.headers(answer.headers);
  const contentType = answer.headers?.['content-type'] ?? 'application/json; charset=utf-8';
  return reply.code(answer.status).type(contentType).send(JSON.stringify(answer.body));
}

function collectMethods(app: FastifyInstance): ReadonlyMap<string, Set<string>> {
  const taken = new Map<string, Set<string>>();
  app.addHook('onRoute', (route: RouteOptions & { routePath: string }) => {
    const methods = taken.get(route.routePath) ?? new Set();
    for (const method of [route.method].flat()) methods.add(method);
    taken.set(route.routePath, methods);
  });
  return taken;
}

function refuseOtherMethods(app: FastifyInstance, dialect: ErrorBody, url: string, taken: ReadonlySet<string>): void {
  const others = METHODS.filter((method) => !taken.has(method));
  if (others.length === 0) return;
  const allow = [...taken].join(', ');
  app.route({
    method: others,
    url,
    handler: (request, reply) =>
      refuse(dialect, reply.header('allow', allow), 'method', `${request.method} is not taken here, only ${allow}.`),
  });
}
