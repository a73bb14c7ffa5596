/**
 * Looks at keys with a limit when it is time: one that was closed opens, a rate has room again, a job that was put off is due, tickets that nobody
 * takes go to others.
 *
 * The store says when the next key is due. Where others share it, it is asked every few seconds as well: they may have
 * died between a change and what follows from it.
 */
import type { EngineBase } from '../engine-base.ts';
import { createLoop, type Loop } from '../loop.ts';

const BATCH = 200;
const LOOK_MS = 2_000;
/** While any key is due some time: settlements elsewhere may have brought it forward. */
const SOON_MS = 1_000;
/** Between two looks, however soon the next key is due. */
const PAUSE_MS = 10;

export interface TicketingOptions extends EngineBase {
  /** Jobs of these types may be claimed now; null for any. */
  readonly onWork: (types: readonly string[] | null) => void;
}

export function createTicketing(options: TicketingOptions): Loop {
  const { store, clock, changes, random, onWork } = options;

  async function turn(): Promise<number | null> {
    const now = clock.now();
    const { types, nextAt } = await store.limitSettle({ now, limit: BATCH });
    if (types.length > 0) {
      onWork(types);
      if (store.facts.hasHints) store.hint([{ kind: 'work', types }]);
    }
    const untilNext =
      nextAt === null ? Number.POSITIVE_INFINITY : Math.min(SOON_MS, Math.max(PAUSE_MS, nextAt - clock.now()));
    const untilLook = store.facts.isShared ? LOOK_MS * (0.75 + random() / 2) : Number.POSITIVE_INFINITY;
    const sleepMs = Math.min(untilNext, untilLook);
    return sleepMs === Number.POSITIVE_INFINITY ? null : sleepMs;
  }

  const loop = createLoop({ ...options, name: 'ticketing', run: turn });
  changes.listen((change) => {
    if (change.kind === 'unsure') loop.wake();
    if (change.kind !== 'changed' || change.job.terms?.limit === undefined || change.cause === 'learnt') return;
    // Tickets of a rate are counted as they are taken; else only a job that came or came back can bring an earlier look.
    if (change.job.state === 'waiting' || change.job.terms.limit.rate != null) loop.wake();
    // One that runs no more, or waits no more or for another time, makes room for another of its key, of whatever type.
    if (change.before !== null && change.job.state !== 'running') onWork(null);
  });
  return loop;
}
