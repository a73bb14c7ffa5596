/** Lists as the vendor has them: `after` and `limit`, and whether there is more. */
import { type Answer, type Call, ok } from './call.ts';
import { invalidParam } from './errors.ts';
import type { NamedIds } from './named-ids.ts';

export interface Page {
  readonly limit: number;
  /** The id of the last one seen; null for the beginning. */
  readonly after: string | null;
}

export function pageOf(
  { request }: Pick<Call, 'request'>,
  ids: NamedIds,
  { limit: usual, limitMax }: { readonly limit: number; readonly limitMax: number },
): Page {
  const { limit = String(usual), after } = request.query as Readonly<Record<string, unknown>>;
  const count = typeof limit === 'string' && /^\d{1,6}$/.test(limit) ? Number(limit) : 0;
  if (count < 1 || count > limitMax)
    throw invalidParam('limit', `Invalid value for 'limit': it must be a whole number from 1 to ${limitMax}.`);
  if (after === undefined) return { limit: count, after: null };
  const id = typeof after === 'string' ? ids.read(after) : null;
  if (id === null)
    throw invalidParam('after', "Invalid value for 'after': it must be the id of the last one of a page.");
  return { limit: count, after: id };
}

/** @param found one more than fits, where there is one */
export function listAnswer(found: readonly { readonly id: string }[], limit: number): Answer {
  const data = found.slice(0, limit);
  const [first, last] = [data[0]?.id ?? null, data.at(-1)?.id ?? null];
  const has_more = found.length > limit;
  return ok(JSON.stringify({ object: 'list', data, first_id: first, last_id: last, has_more }));
}
