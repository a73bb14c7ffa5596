/** The `Idempotency-Key` header: the same key with the same request answers with the job of the first time. */
import type { FastifyRequest } from 'fastify';
import { invalid } from './problem.ts';

/** Undefined where there is none. Throws INVALID_REQUEST for one that is empty, too long or there twice. */
export function idempotencyKeyOf(request: FastifyRequest, lengthMax: number): string | undefined {
  const key = request.raw.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && key.length > 0 && key.length <= lengthMax) return key;
  throw invalid([
    { path: '/headers/idempotency-key', message: `must be 1 to ${lengthMax} characters (idempotencyKeyLengthMax)` },
  ]);
}
