/**
 * One line per request at `info`: method, path, status and time. Below that level it costs nothing.
 *
 * The query is left out, since some vendors put keys into it. What balancers ask every second is told at `debug`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from './log.ts';

const PROBES = new Set(['/healthz', '/readyz', '/metrics']);

/** Null where nobody would read the lines. */
export function createRequestLog(
  logger: Pick<Logger, 'info' | 'debug' | 'isLevelEnabled'>,
): ((request: IncomingMessage, response: ServerResponse) => void) | null {
  if (!logger.isLevelEnabled('info')) return null;
  return (request, response) => {
    const begun = performance.now();
    const { method } = request;
    const [path = ''] = (request.url ?? '').split('?', 1);
    const from = request.socket.remoteAddress;
    response.once('close', () => {
      const ms = Math.round(performance.now() - begun);
      const line = { method, path, status: response.statusCode, ms, from };
      // Closed before its end: the client went away, and the status was never seen.
      const text = response.writableFinished ? 'request' : 'request, left unanswered';
      if (PROBES.has(path)) logger.debug(line, text);
      else logger.info(line, text);
    });
  };
}
