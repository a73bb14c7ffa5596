/**
 * A bounded memory of answers that are good for a while: `get` forgets what is too old, `set` pushes out the oldest.
 *
 * All entries live equally long, so insertion order is order of expiry, and a Map that evicts its first entry needs no heap and no timer.
 */
export interface ExpiringMap<Value> {
  /** Undefined where nothing is known at `now`. */
  get(key: string, now: number): Value | undefined;
  set(key: string, value: Value, now: number): void;
  /** Forgets every entry whose value matches. */
  forget(matches: (value: Value) => boolean): void;
}

export function createExpiringMap<Value>(bounds: {
  readonly sizeMax: number;
  readonly lifeMs: number;
}): ExpiringMap<Value> {
  const entries = new Map<string, { readonly value: Value; readonly until: number }>();
  return {
    get(key, now) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (entry.until > now) return entry.value;
      entries.delete(key);
      return undefined;
    },
    set(key, value, now) {
      entries.delete(key);
      if (entries.size >= bounds.sizeMax) {
        for (const oldest of entries.keys()) {
          entries.delete(oldest);
          break;
        }
      }
      entries.set(key, { value, until: now + bounds.lifeMs });
    },
    forget(matches) {
      for (const [key, entry] of entries) if (matches(entry.value)) entries.delete(key);
    },
  };
}
