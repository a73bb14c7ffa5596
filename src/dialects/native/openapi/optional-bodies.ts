/** Bodies that may be left out: Fastify's schema of a body cannot say so, so their routes check them by hand, and name them here for the document. */
import type { TSchema } from 'typebox';

const KEY = 'bide.maybeBody';

/** Says it in the document until that is complete. */
export const MAYBE_BODY = 'x-maybe-body';

export function maybeBody(schema: TSchema): object {
  return { [KEY]: schema };
}

/** What the route says its body may be; undefined where it says nothing. */
export function maybeBodyOf(config: unknown): TSchema | undefined {
  return (config as { readonly [KEY]?: TSchema } | undefined)?.[KEY];
}
