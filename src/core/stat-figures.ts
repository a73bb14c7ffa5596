/**
 * What is counted of the jobs of a tenant and type over a stretch of time, in few enough numbers to keep one row a minute for a week.
 *
 * Run times are a histogram whose bounds double from 1 ms to 70 minutes: 24 numbers, of which most rows use two or three. A quantile that is read
 * from it lies in the right step, and is the time itself within a third where times spread evenly over the step.
 */

/** Summed over nodes and over time. `runs` and `runMs` are of attempts that ended a job, well or not. */
export const STAT_SUMS = [
  'submitted',
  'succeeded',
  'failed',
  'cancelled',
  'expired',
  'retried',
  'runs',
  'runMs',
] as const;
/** Of these the largest counts: the longest run, and the jobs waiting at the end of a minute, which every node sees alike. */
export const STAT_PEAKS = ['runMsMax', 'waiting'] as const;
export const RUN_STEPS = 24;

export type StatFigures = Readonly<Record<(typeof STAT_SUMS)[number] | (typeof STAT_PEAKS)[number], number>> & {
  /** Runs per step: of less than 1 ms, of 1, of 2 and 3, of 4 to 7, and so on; the last is open. */
  readonly runSteps: readonly number[];
};

type Writable = { -readonly [Name in keyof StatFigures]: StatFigures[Name] } & { runSteps: number[] };

export function noFigures(): Writable {
  const none = { submitted: 0, succeeded: 0, failed: 0, cancelled: 0, expired: 0, retried: 0, runs: 0, runMs: 0 };
  return { ...none, runMsMax: 0, waiting: 0, runSteps: new Array<number>(RUN_STEPS).fill(0) };
}

export type CountedFigures = Writable;

export function countRun(figures: CountedFigures, ms: number): void {
  const whole = Math.max(0, Math.round(ms));
  figures.runs += 1;
  figures.runMs += whole;
  figures.runMsMax = Math.max(figures.runMsMax, whole);
  const step = stepOf(whole);
  figures.runSteps[step] = (figures.runSteps[step] ?? 0) + 1;
}

/** Of the same type: other nodes, other times. */
export function addFigures(sum: CountedFigures, more: StatFigures): void {
  const waiting = Math.max(sum.waiting, more.waiting);
  addOtherType(sum, more);
  sum.waiting = waiting;
}

/** Of another type: what waits of both waits. */
export function addOtherType(sum: CountedFigures, more: StatFigures): void {
  for (const name of STAT_SUMS) sum[name] += more[name];
  for (const [step, runs] of more.runSteps.entries()) sum.runSteps[step] = (sum.runSteps[step] ?? 0) + runs;
  sum.runMsMax = Math.max(sum.runMsMax, more.runMsMax);
  sum.waiting += more.waiting;
}

/** The time that this share of the runs did not exceed, in ms; null where there were none. */
export function runTimeAt({ runs, runMsMax, runSteps }: StatFigures, share: number): number | null {
  if (runs === 0) return null;
  const rank = share * runs;
  let below = 0;
  for (const [step, count] of runSteps.entries()) {
    if (count > 0 && below + count >= rank) {
      const from = step === 0 ? 0 : 2 ** (step - 1);
      const to = Math.min(runMsMax, step === RUN_STEPS - 1 ? runMsMax : 2 ** step - 1);
      return Math.round(from + (Math.max(from, to) - from) * ((rank - below) / count));
    }
    below += count;
  }
  return runMsMax;
}

/** How many bits the time has. */
function stepOf(ms: number): number {
  return Math.min(RUN_STEPS - 1, 32 - Math.clz32(Math.min(ms, 2 ** 31)));
}
