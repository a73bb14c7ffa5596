/** The routes of responses. */
import type { FastifyInstance } from 'fastify';
import { noteCaller } from '../../../http/caller.ts';
import { jsonBodyOf } from '../../json-body.ts';
import { sendPlainJson } from '../../send-plain.ts';
import type { Context } from '../call.ts';
import type { Models } from '../models.ts';
import { callerOf, type Handle, type Route } from '../route.ts';
import { type Bodies, createBodies } from './bodies.ts';
import { jobOfResponse } from './ids.ts';
import { listInputItems } from './input-items.ts';
import { cancelResponse, deleteResponse, getResponse } from './reading.ts';
import { createResponse } from './starting.ts';
import { streaming } from './streaming.ts';

const ONE = '/v1/responses/:id';

export function declareResponses(app: FastifyInstance, context: Context, models: Models, route: Route): void {
  const bodies = createBodies(context.engine);
  const desk = { bodies, models, sendStream: streaming(app, context) };
  app.post(
    '/v1/responses',
    route('submit', (call) => createResponse(call, desk, jsonBodyOf(call))),
  );
  const get = route('read', (call) => getResponse(call, desk));
  app.get(ONE, polling(context, bodies, get));
  app.delete(
    ONE,
    route('submit', (call) => deleteResponse(call)),
  );
  app.get(
    `${ONE}/input_items`,
    route('read', (call) => listInputItems(call)),
  );
  app.post(
    `${ONE}/cancel`,
    route('submit', (call) => cancelResponse(call, bodies)),
  );
}

/** Polls come often: the answer about a job that does not change is made once, and sent without a promise. */
function polling(context: Context, bodies: Bodies, otherwise: Handle): Handle {
  const { engine, holds } = context;
  return (request, reply) => {
    const principal = callerOf(context, request);
    if (principal === null || principal instanceof Promise || !principal.scopes.has('read'))
      return otherwise(request, reply);
    const isPlain = !request.url.includes('?');
    const id = isPlain ? jobOfResponse((request.params as { readonly id: string }).id) : null;
    const snapshot = id === null ? undefined : engine.peek(principal.tenant, id);
    const text = snapshot === undefined ? undefined : bodies.atHand(snapshot);
    if (snapshot === undefined || text === undefined) return otherwise(request, reply);
    noteCaller(request, principal.tenant);
    holds.look(principal, snapshot.job);
    return sendPlainJson(reply, text);
  };
}
