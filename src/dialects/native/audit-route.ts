/** What operators have done to the caller's tenant, newest first. A cursor is the place of the last line, as text that nobody needs to read. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AuditLine } from '../../core/deed.ts';
import { BideError } from '../../core/errors.ts';
import type { AuditRequest } from '../../engine/api.ts';
import { CACHE_CONTROL, type Face } from './face.ts';
import { requireTime } from './mapping.ts';
import { principalOf } from './principal.ts';
import { isoTime } from './status.ts';
import type { AuditQuery } from './wire.ts';

const PAGE = 50;

export function declareAuditRoute(app: FastifyInstance, face: Face): void {
  const { wire, guard } = face;
  app.get(
    '/v1/audit',
    {
      onRequest: guard('read'),
      schema: {
        tags: ['audit'],
        summary: 'What operators have done, newest first',
        querystring: wire.auditQuery,
        response: { 200: wire.audit },
      },
    },
    (request, reply) => sendAudit(face, request, reply),
  );
}

async function sendAudit({ engine }: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { deed, from, before, limit = PAGE, cursor } = request.query as AuditQuery;
  const { lines, hasMore } = await engine.audit.read({
    tenant: principalOf(request).tenant,
    deeds: deed,
    from: from === undefined ? undefined : requireTime(from, '/from'),
    before: before === undefined ? undefined : requireTime(before, '/before'),
    after: cursor === undefined ? undefined : placeOf(cursor),
    limit,
  });
  const last = lines.at(-1);
  reply.header('cache-control', CACHE_CONTROL);
  return reply.send({ deeds: lines.map(bodyOf), next: hasMore && last !== undefined ? cursorOf(last) : null });
}

function bodyOf({ id, at, by, deed, target, count, request }: AuditLine): object {
  return { id, at: isoTime(at), by, deed, target, count, request };
}

const PLACE = /^(\d{1,15}) (.{1,300})$/s;

function cursorOf({ at, id }: AuditLine): string {
  return Buffer.from(`${at} ${id}`).toString('base64url');
}

function placeOf(cursor: string): AuditRequest['after'] {
  const [, at, id] = PLACE.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? [];
  if (at === undefined || id === undefined) throw new BideError('INVALID_CURSOR');
  return { at: Number(at), id };
}
