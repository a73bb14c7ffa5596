/**
 * Failures of requests, told at a bearable rate.
 *
 * While the database is away every request fails in the same way, thousands a second where clients retry; a line with a stack for
 * each would fill the disk before the database is back. So of failures with one code the first is told at once, and then one
 * every `TELL_MS` with the number of those that were not.
 */
import type { Logger } from './log.ts';

const TELL_MS = 10_000;

export interface FailedRequest {
  readonly error: unknown;
  readonly requestId: string;
  readonly dialect: string;
}

/** @param steady ms of a counter that never jumps */
export function createFailureLog(
  logger: Pick<Logger, 'error'>,
  steady: () => number = () => performance.now(),
): (failed: FailedRequest) => void {
  const told = new Map<string, { at: number; suppressed: number }>();
  return ({ error, ...where }) => {
    const code = codeOf(error);
    const last = told.get(code);
    if (last !== undefined && steady() - last.at < TELL_MS) {
      last.suppressed += 1;
      return;
    }
    const suppressed = last?.suppressed ?? 0;
    told.set(code, { at: steady(), suppressed: 0 });
    logger.error({ err: error, ...where, ...(suppressed === 0 ? {} : { suppressed }) }, 'request failed');
  };
}

/** Codes are few: those of our own table and of Fastify. What has none shares one place. */
function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
