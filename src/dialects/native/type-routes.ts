/**
 * The job types that this server takes, and pausing them.
 *
 * A pause holds for all tenants: a claim takes the jobs of all of them in one order, and stepping over a million jobs of a paused one would cost
 * each claim as much. So the scope `operate`, which is else about one's own jobs, is enough only where no other tenant has a key.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import type { Engine, PauseOutcome, TypeFacts } from '../../engine/api.ts';
import type { KeyAdmin } from '../../http/dialect.ts';
import { CACHE_CONTROL, type Face } from './face.ts';
import { principalOf, requireScope } from './principal.ts';
import { isoTime } from './status.ts';

export function declareTypeRoutes(app: FastifyInstance, face: Face, keys: KeyAdmin | null): void {
  declareReading(app, face);
  declarePausing(app, face, keys);
}

function declareReading(app: FastifyInstance, { engine, wire, guard }: Face): void {
  const options = (summary: string) => ({ onRequest: guard('read'), schema: { tags: ['types'], summary } });
  const list = options('The job types that this server takes');
  app.get('/v1/types', { ...list, schema: { ...list.schema, response: { 200: wire.types } } }, (_request, reply) =>
    reply.header('cache-control', CACHE_CONTROL).send({ types: engine.types().map(typeBody) }),
  );
  const one = options('One job type');
  app.get(
    '/v1/types/:type',
    { ...one, schema: { ...one.schema, params: wire.typeParams, response: { 200: wire.type } } },
    (request, reply) => sendType(engine, nameOf(request), reply),
  );
}

function declarePausing(app: FastifyInstance, { engine, wire, guard }: Face, keys: KeyAdmin | null): void {
  const options = (summary: string) => ({
    onRequest: guard('operate'),
    schema: { tags: ['types'], summary, params: wire.typeParams, response: { 200: wire.type } },
  });
  app.post(
    '/v1/types/:type/pause',
    options('Pause a type: jobs that run go on, submits are taken, nothing is started'),
    async (request, reply) => {
      await requireOperator(request, keys);
      requireKnownType(nameOf(request), await engine.pauseType(nameOf(request)));
      return sendType(engine, nameOf(request), reply);
    },
  );
  app.post('/v1/types/:type/resume', options('Start jobs of a paused type again'), async (request, reply) => {
    await requireOperator(request, keys);
    requireKnownType(nameOf(request), await engine.resumeType(nameOf(request)));
    return sendType(engine, nameOf(request), reply);
  });
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

function requireKnownType(name: string, outcome: PauseOutcome): void {
  if (outcome.kind === 'unknownType') throw unknownType(name, outcome.types);
}

function unknownType(name: string, types: readonly string[]): BideError {
  return new BideError('TYPE_NOT_FOUND', `There is no job type ${name}.`, { types });
}

function sendType(engine: Engine, name: string, reply: FastifyReply): FastifyReply {
  const types = engine.types();
  const found = types.find((type) => type.name === name);
  if (found === undefined)
    throw unknownType(
      name,
      types.map((type) => type.name),
    );
  return reply.header('cache-control', CACHE_CONTROL).send(typeBody(found));
}

function typeBody({ name, kind, slots, pausedAt }: TypeFacts) {
  return { name, kind, slots, paused: pausedAt !== null, pausedAt: pausedAt === null ? null : isoTime(pausedAt) };
}
