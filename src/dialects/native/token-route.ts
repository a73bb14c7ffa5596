/**
 * A token with which a page may read this one job: `src/http/job-tokens.ts`. Whoever may read the job may give that away for a while; no line in the
 * audit, since reading is nobody's deed.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { compileCheck } from '../schema-check.ts';
import type { Face } from './face.ts';
import { requireFound, requireJobId } from './mapping.ts';
import { maybeBody } from './openapi/optional-bodies.ts';
import { principalOf } from './principal.ts';
import { invalid } from './problem.ts';
import { isoTime } from './status.ts';
import type { TokenBody } from './wire.ts';
import { TTL_MS } from './wire-tokens.ts';

export function declareTokenRoute(app: FastifyInstance, face: Face): void {
  const { engine, wire, guard, jobTokens } = face;
  const check = compileCheck(wire.tokenBody);
  app.post(
    '/v1/jobs/:id/token',
    {
      onRequest: guard('read'),
      config: maybeBody(wire.tokenBody),
      schema: {
        tags: ['jobs'],
        summary: 'Make a token with which a page may read this one job for a while',
        params: wire.idParams,
        response: { 201: wire.token },
      },
    },
    async (request, reply) => {
      const ttlMs = ttlMsOf(request, check);
      const { tenant, keyId } = principalOf(request);
      const id = requireJobId((request.params as { readonly id: string }).id);
      const { job } = requireFound((await engine.read(tenant, [id]))[0]);
      const { token, endsAt } = await jobTokens({ keyId, jobId: job.id, endsAt: engine.clock.now() + ttlMs });
      reply.code(201).header('cache-control', 'no-store');
      return { token, expiresAt: isoTime(endsAt) };
    },
  );
}

function ttlMsOf({ body }: FastifyRequest, check: ReturnType<typeof compileCheck>): number {
  const issues = check(body ?? {});
  if (issues !== null) throw invalid(issues);
  return (body as TokenBody | undefined)?.ttlMs ?? TTL_MS;
}
