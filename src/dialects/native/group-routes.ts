/** Groups: making them, adding members, closing, reading and waiting, their jobs page by page, cancelling and retrying all, removing. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { jobIdOf } from '../../core/id.ts';
import type { BulkAction, CallerSignal, Group, MemberRequest } from '../../engine/api.ts';
import { CACHE_CONTROL, type Face, holdOrRefuse, JSON_TYPE } from './face.ts';
import { groupBody, groupEtag } from './group-bodies.ts';
import { bodiesOf } from './held-bodies.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { submitError, submitRequestOf } from './mapping.ts';
import { principalOf, priorityError } from './principal.ts';
import { matchesEtag, revisionOfEtag } from './status.ts';
import { requestWaitMs } from './wait-of.ts';
import type {
  FollowUpBody,
  GroupAddBody,
  GroupBody,
  GroupJobsQuery,
  GroupQuery,
  GroupsQuery,
  SubmitBody,
} from './wire.ts';

const TAGS = ['groups'];
const PATH = '/v1/groups';
const LIST_LIMIT = 50;

export function declareGroupRoutes(app: FastifyInstance, face: Face): void {
  declareMaking(app, face);
  declareReading(app, face);
  declareChanging(app, face);
}

function declareMaking(app: FastifyInstance, face: Face): void {
  const { engine, wire, guard } = face;
  app.post(
    PATH,
    {
      onRequest: guard('submit'),
      schema: {
        tags: TAGS,
        summary: 'Make a group of jobs: all of them are stored, or none',
        body: wire.groupBody,
        response: { 201: wire.group, 200: wire.group },
      },
    },
    (request, reply) => create(face, request, reply),
  );
  app.post(
    `${PATH}/:id/jobs`,
    {
      onRequest: guard('submit'),
      schema: {
        tags: TAGS,
        summary: 'Add jobs to an open group, new ones or by their ids: all of them, or none',
        params: wire.groupParams,
        body: wire.groupAddBody,
        response: { 200: wire.group },
      },
    },
    async (request, reply) => {
      const { jobs = [], ids = [] } = request.body as GroupAddBody;
      const { tenant } = principalOf(request);
      const { idempotencyKeyLengthMax } = engine.limits;
      const key = idempotencyKeyOf(request, idempotencyKeyLengthMax - `#${jobs.length}`.length);
      const members = jobs.map((job, index) =>
        memberOf(request, job, key === undefined ? undefined : `${key}#${index}`),
      );
      return send(face, reply, await engine.groups.add({ tenant, id: idOf(request), jobs: members, ids }));
    },
  );
  app.post(
    `${PATH}/:id/close`,
    {
      onRequest: guard('submit'),
      schema: {
        tags: TAGS,
        summary: 'Close a group: it takes no more members, and ends with the last of those that it has',
        params: wire.groupParams,
        response: { 200: wire.group },
      },
    },
    async (request, reply) => send(face, reply, await engine.groups.close(principalOf(request).tenant, idOf(request))),
  );
}

async function create(face: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { engine } = face;
  const body = request.body as GroupBody;
  const followUps = { always: body.then, onSuccess: body.onSuccess, onFailure: body.onFailure };
  const asked = Object.entries(followUps).flatMap(([slot, job]) =>
    job == null ? [] : [[slot, memberOf(request, job)]],
  );
  const { group, isExisting } = await engine.groups.create({
    tenant: principalOf(request).tenant,
    jobs: (body.jobs ?? []).map((job) => memberOf(request, job)),
    followUps: Object.fromEntries(asked),
    isOpen: body.isOpen ?? false,
    retainMs: body.retainMs,
    idempotencyKey: idempotencyKeyOf(request, engine.limits.idempotencyKeyLengthMax),
  });
  if (isExisting) reply.header('idempotency-replayed', 'true');
  reply.header('location', `${face.base}${PATH}/${group.id}`);
  return send(face, reply, group, isExisting ? 200 : 201);
}

function memberOf(request: FastifyRequest, body: SubmitBody | FollowUpBody, key?: string): MemberRequest {
  const forbidden = priorityError(principalOf(request), body.priority);
  if (forbidden !== null) throw forbidden;
  const { tenant: _, ...member } = submitRequestOf('', body);
  // What a job says of itself counts more than what is said of all.
  return { ...member, idempotencyKey: member.idempotencyKey ?? key };
}

function declareReading(app: FastifyInstance, face: Face): void {
  const { wire, guard } = face;
  const onRequest = guard('read');
  app.get(
    PATH,
    {
      onRequest,
      schema: {
        tags: TAGS,
        summary: 'List groups, newest first',
        querystring: wire.groupsQuery,
        response: { 200: wire.groups },
      },
    },
    (request, reply) => list(face, request, reply),
  );
  app.get(
    `${PATH}/:id`,
    {
      onRequest,
      schema: {
        tags: TAGS,
        summary: 'Read a group, or wait for it',
        params: wire.groupParams,
        querystring: wire.groupQuery,
        response: { 200: wire.group },
      },
    },
    (request, reply) => status(face, request, reply),
  );
  app.get(
    `${PATH}/:id/jobs`,
    {
      onRequest,
      schema: {
        tags: TAGS,
        summary: 'List the jobs of a group with their results, page by page',
        params: wire.groupParams,
        querystring: wire.groupJobsQuery,
        response: { 200: wire.groupJobs },
      },
    },
    (request, reply) => listJobs(face, request, reply),
  );
}

/** A cursor is the id of the last one seen, which says nothing to others. */
async function list(face: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { limit = LIST_LIMIT, cursor } = request.query as GroupsQuery;
  const after = cursor === undefined ? {} : { after: jobIdOf(cursor) ?? refuseCursor() };
  const groups = await face.engine.groups.list({ tenant: principalOf(request).tenant, limit, ...after });
  const next = groups.length < limit ? null : (groups.at(-1)?.id ?? null);
  const bodies = groups.map((group) => groupBody(face.base, group)).join(',');
  return reply
    .type(JSON_TYPE)
    .header('cache-control', CACHE_CONTROL)
    .send(`{"groups":[${bodies}],"next":${JSON.stringify(next)}}`);
}

