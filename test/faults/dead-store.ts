/**
 * A store whose caller dies at its k-th call: nothing of that call or of any later one is done, or, `after`, that call was done and its answer reached
 * nobody. For the store it is a SIGKILL between two calls; what happens within one is the store's own transaction.
 */
import { BideError } from '../../src/core/errors.ts';
import type { Store } from '../../src/store/contract.ts';

export type Death = 'before' | 'after';

export interface DeadStore {
  readonly store: Store;
  /** From here on calls count. */
  arm(): void;
  /** Names of the calls that counted, up to the one that it died at. */
  readonly calls: readonly string[];
  readonly isDead: boolean;
}

/** Calls that are no steps; and a dump, which no engine asks for. */
const SPARED = new Set(['close', 'hint', 'changes', 'dump', 'then']);

/** @param diesAt counted from 1; 0 for never */
export function deadStore(inner: Store, diesAt: number, death: Death): DeadStore {
  const calls: string[] = [];
  let isArmed = false;
  let isDead = false;

  async function call(name: string, run: () => Promise<unknown>): Promise<unknown> {
    if (isArmed && !isDead) calls.push(name);
    const isNow = isArmed && !isDead && calls.length === diesAt;
    if (!isDead && !isNow) return run();
    isDead = true;
    if (isNow && death === 'after') await run();
    throw new BideError('STORE_UNAVAILABLE', `Dead since call ${diesAt}, ${calls.at(-1)}.`);
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
    get isDead() {
      return isDead;
    },
  };
}
