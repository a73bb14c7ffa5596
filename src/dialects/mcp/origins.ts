/**
 * Which web pages may call. A browser that was led to this address under a foreign name says so in `Origin`; programs send none.
 */
import type { FastifyRequest } from 'fastify';
import { RpcError } from './rpc.ts';

const FORBIDDEN = 403;
const OWN_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Pages of this machine, and those that the config names. */
export function requireOrigin({ headers: { origin } }: FastifyRequest, allowed: readonly string[]): void {
  if (origin === undefined || allowed.includes(origin)) return;
  if (URL.canParse(origin) && OWN_NAMES.has(new URL(origin).hostname)) return;
  const message = 'Pages of this origin may not call: name it in dialects.mcp.options.origins if they are to.';
  throw new RpcError(FORBIDDEN, message, { status: FORBIDDEN });
}
