/** Limits per key of the caller's tenant. Changes need a key with the scope operate. */
import type { CallOptions } from './commanding.ts';
import { requireKnown } from './known-options.ts';
import type { Call, Transport } from './transport.ts';
import type { LimitBody, LimitBounds, LimitsPage } from './wire-limits.ts';

export interface LimitsPageOptions extends CallOptions {
  /** The `next` of the page before. */
  readonly after?: string | undefined;
  readonly pageSize?: number | undefined;
}

export interface CloseOptions extends CallOptions {
  /** From now; until it is opened unless told. */
  readonly closeMs?: number | undefined;
}

export type KeyLimits = ReturnType<typeof limitsOf>;

const PATH = '/v1/limits';

export function limitsOf(transport: Transport) {
  const ask = async <T>(facts: Pick<Call, 'method' | 'path' | 'query' | 'json'>, { signal }: CallOptions) =>
    (await transport.call({ ...facts, isRepeatable: true, signal })).body as T;

  function page(options: LimitsPageOptions): Promise<LimitsPage> {
    const query = new URLSearchParams();
    if (options.after !== undefined) query.set('after', options.after);
    if (options.pageSize !== undefined) query.set('limit', String(options.pageSize));
    return ask<LimitsPage>({ method: 'GET', path: PATH, query }, options);
  }

  async function* all(options: Omit<LimitsPageOptions, 'after'>): AsyncGenerator<LimitBody, void, undefined> {
    for (let after: string | null | undefined; after !== null; ) {
      const { limits, next } = await page({ ...options, after });
      yield* limits;
      after = next;
    }
  }

  return {
    /** Keys that are known, by key. */
    list(options: Omit<LimitsPageOptions, 'after'> = {}): AsyncGenerator<LimitBody, void, undefined> {
      requireKnown('limits.list', options, ['pageSize', 'signal']);
      return all(options);
    },
    listPage(options: LimitsPageOptions = {}): Promise<LimitsPage> {
      requireKnown('limits.listPage', options, ['after', 'pageSize', 'signal']);
      return page(options);
    },
    get: (key: string, options: CallOptions = {}) => ask<LimitBody>({ method: 'GET', path: at(key) }, options),
    /** Holds from now on, whatever jobs say. */
    set: (key: string, bounds: LimitBounds, options: CallOptions = {}) =>
      ask<LimitBody>({ method: 'PUT', path: at(key), json: bounds }, options),
    /** Jobs have the say again. */
    remove: (key: string, options: CallOptions = {}) => ask<void>({ method: 'DELETE', path: at(key) }, options),
    /** Nothing of the key starts; what runs goes on. */
    close(key: string, options: CloseOptions = {}): Promise<LimitBody> {
      requireKnown('limits.close', options, ['closeMs', 'signal']);
      const { closeMs } = options;
      const json = closeMs === undefined ? {} : { untilMs: closeMs };
      return ask<LimitBody>({ method: 'POST', path: at(key, '/close'), json }, options);
    },
    open: (key: string, options: CallOptions = {}) =>
      ask<LimitBody>({ method: 'POST', path: at(key, '/open') }, options),
  };
}

function at(key: string, below = ''): string {
  return `${PATH}/${encodeURIComponent(key)}${below}`;
}
