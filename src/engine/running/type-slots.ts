/**
 * The slots of one type in this process: how many are free, and whether the type rests.
 *
 * A type rests when an attempt of it could not even start for want of something of this machine (descriptors, processes, threads).
 * Claiming on would only move jobs in and out of the store as fast as it goes. The rest doubles from 250 ms to 30 s with each such
 * attempt in a row; one attempt that starts ends it.
 */
import { backoffMs } from '../../core/retry.ts';
import type { Handler, JobType } from '../api.ts';

/** The longest rest is what a job waits at most after the machine has recovered. */
const REST = { attempts: Number.POSITIVE_INFINITY, backoffMs: 250, factor: 2, maxMs: 30_000 };

export class TypeSlots {
  readonly type: string;
  #handler: Handler;
  #slots: number;
  /** Handlers running. */
  running = 0;
  /** Ended, outcome not stored yet. */
  settling = 0;
  #restUntil = 0;
  #failedStarts = 0;

  constructor(type: string, handler: Handler, slots: number) {
    this.type = type;
    this.#handler = handler;
    this.#slots = slots;
  }

  get handler(): Handler {
    return this.#handler;
  }

  /** What runs goes on as it began, and takes its slots. */
  become({ handler, slots }: { readonly handler: Handler; readonly slots: number }): void {
    this.#handler = handler;
    this.#slots = slots;
  }

  /** What has ended and is not stored yet counts once it is more than the slots. */
  freeAt(now: number): number {
    if (now < this.#restUntil) return 0;
    // The first claim after a rest tries a single job: if the machine is still short of what it needs, one comes back, not hundreds.
    const slots = this.#failedStarts > 0 ? 1 : this.#slots;
    return Math.max(0, slots - this.running - Math.max(0, this.settling - this.#slots));
  }

  /** Null when it does not rest. */
  restUntil(now: number): number | null {
    return now < this.#restUntil ? this.#restUntil : null;
  }

  started(): void {
    this.#failedStarts = 0;
  }

  /** @returns for how long the type rests; null where it rests already: attempts that were under way say the same thing again. */
  couldNotStart(now: number, random: number): number | null {
    if (now < this.#restUntil) return null;
    this.#failedStarts += 1;
    const restMs = backoffMs(REST, this.#failedStarts, random);
    this.#restUntil = now + restMs;
    return restMs;
  }
}

/** None for a type that remote workers run. */
export function slotsOf({ name, handler, slots }: JobType): TypeSlots[] {
  return handler === 'remote' ? [] : [new TypeSlots(name, handler, slots)];
}
