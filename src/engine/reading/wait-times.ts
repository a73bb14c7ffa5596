/**
 * When waits are over, thousands at once, without a timer and its closures for each.
 *
 * Waits of one length end in the order in which they began, so each length has one line and one timer, for the first in it. Callers choose
 * few lengths; one who chooses thousands has a timer each, as before. Joining and leaving take the same time whatever the number.
 */
import type { CancelTimer, Clock } from '../clock.ts';

/** What a wait brings along: its place in its line. */
export interface Timed {
  readonly timeoutMs: number;
  /** By the steady counter; set when it joins. */
  overAt: number;
  before: Timed | null;
  after: Timed | null;
}

export interface WaitTimes<Wait extends Timed> {
  add(wait: Wait): void;
  /** Does nothing for one that never joined or has left. */
  remove(wait: Wait): void;
}

/** One length, from the first to end to the last; the line closes when nobody is left. */
interface Line {
  first: Timed;
  last: Timed;
  cancelTimer: CancelTimer;
}

export function createWaitTimes<Wait extends Timed>(clock: Clock, onOver: (wait: Wait) => void): WaitTimes<Wait> {
  const lines = new Map<number, Line>();

  function remove(wait: Timed): void {
    const line = lines.get(wait.timeoutMs);
    const { before, after } = wait;
    if (line === undefined || (before === null && line.first !== wait)) return;
    wait.before = wait.after = null;
    if (before !== null) before.after = after;
    if (after !== null) after.before = before;
    if (before === null && after === null) {
      line.cancelTimer();
      lines.delete(wait.timeoutMs);
    } else if (before === null) line.first = after as Timed;
    else if (after === null) line.last = before;
  }
  function look(line: Line): void {
    const now = clock.steady();
    const { timeoutMs } = line.first;
    while (lines.get(timeoutMs) === line && line.first.overAt <= now) {
      const { first } = line;
      remove(first);
      onOver(first as Wait);
    }
    // The one that the timer was set for may have left, or timers may be a little early.
    if (lines.get(timeoutMs) === line) setTimer(line);
  }
  function setTimer(line: Line): void {
    line.cancelTimer = clock.after(line.first.overAt - clock.steady(), () => look(line));
  }

  return {
    add(wait) {
      wait.overAt = clock.steady() + wait.timeoutMs;
      const line = lines.get(wait.timeoutMs);
      if (line === undefined) {
        const fresh: Line = { first: wait, last: wait, cancelTimer: () => {} };
        lines.set(wait.timeoutMs, fresh);
        setTimer(fresh);
        return;
      }
      wait.before = line.last;
      line.last.after = wait;
      line.last = wait;
    },
    remove,
  };
}
