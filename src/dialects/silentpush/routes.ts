/** The plugin: each request is authenticated, parsed, handed to the engine and answered; what the answer says is `mapping.ts`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { noteCaller } from '../../http/caller.ts';
import type { Principal } from '../../http/dialect.ts';
import { requireTypes } from '../configured-types.ts';
import { frame } from '../frame.ts';
import { takeRawBodies } from '../json-body.ts';
import { sendPlainJson } from '../send-plain.ts';
import { createBodies } from './bodies.ts';
import type { Answer, Call, Context } from './call.ts';
import { envelope, errorBody } from './mapping.ts';
import { parseQuery, type Query } from './query.ts';
import { poll } from './reading.ts';
import { readAtOnce } from './reads.ts';
import { start } from './starting.ts';
import { JOB_PATH, ME_PATH, READ_ENDPOINTS, STARTING_ENDPOINTS } from './wire.ts';

export function register(app: FastifyInstance, context: Context): void {
  requireTypes(context.engine, 'dialects.silentpush.options.endpoints', context.options.endpoints);
  const bodies = createBodies(context.engine);
  const on = (serve: (call: Call) => Answer | Promise<Answer>) => (request: FastifyRequest, reply: FastifyReply) =>
    authenticated(context, request, (principal) =>
      serve({ context, bodies, request, reply, principal, query: queryOf(request) }),
    );
  frame(app, { errorBody }, (framed) => {
    takeRawBodies(framed);
    framed.get(routeOf(JOB_PATH), on(poll));
    framed.get(routeOf(ME_PATH), on(me));
    for (const endpoint of STARTING_ENDPOINTS) {
      const serve = on((call) => start(call, endpoint));
      // A HEAD must not start a search.
      framed.route({ method: endpoint.method, url: routeOf(endpoint.path), exposeHeadRoute: false, handler: serve });
    }
    for (const endpoint of READ_ENDPOINTS) {
      const serve = on((call) => readAtOnce(call, endpoint));
      for (const path of [endpoint.path, ...(endpoint.morePaths ?? [])]) {
        framed.route({ method: endpoint.method, url: routeOf(path), exposeHeadRoute: false, handler: serve });
      }
    }
  });
}

/** The vendor's `{name}` as the router's `:name`. */
function routeOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** Goes on without a promise when the key is in memory. */
function authenticated(
  context: Context,
  request: FastifyRequest,
  next: (principal: Principal) => Answer | Promise<Answer>,
): Answer | Promise<Answer> {
  const key = request.headers['x-api-key'];
  const known = typeof key === 'string' && key !== '' ? context.auth.byKey(key.trim()) : null;
  const admit = (principal: Principal | null) => {
    if (principal === null) throw new BideError('UNAUTHENTICATED');
    noteCaller(request, principal.tenant);
    return next(principal);
  };
  return known instanceof Promise ? known.then(admit) : admit(known);
}

function queryOf(request: FastifyRequest): Query {
  const url = request.raw.url ?? '';
  const mark = url.indexOf('?');
  return parseQuery(mark === -1 ? '' : url.slice(mark + 1));
}

/** One connector tests its connection by the `username`, another by the `status_code`. */
function me(call: Call): Answer {
  const { tenant: username } = call.principal;
  return sendPlainJson(call.reply, JSON.stringify({ ...envelope({ username }), username }));
}