async function status(face: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { engine } = face;
  const { tenant } = principalOf(request);
  const id = idOf(request);
  const query = request.query as GroupQuery;
  const timeoutMs = requestWaitMs(request, reply, query, engine.limits.waitMsMax);
  const known = request.headers['if-none-match'];
  if (timeoutMs === 0) return sendStatus(face, request, reply, await engine.groups.read(tenant, id));
  const isForEnd = (query.until ?? (known === undefined ? 'done' : 'change')) === 'done';
  const since = known === undefined ? null : revisionOfEtag(known);
  const until = isForEnd
    ? ({ kind: 'done' } as const)
    : ({ kind: 'change', since: since ?? (await engine.groups.read(tenant, id)).revision } as const);
  const wait = (signal: CallerSignal) => engine.groups.wait({ tenant, id, until, timeoutMs, signal });
  return sendStatus(face, request, reply, await holdOrRefuse(face, request, reply, wait));
}

async function listJobs(face: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { engine, numbers } = face;
  const { tenant } = principalOf(request);
  const { state, sort = 'oldest', limit = LIST_LIMIT, cursor } = request.query as GroupJobsQuery;
  const group = await engine.groups.read(tenant, idOf(request));
  const after = cursor === undefined ? {} : { after: (await numbers.open(tenant, cursor)) ?? refuseCursor() };
  const states = state === undefined ? {} : { states: state };
  const page = await engine.list({ tenant, group: group.id, order: sort, limit, ...after, ...states });
  const next = page.next === null ? null : await numbers.seal(tenant, page.next.number);
  const jobs = await bodiesOf(face, page.snapshots);
  return reply
    .type(JSON_TYPE)
    .header('cache-control', CACHE_CONTROL)
    .send(`{"jobs":[${jobs.join(',')}],"next":${JSON.stringify(next)}}`);
}

function declareChanging(app: FastifyInstance, face: Face): void {
  const { engine, wire, guard } = face;
  const onRequest = guard('submit');
  const many = (action: Exclude<BulkAction, 'remove'>, summary: string) =>
    app.post(
      `${PATH}/:id/${action}`,
      { onRequest, schema: { tags: TAGS, summary, params: wire.groupParams, response: { 202: wire.job } } },
      (request, reply) => changeAll(face, action, request, reply),
    );
  many('cancel', 'Close a group and cancel all of its jobs that are not final');
  many('retry', 'Run all jobs of a group that have failed, expired or were cancelled again');
  app.delete(
    `${PATH}/:id`,
    {
      onRequest,
      schema: {
        tags: TAGS,
        summary: 'Remove a group: its jobs stay, and it submits nothing any more',
        params: wire.groupParams,
        response: { 204: { type: 'null', description: 'Removed.' } },
      },
    },
    async (request, reply) => {
      await engine.groups.remove(principalOf(request).tenant, idOf(request));
      return reply.code(204).send();
    },
  );
}

/** As many jobs as there are, by a job that does it: see the calls that change many jobs. */
async function changeAll(
  face: Face,
  action: Exclude<BulkAction, 'remove'>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { engine } = face;
  const by = principalOf(request);
  const { tenant } = by;
  const { groups, limits } = engine;
  const group =
    action === 'cancel' ? await groups.close(tenant, idOf(request)) : await groups.read(tenant, idOf(request));
  const idempotencyKey = idempotencyKeyOf(request, limits.idempotencyKeyLengthMax);
  const outcome = await engine.bulk.submit({ tenant, action, filter: { group: group.id }, by, idempotencyKey });
  if (outcome.kind !== 'created' && outcome.kind !== 'existing') throw submitError(outcome, 'bide.bulk');
  reply.header('location', face.selfOf(outcome.snapshot));
  if (outcome.kind === 'existing') reply.header('idempotency-replayed', 'true');
  return face.sendJob(reply, 202, outcome.snapshot);
}

function sendStatus(face: Face, request: FastifyRequest, reply: FastifyReply, group: Group): FastifyReply {
  const etag = groupEtag(group);
  if (!matchesEtag(request.headers['if-none-match'], etag)) return send(face, reply, group);
  return reply.code(304).header('etag', etag).header('cache-control', CACHE_CONTROL).send();
}

function send(face: Face, reply: FastifyReply, group: Group, code = 200): FastifyReply {
  reply.header('etag', groupEtag(group)).header('cache-control', CACHE_CONTROL);
  return reply.code(code).type(JSON_TYPE).send(groupBody(face.base, group));
}

/** One that is no id is that of no group. */
export function idOf(request: FastifyRequest): string {
  const { id } = request.params as { readonly id: string };
  const known = jobIdOf(id);
  if (known === null) throw new BideError('GROUP_NOT_FOUND', undefined, { id: id.slice(0, 100) });
  return known;
}

function refuseCursor(): never {
  throw new BideError('INVALID_CURSOR');
}
