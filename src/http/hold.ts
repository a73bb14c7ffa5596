/**
 * Held requests: a caller waits, and costs a map entry and a listener until they are answered.
 *
 * A hold ends when its wait resolves, when the client goes away or its key is no longer in force (the signal fires), or when the server
 * closes: then the wait resolves by itself, since the engine ends its waits. From the first moment of a shutdown on, the answer asks the client to
 * close the connection.
 */
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import { BideError } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import { isFinal } from '../core/state.ts';
import type { CallerListener, CallerSignal } from '../engine/api.ts';
import type { Clock } from '../engine/clock.ts';
import type { Hold, Principal } from './dialect.ts';
import { createPolls } from './polls.ts';
import { createShares } from './shares.ts';

export interface Holds extends Hold {
  /** Requests held right now. */
  readonly count: number;
  /** Holds that ended because the client went away, since the start. */
  readonly abandonedCount: number;
  /** Waits that were refused because of `limits.holdsMax`, or the share of a tenant or of a job's tokens, since the start. */
  readonly refusedCount: number;
  /** Of those for whom something is held. */
  keyIds(): readonly string[];
  /** Ends everything that is held for a key, at once. */
  endKey(keyId: string): void;
  /** Ends what is held for tokens of jobs that are over. */
  endOver(now: number): void;
}

export interface HoldOptions {
  readonly limits: Pick<Limits, 'holdsMax' | 'holdsPerTenantMax' | 'holdsPerJobTokenMax' | 'pollsPerSecondMax'>;
  readonly draining: AbortSignal;
  readonly clock: Pick<Clock, 'steady'>;
}

export function createHolds({ limits, draining, clock }: HoldOptions): Holds {
  const polls = createPolls({ limits, clock });
  const shares = createShares({ each: limits.holdsPerTenantMax, all: limits.holdsMax });
  const ofPages = createShares({ each: limits.holdsPerJobTokenMax, all: limits.holdsMax });
  let abandonedCount = 0;
  let refusedCount = 0;
  const byKey = createHeldByKey();

  /** Without steps of its own: ten thousand are held at once. */
  function held<T>(principal: Principal, reply: FastifyReply, wait: (signal: CallerSignal) => Promise<T>): Promise<T> {
    const response = reply.raw;
    const caller = new HeldCaller(principal, response, onGone);
    // `close` without an end is the client's going; a response that is closed already will not say so again.
    if (response.destroyed) caller.left();
    else response.on('close', caller.left);
    byKey.add(principal.keyId, caller);
    return begun(wait, caller).then(
      (answer) => {
        end(caller);
        if (caller.isKeyEnded && !response.headersSent) throw new BideError('UNAUTHENTICATED');
        return answer;
      },
      (error) => {
        end(caller);
        throw error;
      },
    );
  }
  function end(caller: HeldCaller): void {
    const { principal, response } = caller;
    giveBack(principal);
    byKey.remove(principal.keyId, caller);
    response.removeListener('close', caller.left);
    if (draining.aborted && !response.headersSent) response.setHeader('connection', 'close');
  }
  /** Whoever has a token is trusted less than a key: it takes no more than its job's share of what the tenant has. */
  function take({ tenant, job }: Principal): boolean {
    if (job !== undefined && !ofPages.take(job.id, 1)) return false;
    if (shares.take(tenant, 1)) return true;
    if (job !== undefined) ofPages.giveBack(job.id, 1);
    return false;
  }
  function giveBack({ tenant, job }: Principal): void {
    shares.giveBack(tenant, 1);
    if (job !== undefined) ofPages.giveBack(job.id, 1);
  }
  function onGone(): void {
    abandonedCount += 1;
  }

  return {
    hold(principal, reply, wait) {
      if (take(principal)) return held(principal, reply, wait);
      refusedCount += 1;
      return null;
    },
    look({ tenant, keyId, job }, { state }) {
      // Pages do not take each other's looks, though their tokens are of one key.
      if (!isFinal(state)) polls.take(job === undefined ? `${tenant} ${keyId}` : `${tenant} ${keyId} ${job.id}`);
    },
    keyIds: byKey.ids,
    endKey: byKey.end,
    endOver: byKey.endOver,
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

/** Whatever it throws at once is a rejection as well: what was taken for it is given back in one place. */
function begun<T>(wait: (signal: CallerSignal) => Promise<T>, caller: CallerSignal): Promise<T> {
  try {
    return wait(caller);
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * The signal of one hold, and what it listens to. An AbortController and its signal do the same with a map, a set and wrappers: 600 bytes
 * for each of ten thousand requests.
 */
class HeldCaller implements CallerSignal {
  aborted = false;
  isKeyEnded = false;
  readonly principal: Principal;
  readonly response: ServerResponse;
  readonly #onGone: () => void;
  #listeners: readonly CallerListener[] = NOBODY;

  constructor(principal: Principal, response: ServerResponse, onGone: () => void) {
    this.principal = principal;
    this.response = response;
    this.#onGone = onGone;
  }

  /** The client closed its connection. A function of its own: emitters call it without its object. */
  readonly left = (): void => {
    // A hold that is answered in parts may hear of its own end before it has returned.
    if (this.aborted || this.response.writableEnded) return;
    this.#onGone();
    this.#fire();
  };

  /** Its key is no longer in force; the client is still there. */
  endKey(): void {
    if (this.aborted) return;
    this.isKeyEnded = true;
    this.#fire();
  }

  addEventListener(_type: 'abort', listener: CallerListener): void {
    this.#listeners = [...this.#listeners, listener];
  }

  removeEventListener(_type: 'abort', listener: CallerListener): void {
    this.#listeners = this.#listeners.filter((other) => other !== listener);
  }

  /** Once, so that whether a listener wants to hear of it once makes no difference. */
  #fire(): void {
    this.aborted = true;
    for (const listener of this.#listeners) {
      if (typeof listener === 'function') listener();
      else listener.handleEvent();
    }
  }
}

const NOBODY: readonly CallerListener[] = [];

function createHeldByKey() {
  const held = new Map<string, Set<HeldCaller>>();
  /** Those that a token holds: few, and looked at as often as keys. */
  const ending = new Set<HeldCaller>();
  return {
    ids: () => [...held.keys()],
    add(keyId: string, hold: HeldCaller): void {
      if (hold.principal.job !== undefined) ending.add(hold);
      const all = held.get(keyId);
      if (all === undefined) held.set(keyId, new Set([hold]));
      else all.add(hold);
    },
    remove(keyId: string, hold: HeldCaller): void {
      ending.delete(hold);
      const all = held.get(keyId);
      if (all?.delete(hold) === true && all.size === 0) held.delete(keyId);
    },
    end(keyId: string): void {
      for (const hold of held.get(keyId) ?? []) hold.endKey();
    },
    endOver(now: number): void {
      for (const hold of ending) if ((hold.principal.job?.endsAt ?? now) <= now) hold.endKey();
    },
  };
}
