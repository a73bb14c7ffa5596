/**
 * Limits per key of the caller's tenant. Jobs say what holds for their key; here an operator sets it, and closes and opens keys, which takes
 * `operate`. A worker whose upstream said "too many" may close a key too.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Deed } from '../../core/deed.ts';
import type { Json } from '../../core/job.ts';
import { compileCheck } from '../schema-check.ts';
import { CACHE_CONTROL, type Face } from './face.ts';
import { limitBody } from './limit-bodies.ts';
import { requireTime } from './mapping.ts';
import { maybeBody } from './openapi/optional-bodies.ts';
import { principalOf } from './principal.ts';
import { invalid } from './problem.ts';
import type { CloseLimitBody, LimitsQuery, PutLimitBody } from './wire.ts';

const TAGS = ['limits'];
const PATH = '/v1/limits';
const PAGE = 50;

export function declareLimitRoutes(app: FastifyInstance, face: Face): void {
  declareReading(app, face);
  declareSetting(app, face);
  declareClosing(app, face);
}

function declareReading(app: FastifyInstance, { engine, wire, guard }: Face): void {
  const onRequest = guard('read');
  app.get(
    PATH,
    {
      onRequest,
      schema: {
        tags: TAGS,
        summary: 'List keys with limits, by key',
        querystring: wire.limitsQuery,
        response: { 200: wire.limits },
      },
    },
    async (request, reply) => {
      const { after, limit = PAGE } = request.query as LimitsQuery;
      const rows = await engine.keyLimits.list(principalOf(request).tenant, { after, limit });
      reply.header('cache-control', CACHE_CONTROL);
      const next = rows.length === limit ? (rows.at(-1)?.key ?? null) : null;
      return { limits: rows.map((row) => limitBody(row, engine.clock.now())), next };
    },
  );
  app.get(
    `${PATH}/:key`,
    {
      onRequest,
      schema: { tags: TAGS, summary: 'Read a limit', params: wire.limitParams, response: { 200: wire.limit } },
    },
    async (request, reply) => {
      reply.header('cache-control', CACHE_CONTROL);
      const row = await engine.keyLimits.read(principalOf(request).tenant, keyOf(request));
      return limitBody(row, engine.clock.now());
    },
  );
}

function declareSetting(app: FastifyInstance, face: Face): void {
  const { engine, wire, guard } = face;
  const onRequest = guard('operate');
  app.put(
    `${PATH}/:key`,
    {
      onRequest,
      schema: {
        tags: TAGS,
        summary: 'Set what holds for a key, whatever its jobs say',
        params: wire.limitParams,
        body: wire.limitBody,
        response: { 200: wire.limit },
      },
    },
    async (request) => {
      const body = request.body as PutLimitBody;
      const row = await engine.keyLimits.set(principalOf(request).tenant, keyOf(request), body);
      await note(face, request, 'limit.put', body as Json);
      return limitBody(row, engine.clock.now());
    },
  );
  app.delete(
    `${PATH}/:key`,
    {
      onRequest,
      schema: {
        tags: TAGS,
        summary: 'Let jobs say again what holds for a key',
        params: wire.limitParams,
        response: { 204: { type: 'null', description: 'Removed.' } },
      },
    },
    async (request, reply) => {
      await engine.keyLimits.remove(principalOf(request).tenant, keyOf(request));
      await note(face, request, 'limit.remove', null);
      return reply.code(204).send();
    },
  );
}

function declareClosing(app: FastifyInstance, face: Face): void {
  const { engine, wire, guard } = face;
  const onRequest = guard('operate');
  const check = compileCheck(wire.closeBody);
  app.post(
    `${PATH}/:key/close`,
    {
      onRequest,
      config: maybeBody(wire.closeBody),
      schema: {
        tags: TAGS,
        summary: 'Start nothing of a key for a time: an upstream said 429. What runs goes on',
        params: wire.limitParams,
        response: { 200: wire.limit },
      },
    },
    async (request) => {
      const body = (request.body ?? {}) as CloseLimitBody;
      const issues = check(body);
      if (issues !== null) throw invalid(issues);
      const untilMs = closeMs(body, engine.clock.now());
      const row = await engine.keyLimits.close(principalOf(request).tenant, keyOf(request), untilMs);
      await note(face, request, 'limit.close', body as Json);
      return limitBody(row, engine.clock.now());
    },
  );
  app.post(
    `${PATH}/:key/open`,
    {
      onRequest,
      schema: { tags: TAGS, summary: 'Open a closed key', params: wire.limitParams, response: { 200: wire.limit } },
    },
    async (request) => {
      const row = await engine.keyLimits.open(principalOf(request).tenant, keyOf(request));
      await note(face, request, 'limit.open', null);
      return limitBody(row, engine.clock.now());
    },
  );
}

function closeMs({ untilMs, until }: CloseLimitBody, now: number): number | null {
  if (untilMs !== undefined && until !== undefined)
    throw invalid([{ path: '/until', message: 'must not be given together with untilMs' }]);
  if (until === undefined) return untilMs ?? null;
  return Math.max(0, requireTime(until, '/until') - now);
}

function keyOf(request: FastifyRequest): string {
  return (request.params as { readonly key: string }).key;
}

async function note({ engine }: Face, request: FastifyRequest, deed: Deed['deed'], asked: Json): Promise<void> {
  const by = principalOf(request);
  await engine.audit.note({ tenant: by.tenant, by, count: null, deed, target: keyOf(request), request: asked });
}
