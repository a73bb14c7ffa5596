/** Managing API keys over HTTP, for admins: the only way while a server holds the data folder. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import type { KeyAdmin } from '../../http/dialect.ts';
import { auditedKeys } from './audited-keys.ts';
import type { Face } from './face.ts';
import { keyBody } from './mapping.ts';
import { principalOf } from './principal.ts';
import type { KeyBody, KeysQuery } from './wire.ts';

export function declareKeyRoutes(app: FastifyInstance, face: Face, keys: KeyAdmin): void {
  const { wire, guard, engine } = face;
  const onRequest = guard('admin');
  const audited = (request: FastifyRequest) => {
    const by = principalOf(request);
    return auditedKeys(keys, { audit: engine.audit, tenant: by.tenant, by });
  };
  app.post(
    '/v1/keys',
    {
      onRequest,
      schema: { tags: ['keys'], summary: 'Make a key', body: wire.keyBody, response: { 201: wire.keyCreated } },
    },
    async (request, reply) => {
      const { name, tenant, scopes, expiresAt } = request.body as KeyBody;
      const draft = {
        name,
        scopes,
        tenant: tenant ?? principalOf(request).tenant,
        expiresAt: expiresAt == null ? null : Date.parse(expiresAt),
      };
      const { key, stored } = await audited(request).create(draft);
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({ ...keyBody(stored), key });
    },
  );
  app.get(
    '/v1/keys',
    {
      onRequest,
      schema: {
        tags: ['keys'],
        summary: 'List keys, revoked ones included',
        querystring: wire.keysQuery,
        response: { 200: wire.keys },
      },
    },
    async (request, reply) => {
      const { tenant } = request.query as KeysQuery;
      reply.header('cache-control', 'no-store');
      return { keys: (await keys.list(tenant ?? null)).map(keyBody) };
    },
  );
  app.delete(
    '/v1/keys/:id',
    {
      onRequest,
      schema: {
        tags: ['keys'],
        summary: 'Revoke a key',
        params: wire.keyParams,
        response: { 204: { type: 'null', description: 'Revoked; its tokens end with it.' } },
      },
    },
    async (request, reply) => {
      const { id } = request.params as { id: string };
      if (!(await audited(request).revoke(id))) {
        throw new BideError('KEY_NOT_FOUND', undefined, { id: id.slice(0, 100) });
      }
      return reply.code(204).send();
    },
  );
}
