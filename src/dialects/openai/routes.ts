/** The plugin: its frame, the models, and the rooms of the other routes. */
import type { FastifyInstance } from 'fastify';
import { requireTypes } from '../configured-types.ts';
import { frame } from '../frame.ts';
import { takeRawBodies } from '../json-body.ts';
import { declareBatches } from './batches/routes.ts';
import { type Context, ok, param } from './call.ts';
import { errorBody, refusal } from './errors.ts';
import { declareFiles } from './files/routes.ts';
import { createModels, type Models, modelBody } from './models.ts';
import { declareResponses } from './responses/routes.ts';
import { type Route, router } from './route.ts';

export function register(app: FastifyInstance, context: Context): void {
  requireTypes(context.engine, 'dialects.openai.options.models', context.options.models);
  const models = createModels(context.engine, context.options);
  frame(app, { errorBody, refusal }, (framed) => {
    takeRawBodies(framed);
    const route = router(context);
    declareModels(framed, models, route);
    declareResponses(framed, context, models, route);
    declareFiles(framed, context, route);
    declareBatches(framed, context, models, route);
  });
}

function declareModels(app: FastifyInstance, models: Models, route: Route): void {
  app.get(
    '/v1/models',
    route('read', () => ok(JSON.stringify({ object: 'list', data: models.list().map(modelBody) }))),
  );
  app.get(
    '/v1/models/:id',
    route('read', (call) => ok(JSON.stringify(modelBody(models.required(param(call, 'id')))))),
  );
}
