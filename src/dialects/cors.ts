/**
 * What lets browser apps of other origins call a face: for vendors whose own servers do so.
 *
 * Any origin may, since what proves a caller is a key or token that the app itself puts into a header, never a cookie that the browser
 * would add by itself. The headers stand on every answer, refusals included: without them a browser hides even the status.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';

export const CORS_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'retry-after',
} as const;

/** As `sendPlainJson` takes them. */
export const CORS_PAIRS: readonly string[] = Object.entries(CORS_HEADERS).flat();

const REQUEST_HEADERS = 'authorization, content-type, x-api-key';
const HEADER_NAMES = /^[\w ,-]{1,500}$/;
const SECONDS_MAX = 86_400;

/** Answers a preflight; the methods are those of the Allow header that is set on the reply. Headers that the app asks for are granted. */
export function answerPreflight({ headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const asked = headers['access-control-request-headers'] ?? '';
  return reply
    .headers({
      ...CORS_HEADERS,
      'access-control-allow-methods': String(reply.getHeader('allow') ?? ''),
      'access-control-allow-headers': HEADER_NAMES.test(asked) ? asked : REQUEST_HEADERS,
      'access-control-max-age': SECONDS_MAX,
      vary: 'access-control-request-headers',
    })
    .code(204)
    .send();
}
