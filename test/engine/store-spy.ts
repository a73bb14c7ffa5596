/**
 * A store seen from the side: counts calls, fails them on demand, pauses them, and knows when nothing is under way.
 *
 * It can also say of itself that others share it, and bring hints between engines that stand on it: two engines on one store
 * are then two processes for all they know.
 */
import { BideError } from '../../src/core/errors.ts';
import type { Hint, Store, StoreFacts } from '../../src/store/contract.ts';

type Call = Exclude<keyof Store, 'facts' | 'hint' | 'changes' | 'dump'>;

export interface StoreSpy {
  readonly store: Store;
  /** Calls so far, per operation. */
  readonly calls: Map<string, number>;
  /** Every call whose operation is among `names` rejects until `repair`. No names: all. */
  breakDown(...names: readonly Call[]): void;
  repair(): void;
  /** The next call of `name` does its work and then rejects, as when a connection breaks before the answer. */
  loseAnswer(name: Call): void;
  /** The call with this number (1 for the next one) rejects, before it did anything or after it did all. True once that has happened. */
  failCall(number: number, when: 'before' | 'after'): () => boolean;
  /** The next call of `name` stops before it does anything; resolves when it got there, with the way to let it go. */
  pause(name: Call): Promise<() => void>;
  /** Resolves when no call is under way and none follows within a few turns of the event loop. */
  idle(): Promise<void>;
}

/** Enough turns for a chain of promises and immediates to reach the store again, if it is going to. */
const QUIET_TURNS = 8;

export function spyOn(inner: Store, facts: Partial<StoreFacts> = {}, bus: HintBus = createHintBus()): StoreSpy {
  const calls = new Map<string, number>();
  const paused = new Map<string, (go: () => void) => void>();
  const forgetful = new Set<string>();
  let broken: (name: string) => boolean = () => false;
  let underway = 0;
  let quiet = Promise.withResolvers<void>();
  let callsLeft = Number.POSITIVE_INFINITY;
  let failsWhen: 'before' | 'after' = 'before';
  const node = bus.join();

  const call = async (name: string, run: () => Promise<unknown>) => {
    calls.set(name, (calls.get(name) ?? 0) + 1);
    if (underway === 0) quiet = Promise.withResolvers();
    underway += 1;
    try {
      const pauseHere = paused.get(name);
      if (paused.delete(name)) await new Promise<void>((go) => pauseHere?.(go));
      callsLeft -= 1;
      const isChosen = callsLeft === 0;
      if (broken(name) || (isChosen && failsWhen === 'before')) throw new BideError('STORE_UNAVAILABLE');
      const answer = await run();
      if (isChosen) throw new BideError('STORE_UNAVAILABLE', 'The answer was lost.');
      if (forgetful.delete(name)) throw new BideError('STORE_UNAVAILABLE', 'The answer was lost.');
      return answer;
    } finally {
      underway -= 1;
      if (underway === 0) quiet.resolve();
    }
  };
  const store = new Proxy(inner, {
    get(target, name) {
      if (name === 'facts') return { ...target.facts, ...facts };
      if (name === 'hint') return node.hint;
      if (name === 'changes') return node.changes;
      const operation = Reflect.get(target, name);
      if (typeof operation !== 'function' || name === 'close' || name === 'dump') return operation;
      return (...args: unknown[]) => call(String(name), () => Reflect.apply(operation, target, args));
    },
  });

  return {
    store,
    calls,
    breakDown(...names) {
      broken = (name) => names.length === 0 || (names as readonly string[]).includes(name);
    },
    repair() {
      broken = () => false;
    },
    loseAnswer: (name) => void forgetful.add(name),
    failCall(number, when) {
      callsLeft = number;
      failsWhen = when;
      return () => callsLeft <= 0;
    },
    pause: (name) => new Promise((reached) => paused.set(name, reached)),
    async idle() {
      for (let turns = 0; turns < QUIET_TURNS; turns += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        if (underway === 0) continue;
        // Not turn after turn: under the test runner that took 5 of the 9 s of CPU of the tests of bulk calls.
        await quiet.promise;
        turns = -1;
      }
    },
  };
}

export interface HintBus {
  /** Silent, it loses every hint. */
  isSilent: boolean;
  join(): Pick<Store, 'hint' | 'changes'>;
}

export function createHintBus(): HintBus {
  const listeners = new Map<object, (hint: Hint) => void>();
  const bus: HintBus = {
    isSilent: false,
    join() {
      const self = {};
      return {
        hint(hints) {
          if (bus.isSilent) return;
          for (const [node, listener] of listeners) if (node !== self) for (const hint of hints) listener(hint);
        },
        changes(listener) {
          listeners.set(self, listener);
          return () => listeners.delete(self);
        },
      };
    },
  };
  return bus;
}
