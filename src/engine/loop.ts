/**
 * The start/stop contract that every background loop of the engine shares.
 *
 * 1. `run` is never called twice at once; it says how many ms later it wants to run again, or null to sleep until woken.
 * 2. `wake` runs it as soon as the current turn of the event loop is over, so that a burst of wakes costs one run; during
 *    a run it means one more run right after.
 * 3. When `run` rejects, the loop pauses with exponential backoff and jitter, deaf to wakes, and goes on: no store outage
 *    ends it or makes it busy. The failure is told once, then at most every `TELL_MS`.
 * 5. Whoever wakes it, it runs in the async context in which it was made: no trace of a caller sticks to the work of others.
 * 4. `start` and `stop` may be called twice; `stop` waits for the run under way, and nothing runs after it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { backoffMs } from '../core/retry.ts';
import type { CancelTimer } from './clock.ts';
import type { EngineBase } from './engine-base.ts';

export interface Loop {
  start(): void;
  wake(): void;
  stop(): Promise<void>;
}

export interface LoopOptions extends Pick<EngineBase, 'clock' | 'random' | 'telemetry'> {
  readonly name: string;
  readonly run: () => Promise<number | null>;
}

/** 100 ms is soon enough after a blip; 5 s bounds how late a loop notices that a store is back after a long outage. */
const BACKOFF = { attempts: Number.POSITIVE_INFINITY, backoffMs: 100, factor: 2, maxMs: 5_000 };

const TELL_MS = 30_000;

export function createLoop(options: LoopOptions): Loop {
  const { clock, random } = options;
  const trouble = createTrouble(options);
  const apart = AsyncLocalStorage.snapshot();
  let isOn = false;
  let isWoken = false;
  let running: Promise<void> | null = null;
  let queued: NodeJS.Immediate | null = null;
  let cancelTimer: CancelTimer = () => {};

  const enqueue = () => {
    if (isOn && queued === null && running === null && trouble.failures === 0) queued = setImmediate(begin);
  };
  const begin = () => {
    queued = null;
    if (!isOn || running !== null) return;
    cancelTimer();
    isWoken = false;
    running = turn().finally(() => {
      running = null;
      if (isWoken) enqueue();
    });
  };
  const turn = async () => {
    try {
      const delayMs = await apart(options.run);
      trouble.over();
      if (delayMs !== null) sleep(delayMs);
    } catch (error) {
      trouble.failed(error);
      sleep(backoffMs(BACKOFF, trouble.failures, random()));
    }
  };
  const sleep = (delayMs: number) => {
    if (delayMs <= 0) isWoken = true;
    else if (isOn) cancelTimer = clock.after(delayMs, begin);
  };

  return {
    start() {
      isOn = true;
      enqueue();
    },
    wake() {
      isWoken = true;
      enqueue();
    },
    async stop() {
      isOn = false;
      cancelTimer();
      if (queued !== null) clearImmediate(queued);
      queued = null;
      await running;
    },
  };
}

/** Failures in a row, told at a bearable rate. */
function createTrouble({ name, clock, telemetry }: LoopOptions) {
  let failures = 0;
  let suppressed = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  return {
    get failures() {
      return failures;
    },
    over() {
      if (failures > 0) telemetry.emit({ kind: 'loopRecovered', loop: name, failures });
      failures = suppressed = 0;
      toldAt = Number.NEGATIVE_INFINITY;
    },
    failed(error: unknown) {
      failures += 1;
      suppressed += 1;
      if (clock.now() - toldAt < TELL_MS) return;
      toldAt = clock.now();
      telemetry.emit({ kind: 'loopFailed', loop: name, error, suppressed: suppressed - 1 });
      suppressed = 0;
    },
  };
}
