/**
 * Webhooks of the caller's tenant.
 *
 * A webhook is told of every job of its tenant, with results: whoever makes one can send all of that away. So all of this needs `operate`,
 * which a key that only submits does not have; `admin` would be too much, since it manages the keys of all tenants.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Deed } from '../../core/deed.ts';
import type { Json } from '../../core/job.ts';
import type { Endpoint } from '../../core/webhooks/endpoint.ts';
import { compileCheck } from '../schema-check.ts';
import type { Face } from './face.ts';
import { maybeBody } from './openapi/optional-bodies.ts';
import { principalOf } from './principal.ts';
import { invalid } from './problem.ts';
import { webhookBody } from './webhook-bodies.ts';
import type { SecretBody, WebhookBody, WebhookChangeBody } from './wire.ts';

const TAGS = ['webhooks'];
const PATH = '/v1/webhooks';

export function declareWebhookRoutes(app: FastifyInstance, face: Face): void {
  declareMaking(app, face);
  declareChanging(app, face);
  declareSecrets(app, face);
}

function declareMaking(app: FastifyInstance, face: Face): void {
  const { engine, wire, guard } = face;
  const onRequest = guard('operate');
  app.post(
    PATH,
    {
      onRequest,
      schema: { tags: TAGS, summary: 'Make a webhook', body: wire.webhookBody, response: { 201: wire.webhookCreated } },
    },
    async (request, reply) => {
      const draft = request.body as WebhookBody;
      const made = await engine.webhooks.create(principalOf(request).tenant, draft);
      await note(face, request, { deed: 'webhook.create', target: made.id, request: asked(made) });
      reply.code(201).header('cache-control', 'no-store');
      return { ...webhookBody(made), secret: newestOf(made) };
    },
  );
  app.get(
    PATH,
    { onRequest, schema: { tags: TAGS, summary: 'List webhooks, oldest first', response: { 200: wire.webhooks } } },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      return { webhooks: (await engine.webhooks.list(principalOf(request).tenant)).map(webhookBody) };
    },
  );
}

function declareChanging(app: FastifyInstance, face: Face): void {
  const { engine, wire, guard } = face;
  const onRequest = guard('operate');
  const params = wire.webhookParams;
  app.get(
    `${PATH}/:id`,
    { onRequest, schema: { tags: TAGS, summary: 'Read a webhook', params, response: { 200: wire.webhook } } },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      return webhookBody(await engine.webhooks.read(principalOf(request).tenant, idOf(request)));
    },
  );
  app.patch(
    `${PATH}/:id`,
    {
      onRequest,
      schema: {
        tags: TAGS,
        summary: 'Change a webhook, disable it, or enable it again',
        params,
        body: wire.webhookChange,
        response: { 200: wire.webhook },
      },
    },
    async (request) => {
      const change = request.body as WebhookChangeBody;
      const changed = await engine.webhooks.update(principalOf(request).tenant, idOf(request), change);
      await note(face, request, {
        deed: 'webhook.change',
        target: changed.id,
        request: { ...change, ...hostOnly(change.url) } as Json,
      });
      return webhookBody(changed);
    },
  );
  app.delete(
    `${PATH}/:id`,
    {
      onRequest,
      schema: {
        tags: TAGS,
        summary: 'Remove a webhook; what waits for it is given up',
        params,
        response: { 204: { type: 'null', description: 'Removed.' } },
      },
    },
    async (request, reply) => {
      await engine.webhooks.remove(principalOf(request).tenant, idOf(request));
      await note(face, request, { deed: 'webhook.remove', target: idOf(request), request: null });
      return reply.code(204).send();
    },
  );
}

function declareSecrets(app: FastifyInstance, face: Face): void {
  const { engine, wire, guard } = face;
  const onRequest = guard('operate');
  const check = compileCheck(wire.secretBody);
  const secretOf = (request: FastifyRequest) => {
    const issues = check(request.body ?? {});
    if (issues !== null) throw invalid(issues);
    return (request.body as SecretBody | undefined)?.secret;
  };
  app.post(
    `${PATH}/:id/rotate`,
    {
      onRequest,
      config: maybeBody(wire.secretBody),
      schema: {
        tags: TAGS,
        summary: 'Give it a new secret; for a day the old one signs too',
        params: wire.webhookParams,
        response: { 200: wire.webhookCreated },
      },
    },
    async (request, reply) => {
      const rotated = await engine.webhooks.rotate(principalOf(request).tenant, idOf(request), secretOf(request));
      await note(face, request, { deed: 'webhook.change', target: rotated.id, request: { rotated: true } });
      reply.header('cache-control', 'no-store');
      return { ...webhookBody(rotated), secret: newestOf(rotated) };
    },
  );
  app.get(
    `${PATH}/secret`,
    {
      onRequest,
      schema: { tags: TAGS, summary: 'The secret that signs callbacks of jobs', response: { 200: wire.secret } },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      return { secret: await engine.webhooks.callbackSecret(principalOf(request).tenant) };
    },
  );
  app.post(
    `${PATH}/secret/rotate`,
    {
      onRequest,
      config: maybeBody(wire.secretBody),
      schema: {
        tags: TAGS,
        summary: 'Replace the secret of callbacks; for a day the old one signs too',
        response: { 200: wire.secret },
      },
    },
    async (request, reply) => {
      const secret = await engine.webhooks.rotateCallbackSecret(principalOf(request).tenant, secretOf(request));
      await note(face, request, { deed: 'webhook.change', target: 'secret', request: { rotated: true } });
      reply.header('cache-control', 'no-store');
      return { secret };
    },
  );
}

export function idOf(request: FastifyRequest): string {
  return (request.params as { readonly id: string }).id;
}

async function note(
  { engine }: Face,
  request: FastifyRequest,
  deed: Pick<Deed, 'deed' | 'target' | 'request'>,
): Promise<void> {
  const by = principalOf(request);
  await engine.audit.note({ tenant: by.tenant, by, count: null, ...deed });
}

/** For the audit, which others read: of the URL only where it leads. */
function asked({ url, events, types, tags }: Endpoint): Json {
  return { ...hostOnly(url), events, types, tags };
}

function hostOnly(url: string | undefined): { readonly url?: string } {
  return url === undefined ? {} : { url: URL.parse(url)?.origin ?? '' };
}

function newestOf({ secrets }: Endpoint): string {
  return secrets[0]?.secret ?? '';
}
