/**
 * Knows for which types it may be worth asking the store for work, so that nobody asks in vain and nothing due is overlooked.
 *
 * A type is `dry` after a claim that got less than it wanted. Then only these make it worth asking again: a change that makes a
 * job of it waiting and due, a due time that was known ahead, a hint, or the safety poll where the store is shared. Changes
 * that come while a claim is under way count for the next one (`tideOf`): the claim may not have seen them.
 */
import { isFinal } from '../../core/state.ts';
import type { Change } from '../changes.ts';
import { createDueTimes } from './due-times.ts';

export interface WorkCalendar {
  /** Takes a change into account; true when there may be work now or a new earliest due time. */
  note(change: Change, now: number): boolean;
  /** These types may have work; null: look at everything anew, due times included. */
  flood(types: readonly string[] | null): void;
  isDry(type: string): boolean;
  /** Grows whenever the type may have got work. */
  tideOf(type: string): number;
  /** The type had no more work as of a claim that began at this tide. */
  dry(type: string, tide: number): void;
  /** Makes everything worth asking for when the known due time has come. */
  turn(now: number): void;
  /** Null when no due time is known. */
  readonly nextAt: number | null;
  /** Whether the store should be asked for the earliest due time. */
  readonly isAskDue: boolean;
  /** What the store said. */
  answer(nextAt: number | null): void;
}

export function createWorkCalendar(types: readonly string[]): WorkCalendar {
  const tides = new Map(types.map((type) => [type, 1]));
  const driedAt = new Map<string, number>();
  const due = createDueTimes();

  const flood = (some: readonly string[] | null) => {
    for (const type of some ?? types) {
      const tide = tides.get(type);
      if (tide !== undefined) tides.set(type, tide + 1);
    }
  };

  return {
    note({ job }, now) {
      // The end of a job in a sequence frees the next one, of whatever type.
      if (isFinal(job.state) && job.sequenceKey !== null) flood(null);
      else if (job.state !== 'waiting' || !tides.has(job.type)) return false;
      else if (job.runAt > now) return due.expect(job.runAt);
      else flood([job.type]);
      return true;
    },
    flood(some) {
      flood(some);
      if (some === null) due.doubt();
    },
    isDry: (type) => driedAt.get(type) === tides.get(type),
    tideOf: (type) => tides.get(type) ?? 0,
    dry: (type, tide) => driedAt.set(type, tide),
    turn(now) {
      if (due.hasCome(now)) flood(null);
    },
    get nextAt() {
      return due.nextAt;
    },
    get isAskDue() {
      return due.isAskDue;
    },
    answer: due.answer,
  };
}
