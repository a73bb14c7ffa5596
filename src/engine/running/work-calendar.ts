/**
 * Knows for which types it may be worth asking the store for work, so that nobody asks in vain and nothing due is overlooked.
 *
 * A type is empty after a claim that got less than it wanted. Then only these make it worth asking again: a change that makes a
 * job of it waiting and due, a due time that was known ahead, a hint, or the safety poll where the store is shared. Changes
 * that come while a claim is under way count for the next one (`arrivalsOf`): the claim may not have seen them.
 */
import { isFinal } from '../../core/state.ts';
import type { Change } from '../changes.ts';
import { createDueTimes } from './due-times.ts';

export interface WorkCalendar {
  /** Takes a change into account; true when there may be work now or a new earliest due time. */
  note(change: Change, now: number): boolean;
  /** These types may have work; null: look at everything anew, due times included. */
  mayHaveWork(types: readonly string[] | null): void;
  /** From now on it is about these types; each of them may have work. */
  retype(types: readonly string[]): void;
  isEmpty(type: string): boolean;
  /** Grows whenever the type may have got work. */
  arrivalsOf(type: string): number;
  /** The type had no more work as of a claim that began with this many arrivals. */
  empty(type: string, arrivals: number): void;
  /** There may be work at this time. */
  expect(at: number): void;
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
  /** Of all types together, so that a type which goes and comes back never counts the same number again. */
  let last = 0;
  const arrivals = new Map<string, number>();
  const arrive = (type: string) => {
    last += 1;
    arrivals.set(type, last);
  };
  for (const type of types) arrive(type);
  const emptyAt = new Map<string, number>();
  const due = createDueTimes();

  const mayHaveWork = (some: readonly string[] | null) => {
    for (const type of some ?? arrivals.keys()) {
      if (arrivals.has(type)) arrive(type);
    }
  };

  return {
    note({ job }, now) {
      // The end of a job in a sequence frees the next one, of whatever type.
      if (isFinal(job.state) && job.sequenceKey !== null) mayHaveWork(null);
      else if (job.state !== 'waiting' || !arrivals.has(job.type)) return false;
      else if (job.runAt > now) return due.expect(job.runAt);
      else mayHaveWork([job.type]);
      return true;
    },
    mayHaveWork(some) {
      mayHaveWork(some);
      if (some === null) due.doubt();
    },
    retype(now) {
      arrivals.clear();
      for (const type of now) arrive(type);
      due.doubt();
    },
    isEmpty: (type) => emptyAt.get(type) === arrivals.get(type),
    arrivalsOf: (type) => arrivals.get(type) ?? 0,
    empty: (type, count) => emptyAt.set(type, count),
    expect: (at) => void due.expect(at),
    turn(now) {
      if (due.hasCome(now)) mayHaveWork(null);
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
