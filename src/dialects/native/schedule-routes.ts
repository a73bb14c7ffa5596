/**
 * Schedules of the caller's tenant.
 *
 * One submits jobs for as long as it is there, without the key that made it: so changes need `operate`, as webhooks do, and reading what jobs
 * need. The priority of its job is the caller's to ask for or not, as in a submit.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Deed } from '../../core/deed.ts';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { SCHEDULE_TAG } from '../../core/schedules/schedule.ts';
import { CACHE_CONTROL, type Face } from './face.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { sendList } from './list-route.ts';
import { requireFound } from './mapping.ts';
import { principalOf, priorityError } from './principal.ts';
import { scheduleBody, specOf } from './schedule-bodies.ts';
import type { PutScheduleBody, RunsQuery, SchedulesQuery } from './wire.ts';

const TAGS = ['schedules'];
const PATH = '/v1/schedules';
const PAGE = 50;

export function declareScheduleRoutes(app: FastifyInstance, face: Face): void {
  declareReading(app, face);
  declareChanging(app, face);
  declareCommands(app, face);
}

function declareReading(app: FastifyInstance, face: Face): void {
  const { engine, wire, guard } = face;
  const onRequest = guard('read');
  const params = wire.scheduleParams;
  app.get(
    PATH,
    {
      onRequest,
      schema: {
        tags: TAGS,
        summary: 'List schedules, newest first',
        querystring: wire.schedulesQuery,
        response: { 200: wire.schedules },
      },
    },
    (request, reply) => list(face, request, reply),
  );
  app.get(
    `${PATH}/:name`,
    { onRequest, schema: { tags: TAGS, summary: 'Read a schedule', params, response: { 200: wire.schedule } } },
    async (request, reply) => {
      reply.header('cache-control', CACHE_CONTROL);
      return scheduleBody(await engine.schedules.read(principalOf(request).tenant, nameOf(request)));
    },
  );
  app.get(
    `${PATH}/:name/runs`,
    {
      onRequest,
      schema: {
        tags: TAGS,
        summary: 'List the jobs of a schedule, newest first',
        params,
        querystring: wire.runsQuery,
        response: { 200: wire.list },
      },
    },
    async (request, reply) => {
      const { name } = await engine.schedules.read(principalOf(request).tenant, nameOf(request));
      const query = request.query as RunsQuery;
      return sendList(face, request, reply, { ...query, tag: [`${SCHEDULE_TAG}:${name}`] });
    },
  );
}

function declareChanging(app: FastifyInstance, face: Face): void {
  const { engine, wire, guard } = face;
  const onRequest = guard('operate');
  const params = wire.scheduleParams;
  app.put(
    `${PATH}/:name`,
    {
      onRequest,
      schema: {
        tags: TAGS,
        summary: 'Make a schedule, or change it; the same again changes nothing',
        params,
        body: wire.scheduleBody,
        response: { 200: wire.schedule, 201: wire.schedule },
      },
    },
    (request, reply) => put(face, request, reply),
  );
  app.delete(
    `${PATH}/:name`,
    {
      onRequest,
      schema: {
        tags: TAGS,
        summary: 'Remove a schedule; jobs that it has submitted stay',
        params,
        response: { 204: { type: 'null', description: 'Removed.' } },
      },
    },
    async (request, reply) => {
      await engine.schedules.remove(principalOf(request).tenant, nameOf(request));
      await note(face, request, { deed: 'schedule.remove', target: nameOf(request), request: null });
      return reply.code(204).send();
    },
  );
}

function declareCommands(app: FastifyInstance, face: Face): void {
  const { engine, wire, guard } = face;
  const onRequest = guard('operate');
  const params = wire.scheduleParams;
  const summaries = {
    pause: 'Pause a schedule: ticks until it is resumed are passed over',
    resume: 'Go on with the next tick of a paused schedule',
  };
  for (const deed of ['pause', 'resume'] as const) {
    const schema = { tags: TAGS, summary: summaries[deed], params, response: { 200: wire.schedule } };
    app.post(`${PATH}/:name/${deed}`, { onRequest, schema }, async (request) => {
      const schedule = await engine.schedules[deed](principalOf(request).tenant, nameOf(request));
      await note(face, request, { deed: `schedule.${deed}`, target: schedule.name, request: null });
      return scheduleBody(schedule);
    });
  }
  app.post(
    `${PATH}/:name/run`,
    {
      onRequest,
      schema: {
        tags: TAGS,
        summary: 'Submit the job of a schedule once, now, whatever its ticks',
        params,
        response: { 202: wire.job },
      },
    },
    async (request, reply) => {
      const name = nameOf(request);
      const { tenant } = principalOf(request);
      const idempotencyKey = idempotencyKeyOf(request, engine.limits.idempotencyKeyLengthMax);
      const { id, kind } = await engine.schedules.run({ tenant, name, idempotencyKey });
      if (kind === 'created') await note(face, request, { deed: 'schedule.run', target: name, request: { jobId: id } });
      if (kind === 'replayed') reply.header('idempotency-replayed', 'true');
      if (kind === 'held') reply.header('unique-outcome', 'existing');
      const snapshot = requireFound((await engine.read(tenant, [id]))[0]);
      reply.header('location', face.selfOf(snapshot));
      return face.sendJob(reply, 202, snapshot);
    },
  );
}

async function put(face: Face, request: FastifyRequest, reply: FastifyReply): Promise<object> {
  const { engine } = face;
  const by = principalOf(request);
  const body = request.body as PutScheduleBody;
  const forbidden = priorityError(by, body.job.priority);
  if (forbidden !== null) throw forbidden;
  const spec = specOf(body);
  const { schedule, kind } = await engine.schedules.put(by.tenant, nameOf(request), spec);
  if (kind !== 'unchanged') {
    // What is submitted may be anybody's business but not the audit's.
    const { job, ...rest } = spec;
    await note(face, request, { deed: 'schedule.put', target: schedule.name, request: { ...rest, type: job.type } });
  }
  reply.code(kind === 'created' ? 201 : 200);
  return scheduleBody(schedule);
}

async function list({ engine }: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { cursor, limit = PAGE } = request.query as SchedulesQuery;
  const after = cursor === undefined ? {} : { after: placeOf(cursor) };
  const { schedules, hasMore } = await engine.schedules.list({ tenant: principalOf(request).tenant, limit, ...after });
  const last = schedules.at(-1);
  const next =
    hasMore && last !== undefined ? Buffer.from(`${last.createdAt} ${last.name}`).toString('base64url') : null;
  return reply.header('cache-control', CACHE_CONTROL).send({ schedules: schedules.map(scheduleBody), next });
}

const PLACE = /^(\d{1,15}) (.{1,300})$/s;

function placeOf(cursor: string) {
  const [, createdAt, name] = PLACE.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? [];
  if (createdAt === undefined || name === undefined) throw new BideError('INVALID_CURSOR');
  return { createdAt: Number(createdAt), name };
}

function nameOf(request: FastifyRequest): string {
  return (request.params as { readonly name: string }).name;
}

async function note(
  { engine }: Face,
  request: FastifyRequest,
  deed: Pick<Deed, 'deed' | 'target'> & { readonly request: Json },
): Promise<void> {
  const by = principalOf(request);
  await engine.audit.note({ tenant: by.tenant, by, count: null, ...deed });
}
