/**
 * A store whose k-th call fails, once: as a database that goes away for a moment looks to whoever calls it.
 *
 * `refused`: the call does nothing. `unanswered`: it does its work, and the answer gets lost on the way back, so that the caller
 * knows less than is stored.
 */
import { BideError } from '../../src/core/errors.ts';
import type { Store } from '../../src/store/contract.ts';

export type Failure = 'refused' | 'unanswered';

export interface FaultyStore {
  readonly store: Store;
  /** From here on calls count: a start that fails is no start, and is not what this is about. */
  arm(): void;
  /** Names of the calls that counted. */
  readonly calls: readonly string[];
  /** The call that failed. */
  readonly struck: string | null;
}

/** Calls that cannot fail, or whose failure ends everything anyway; and a dump, which no engine asks for. */
const SPARED = new Set(['close', 'hint', 'changes', 'dump', 'then']);

/** @param failAt which call fails, counted from 1; 0 for none */
export function faultyStore(inner: Store, failAt: number, failure: Failure): FaultyStore {
  const calls: string[] = [];
  let struck: string | null = null;
  let isArmed = false;

  async function call(name: string, run: () => Promise<unknown>): Promise<unknown> {
    if (isArmed) calls.push(name);
    if (!isArmed || calls.length !== failAt || struck !== null) return run();
    struck = name;
    if (failure === 'unanswered') await run();
    throw new BideError('STORE_UNAVAILABLE', `The store call ${failAt}, ${name}, was ${failure}.`);
  }

  const store = new Proxy(inner, {
    get(target, name) {
      const operation: unknown = Reflect.get(target, name);
      if (typeof operation !== 'function' || typeof name !== 'string' || SPARED.has(name)) return operation;
      return (...args: unknown[]) => call(name, () => Reflect.apply(operation, target, args));
    },
  });
  return {
    store,
    calls,
    arm() {
      isArmed = true;
    },
    get struck() {
      return struck;
    },
  };
}
