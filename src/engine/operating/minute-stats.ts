/**
 * Writes what this process counted once a minute, and when it stops; and reads what all have written.
 *
 * - A minute that could not be written is kept and tried again, up to `MINUTES_KEPT`: what is written twice is the same row.
 * - The queue is looked at when a minute ends, and is the same for every node: it goes into a row that all share, and the largest counts.
 * - The minute that is under way is added from memory when figures are read. Of other processes it is missing until it is over.
 */
import { randomBytes } from 'node:crypto';
import { addFigures, type CountedFigures, noFigures } from '../../core/stat-figures.ts';
import type { ErrorCount, StatFilter, StatRow, StatSum } from '../../store/contract.ts';
import type { EngineBase } from '../engine-base.ts';
import { createLoop, type Loop } from '../loop.ts';
import { createMinuteCounter, statRowOf } from './minute-counter.ts';

export const MINUTE_MS = 60_000;

export interface MinuteStats extends Loop {
  read(filter: StatFilter): Promise<readonly StatSum[]>;
  errors(tenant: string, from: number): Promise<readonly ErrorCount[]>;
}

const HOUR_MS = 60 * MINUTE_MS;
const MINUTES_KEPT = 30;
/** Of the rows that say how long the queue was. */
const SHARED_NODE = '';
const DROPPED_AT_ONCE = 5_000;

export function createMinuteStats(options: EngineBase): MinuteStats {
  return new Keeper(options);
}

class Keeper implements MinuteStats {
  readonly #options: EngineBase;
  readonly #node = randomBytes(6).toString('base64url');
  readonly #counter: ReturnType<typeof createMinuteCounter>;
  readonly #loop: Loop;
  #minute: number;
  #pending: readonly (readonly StatRow[])[] = [];
  #droppedAt = 0;

  constructor(options: EngineBase) {
    this.#options = options;
    this.#counter = createMinuteCounter(options.changes);
    this.#minute = minuteOf(options.clock.now());
    this.#loop = createLoop({ ...options, name: 'minute stats', run: () => this.#turn() });
  }

  start(): void {
    this.#loop.start();
  }

  wake(): void {
    this.#loop.wake();
  }

  /** A store that is away now has had its chance: the last minute is lost then, and nothing waits for it. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    this.#keep(this.#counter.take().map((counted) => statRowOf(counted, this.#minute, this.#node)));
    await this.#writePending().catch(() => {});
  }

  async #turn(): Promise<number> {
    const { clock } = this.#options;
    const minute = minuteOf(clock.now());
    if (minute !== this.#minute) {
      const counted = this.#counter.take().map((one) => statRowOf(one, this.#minute, this.#node));
      const ended = this.#minute;
      this.#minute = minute;
      this.#keep(counted);
      this.#keep(await this.#queueRows(ended));
    }
    await this.#writePending();
    await this.#dropOld(clock.now());
    return this.#minute + MINUTE_MS - clock.now();
  }

  #keep(rows: readonly StatRow[]): void {
    if (rows.length > 0) this.#pending = [...this.#pending, rows].slice(-2 * MINUTES_KEPT);
  }

  async #queueRows(minute: number): Promise<readonly StatRow[]> {
    const counts = await this.#options.store.count({ tenant: null, states: ['waiting'] });
    return counts.map(({ tenant, type, count }) => {
      const figures = { ...noFigures(), waiting: count };
      return { tenant, type, minute, node: SHARED_NODE, figures, errors: {} };
    });
  }

  async #writePending(): Promise<void> {
    const written = this.#pending;
    if (written.length === 0) return;
    await this.#options.store.statWrite(written.flat());
    this.#pending = this.#pending.filter((rows) => !written.includes(rows));
  }

  async #dropOld(now: number): Promise<void> {
    if (now - this.#droppedAt < HOUR_MS) return;
    const before = minuteOf(now - this.#options.limits.statsRetainMs);
    const dropped = await this.#options.store.statDrop({ before, limit: DROPPED_AT_ONCE });
    if (dropped < DROPPED_AT_ONCE) this.#droppedAt = now;
  }

  async read(filter: StatFilter): Promise<readonly StatSum[]> {
    const sums = await this.#options.store.statRead(filter);
    const { tenant, type, from, before, stepMs } = filter;
    if (this.#minute < from || this.#minute >= before) return sums;
    const at = this.#minute - ((this.#minute - from) % stepMs);
    const own = [...this.#counter.groups].filter((one) => one.tenant === tenant && (type ?? one.type) === one.type);
    if (own.length === 0) return sums;
    const ownTypes = new Map(own.map((one) => [one.type, one.figures]));
    const merged = sums.map((sum) => {
      const more = sum.at === at ? ownTypes.get(sum.type) : undefined;
      if (more === undefined) return sum;
      ownTypes.delete(sum.type);
      return { ...sum, figures: sumOf(sum.figures, more) };
    });
    return [...merged, ...[...ownTypes].map(([name, figures]) => ({ at, type: name, figures }))];
  }

  async errors(tenant: string, from: number): Promise<readonly ErrorCount[]> {
    const counts = [...(await this.#options.store.statErrors({ tenant, from }))];
    for (const group of this.#counter.groups) {
      if (group.tenant !== tenant) continue;
      for (const [code, count] of Object.entries(group.errors)) {
        const at = counts.findIndex((one) => one.type === group.type && one.code === code);
        const known = counts[at];
        if (known === undefined) counts.push({ type: group.type, code, count });
        else counts[at] = { ...known, count: known.count + count };
      }
    }
    return counts.sort((a, b) => b.count - a.count);
  }
}

function sumOf(one: StatSum['figures'], other: CountedFigures): CountedFigures {
  const sum = noFigures();
  addFigures(sum, one);
  addFigures(sum, other);
  return sum;
}

function minuteOf(time: number): number {
  return time - (time % MINUTE_MS);
}
