/**
 * The plugin: each request is counted against its key's limit, read, handed on and answered.
 *
 * The vendor's own SDK leaves `{job_id}` and `{query_id}` in the path as they are and puts the value into the query: a segment of
 * that name is looked up there.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import type { Scope } from '../../core/scopes.ts';
import { noteCaller } from '../../http/caller.ts';
import type { Principal } from '../../http/dialect.ts';
import { requireTypes } from '../configured-types.ts';
import { credentialOf, requireScope } from '../credentials.ts';
import { frame } from '../frame.ts';
import { jsonBodyOf, takeRawBodies } from '../json-body.ts';
import { sendPlainJson } from '../send-plain.ts';
import { keptPerSnapshot } from '../snapshot-cache.ts';
import { type Answer, type Call, type Context, ok } from './call.ts';
import { createLibrary } from './library.ts';
import { errorBody, idOf } from './mapping.ts';
import { createRateLimit, rateHeaders, type Standing } from './rate-limit.ts';
import { getJob, polledText } from './reading.ts';
import { analyze, datasetSchema, runQuery, saveQuery } from './starting.ts';

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
      route('submit', (call) => saveQuery(call, jsonBodyOf(call))),
    );
    framed.post(
      '/v1/analyze',
      route('submit', (call) => analyze(call, jsonBodyOf(call))),
    );
    framed.post(
      '/v1/query/:query_id',
      route('submit', (call) => runQuery(call, param(call, 'query_id'), jsonBodyOf(call))),
    );
    framed.get(
      '/v1/datasets/:dataset_id/schema',
      // It runs queries to find out.
      route('submit', (call) => datasetSchema(call, param(call, 'dataset_id'))),
    );
  });
}

/** Who asks, and where they stand: found out once per request. */
interface Asker {
  readonly principal: Principal | null;
  readonly standing: Standing;
}

const ASKERS = new WeakMap<FastifyRequest, Asker>();

/** Every answer tells where its caller stands, refusals included. Who has no key is counted by address. */
function countRequests(app: FastifyInstance, context: Context): void {
  const rates = createRateLimit(context.options);
  const count = (principal: Principal | null, request: FastifyRequest): Standing => {
    const standing = rates.take(principal?.keyId ?? `address ${request.ip}`, context.engine.clock.now());
    ASKERS.set(request, { principal, standing });
    if (principal !== null) noteCaller(request, principal.tenant);
    return standing;
  };
  app.addHook('onRequest', (request, reply, done) => {
    const goOn = (principal: Principal | null) => {
      const standing = count(principal, request);
      if (!standing.isOver) {
        done();
        return;
      }
      const waitMs = standing.resetAt - context.engine.clock.now();
      reply.header('retry-after', Math.max(1, Math.ceil(waitMs / 1_000)));
      done(new BideError('QUOTA_EXCEEDED'));
    };
    const principal = callerOf(context, request);
    if (principal instanceof Promise) principal.then(goOn).catch(done);
    else goOn(principal);
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    const asker = ASKERS.get(request);
    if (asker !== undefined) reply.headers(rateHeaders(asker.standing));
    done(null, payload);
  });
}

type Handle = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> | undefined;

/** Polls come often: the answer about a job in memory is made once, and sent without a promise. */
function polling(context: Context, otherwise: Handle): Handle {
  const { engine, holds, options } = context;
  const textOf = keptPerSnapshot((snapshot) => polledText(snapshot, engine.clock.now()));
  return (request, reply) => {
    const { principal = null, standing } = ASKERS.get(request) ?? {};
    const isKnown = principal?.scopes.has('read') === true && standing !== undefined && !options.phase1;
    const id = isKnown ? idOf((request.params as { job_id: string }).job_id) : null;
    const snapshot = isKnown && id !== null ? engine.peek(principal.tenant, id) : undefined;
    const text = snapshot === undefined ? undefined : textOf(snapshot, engine.clock.now());
    if (text === undefined || standing === undefined) return otherwise(request, reply);
    if (principal !== null && snapshot !== undefined) holds.look(principal, snapshot.job);
    return sendPlainJson(reply, text, 200, Object.entries(rateHeaders(standing)).flat());
  };
}

function router(context: Context): (scope: Scope, run: Run) => Handle {
  const { documents, engine, options } = context;
  const library = createLibrary({ documents, engine, config: options });
  return (scope, run) => async (request, reply) => {
    const { principal = null } = ASKERS.get(request) ?? {};
    if (principal === null) throw new BideError('UNAUTHENTICATED');
    requireScope(principal, scope);
    return send(reply, await run({ context, library, request, reply, principal }));
  };
}

function callerOf(context: Context, request: FastifyRequest): ReturnType<Context['auth']['byKey']> {
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
