/**
 * Held requests: a caller waits, and costs a map entry and a listener until they are answered.
 *
 * A hold ends when its wait resolves, when the client goes away or its key is no longer in force (the signal fires), or when the server
 * closes: then the wait resolves by itself, since the engine ends its waits. From the first moment of a shutdown on, the answer asks the client to
 * close the connection.
 */
import type { FastifyReply } from 'fastify';
import { BideError } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import type { Hold, Principal } from './dialect.ts';
import { createShares } from './shares.ts';

export interface Holds extends Hold {
  /** Requests held right now. */
  readonly count: number;
  /** Holds that ended because the client went away, since the start. */
  readonly abandonedCount: number;
  /** Waits that were refused because of `limits.holdsMax` or `limits.holdsPerTenantMax`, since the start. */
  readonly refusedCount: number;
  /** Of those for whom something is held. */
  keyIds(): readonly string[];
  /** Ends everything that is held for a key, at once. */
  endKey(keyId: string): void;
}

export interface HoldOptions {
  readonly limits: Pick<Limits, 'holdsMax' | 'holdsPerTenantMax'>;
  readonly draining: AbortSignal;
}

export function createHolds({ limits, draining }: HoldOptions): Holds {
  const shares = createShares({ each: limits.holdsPerTenantMax, all: limits.holdsMax });
  let abandonedCount = 0;
  let refusedCount = 0;
  const byKey = createHeldByKey();

  async function held<T>(
    { tenant, keyId }: Principal,
    reply: FastifyReply,
    wait: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const gone = new AbortController();
    const response = reply.raw;
    const onClose = () => {
      // A hold that is answered in parts may hear of its own end before it has returned.
      if (response.writableEnded) return;
      abandonedCount += 1;
      gone.abort();
    };
    // `close` without an end is the client's going; a response that is closed already will not say so again.
    if (response.destroyed) onClose();
    else response.once('close', onClose);
    byKey.add(keyId, gone);
    try {
      const answer = await wait(gone.signal);
      if (gone.signal.reason === KEY_ENDED && !response.headersSent) throw new BideError('UNAUTHENTICATED');
      return answer;
    } finally {
      shares.giveBack(tenant, 1);
      byKey.remove(keyId, gone);
      response.removeListener('close', onClose);
      if (draining.aborted) reply.header('connection', 'close');
    }
  }

  return {
    hold(principal, reply, wait) {
      if (shares.take(principal.tenant, 1)) return held(principal, reply, wait);
      refusedCount += 1;
      return null;
    },
    keyIds: byKey.ids,
    endKey: byKey.end,
    get count() {
      return shares.used;
    },
    get abandonedCount() {
      return abandonedCount;
    },
    get refusedCount() {
      return refusedCount;
    },
  };
}

/** Why a signal fired, where the client is still there. */
const KEY_ENDED = Symbol('the key is no longer in force');

function createHeldByKey() {
  const held = new Map<string, Set<AbortController>>();
  return {
    ids: () => [...held.keys()],
    add(keyId: string, hold: AbortController): void {
      const all = held.get(keyId);
      if (all === undefined) held.set(keyId, new Set([hold]));
      else all.add(hold);
    },
    remove(keyId: string, hold: AbortController): void {
      const all = held.get(keyId);
      if (all?.delete(hold) === true && all.size === 0) held.delete(keyId);
    },
    end(keyId: string): void {
      for (const hold of held.get(keyId) ?? []) hold.abort(KEY_ENDED);
    },
  };
}
