/**
 * Ends what is held open for keys that are no longer in force: revoked by another process, or expired while they waited.
 *
 * A request is checked when it comes; a stream of ten minutes would outlive its key by as long. So the keys that something is held for
 * are looked at every `keyCacheMs`, which is also how long a revocation takes to be known elsewhere. What this process revokes itself
 * ends at once, without this.
 */
import type { Limits } from '../core/limits.ts';
import type { KeyStore } from '../engine/api.ts';
import type { CancelTimer, Clock } from '../engine/clock.ts';
import { isInForce } from './auth.ts';
import type { Holds } from './hold.ts';

export interface KeyWatchOptions {
  readonly store: Pick<KeyStore, 'keyRead'>;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'keyCacheMs'>;
  readonly holds: Pick<Holds, 'keyIds' | 'endKey' | 'endOver'>;
}

/** @returns ends the watch. */
export function watchKeys({ store, clock, limits, holds }: KeyWatchOptions): () => void {
  let isOn = true;
  let cancel: CancelTimer;
  const look = async () => {
    holds.endOver(clock.now());
    for (const id of holds.keyIds()) {
      const key = await store.keyRead(id);
      // No key at all: a caller whom the surrounding app knows by itself.
      if (key !== null && !isInForce(key, clock.now())) holds.endKey(id);
    }
  };
  const begin = () => {
    cancel = clock.after(limits.keyCacheMs, () => {
      // A store that is away says nothing about keys: the next look will.
      void look()
        .catch(() => {})
        .then(() => {
          if (isOn) begin();
        });
    });
  };
  begin();
  return () => {
    isOn = false;
    cancel();
  };
}
