/** Waiting for two things of a job at once, its next change and its next output, whichever comes first. */
import type { Job } from '../../core/job.ts';
import type { Engine, LogsOutcome, Lookup } from '../../engine/api.ts';
import { nextAfter, nextLines } from '../event-waits.ts';

export type Turn =
  /** Null when the time is over. */
  { readonly of: 'change'; readonly seen: Lookup | null } | { readonly of: 'lines'; readonly seen: LogsOutcome | null };

export interface Follow {
  changeOf(job: Job): void;
  linesOf(job: Job, after: number): void;
  /** What comes first of both; each comes once, until it is asked for again. */
  next(): Promise<Turn>;
}

export function createFollow(engine: Engine, signal: AbortSignal): Follow {
  const endsAt = engine.clock.now() + engine.limits.eventsMsMax;
  let change: Promise<Turn> = NEVER;
  let lines: Promise<Turn> = NEVER;
  return {
    changeOf(job) {
      change = watched(nextAfter(engine, job, endsAt, signal).then((seen): Turn => ({ of: 'change', seen })));
    },
    linesOf(job, after) {
      const wanted = { stream: 'output', after, endsAt, signal } as const;
      lines = watched(nextLines(engine, job, wanted).then((seen): Turn => ({ of: 'lines', seen })));
    },
    async next() {
      const turn = await Promise.race([change, lines]);
      if (turn.of === 'change') change = NEVER;
      else lines = NEVER;
      return turn;
    },
  };
}

const NEVER: Promise<Turn> = new Promise(() => {});

/** The other one must not end the process when the stream has ended with the first. */
function watched(turn: Promise<Turn>): Promise<Turn> {
  turn.catch(() => {});
  return turn;
}
