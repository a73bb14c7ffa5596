/**
 * Listing jobs, by when they were submitted or by when they finished, page by page.
 *
 * A cursor is the place of the last job seen: its number, sealed, and of finished jobs the time of their end before it. So a page costs the
 * same wherever it is, and a cursor of one kind of list is refused by the other.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { FINAL_STATES } from '../../core/state.ts';
import type { ListPage, ListRequest, Snapshot } from '../../engine/api.ts';
import { CACHE_CONTROL, type Face, includesNumber, JSON_TYPE } from './face.ts';
import { requireTime, tagsOf, withNumber } from './mapping.ts';
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
    (request, reply) => list(face, request, reply),
  );
}

async function list(face: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const query = request.query as ListQuery;
  const { tenant } = principalOf(request);
  if (query.include !== undefined || query.number !== undefined) requireScope(request, 'admin');
  const page =
    query.number === undefined ? await pageOf(face, tenant, query) : await numbered(face, tenant, query.number);
  const next = await nextOf(face, tenant, page, isOfFinished(query));
  const bodyOf = includesNumber(request)
    ? (snapshot: Snapshot) => withNumber(face.bodyOf(snapshot), snapshot)
    : face.bodyOf;
  return reply
    .type(JSON_TYPE)
    .header('cache-control', CACHE_CONTROL)
    .send(`{"jobs":[${page.snapshots.map(bodyOf).join(',')}],"next":${JSON.stringify(next)}}`);
}

async function pageOf(face: Face, tenant: string, query: ListQuery): Promise<ListPage> {
  return face.engine.list({
    tenant,
    limit: query.limit ?? LIST_LIMIT,
    ...(query.state === undefined ? {} : { states: query.state }),
    ...(query.type === undefined ? {} : { types: query.type }),
    ...(query.tag === undefined ? {} : { tags: tagsOf(query.tag) }),
    ...(query.createdFrom === undefined ? {} : { createdFrom: requireTime(query.createdFrom, '/createdFrom') }),
    ...(query.createdBefore === undefined ? {} : { createdBefore: requireTime(query.createdBefore, '/createdBefore') }),
    ...(query.sort?.startsWith('oldest') ? { order: 'oldest' } : {}),
    ...(isOfFinished(query) ? await finishedOf(face, tenant, query) : await afterOf(face, tenant, query.cursor)),
  });
}

function isOfFinished({ sort, errorCode, finishedFrom, finishedBefore }: ListQuery): boolean {
  return sort?.endsWith('Finished') === true || (errorCode ?? finishedFrom ?? finishedBefore) !== undefined;
}

async function finishedOf(face: Face, tenant: string, query: ListQuery): Promise<Pick<ListRequest, 'finished'>> {
  const { sort, errorCode, finishedFrom, finishedBefore, state } = query;
  if (sort !== undefined && !sort.endsWith('Finished')) {
    const message = 'must be newestFinished or oldestFinished with errorCode, finishedFrom or finishedBefore';
    throw invalid([{ path: '/sort', message }]);
  }
  if (state?.every((word) => !(FINAL_STATES as readonly string[]).includes(word))) {
    const message = `must be one of ${FINAL_STATES.join(', ')} in a list of finished jobs`;
    throw invalid([{ path: '/state', message }]);
  }
  const after = await finishedAfter(face, tenant, query.cursor);
  return {
    finished: {
      ...(errorCode === undefined ? {} : { errorCode }),
      ...(finishedFrom === undefined ? {} : { from: requireTime(finishedFrom, '/finishedFrom') }),
      ...(finishedBefore === undefined ? {} : { before: requireTime(finishedBefore, '/finishedBefore') }),
      ...(after === undefined ? {} : { after }),
    },
  };
}

// --- Cursors --------------------------------------------------------------------------------------------------------------

async function nextOf({ numbers }: Face, tenant: string, page: ListPage, isFinished: boolean): Promise<string | null> {
  if (page.next === null) return null;
  const sealed = await numbers.seal(tenant, page.next);
  const finishedAt = page.snapshots.at(-1)?.job.finishedAt;
  return isFinished ? `${finishedAt ?? 0}.${sealed}` : sealed;
}

async function afterOf({ numbers }: Face, tenant: string, cursor?: string): Promise<Pick<ListRequest, 'after'>> {
  if (cursor === undefined) return {};
  const after = await numbers.open(tenant, cursor);
  if (after === null) throw new BideError('INVALID_CURSOR');
  return { after };
}

const FINISHED_CURSOR = /^(\d{1,15})\.(.*)$/s;

async function finishedAfter(face: Face, tenant: string, cursor?: string) {
  if (cursor === undefined) return undefined;
  const [, finishedAt, sealed = ''] = FINISHED_CURSOR.exec(cursor) ?? [];
  const number = await face.numbers.open(tenant, sealed);
  if (finishedAt === undefined || number === null) throw new BideError('INVALID_CURSOR');
  return { finishedAt: Number(finishedAt), number };
}

async function numbered({ engine }: Face, tenant: string, number: number): Promise<ListPage> {
  const [found] = await engine.readByNumber(tenant, [number]);
  return { snapshots: found?.kind === 'found' ? [found.snapshot] : [], next: null };
}
