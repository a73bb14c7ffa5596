/** The log of deliveries, by webhook and by job, and making them again. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import type { DeliveryFilter, DeliveryRecord } from '../../engine/api.ts';
import type { Face } from './face.ts';
import { requireFound, requireJobId, requireTime } from './mapping.ts';
import { principalOf } from './principal.ts';
import { deliveryBody } from './webhook-bodies.ts';
import { idOf } from './webhook-routes.ts';
import type { DeliveriesQuery, RedeliverBody } from './wire.ts';

const TAGS = ['webhooks'];
const LIST_LIMIT = 50;

/** What the deliveries of a path belong to. */
type Owner = Pick<DeliveryFilter, 'endpointId' | 'jobId'>;

export function declareDeliveryRoutes(app: FastifyInstance, face: Face): void {
  declareOfWebhook(app, face);
  declareOfJob(app, face);
}

function declareOfWebhook(app: FastifyInstance, face: Face): void {
  const { engine, wire, guard } = face;
  const path = '/v1/webhooks/:id';
  const owner = async (request: FastifyRequest) => {
    const { id } = await engine.webhooks.read(principalOf(request).tenant, idOf(request));
    return { endpointId: id };
  };
  declareReading(app, face, { path, scope: 'operate', owner, params: wire.webhookParams, of: 'webhook' });
  app.post(
    `${path}/test`,
    {
      onRequest: guard('operate'),
      schema: {
        tags: TAGS,
        summary: 'Send it an event webhook.test; the delivery tells what came of it',
        params: wire.webhookParams,
        response: { 202: wire.delivery },
      },
    },
    async (request, reply) => {
      const { tenant } = principalOf(request);
      const number = await engine.webhooks.test(tenant, idOf(request));
      reply.code(202).header('cache-control', 'no-store');
      return whole(face, tenant, { endpointId: idOf(request) }, number);
    },
  );
  app.post(
    `${path}/deliveries/redeliver`,
    {
      onRequest: guard('operate'),
      schema: {
        tags: TAGS,
        summary: 'Make all that failed since a time again',
        params: wire.webhookParams,
        body: wire.redeliverBody,
        response: { 202: wire.redelivered },
      },
    },
    async (request, reply) => {
      const from = requireTime((request.body as RedeliverBody).failedSince, '/failedSince');
      const count = await engine.webhooks.redeliverFailed(principalOf(request).tenant, idOf(request), from);
      reply.code(202);
      return { count };
    },
  );
}

function declareOfJob(app: FastifyInstance, face: Face): void {
  const { engine, wire } = face;
  const owner = async (request: FastifyRequest) => {
    const id = requireJobId(idOf(request));
    const [lookup] = await engine.read(principalOf(request).tenant, [id]);
    return { jobId: requireFound(lookup).job.id };
  };
  declareReading(app, face, { path: '/v1/jobs/:id', scope: 'read', owner, params: wire.idParams, of: 'job' });
}

interface Place {
  readonly path: string;
  readonly scope: 'operate' | 'read';
  readonly owner: (request: FastifyRequest) => Promise<Owner>;
  readonly params: object;
  readonly of: 'job' | 'webhook';
}

function declareReading(app: FastifyInstance, face: Face, { path, scope, owner, params, of }: Place): void {
  const { engine, wire, guard } = face;
  const ofOne = wire.deliveryParams(of);
  app.get(
    `${path}/deliveries`,
    {
      onRequest: guard(scope),
      schema: {
        tags: TAGS,
        summary: `List the deliveries of a ${of}, the newest first`,
        params,
        querystring: wire.deliveriesQuery,
        response: { 200: wire.deliveries },
      },
    },
    async (request, reply) => list(face, request, reply, await owner(request)),
  );
  app.get(
    `${path}/deliveries/:delivery`,
    {
      onRequest: guard('operate'),
      schema: {
        tags: TAGS,
        summary: 'Read a delivery with what is sent',
        params: ofOne,
        response: { 200: wire.delivery },
      },
    },
    async (request, reply) => {
      const { tenant } = principalOf(request);
      reply.header('cache-control', 'no-store');
      return whole(face, tenant, await owner(request), await numberOf(face, request));
    },
  );
  app.post(
    `${path}/deliveries/:delivery/redeliver`,
    {
      onRequest: guard('operate'),
      schema: { tags: TAGS, summary: 'Make a delivery again', params: ofOne, response: { 202: wire.delivery } },
    },
    async (request, reply) => {
      const { tenant } = principalOf(request);
      const place = await owner(request);
      const number = await numberOf(face, request);
      await engine.webhooks.redeliver(tenant, { ...place, number });
      reply.code(202).header('cache-control', 'no-store');
      return whole(face, tenant, place, number);
    },
  );
}

async function list(face: Face, request: FastifyRequest, reply: FastifyReply, owner: Owner): Promise<object> {
  const { engine, numbers } = face;
  const { tenant } = principalOf(request);
  const { state, cursor, limit = LIST_LIMIT } = request.query as DeliveriesQuery;
  const after = cursor === undefined ? undefined : await numbers.open(tenant, cursor);
  if (after === null) throw new BideError('INVALID_CURSOR');
  const found = await engine.webhooks.deliveries({
    ...owner,
    tenant,
    limit,
    ...(state === undefined ? {} : { states: state }),
    ...(after === undefined ? {} : { after }),
  });
  reply.header('cache-control', 'no-store');
  const last = found.length < limit ? undefined : found.at(-1);
  const next = last === undefined ? null : await numbers.seal(tenant, last.number);
  return { deliveries: await Promise.all(found.map((record) => bodyOf(face, tenant, record))), next };
}

async function bodyOf({ numbers }: Face, tenant: string, record: DeliveryRecord): Promise<object> {
  return deliveryBody(record, await numbers.seal(tenant, record.number));
}

async function whole(face: Face, tenant: string, owner: Owner, number: number): Promise<object> {
  const found = await face.engine.webhooks.delivery(tenant, { ...owner, number });
  return { ...(await bodyOf(face, tenant, found)), headers: found.headers, body: found.body };
}

async function numberOf({ numbers }: Face, request: FastifyRequest): Promise<number> {
  const { delivery } = request.params as { readonly delivery: string };
  const number = await numbers.open(principalOf(request).tenant, delivery);
  if (number === null) throw new BideError('DELIVERY_NOT_FOUND', undefined, { id: delivery.slice(0, 100) });
  return number;
}
