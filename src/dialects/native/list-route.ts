/**
 * Listing jobs, by when they were submitted or by when they finished, page by page.
 *
 * A cursor is the place of the last job seen: its number, sealed, and of finished jobs the time of their end before it. So a page costs the
 * same wherever it is, and a cursor of one kind of list is refused by the other.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { FINAL_STATES } from '../../core/state.ts';
import type { JobFilter, ListPage, ListRequest, Snapshot } from '../../engine/api.ts';
import { CACHE_CONTROL, type Face, includesNumber, JSON_TYPE } from './face.ts';
import { bodiesOf } from './held-bodies.ts';
import { filterOf } from './job-filter.ts';
import { withNumber } from './mapping.ts';
import { principalOf, requireScope } from './principal.ts';
import { invalid } from './problem.ts';
import type { ListQuery } from './wire.ts';

const LIST_LIMIT = 50;

export function declareListRoute(app: FastifyInstance, face: Face): void {
  const { wire, guard } = face;
  app.get(
    '/v1/jobs',
    {
      onRequest: guard('read'),
      schema: {
        tags: ['jobs'],
        summary: 'List jobs, the newest first unless told',
        querystring: wire.listQuery,
        response: { 200: wire.list },
      },
    },
    (request, reply) => sendList(face, request, reply, request.query as ListQuery),
  );
}

export async function sendList(
  face: Face,
  request: FastifyRequest,
  reply: FastifyReply,
  query: ListQuery,
): Promise<FastifyReply> {
  const { tenant } = principalOf(request);
  if (query.include !== undefined || query.number !== undefined) requireScope(request, 'admin');
  const filter = wantedOf(query);
  const [page, total] = await Promise.all([
    query.number === undefined ? pageOf(face, tenant, query, filter) : numbered(face, tenant, query.number),
    query.total === 'true' ? face.engine.estimate({ ...filter, tenant }) : null,
  ]);
  const next = await nextOf(face, tenant, page, filter.finished !== undefined);
  const bodyOf = includesNumber(request)
    ? (snapshot: Snapshot) => withNumber(face.bodyOf(snapshot), snapshot)
    : face.bodyOf;
  const more = [
    ...(page.isCutShort ? ['"searchStopped":true'] : []),
    ...(total === null ? [] : [`"total":${JSON.stringify({ count: total.count, exact: total.isExact })}`]),
  ];
  const jobs = (await bodiesOf(face, page.snapshots, bodyOf)).join(',');
  return reply
    .type(JSON_TYPE)
    .header('cache-control', CACHE_CONTROL)
    .send(`{${[`"jobs":[${jobs}]`, `"next":${JSON.stringify(next)}`, ...more].join(',')}}`);
}

/** Filters by the end list by the end; so does the sort alone. */
function wantedOf(query: ListQuery): JobFilter {
  const filter = filterOf(query, '');
  const isByEnd = query.sort?.endsWith('Finished') === true;
  if (filter.finished !== undefined && query.sort !== undefined && !isByEnd) {
    const message = 'must be newestFinished or oldestFinished with errorCode, finishedFrom or finishedBefore';
    throw invalid([{ path: '/sort', message }]);
  }
  if (!isByEnd || filter.finished !== undefined) return filter;
  if (filter.states?.every((word) => !(FINAL_STATES as readonly string[]).includes(word))) {
    throw invalid([
      { path: '/state', message: `must be one of ${FINAL_STATES.join(', ')} in a list of finished jobs` },
    ]);
  }
  return { ...filter, finished: {} };
}

async function pageOf(face: Face, tenant: string, query: ListQuery, filter: JobFilter): Promise<ListPage> {
  const { finished, ...rest } = filter;
  return face.engine.list({
    ...rest,
    tenant,
    limit: query.limit ?? LIST_LIMIT,
    ...(query.sort?.startsWith('oldest') ? { order: 'oldest' } : {}),
    ...(finished === undefined
      ? await afterOf(face, tenant, query.cursor)
      : { finished: { ...finished, ...(await finishedAfter(face, tenant, query.cursor)) } }),
  });
}

// --- Cursors --------------------------------------------------------------------------------------------------------------

async function nextOf({ numbers }: Face, tenant: string, page: ListPage, isFinished: boolean): Promise<string | null> {
  if (page.next === null) return null;
  const sealed = await numbers.seal(tenant, page.next.number);
  return isFinished ? `${page.next.finishedAt ?? 0}.${sealed}` : sealed;
}

async function afterOf({ numbers }: Face, tenant: string, cursor?: string): Promise<Pick<ListRequest, 'after'>> {
  if (cursor === undefined) return {};
  const after = await numbers.open(tenant, cursor);
  if (after === null) throw new BideError('INVALID_CURSOR');
  return { after };
}

const FINISHED_CURSOR = /^(\d{1,15})\.(.*)$/s;

async function finishedAfter(face: Face, tenant: string, cursor?: string) {
  if (cursor === undefined) return {};
  const [, finishedAt, sealed = ''] = FINISHED_CURSOR.exec(cursor) ?? [];
  const number = await face.numbers.open(tenant, sealed);
  if (finishedAt === undefined || number === null) throw new BideError('INVALID_CURSOR');
  return { after: { finishedAt: Number(finishedAt), number } };
}

async function numbered({ engine }: Face, tenant: string, number: number): Promise<ListPage> {
  const [found] = await engine.readByNumber(tenant, [number]);
  return { snapshots: found?.kind === 'found' ? [found.snapshot] : [], next: null, isCutShort: false };
}
