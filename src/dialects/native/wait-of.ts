/** How long a request wants to be held: `?wait=N` or `Prefer: wait=N`, in seconds; the query wins. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { invalid } from './problem.ts';

const PREFER_WAIT = /(?:^|[,;\s])wait\s*=\s*"?([^",;\s]*)"?/i;
const SECONDS = /^\d{1,9}(?:\.\d{1,6})?$/;

/** Ms, at most `maxMs`: a longer wait is a loop of the client, who is not refused for asking. */
export function waitMsOf(seconds: number | undefined, maxMs: number): number {
  return seconds === undefined ? 0 : Math.min(Math.round(seconds * 1_000), maxMs);
}

/** The wait of a request, with Preference-Applied set where it came by the header. Throws INVALID_REQUEST for a wait that is no duration. */
export function requestWaitMs(
  request: FastifyRequest,
  reply: FastifyReply,
  query: { readonly wait?: number },
  maxMs: number,
): number {
  if (query.wait !== undefined) return waitMsOf(query.wait, maxMs);
  const { prefer } = request.raw.headers;
  if (prefer === undefined) return 0;
  const text = PREFER_WAIT.exec(typeof prefer === 'string' ? prefer : prefer.join(','))?.[1];
  if (text === undefined) return 0;
  if (!SECONDS.test(text)) throw invalid([{ path: '/headers/prefer', message: 'must say wait as seconds, from 0' }]);
  const waitMs = waitMsOf(Number(text), maxMs);
  reply.header('preference-applied', `wait=${waitMs / 1_000}`);
  return waitMs;
}
