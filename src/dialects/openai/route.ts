/** What all routes do alike: they find out who calls, run, and answer. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import type { Scope } from '../../core/scopes.ts';
import { noteCaller } from '../../http/caller.ts';
import type { Principal } from '../../http/dialect.ts';
import { credentialOf, principalOf, requireScope } from '../credentials.ts';
import type { Answer, Call, Context } from './call.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

export type Handle = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> | undefined;
/** An answer that is a reply already is on its way. */
export type Run = (call: Call) => Promise<Answer | FastifyReply> | Answer;
export type Route = (scope: Scope, run: Run) => Handle;

export function router(context: Context): Route {
  return (scope, run) => async (request, reply) => {
    const principal = await requireCaller(context, request);
    requireScope(principal, scope);
    // A reply that is on its way is awaited to its end here, or until its client goes away, and comes to nothing then.
    const answer = (await run({ context, request, reply, principal })) as Answer | FastifyReply | undefined;
    if (answer === undefined || !('text' in answer)) return reply;
    reply.header('x-request-id', request.id);
    const { status, text, headers = {} } = answer;
    return reply.headers(headers).code(status).type(JSON_TYPE).send(text);
  };
}

export async function requireCaller(context: Context, request: FastifyRequest): Promise<Principal> {
  const principal = await callerOf(context, request);
  if (principal === null) {
    throw new BideError('UNAUTHENTICATED', 'Incorrect API key provided: it must be a key of this server, as Bearer.');
  }
  noteCaller(request, principal.tenant);
  return principal;
}

export function callerOf({ auth }: Context, request: FastifyRequest): Principal | null | Promise<Principal | null> {
  const credential = credentialOf(request.headers.authorization);
  return credential === null ? null : principalOf(auth, credential.secret);
}
