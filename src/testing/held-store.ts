/**
 * A store that hands out no work until it is let, and knows when nothing is under way.
 *
 * A claim that comes while nothing may start waits, and is made by the time of its release: the dispatcher is then where it would be had
 * it just asked.
 */
import type { Clock } from '../engine/clock.ts';
import type { ClaimedJob, ClaimRequest, Store } from '../store/contract.ts';

export interface HeldStore {
  readonly store: Store;
  /** Work may start until the returned function is called; several may let it start at once. */
  release(): () => void;
  /** From now on claims bring nothing. For the end: who waits for one must not wait for ever. */
  stop(): void;
  /** Resolves when no call is under way and none follows within so many turns of the event loop. */
  idle(turns?: number): Promise<void>;
  /** Calls so far. */
  readonly calls: number;
}

/**
 * A day has many looks: loops that ask every few seconds whether another process has left something, whether rows are too old. Of a store
 * in which nothing happens they are answered here: a call crosses threads, and a day of them took a minute on a busy machine.
 */
const LOOKS: ReadonlySet<PropertyKey> = new Set(['endedRead', 'fanOutRead', 'groupDue']);
/** Between two of each, there is a minute at least. */
const PRUNINGS: ReadonlySet<PropertyKey> = new Set(['deliveryPrune', 'eventPrune', 'groupPrune']);
const PRUNE_MS = 60_000;
/** What changes nothing that `LOOKS` look for. */
const HARMLESS: ReadonlySet<PropertyKey> = new Set([
  ...[...LOOKS, ...PRUNINGS],
  ...['count', 'deliveryClaim', 'nextRunAt', 'oldestDue', 'statDrop', 'sweep'],
]);

/** Enough for a chain of promises and immediates to reach the store again, if it is going to. */
const QUIET_TURNS = 8;

export function holdWork(inner: Store, clock: Clock): HeldStore {
  const wrapped = new Map<PropertyKey, unknown>();
  let gate: PromiseWithResolvers<void> | null = Promise.withResolvers();
  let releases = 0;
  let isStopped = false;
  let underway = 0;
  let calls = 0;
  /** Calls that may have changed something. */
  let deeds = 0;
  /** Looks that found nothing, and how many of those there had been when they were asked for. */
  const nothing = new Map<PropertyKey, { readonly deeds: number; readonly answer: unknown }>();
  const prunedAt = new Map<PropertyKey, number>();
  let hasDeliveries = false;
  let quiet = Promise.withResolvers<void>();

  function counted<T>(answer: T): T {
    if (!(answer instanceof Promise)) return answer;
    calls += 1;
    if (underway === 0) quiet = Promise.withResolvers();
    underway += 1;
    const over = () => {
      underway -= 1;
      if (underway === 0) quiet.resolve();
    };
    answer.then(over, over);
    return answer;
  }

  async function claim(request: ClaimRequest): Promise<readonly ClaimedJob[]> {
    while (gate !== null && !isStopped) await gate.promise;
    deeds += 1;
    return isStopped ? [] : counted(inner.claim({ ...request, now: clock.now() }));
  }

  function wrap(name: PropertyKey): unknown {
    const value: unknown = Reflect.get(inner, name);
    if (typeof value !== 'function') return value;
    if (name === 'claim') return claim;
    return (...args: unknown[]) => {
      if (!HARMLESS.has(name)) deeds += 1;
      return spared(name) ?? asked(name, counted(Reflect.apply(value, inner, args)));
    };
  }

  /** The answer, where it is known. */
  function spared(name: PropertyKey): Promise<unknown> | null {
    const known = nothing.get(name);
    if (known?.deeds === deeds) return Promise.resolve(known.answer);
    if (name === 'fanOutWrite') hasDeliveries = true;
    if (name === 'deliveryClaim' && !hasDeliveries) return Promise.resolve([]);
    if (!PRUNINGS.has(name)) return null;
    if (clock.now() < (prunedAt.get(name) ?? Number.NEGATIVE_INFINITY) + PRUNE_MS) return Promise.resolve(0);
    prunedAt.set(name, clock.now());
    return null;
  }

  function asked(name: PropertyKey, answer: unknown): unknown {
    if (!LOOKS.has(name)) return answer;
    const at = deeds;
    const note = (found: unknown) => {
      const list = Array.isArray(found) ? found : (found as { readonly events: readonly unknown[] }).events;
      if (list.length === 0) nothing.set(name, { deeds: at, answer: found });
    };
    (answer as Promise<unknown>).then(note, () => {});
    return answer;
  }

  return {
    store: new Proxy(inner, {
      get(_, name) {
        if (!wrapped.has(name)) wrapped.set(name, wrap(name));
        return wrapped.get(name);
      },
    }),
    release() {
      releases += 1;
      gate?.resolve();
      gate = null;
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        releases -= 1;
        if (releases === 0) gate = Promise.withResolvers();
      };
    },
    stop() {
      isStopped = true;
      gate?.resolve();
    },
    get calls() {
      return calls;
    },
    async idle(turns = QUIET_TURNS) {
      for (let turn = 0; turn < turns; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        if (underway === 0) continue;
        await quiet.promise;
        turn = -1;
      }
    },
  };
}
