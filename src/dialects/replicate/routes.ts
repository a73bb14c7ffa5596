/** The plugin: each request is authenticated, handed on and answered; what the answer says is `mapping.ts`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { jobIdOf } from '../../core/id.ts';
import type { Scope } from '../../core/scopes.ts';
import { noteCaller } from '../../http/caller.ts';
import type { Principal } from '../../http/dialect.ts';
import { requireTypes } from '../configured-types.ts';
import { credentialOf, principalOf, requireScope } from '../credentials.ts';
import { frame } from '../frame.ts';
import { jsonBodyOf, takeRawBodies } from '../json-body.ts';
import { sendPlainJson } from '../send-plain.ts';
import { createBodies } from './bodies.ts';
import { type Answer, type Call, type Context, ok } from './call.ts';
import { deploymentBody, listOf, listVersions, modelBody, oneOf, oneVersion } from './catalogue.ts';
import { listPredictions } from './listing.ts';
import { errorBody } from './mapping.ts';
import { createModels, type Models } from './models.ts';
import { cancelPrediction, getPrediction } from './reading.ts';
import { createOfModel, createOfVersion, type Desk } from './starting.ts';
import { declareStream } from './streaming.ts';
import type { ErrorBody } from './wire.ts';

const NOT_IMPLEMENTED = 501;
const JSON_TYPE = 'application/json; charset=utf-8';

export function register(app: FastifyInstance, context: Context): void {
  requireTypes(context.engine, 'dialects.replicate.options.models', context.options.models);
  const desk: Desk = { bodies: createBodies(context), models: createModels(context.engine, context.options) };
  frame(app, { errorBody }, (framed) => {
    takeRawBodies(framed);
    const route = router(context);
    declarePredictions(framed, context, desk, route);
    declareCatalogue(framed, desk.models, route);
    declareStream(framed, context);
    framed.get(
      '/v1/webhooks/default/secret',
      // Whoever has it can sign for this server: the native API wants the same scope for it.
      route('operate', async ({ principal }) => {
        return ok(JSON.stringify({ key: await context.engine.webhooks.callbackSecret(principal.tenant) }));
      }),
    );
    declareFiles(framed, context);
  });
}

function declareCatalogue(app: FastifyInstance, models: Models, route: Route): void {
  for (const [kind, body] of [
    ['models', modelBody],
    ['deployments', deploymentBody],
  ] as const) {
    app.get(
      `/v1/${kind}`,
      route('read', (call) => listOf(call, models, body)),
    );
    app.get(
      `/v1/${kind}/:owner/:name`,
      route('read', (call) => oneOf(call, models, body)),
    );
  }
  app.get(
    '/v1/models/:owner/:name/versions',
    route('read', (call) => listVersions(call, models)),
  );
  app.get(
    '/v1/models/:owner/:name/versions/:version',
    route('read', (call) => oneVersion(call, models)),
  );
}

/** There is no store of files. The client that is told so by a 501 sends a file as a data URL within its input; a 404 is its end. */
function declareFiles(app: FastifyInstance, context: Context): void {
  const { body } = errorBody('unprocessable', 'Files are sent as data URLs within the input, or as addresses.');
  const text = JSON.stringify({ ...(body as ErrorBody), title: 'Not implemented', status: NOT_IMPLEMENTED });
  app.post('/v1/files', {
    // Before the body is read: nobody needs it.
    onRequest: async (request, reply) => {
      await requireCaller(context, request);
      return reply.code(NOT_IMPLEMENTED).type(JSON_TYPE).send(text);
    },
    handler: (_request, reply) => reply,
  });
}

type Handle = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> | undefined;
type Route = (scope: Scope, run: (call: Call) => Answer | Promise<Answer>) => Handle;

function declarePredictions(app: FastifyInstance, context: Context, desk: Desk, route: Route): void {
  const { bodies } = desk;
  app.post(
    '/v1/predictions',
    route('submit', (call) => createOfVersion(call, desk, jsonBodyOf(call))),
  );
  for (const kind of ['models', 'deployments']) {
    app.post(
      `/v1/${kind}/:owner/:name/predictions`,
      route('submit', (call) => createOfModel(call, desk, jsonBodyOf(call))),
    );
  }
  app.get('/v1/predictions', route('read', listPredictions));
  app.get(
    '/v1/predictions/:id',
    polling(
      context,
      desk,
      route('read', (call) => getPrediction(call, bodies)),
    ),
  );
  app.post(
    '/v1/predictions/:id/cancel',
    route('submit', (call) => cancelPrediction(call, bodies)),
  );
}

function router(context: Context): Route {
  return (scope, run) => async (request, reply) => {
    const principal = await requireCaller(context, request);
    requireScope(principal, scope);
    const { status, text } = await run({ context, request, reply, principal });
    return reply.code(status).type(JSON_TYPE).send(text);
  };
}

async function requireCaller(context: Context, request: FastifyRequest): Promise<Principal> {
  const principal = await callerOf(context, request);
  if (principal === null) throw new BideError('UNAUTHENTICATED', 'You did not pass a valid authentication token');
  noteCaller(request, principal.tenant);
  return principal;
}

/** Polls come often: the answer about a job that does not change is made once, and sent without a promise. */
function polling(context: Context, { bodies }: Desk, otherwise: Handle): Handle {
  const { engine, holds } = context;
  return (request, reply) => {
    const principal = callerOf(context, request);
    if (principal === null || principal instanceof Promise || !principal.scopes.has('read'))
      return otherwise(request, reply);
    const id = jobIdOf((request.params as { readonly id: string }).id);
    const snapshot = id === null ? undefined : engine.peek(principal.tenant, id);
    const text =
      snapshot === undefined ? undefined : bodies.atHand({ principal }, context.publicUrl(request), snapshot);
    if (snapshot === undefined || text === undefined) return otherwise(request, reply);
    noteCaller(request, principal.tenant);
    holds.look(principal, snapshot.job);
    return sendPlainJson(reply, text);
  };
}

/** `Bearer`, and `Token` of the vendor's older clients. */
function callerOf({ auth }: Context, request: FastifyRequest): Principal | null | Promise<Principal | null> {
  const credential = credentialOf(request.headers.authorization);
  if (credential === null) return null;
  const { scheme, secret } = credential;
  return principalOf(auth, scheme === 'bare' ? secret.replace(/^token\s+/i, '') : secret);
}
