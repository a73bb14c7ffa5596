/**
 * The plugin: each request is counted against its key's limit, read, handed on and answered.
 *
 * The vendor's own SDK leaves `{job_id}` and `{query_id}` in the path as they are and puts the value into the query: a segment of
 * that name is looked up there.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import type { Scope } from '../../engine/api.ts';
import { requireTypes } from '../configured-types.ts';
import { credentialOf, requireScope } from '../credentials.ts';
import type { Principal } from '../dialect.ts';
import { frame, refuse } from '../frame.ts';
import { jsonBodyOf, takeRawBodies } from '../json-body.ts';
import { keptText } from '../kept-text.ts';
import { sendPlainJson } from '../send-plain.ts';
import { type Answer, type Call, type Context, ok } from './call.ts';
import { analyze, datasetSchema, getJob, polledText, runQuery, saveQuery } from './endpoints.ts';
import { createLibrary } from './library.ts';
import { errorBody, idOf } from './mapping.ts';
import { createRateLimit, rateHeaders } from './rate-limit.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

type Run = (call: Call) => Promise<Answer>;

export function register(app: FastifyInstance, context: Context): void {
  const { sqlType, analyzeType } = context.options;
  requireTypes(context.engine, 'dialects.toolkitapi.options', {
    ...(sqlType === null ? {} : { sqlType: { type: sqlType } }),
    ...(analyzeType === null ? {} : { analyzeType: { type: analyzeType } }),
  });
  frame(app, { errorBody }, (framed) => {
    takeRawBodies(framed);
    const route = router(context);
    countRequests(framed, context);
    framed.get('/v1/status', (_request, reply) => send(reply, ok({ status: 'ok' })));
    framed.get(
      '/v1/jobs/:job_id',
      polling(
        context,
        route('read', (call) => getJob(call, param(call, 'job_id'))),
      ),
    );
    framed.post(
      '/v1/save',
      route('submit', (call) => saveQuery(call, jsonBodyOf(call.request))),
    );
    framed.post(
      '/v1/analyze',
      route('submit', (call) => analyze(call, jsonBodyOf(call.request))),
    );
    framed.post(
      '/v1/query/:query_id',
      route('submit', (call) => runQuery(call, param(call, 'query_id'), jsonBodyOf(call.request))),
    );
    framed.get(
      '/v1/datasets/:dataset_id/schema',
      route('read', (call) => datasetSchema(call, param(call, 'dataset_id'))),
    );
  });
}

/** Every answer tells where its caller stands, refusals included. Who has no key is counted by his address. */
function countRequests(app: FastifyInstance, context: Context): void {
  const rates = createRateLimit(context.options);
  const count = (principal: Principal | null, request: FastifyRequest, reply: FastifyReply) => {
    const now = context.engine.clock.now();
    const standing = rates.take(principal?.keyId ?? `address ${request.ip}`, now);
    reply.headers(rateHeaders(standing));
    if (!standing.isOver) return true;
    reply.header('retry-after', Math.max(1, Math.ceil((standing.resetAt - now) / 1_000)));
    refuse({ errorBody }, reply, 'quota', '');
    return false;
  };
  app.addHook('onRequest', (request, reply, done) => {
    const goOn = (principal: Principal | null) => {
      if (count(principal, request, reply)) done();
    };
    const principal = principalIn(context, request);
    if (principal instanceof Promise) principal.then(goOn).catch(done);
    else goOn(principal);
  });
}

type Handle = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> | undefined;

/** Polls come often: the answer about a job in memory is made once, and sent without a promise. */
function polling(context: Context, otherwise: Handle): Handle {
  const { engine, options } = context;
  const textOf = keptText((snapshot) => polledText(snapshot, engine.clock.now()));
  return (request, reply) => {
    const principal = principalIn(context, request);
    const isKnown = principal !== null && !(principal instanceof Promise) && principal.scopes.has('read');
    const id = isKnown && !options.phase1 ? idOf((request.params as { job_id: string }).job_id) : null;
    const snapshot = isKnown && id !== null ? engine.peek(principal.tenant, id) : undefined;
    const text = snapshot === undefined ? undefined : textOf(snapshot);
    if (text === undefined) return otherwise(request, reply);
    const rates = Object.entries(reply.getHeaders()).flatMap(([name, value]) => [name, String(value)]);
    return sendPlainJson(reply, text, 200, rates);
  };
}

function router(context: Context): (scope: Scope, run: Run) => Handle {
  const { documents, engine, options } = context;
  const library = createLibrary({ documents, engine, config: options });
  return (scope, run) => async (request, reply) => {
    const principal = await principalIn(context, request);
    if (principal === null) throw new BideError('UNAUTHENTICATED');
    requireScope(principal, scope);
    return send(reply, await run({ context, library, request, reply, principal }));
  };
}

function principalIn(context: Context, request: FastifyRequest): ReturnType<Context['auth']['byKey']> {
  const { headers } = request;
  const credential =
    credentialOf(headers['x-api-key']) ??
    credentialOf(headers['x-rapidapi-key']) ??
    credentialOf(headers.authorization);
  return credential === null ? null : context.auth.byKey(credential.secret);
}

function param(call: Call, name: string): string {
  const value = (call.request.params as Readonly<Record<string, string>>)[name] ?? '';
  if (value !== `{${name}}`) return value;
  const given = (call.request.query as Readonly<Record<string, string | readonly string[]>>)[name];
  return typeof given === 'string' ? given : (given?.at(-1) ?? value);
}

function send(reply: FastifyReply, { status, body }: Answer): FastifyReply {
  return reply.code(status).type(JSON_TYPE).send(JSON.stringify(body));
}
