/**
 * The plugin: each request is authenticated, handed on and answered.
 *
 * The base URL tells the two standards apart, and with it the shape of refusals: what lies below `/azure/` is Azure's, all else Google's.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { jobIdOf } from '../../core/id.ts';
import type { Scope } from '../../core/scopes.ts';
import type { Snapshot } from '../../engine/api.ts';
import { noteCaller } from '../../http/caller.ts';
import { requireTypes } from '../configured-types.ts';
import { credentialOf, principalOf, requireScope } from '../credentials.ts';
import { frame } from '../frame.ts';
import { takeRawBodies } from '../json-body.ts';
import { sendPlainJson } from '../send-plain.ts';
import { keptPerSnapshot } from '../snapshot-cache.ts';
import type { Answer, Call, Context } from './call.ts';
import { errorBody, refusal } from './mapping.ts';
import {
  deleteOperation,
  getOperation,
  listOperations,
  operationVerb,
  polledOperation,
  startOperation,
} from './operations.ts';
import {
  cancelPolling,
  deletePolling,
  getMonitor,
  getResource,
  getResult,
  polledMonitor,
  putResource,
  retryAfter,
  startPolling,
} from './polling.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

export function register(app: FastifyInstance, context: Context): void {
  const named = Object.keys(context.options.messages).map((type) => [type, { type }]);
  requireTypes(context.engine, 'dialects.lro.options.messages', Object.fromEntries(named));
  frame(app, { errorBody, refusal: (error, { url }) => refusal(error, url) }, (framed) => {
    takeRawBodies(framed);
    declareGoogle(framed, context);
    declareAzure(framed, context);
  });
}

function declareGoogle(app: FastifyInstance, context: Context): void {
  const { engine } = context;
  const route = router(context);
  const textOf = keptPerSnapshot((snapshot) => polledOperation(context, snapshot));
  const getLater = route('read', getOperation);
  app.get(
    '/v1/operations/:operation',
    polling(context, getLater, (snapshot, reply) => {
      const text = textOf(snapshot, engine.clock.now());
      return text === undefined ? false : sendPlainJson(reply, text);
    }),
  );
  app.post('/v1/types/:type', route('submit', startOperation));
  app.get('/v1/operations', route('read', listOperations));
  app.post(
    '/v1/operations/:operation',
    // Who waits reads, who cancels changes.
    route((call) => (isWait(call) ? 'read' : 'submit'), operationVerb),
  );
  app.delete('/v1/operations/:operation', route('submit', deleteOperation));
}

function declareAzure(app: FastifyInstance, context: Context): void {
  const { engine } = context;
  const route = router(context);
  const textOf = keptPerSnapshot((snapshot) => polledMonitor(context, snapshot));
  const getLater = route('read', getMonitor);
  app.get(
    '/azure/operations/:operation',
    polling(context, getLater, (snapshot, reply) => {
      const text = textOf(snapshot, engine.clock.now());
      return text === undefined
        ? false
        : sendPlainJson(reply, text, 200, Object.entries(retryAfter(context, snapshot)).flat());
    }),
  );
  app.get('/azure/operations/:operation/result', route('read', getResult));
  app.post('/azure/operations/:operation', route('submit', cancelPolling));
  app.delete('/azure/operations/:operation', route('submit', deletePolling));
  app.post('/azure/types/:type', route('submit', startPolling));
  app.put('/azure/types/:type/resources/:name', route('submit', putResource));
  app.get('/azure/types/:type/resources/:name', route('read', getResource));
}

type Handle = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> | undefined;

function router(context: Context) {
  return (scope: Scope | ((call: Call) => Scope), run: (call: Call) => Promise<Answer>): Handle =>
    async (request, reply) => {
      const principal = await callerOf(context, request);
      if (principal === null) throw new BideError('UNAUTHENTICATED');
      noteCaller(request, principal.tenant);
      const call: Call = { context, request, reply, principal };
      requireScope(principal, typeof scope === 'function' ? scope(call) : scope);
      const { status, text, headers = {} } = await run(call);
      return reply
        .code(status)
        .headers({ ...(status === 204 ? {} : { 'content-type': JSON_TYPE }), ...headers })
        .send(text === '' ? undefined : text);
    };
}

/** Polls come often: the answer about a job in memory is made once, and sent without a promise. A held one goes the long way. */
function polling(
  { auth, engine, holds }: Context,
  otherwise: Handle,
  send: (snapshot: Snapshot, reply: FastifyReply) => undefined | false,
): Handle {
  return (request, reply) => {
    const id = request.url.includes('wait=') ? null : jobIdOf((request.params as { operation: string }).operation);
    const principal = id === null ? null : callerOf({ auth }, request);
    if (id === null || principal === null || principal instanceof Promise || !principal.scopes.has('read'))
      return otherwise(request, reply);
    const snapshot = engine.peek(principal.tenant, id);
    if (snapshot === undefined || (snapshot.resultText === null && snapshot.job.result !== null))
      return otherwise(request, reply);
    noteCaller(request, principal.tenant);
    holds.look(principal, snapshot.job);
    return send(snapshot, reply) === false ? otherwise(request, reply) : undefined;
  };
}

/** Where clients of either standard put their keys. */
const KEY_HEADERS = ['authorization', 'x-goog-api-key', 'api-key', 'ocp-apim-subscription-key', 'x-api-key'];

function callerOf({ auth }: Pick<Context, 'auth'>, { headers }: FastifyRequest): ReturnType<typeof principalOf> {
  for (const name of KEY_HEADERS) {
    const credential = credentialOf(headers[name]);
    if (credential !== null) return principalOf(auth, credential.secret);
  }
  return null;
}

function isWait(call: Call): boolean {
  return (call.request.params as { operation: string }).operation.endsWith(':wait');
}
