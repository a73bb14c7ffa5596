/** The jobs that a job comes after, and those that come after it: as all lists show jobs, results of parents included. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { CACHE_CONTROL, type Face, JSON_TYPE } from './face.ts';
import { bodiesOf, heldBackAmong } from './held-bodies.ts';
import { notThere, requireJobId, unknownBody } from './mapping.ts';
import { principalOf } from './principal.ts';
import type { ChildrenQuery } from './wire.ts';

const LIST_LIMIT = 50;

export function declareRelationRoutes(app: FastifyInstance, face: Face): void {
  const { wire, guard } = face;
  app.get(
    '/v1/jobs/:id/parents',
    {
      onRequest: guard('read'),
      schema: {
        tags: ['jobs'],
        summary: 'List the jobs that a job comes after',
        params: wire.idParams,
        response: { 200: wire.parents },
      },
    },
    (request, reply) => sendParents(face, request, reply),
  );
  app.get(
    '/v1/jobs/:id/children',
    {
      onRequest: guard('read'),
      schema: {
        tags: ['jobs'],
        summary: 'List the jobs that come after a job',
        params: wire.idParams,
        querystring: wire.childrenQuery,
        response: { 200: wire.children },
      },
    },
    (request, reply) => sendChildren(face, request, reply),
  );
}

async function sendParents(face: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { tenant } = principalOf(request);
  const found = await face.engine.parents(tenant, idOf(request));
  if (found.kind !== 'found') throw notThere(found);
  const add = await heldBackAmong(
    face,
    found.lookups.flatMap((lookup) => (lookup.kind === 'found' ? [lookup.snapshot] : [])),
  );
  const bodies = found.lookups.map((lookup, place) =>
    lookup.kind === 'found' ? add(lookup.snapshot, face.bodyOf(lookup.snapshot)) : unknownBody(found.ids[place] ?? ''),
  );
  return sendText(reply, `{"jobs":[${bodies.join(',')}]}`);
}

async function sendChildren(face: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { tenant } = principalOf(request);
  const { numbers, engine } = face;
  const { cursor, limit = LIST_LIMIT } = request.query as ChildrenQuery;
  const after = cursor === undefined ? 0 : await numbers.open(tenant, cursor);
  if (after === null) throw new BideError('INVALID_CURSOR');
  const found = await engine.children({ tenant, id: idOf(request), after, limit });
  if (found.kind !== 'found') throw notThere(found);
  const next = found.next === null ? null : await numbers.seal(tenant, found.next);
  const jobs = await bodiesOf(face, found.snapshots);
  return sendText(reply, `{"jobs":[${jobs.join(',')}],"next":${JSON.stringify(next)}}`);
}

function idOf(request: FastifyRequest): string {
  return requireJobId((request.params as { id: string }).id);
}

function sendText(reply: FastifyReply, text: string): FastifyReply {
  return reply.type(JSON_TYPE).header('cache-control', CACHE_CONTROL).send(text);
}
