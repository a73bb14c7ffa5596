/**
 * Held requests: a caller waits, and costs a map entry and a listener until he is answered.
 *
 * A hold ends when its wait resolves, when the client goes away (the signal fires), or when the server closes: then the wait
 * resolves by itself, since the engine ends its waits. From the first moment of a shutdown on, the answer asks the client to
 * close the connection.
 */
import type { FastifyReply } from 'fastify';
import type { Limits } from '../core/limits.ts';
import type { Hold } from './dialect.ts';
import { createShares } from './shares.ts';

export interface Holds extends Hold {
  /** Requests held right now. */
  readonly count: number;
  /** Holds that ended because the client went away, since the start. */
  readonly abandonedCount: number;
  /** Waits that were refused because of `limits.holdsMax` or `limits.holdsPerTenantMax`, since the start. */
  readonly refusedCount: number;
}

export interface HoldOptions {
  readonly limits: Pick<Limits, 'holdsMax' | 'holdsPerTenantMax'>;
  readonly draining: AbortSignal;
}

export function createHolds({ limits, draining }: HoldOptions): Holds {
  const shares = createShares({ each: limits.holdsPerTenantMax, all: limits.holdsMax });
  let abandonedCount = 0;
  let refusedCount = 0;

  async function held<T>(tenant: string, reply: FastifyReply, wait: (signal: AbortSignal) => Promise<T>): Promise<T> {
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
    try {
      return await wait(gone.signal);
    } finally {
      shares.giveBack(tenant, 1);
      response.removeListener('close', onClose);
      if (draining.aborted) reply.header('connection', 'close');
    }
  }

  return {
    hold(tenant, reply, wait) {
      if (shares.take(tenant, 1)) return held(tenant, reply, wait);
      refusedCount += 1;
      return null;
    },
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
