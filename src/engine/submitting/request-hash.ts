/** Tells the replay of a submit from a different request under the same idempotency key. */
import { hash } from 'node:crypto';
import type { Json } from '../../core/job.ts';
import type { SubmitRequest } from '../api.ts';

/**
 * SHA-256, hex, over what the caller asked for: type, input and options as given, keys in a fixed order. What Bide adds
 * (id, times, defaults that a newer config may change) does not count, nor where the request came from.
 */
export function requestHash(request: SubmitRequest): string {
  const { type, input, tags, priority, runAt, delayMs, timeoutMs, deadlineMs, retry, retainMs, callback } = request;
  const { sequenceKey, unique, limit } = request;
  // Only where there is any: the hash of a submit without stays what it was.
  const after = request.after?.length ? [request.after, request.afterPolicy ?? 'succeeded'] : [];
  const asked = [
    ...[type, input, tags, priority, runAt, delayMs, timeoutMs, deadlineMs, retry, retainMs],
    ...[callback, sequenceKey, unique, limit, ...after],
  ];
  return hash('sha256', stableText(asked.map((part) => (part ?? null) as Json | null)), 'hex');
}

/** JSON with the keys of every object in order, so that equal values have equal texts. */
export function stableText(value: Json): string {
  return JSON.stringify(value, (_key, part: Json) => {
    if (part === null || typeof part !== 'object' || Array.isArray(part)) return part;
    const entries = Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries);
  });
}
