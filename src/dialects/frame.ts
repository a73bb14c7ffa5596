/**
 * The frame around the routes of every face, native included: whatever goes wrong inside is said in the dialect's own shape.
 *
 * - Errors thrown by hooks, parsers and handlers become the dialect's answer to their kind; causes are the server's to log.
 * - Paths without a route are `not_found`; methods that a path does not take are `method`, with an Allow header.
 * - The parsers that Fastify brings are taken away: a dialect names the content types that it takes, and how it reads them.
 *
 * All of it is set on the instance that is given, so that nothing leaks into another: not into another dialect, nor into the app of
 * somebody who has mounted the native routes.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { BideError, ERRORS } from '../core/errors.ts';
import type { Dialect, ErrorAnswer } from '../http/dialect.ts';
import { type BodyLimit, errorOf, isTransient } from './fault.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const;

/** Seconds that a refused caller is told to stay away: long enough to drain a burst, short enough for a person. */
const RETRY_AFTER_SECONDS = 1;

/** How a face speaks where none of its routes does. */
export interface Voice extends Pick<Dialect, 'errorBody'> {
  /** The whole answer to an error, where a kind and a sentence do not say enough. */
  readonly refusal?: (error: BideError, request: FastifyRequest) => ErrorAnswer;
  readonly nothingHere?: (request: FastifyRequest) => string;
  /** Answers OPTIONS where no route does, the Allow header set already. Left out, OPTIONS is refused like any other method. */
  readonly preflight?: (request: FastifyRequest, reply: FastifyReply) => FastifyReply;
  /** Paths that are left alone, since a plugin serves them in its own way. */
  readonly leavesAlone?: (path: string) => boolean;
}

/** Calls `routes` to declare parsers, hooks and routes on `app`, and closes the frame around them. */
export function frame(app: FastifyInstance, voice: Voice, routes: (app: FastifyInstance) => void): void {
  app.removeAllContentTypeParsers();
  refuseErrors(app, voice);
  // Inside somebody's app without a prefix, paths that are not ours are not ours to answer.
  if (app.prefix !== '' || isRoot(app)) {
    app.setNotFoundHandler((request, reply) => {
      // A browser that may not ask would never read that there is nothing.
      const isAsking = voice.preflight !== undefined && request.headers['access-control-request-method'] !== undefined;
      if (isAsking && request.method === 'OPTIONS')
        return voice.preflight?.(request, reply.header('allow', METHODS.join(', ')));
      return refuse(voice, request, reply, nothingAt(voice, request, reply));
    });
  }
  const taken = collectMethods(app);
  routes(app);
  // After the plugins that `routes` may have registered: their routes are declared only when they load.
  void app.after(() => {
    for (const [path, methods] of [...taken]) {
      if (voice.leavesAlone?.(path) !== true) refuseOtherMethods(app, voice, path, [...methods]);
    }
  });
}

/** Says errors in the dialect's shape. @param bodyLimit the limit on bodies of this instance, where it is not the usual one. */
export function refuseErrors(app: FastifyInstance, voice: Voice, bodyLimit?: BodyLimit): void {
  app.setErrorHandler((error, request, reply) => {
    const limit = bodyLimit ?? { limit: 'bodyBytesMax', value: request.routeOptions.bodyLimit ?? 0 };
    return refuse(voice, request, reply, errorOf(error, limit));
  });
}

/** Whether the instance is a whole app and not a scope of one: a scope has its parent as its prototype, which can route. */
export function isRoot(app: FastifyInstance): boolean {
  return !('route' in (Object.getPrototypeOf(app) as object));
}

function refuse(voice: Voice, request: FastifyRequest, reply: FastifyReply, error: BideError): FastifyReply {
  const { status, body, headers = {} } = voice.refusal?.(error, request) ?? voice.errorBody(error.kind, said(error));
  if (isTransient(error.kind) && !reply.hasHeader('retry-after')) reply.header('retry-after', RETRY_AFTER_SECONDS);
  const contentType = headers['content-type'] ?? 'application/json; charset=utf-8';
  return reply.headers(headers).code(status).type(contentType).send(JSON.stringify(body));
}

/** Of what nobody foresaw the caller learns nothing but that it happened. */
function said(error: BideError): string {
  return error.kind === 'internal' ? ERRORS.INTERNAL.title : error.message;
}

function nothingAt(voice: Voice, request: FastifyRequest, reply: FastifyReply): BideError {
  if (!(METHODS as readonly string[]).includes(request.method)) {
    reply.header('allow', METHODS.join(', '));
    return methodError(request.method, METHODS);
  }
  return new BideError('ROUTE_NOT_FOUND', voice.nothingHere?.(request) ?? 'There is nothing at this path.');
}

function collectMethods(app: FastifyInstance): ReadonlyMap<string, Set<string>> {
  const taken = new Map<string, Set<string>>();
  // The whole path, less what is put before it again: a plugin within has a prefix of its own.
  app.addHook('onRoute', ({ url, method }: RouteOptions) => {
    // Under a prefix, `/` is declared as the prefix with and without a slash, and told here in parts: it is one path.
    const path = url.slice(app.prefix.length) || '/';
    const methods = taken.get(path) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    taken.set(path, methods);
  });
  return taken;
}

function refuseOtherMethods(app: FastifyInstance, voice: Voice, url: string, taken: readonly string[]): void {
  const method = METHODS.filter((one) => !taken.includes(one));
  if (method.length === 0) return;
  const answersOptions = voice.preflight !== undefined && method.includes('OPTIONS');
  const allow = [...taken, ...(answersOptions ? ['OPTIONS'] : [])].join(', ');
  app.route({
    method,
    url,
    // Refused before a body is read: what its content type is does not matter.
    onRequest: (request, reply, done) => {
      reply.header('allow', allow);
      if (answersOptions && request.method === 'OPTIONS') void voice.preflight?.(request, reply);
      else done(methodError(request.method, taken));
    },
    schema: { hide: true },
    handler: (_request, reply) => reply,
  });
}

function methodError(method: string, allowed: readonly string[]): BideError {
  return new BideError('METHOD_NOT_ALLOWED', `${method} is not taken here, only ${allowed.join(', ')}.`, { allowed });
}
