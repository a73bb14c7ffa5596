/** What clients of OAuth look for (RFC 9728): where keys go, and where they come from. There is no authorization server to be sent to. */
import type { FastifyRequest } from 'fastify';
import type { BideError } from '../../core/errors.ts';
import type { Context } from './call.ts';

export const METADATA_PATH = '/.well-known/oauth-protected-resource';

export function resourceMetadata(context: Context, request: FastifyRequest): object {
  const resource = context.publicUrl(request);
  return {
    resource,
    resource_name: 'Bide',
    resource_documentation: new URL('/docs', resource).href,
    bearer_methods_supported: ['header'],
    scopes_supported: ['submit', 'read'],
  };
}

/** The header of a refusal; none for one that has nothing to do with keys. */
export function challengeOf(context: Context, request: FastifyRequest, error: BideError): Record<string, string> {
  const metadata = `resource_metadata="${context.publicUrl(request)}${METADATA_PATH}"`;
  const { kind, details } = error;
  if (kind === 'unauthorized') {
    const reason = request.headers.authorization === undefined ? '' : 'error="invalid_token", ';
    return { 'www-authenticate': `Bearer ${reason}${metadata}` };
  }
  if (kind !== 'forbidden') return {};
  const scope = typeof details.scope === 'string' ? `scope="${details.scope}", ` : '';
  return { 'www-authenticate': `Bearer error="insufficient_scope", ${scope}${metadata}` };
}
