/**
 * The job types that this server takes, and pausing them.
 *
 * A pause holds for all tenants: a claim takes the jobs of all of them in one order, and stepping over a million jobs of a paused one would cost
 * each claim as much. So the scope `operate`, which is else about one's own jobs, is enough only where no other tenant has a key.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import type { Engine, TypeReport } from '../../engine/api.ts';
import type { KeyAdmin } from '../../http/dialect.ts';
import { CACHE_CONTROL, type Face } from './face.ts';
import { principalOf, requireScope } from './principal.ts';
import { isoTimeOrNull } from './status.ts';
import { figuresBody } from './wire-types.ts';

export function declareTypeRoutes(app: FastifyInstance, face: Face, keys: KeyAdmin | null): void {
  declareReading(app, face);
  declarePausing(app, face, keys);
}

function declareReading(app: FastifyInstance, { engine, wire, guard }: Face): void {
  const options = (summary: string) => ({ onRequest: guard('read'), schema: { tags: ['types'], summary } });
  const list = options('The job types that this server takes');
  app.get(
    '/v1/types',
    { ...list, schema: { ...list.schema, response: { 200: wire.types } } },
    async (request, reply) => {
      const reports = await engine.typeReports(principalOf(request).tenant);
      return reply.header('cache-control', CACHE_CONTROL).send({ types: reports.map(typeBody) });
    },
  );
  const one = options('One job type');
  app.get(
    '/v1/types/:type',
    { ...one, schema: { ...one.schema, params: wire.typeParams, response: { 200: wire.type } } },
    (request, reply) => sendType(engine, request, reply),
  );
}

function declarePausing(app: FastifyInstance, { engine, wire, guard }: Face, keys: KeyAdmin | null): void {
  const options = (summary: string) => ({
    onRequest: guard('operate'),
    schema: { tags: ['types'], summary, params: wire.typeParams, response: { 200: wire.type } },
  });
  const summaries = {
    pause: 'Pause a type: jobs that run go on, submits are taken, nothing is started',
    resume: 'Start jobs of a paused type again',
  };
  for (const deed of ['pause', 'resume'] as const) {
    app.post(`/v1/types/:type/${deed}`, options(summaries[deed]), async (request, reply) => {
      await requireOperator(request, keys);
      await change(engine, request, deed);
      return sendType(engine, request, reply);
    });
  }
}

async function change(engine: Engine, request: FastifyRequest, deed: 'pause' | 'resume'): Promise<void> {
  const by = principalOf(request);
  const name = nameOf(request);
  const outcome = deed === 'pause' ? await engine.pauseType(name) : await engine.resumeType(name);
  if (outcome.kind === 'unknownType') throw unknownType(name, outcome.types);
  if (outcome.kind === 'unchanged') return;
  await engine.audit.note({ tenant: by.tenant, by, deed: `type.${deed}`, target: name, count: null, request: null });
}

/** Without keys of its own the server knows nothing about tenants: then it takes an admin. */
async function requireOperator(request: FastifyRequest, keys: KeyAdmin | null): Promise<void> {
  const { tenant, scopes } = principalOf(request);
  if (scopes.has('admin')) return;
  const all = (await keys?.list(null)) ?? null;
  const hasOthers = all === null || all.some((key) => key.tenant !== tenant && key.revokedAt === null);
  if (hasOthers) requireScope(request, 'admin', 'Other tenants have keys here, and a pause holds up their jobs, too.');
}

function nameOf(request: FastifyRequest): string {
  return (request.params as { readonly type: string }).type;
}

function unknownType(name: string, types: readonly string[]): BideError {
  return new BideError('TYPE_NOT_FOUND', `There is no job type ${name}.`, { types });
}

async function sendType(engine: Engine, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const name = nameOf(request);
  const [report] = await engine.typeReports(principalOf(request).tenant, name);
  if (report === undefined)
    throw unknownType(
      name,
      engine.types().map((type) => type.name),
    );
  return reply.header('cache-control', CACHE_CONTROL).send(typeBody(report));
}

function typeBody({ name, kind, slots, agingMs, expectedMs, limit, description, ...report }: TypeReport) {
  const { inputSchema, pausedAt, recent, errors, ...now } = report;
  const { running, waiting, oldestWaitingMs } = now;
  const last = recent.map(({ minutes, figures }) => [`last${minutes}Minutes`, figuresBody(figures)]);
  return {
    ...{ name, kind, slots, agingMs, expectedMs },
    limit: limit && { concurrency: limit.concurrency ?? null, rate: limit.rate ?? null, perKey: limit.isPerKey },
    ...{ description, inputSchema },
    ...{ paused: pausedAt !== null, pausedAt: isoTimeOrNull(pausedAt) },
    ...{ running, waiting, oldestWaitingMs },
    ...Object.fromEntries(last),
    errors,
  };
}
