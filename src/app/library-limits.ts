/** Limits per key for programs that hold the engine themselves: the calls of the client, without HTTP. */
import { requireKnown } from '../client/known-options.ts';
import type { LimitBody, LimitBounds } from '../client/wire-limits.ts';
import { limitBody } from '../dialects/native/limit-bodies.ts';
import type { RunningEngine } from '../engine/index.ts';

/** LIMIT_INVALID for a key or bounds that cannot be, LIMIT_NOT_FOUND where there is no such key. */
export interface LibraryLimits {
  /** By key. */
  list(): AsyncGenerator<LimitBody, void, undefined>;
  get(key: string): Promise<LimitBody>;
  /** Holds from now on, whatever jobs say of the key. */
  set(key: string, bounds: LimitBounds): Promise<LimitBody>;
  /** What jobs say holds again. */
  remove(key: string): Promise<void>;
  /** Nothing of it starts until the time is over, or it is opened; what runs goes on. */
  close(key: string, options?: { readonly closeMs?: number | undefined }): Promise<LimitBody>;
  open(key: string): Promise<LimitBody>;
}

type KeyLimitEngine = Pick<RunningEngine, 'keyLimits' | 'clock'>;

const PAGE = 500;

export function libraryLimits({ keyLimits, clock }: KeyLimitEngine, tenant: string): LibraryLimits {
  const body = (row: Awaited<ReturnType<KeyLimitEngine['keyLimits']['read']>>) => limitBody(row, clock.now());
  return {
    async *list() {
      for (let after: string | undefined; ; ) {
        const rows = await keyLimits.list(tenant, { after, limit: PAGE });
        for (const row of rows) yield body(row);
        after = rows.at(-1)?.key;
        if (rows.length < PAGE) return;
      }
    },
    get: async (key) => body(await keyLimits.read(tenant, key)),
    set: async (key, bounds) => body(await keyLimits.set(tenant, key, bounds)),
    remove: (key) => keyLimits.remove(tenant, key),
    async close(key, options = {}) {
      requireKnown('limits.close', options, ['closeMs']);
      return body(await keyLimits.close(tenant, key, options.closeMs ?? null));
    },
    open: async (key) => body(await keyLimits.open(tenant, key)),
  };
}
