/** The plugin: each request is authenticated, read, handed to the engine and answered. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
import { mediaTypeOf } from '../../core/media-type.ts';
import type { Scope } from '../../core/scopes.ts';
import { noteCaller } from '../../http/caller.ts';
import { requireTypes } from '../configured-types.ts';
import { credentialOf, principalOf, requireScope } from '../credentials.ts';
import { frame } from '../frame.ts';
import { jsonBodyOf, rawBodyOf, takeRawBodies } from '../json-body.ts';
import { sendPlainJson } from '../send-plain.ts';
import type { Call, Context } from './call.ts';
import { errorBody } from './mapping.ts';
import type { RawQuery } from './query.ts';
import { jobsOf, quickStatuses, search, statuses, summary } from './reading.ts';
import { start } from './starting.ts';
import { type Answer, STARTING_ENDPOINTS } from './submission.ts';
import { isYamlType, readYaml } from './yaml-body.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

export function register(app: FastifyInstance, context: Context): void {
  requireTypes(context.engine, 'dialects.immuta.options.endpoints', context.options.endpoints);
  frame(app, { errorBody }, (framed) => {
    takeRawBodies(framed);
    const serve = server(context);
    framed.post('/bim/apikey/authenticate', (request, reply) => authenticate(context, request, reply));
    framed.post(
      '/jobs/statuses',
      quickly(
        context,
        serve('read', (call) => statuses(call, jsonBodyOf(call))),
      ),
    );
    framed.get(
      '/jobs',
      serve('read', (call) => jobsOf(call, call.request.query as RawQuery)),
    );
    framed.get(
      '/jobs/search',
      serve('read', (call) => search(call, call.request.query as RawQuery)),
    );
    framed.get(
      '/jobs/summary',
      serve('read', (call) => summary(call, call.request.query as RawQuery)),
    );
    for (const endpoint of STARTING_ENDPOINTS) {
      const { method, path: url } = endpoint;
      framed.route({
        method,
        url,
        handler: serve('submit', (call) => start(call, endpoint, startingBodyOf(call, endpoint.answer))),
      });
    }
  });
}

/** Descriptions of data sources are kept in YAML as often as in JSON. */
function startingBodyOf(call: Call, answer: Answer): Json | undefined {
  const isYaml = answer === 'plan' && isYamlType(mediaTypeOf(call.request.headers['content-type']));
  return isYaml ? readYaml(rawBodyOf(call.request), call.context.engine.limits) : jsonBodyOf(call);
}

type Handle = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> | undefined;
type Serve = (scope: Scope, run: (call: Call) => Promise<unknown>) => Handle;

function server(context: Context): Serve {
  return (scope, run) => async (request, reply) => {
    const principal = await callerOf(context, request);
    if (principal === null) throw new BideError('UNAUTHENTICATED', 'Missing authentication');
    noteCaller(request, principal.tenant);
    requireScope(principal, scope);
    return send(reply, await run({ context, request, reply, principal }));
  };
}

/** Polls come often: what can be said of jobs in memory is said without a promise. */
function quickly(context: Context, otherwise: Handle): Handle {
  return (request, reply) => {
    const principal = callerOf(context, request);
    if (principal === null || principal instanceof Promise || !principal.scopes.has('read'))
      return otherwise(request, reply);
    noteCaller(request, principal.tenant);
    const text = quickStatuses(context, principal, request);
    return text === undefined ? otherwise(request, reply) : sendPlainJson(reply, text);
  };
}

/** Some clients send the key bare, some as a bearer, some a token of ours either way. */
function callerOf({ auth }: Context, { headers }: FastifyRequest): ReturnType<typeof principalOf> {
  const credential = credentialOf(headers.authorization);
  return credential === null ? null : principalOf(auth, credential.secret);
}

/** The key comes as JSON, as a form, or in the header. */
async function authenticate(context: Context, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const key = keyIn(context, request) ?? credentialOf(request.headers.authorization)?.secret ?? '';
  const principal = await context.auth.byKey(key);
  if (principal === null) throw new BideError('UNAUTHENTICATED', 'Invalid API key');
  const { token } = await context.auth.issueToken(principal, context.options.tokenMs);
  return send(reply, { success: true, authenticated: true, token });
}

function keyIn(context: Context, request: FastifyRequest): string | null {
  if (mediaTypeOf(request.headers['content-type']) === 'application/x-www-form-urlencoded') {
    return new URLSearchParams(rawBodyOf(request)?.toString('utf8') ?? '').get('apikey');
  }
  const { apikey: key } = fieldsOf(jsonBodyOf({ context, request }));
  return typeof key === 'string' ? key : null;
}

function send(reply: FastifyReply, body: unknown): FastifyReply {
  return reply.type(JSON_TYPE).send(JSON.stringify(body));
}
