/**
 * Lets work start, turns the clock, and waits until all of it has come to rest.
 *
 * Time passes from timer to timer. Between two of them everything that runs is let end, as if it took no time; a handler that is still busy after
 * `patienceMs` of real time is taken to wait for the clock itself (for its timeout, for a cancel), and is waited for no more while the clock is turned.
 */
import type { Engine, EngineEvent } from '../engine/api.ts';
import type { HeldStore } from './held-store.ts';
import type { TurnedClock } from './test-clock.ts';
import type { TestWorkers } from './test-workers.ts';

export interface RunnerOptions {
  readonly engine: Engine & { readonly types: () => readonly { readonly name: string; readonly kind: string }[] };
  readonly held: HeldStore;
  readonly turned: TurnedClock;
  readonly workers: TestWorkers;
  readonly patienceMs: number;
  readonly runMsMax: number;
}

export interface Runner {
  /** Runs all that is due until nothing is. @returns how many attempts that were */
  runNow(): Promise<number>;
  advance(ms: number): Promise<void>;
}

interface Running {
  readonly id: string;
  readonly type: string;
  readonly fence: number;
  readonly since: number;
  isWaitingForTime: boolean;
}

/** For a loop to begin and to set its next timer. */
const MICRO_TURNS = 8;
/** Behind a timer: enough for its loop to ask the store, and to take in what it says. */
const STEP_TURNS = 3;

export function createRunner(options: RunnerOptions): Runner {
  const { engine, held, turned, workers, patienceMs, runMsMax } = options;
  const running = new Map<string, Running>();
  let begun = 0;
  let events = 0;
  let changed = Promise.withResolvers<void>();

  engine.subscribe((event) => {
    note(event);
    events += 1;
    changed.resolve();
    changed = Promise.withResolvers();
  });

  function note(event: EngineEvent): void {
    workers.note(event);
    if (event.kind === 'removed') return;
    const { id, type, state, fence } = event.snapshot.job;
    if (state !== 'running') running.delete(id);
    else if (running.get(id)?.fence !== fence) {
      begun += 1;
      running.set(id, { id, type, fence, since: performance.now(), isWaitingForTime: false });
    }
  }

  /** Those that end by themselves: not those of workers that the test knows nothing of. */
  function busy(): Running[] {
    return [...running.values()].filter(({ type }) => !workers.isRemote(type) || workers.answers(type));
  }

  async function rest(): Promise<void> {
    for (;;) {
      await held.idle();
      if (await workers.takeOn()) continue;
      const waited = busy().filter(({ isWaitingForTime }) => !isWaitingForTime);
      const [first] = waited;
      if (first === undefined) return;
      const leftMs = patienceMs - (performance.now() - first.since);
      if (leftMs <= 0) first.isWaitingForTime = true;
      else await changeWithin(leftMs);
    }
  }

  async function restForGood(): Promise<void> {
    const startedAt = performance.now();
    for (;;) {
      await held.idle();
      if (await workers.takeOn()) continue;
      const left = busy();
      if (left.length === 0) return;
      const leftMs = runMsMax - (performance.now() - startedAt);
      if (leftMs <= 0) throw new Error(stillRunning(left, runMsMax));
      await changeWithin(leftMs);
    }
  }

  async function changeWithin(ms: number): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, ms);
    await Promise.race([changed.promise, late.promise]);
    clearTimeout(timer);
  }

  async function letting<T>(deed: () => Promise<T>): Promise<T> {
    const hold = held.release();
    try {
      return await deed();
    } finally {
      hold();
    }
  }

  async function turn(ms: number): Promise<void> {
    const { clock } = turned;
    const until = clock.now() + ms;
    await rest();
    while (clock.now() < until) {
      const before = { events, calls: held.calls };
      clock.advance(Math.min(until - clock.now(), Math.max(1, clock.untilNextMs)));
      // Most timers only look at something in memory. Those that matter to jobs ask the store at once, or there is a job that runs.
      for (let turn = 0; turn < MICRO_TURNS; turn += 1) await null;
      if (held.calls === before.calls && running.size === 0 && !workers.hasDue()) continue;
      await held.idle(STEP_TURNS);
      if (events !== before.events || running.size > 0 || workers.hasDue()) await rest();
    }
    turned.sweep();
    await rest();
  }

  return {
    runNow() {
      const before = begun;
      return letting(async () => {
        await restForGood();
        return begun - before;
      });
    },
    advance: (ms) => letting(() => turn(ms)),
  };
}

function stillRunning(left: readonly Running[], ms: number): string {
  const [first] = left;
  const more = left.length > 1 ? ` (and ${left.length - 1} more)` : '';
  return (
    `Job ${first?.id} of type ${first?.type}${more} still runs after ${ms} ms of real time. A handler that waits for its timeout or ` +
    'its signal needs time to pass: use clock.advance(ms), which does not wait for it.'
  );
}
