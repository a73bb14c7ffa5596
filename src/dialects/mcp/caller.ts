/** Whose key came with a request: as a bearer token, or where other clients of Bide put it. */
import type { FastifyRequest } from 'fastify';
import { credentialOf, principalOf } from '../credentials.ts';
import type { Context } from './call.ts';

export function callerOf({ auth }: Pick<Context, 'auth'>, { headers }: FastifyRequest): ReturnType<typeof principalOf> {
  const credential = credentialOf(headers.authorization) ?? credentialOf(headers['x-api-key']);
  return credential === null ? null : principalOf(auth, credential.secret);
}
