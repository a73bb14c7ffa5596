/** All native routes on one Fastify instance: the root of Bide's own server, or a scope inside somebody's app. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Limits } from '../../core/limits.ts';
import type { DialectContext, KeyAdmin, Principal } from '../../http/dialect.ts';
import { frame, isRoot } from '../frame.ts';
import { takeJsonBodies } from '../json-body.ts';
import { declareAttemptsRoute } from './attempts-route.ts';
import { declareAuditRoute } from './audit-route.ts';
import { declareBatchRoutes } from './batch-routes.ts';
import { declareBulkRoutes } from './bulk-route.ts';
import { declareChangeRoutes } from './change-routes.ts';
import { declareCountsRoute } from './counts-route.ts';
import { declareDeliveryRoutes } from './delivery-routes.ts';
import { collectRoutes, serveDocs } from './docs.ts';
import { declareEventsRoute } from './events-route.ts';
import { createFace, type Face } from './face.ts';
import { declareFeedRoute } from './feed-route.ts';
import { declareGroupEventsRoute } from './group-events-route.ts';
import { declareGroupRoutes } from './group-routes.ts';
import { declareInputRoute } from './input-route.ts';
import { declareJobRoutes } from './job-routes.ts';
import { declareKeyRoutes } from './key-routes.ts';
import { declareLimitRoutes } from './limit-routes.ts';
import { declareListRoute } from './list-route.ts';
import { declareLogsRoute } from './logs-route.ts';
import { declareOutputRoute } from './output-route.ts';
import { createGuard, identifyByKey, PRINCIPAL } from './principal.ts';
import { declareRelationRoutes } from './relation-routes.ts';
import { declareResultRoute } from './result-route.ts';
import { declareScheduleRoutes } from './schedule-routes.ts';
import { declareSignalRoute } from './signal-route.ts';
import { declareStatsRoute } from './stats-route.ts';
import { refuseStrayBodies } from './stray-bodies.ts';
import { declareTokenRoute } from './token-route.ts';
import { declareTypeRoutes } from './type-routes.ts';
import { validatorCompiler } from './validate.ts';
import { VOICE } from './voice.ts';
import { declareWebhookRoutes } from './webhook-routes.ts';
import { wireOf } from './wire.ts';
import { declareWorkRoutes } from './work-routes.ts';
import { declareWorkersRoute } from './workers-route.ts';

export interface NativeServices {
  /** Shown at `/` and in the OpenAPI document. */
  readonly version: string;
  /** Null leaves out `/v1/keys`. */
  readonly keys: KeyAdmin | null;
  /** Where browsers are sent from `/`; they see what programs see unless told. */
  readonly home?: string;
  /** Whether `/openapi.json` and `/docs` are served. */
  readonly hasDocs: boolean;
  /** Who calls, where the surrounding app knows better than API keys do. Null is answered with 401. */
  readonly identify?: (request: FastifyRequest) => Principal | null | Promise<Principal | null>;
  /** Declares further routes in the same frame, with the guard at hand: health, metrics. */
  readonly more?: (app: FastifyInstance, guard: Face['guard']) => void;
}

export async function nativeRoutes(
  app: FastifyInstance,
  context: Pick<DialectContext<unknown>, 'engine' | 'auth' | 'holds'>,
  services: NativeServices,
): Promise<void> {
  const { engine, auth, holds } = context;
  const wire = wireOf(engine.limits);
  const guard = createGuard(services.identify ?? identifyByKey(auth));
  const face = createFace({
    engine,
    holds,
    numbers: auth.numbers,
    places: auth.places,
    jobTokens: auth.issueJobToken,
    wire,
    guard,
    base: app.prefix,
    isOwn: isRoot(app),
  });
  if (services.hasDocs) await collectRoutes(app, services.version);
  for (const schema of wire.named) app.addSchema(schema);
  frame(app, VOICE, () => {
    readRequests(app, engine.limits);
    refuseStrayBodies(app);
    declareIndex(app, services);
    declareJobRoutes(app, face);
    declareListRoute(app, face);
    declareBatchRoutes(app, face);
    declareResultRoute(app, face);
    // Who calls by the word of the surrounding app has no key that a token could name.
    if (services.identify === undefined) declareTokenRoute(app, face);
    declareInputRoute(app, face);
    declareSignalRoute(app, face);
    declareAttemptsRoute(app, face);
    declareRelationRoutes(app, face);
    declareCountsRoute(app, face);
    declareBulkRoutes(app, face);
    declareChangeRoutes(app, face);
    declareGroupRoutes(app, face);
    declareGroupEventsRoute(app, face);
    declareAuditRoute(app, face);
    declareEventsRoute(app, face);
    declareFeedRoute(app, face);
    declareLogsRoute(app, face);
    declareOutputRoute(app, face);
    declareWorkRoutes(app, face);
    declareStatsRoute(app, face);
    declareWorkersRoute(app, face);
    declareWebhookRoutes(app, face);
    declareDeliveryRoutes(app, face);
    declareScheduleRoutes(app, face);
    declareLimitRoutes(app, face);
    declareTypeRoutes(app, face, services.keys);
    if (services.keys !== null) declareKeyRoutes(app, face, services.keys);
    services.more?.(app, guard);
    if (services.hasDocs) serveDocs(app);
  });
  await app.after();
}

function readRequests(app: FastifyInstance, limits: Limits): void {
  app.decorateRequest(PRINCIPAL, null);
  takeJsonBodies(app, limits);
  app.setValidatorCompiler(validatorCompiler);
  // Most bodies are text already, and the few others are too small for a compiled serializer to pay.
  app.setSerializerCompiler(() => JSON.stringify);
}

function declareIndex(app: FastifyInstance, { version, hasDocs, home }: NativeServices): void {
  const docs = hasDocs ? { docs: `${app.prefix}/docs`, openapi: `${app.prefix}/openapi.json` } : {};
  const index = JSON.stringify({ name: 'bide', version, jobs: `${app.prefix}/v1/jobs`, ...docs });
  app.get('/', { schema: { hide: true } }, (request, reply) => {
    void reply.header('vary', 'accept');
    const isBrowser = request.headers.accept?.includes('text/html') === true;
    // Relative: a proxy may serve all of this below a path of its own.
    if (home !== undefined && isBrowser) return reply.redirect(`.${home}`);
    return reply.type('application/json; charset=utf-8').send(index);
  });
}
