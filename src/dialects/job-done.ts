/** Waiting for jobs on behalf of one HTTP request, through the one hold helper and the one registry of waiters. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Lookup, WaitRequest } from '../engine/api.ts';
import type { DialectContext } from '../http/dialect.ts';

/**
 * The jobs as they are when the wait is satisfied, its time is over, the server shuts down, or at once where the server holds
 * as many requests as it may: every one of these is an answer that a polling client understands. When the client goes away the
 * wait ends too, and what is answered reaches nobody.
 */
export async function waitFor(
  context: Pick<DialectContext<unknown>, 'engine' | 'holds'>,
  request: FastifyRequest,
  reply: FastifyReply,
  wait: Omit<WaitRequest, 'signal'>,
): Promise<readonly Lookup[]> {
  const { engine, holds } = context;
  if (wait.timeoutMs <= 0) return engine.read(wait.tenant, wait.ids);
  const held = holds.hold(request, reply, (signal) => engine.wait({ ...wait, signal }));
  return held === null ? engine.read(wait.tenant, wait.ids) : (await held).lookups;
}
