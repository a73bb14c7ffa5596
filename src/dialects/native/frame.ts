/**
 * The frame of the native routes: parsers, validation, and problems for whatever goes wrong.
 *
 * All of it is set on the instance that is given, so that inside somebody's own app it binds these routes and no others.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { BideError } from '../../core/errors.ts';
import type { Limits } from '../../core/limits.ts';
import { readJson } from './json-body.ts';
import { PRINCIPAL } from './principal.ts';
import { type BodyLimit, errorOf, problemOf } from './problem.ts';
import { validatorCompiler } from './validate.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const;

/** Call before any route is declared; `close` after the last. */
export function frame(app: FastifyInstance, limits: Limits): { close(): void } {
  app.decorateRequest(PRINCIPAL, null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: limits.bodyBytesMax },
    (_request, body, done) => {
      try {
        done(null, readJson(body as Buffer, limits.jsonDepthMax));
      } catch (error) {
        done(error as Error);
      }
    },
  );
  app.setValidatorCompiler(validatorCompiler);
  // Most bodies are text already, and the few others are too small for a compiled serializer to pay.
  app.setSerializerCompiler(() => JSON.stringify);
  refuseErrors(app, { limit: 'bodyBytesMax', value: limits.bodyBytesMax });
  const taken = collectMethods(app);
  return {
    close() {
      for (const [url, methods] of [...taken]) refuseOtherMethods(app, url, [...methods]);
      // Inside somebody's app without a prefix, paths that are not ours are not ours to answer.
      if (app.prefix !== '' || isRoot(app)) app.setNotFoundHandler(notFound);
    },
  };
}

/** Says errors as problems, those of bodies with the limit that holds on this instance. */
export function refuseErrors(app: FastifyInstance, bodyLimit: BodyLimit): void {
  app.setErrorHandler((error, request, reply) => refuse(errorOf(error, bodyLimit), request, reply));
}

function refuse(error: BideError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, headers, body } = problemOf(error, { path: pathOf(request), requestId: request.id });
  return reply.code(status).headers(headers).send(JSON.stringify(body));
}

function pathOf(request: FastifyRequest): string {
  return request.originalUrl.split('?', 1)[0] ?? '';
}

/** Whether the instance is a whole app and not a scope of one: a scope has its parent as its prototype, which can route. */
export function isRoot(app: FastifyInstance): boolean {
  return !('route' in (Object.getPrototypeOf(app) as object));
}

function notFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const isKnownMethod = (METHODS as readonly string[]).includes(request.method);
  if (!isKnownMethod) {
    return refuse(methodError(request.method, METHODS), request, reply.header('allow', METHODS.join(', ')));
  }
  const detail = `There is nothing at ${request.method} ${pathOf(request).slice(0, 200)}; /docs shows the paths.`;
  return refuse(new BideError('ROUTE_NOT_FOUND', detail), request, reply);
}

function collectMethods(app: FastifyInstance): ReadonlyMap<string, Set<string>> {
  const taken = new Map<string, Set<string>>();
  // The whole path, less what is put before it again: a plugin within has a prefix of its own. The reference page declares both spellings
  // of its paths by itself, some with HEAD and some without, and is left alone.
  app.addHook('onRoute', ({ url, method }: RouteOptions) => {
    // Under a prefix, `/` is declared as the prefix with and without a slash, and told here in parts: it is one path.
    const path = url.slice(app.prefix.length) || '/';
    if (path.startsWith('/docs')) return;
    const methods = taken.get(path) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    taken.set(path, methods);
  });
  return taken;
}

/** OPTIONS is answered with what the path takes, every other method with 405. */
function refuseOtherMethods(app: FastifyInstance, url: string, taken: readonly string[]): void {
  const methods = METHODS.filter((method) => !taken.includes(method));
  const allow = [...taken, 'OPTIONS'].join(', ');
  app.route({
    method: methods,
    url,
    // Refused before a body is read: what its content type is does not matter.
    onRequest: (request, reply, done) => {
      reply.header('allow', allow);
      if (request.method === 'OPTIONS') void reply.code(204).send();
      else done(methodError(request.method, taken));
    },
    schema: { hide: true },
    handler: (_request, reply) => reply,
  });
}

function methodError(method: string, allowed: readonly string[]): BideError {
  return new BideError('METHOD_NOT_ALLOWED', `${method} is not taken here, only ${allowed.join(', ')}.`, { allowed });
}
