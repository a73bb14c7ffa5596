/**
 * Signing in and out: a key, or a link that stands for one, is exchanged for a cookie; the key itself is kept nowhere.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../core/errors.ts';
import type { Authenticator, Principal } from '../http/dialect.ts';
import { principalOfSession, requireOwnSite, SESSION_MS, sessionCookie } from '../http/session.ts';
import { isLoopback } from '../net/loopback.ts';
import type { Links } from './links.ts';
import { SESSION } from './paths.ts';

export interface SessionServices {
  readonly auth: Authenticator;
  readonly links: Links;
  /** Whether browsers reach this server by https only: then the cookie never travels in clear. */
  readonly isSecure: () => boolean;
}

const PROOF_LENGTH_MAX = 200;
/** Anybody may send one: more than a proof is not read. */
const BODY_BYTES_MAX = 1_000;
const BODY = {
  type: 'object',
  properties: {
    key: { type: 'string', maxLength: PROOF_LENGTH_MAX },
    link: { type: 'string', maxLength: PROOF_LENGTH_MAX },
  },
  additionalProperties: false,
} as const;

export function declareSessionRoutes(app: FastifyInstance, services: SessionServices): void {
  const { auth } = services;
  const hidden = { hide: true };
  app.get(SESSION, { schema: hidden }, async (request, reply) => {
    const principal = await principalOfSession(auth, request.raw);
    // To ask is no mistake: browsers write every refusal to their console.
    if (principal === null) return reply.code(204).send();
    return opened(services, principal, reply);
  });
  app.post<{ Body: Proof }>(
    SESSION,
    { schema: { ...hidden, body: BODY }, bodyLimit: BODY_BYTES_MAX },
    async (request, reply) => {
      requireOwnSite(request.headers);
      const principal = await provenBy(services, request);
      return opened(services, principal, reply);
    },
  );
  app.delete(SESSION, { schema: hidden }, async (request, reply) => {
    await principalOfSession(auth, request.raw);
    return reply.header('set-cookie', sessionCookie(null, services.isSecure())).code(204).send();
  });
}

interface Proof {
  readonly key?: string;
  readonly link?: string;
}

async function provenBy(
  { auth, links }: SessionServices,
  request: FastifyRequest<{ Body: Proof }>,
): Promise<Principal> {
  const { key, link } = request.body ?? {};
  if ((key === undefined) === (link === undefined)) {
    throw new BideError('INVALID_REQUEST', 'Send either key or link.');
  }
  const given = link === undefined ? key : linkedKey(links, link, request);
  const principal = given === undefined || given === null ? null : await auth.byKey(given);
  if (principal !== null) return principal;
  throw link === undefined
    ? new BideError('UNAUTHENTICATED', 'This key is unknown, revoked or expired.')
    : new BideError('UNAUTHENTICATED', 'This link was used before or is too old. Sign in with a key.');
}

function linkedKey(links: Links, link: string, { raw }: FastifyRequest): string | null {
  return isLoopback(raw.socket.remoteAddress ?? '') ? links.take(link) : null;
}

/** With a new cookie each time: a session lasts while it is used. */
async function opened({ auth, isSecure }: SessionServices, principal: Principal, reply: FastifyReply) {
  const { token, expiresAt } = await auth.issueToken(principal, SESSION_MS);
  void reply.header('set-cookie', sessionCookie(token, isSecure())).type('application/json; charset=utf-8');
  return reply.send({
    tenant: principal.tenant,
    keyId: principal.keyId,
    keyName: principal.keyName,
    scopes: [...principal.scopes],
    csrf: await auth.csrfOf(principal),
    expiresAt: new Date(expiresAt).toISOString(),
  });
}
