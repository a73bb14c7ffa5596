/**
 * Waiting as a person sees it: the jobs are shown as they come along, ^C ends the wait and not the jobs, and a server that is
 * restarted meanwhile is waited for too.
 *
 * A few jobs are watched one by one, which shows every step. Many are waited for in one call that comes back whenever one of
 * them is done; the pause between two such calls lets a burst of them be read at once.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, ClientError, isFinished, type JobBody, type UnknownJob } from '../client/index.ts';
import type { Surroundings } from './command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { BARS_MAX, type ProgressDisplay } from './terminal/progress-display.ts';

export interface WaitForJobs {
  /** For the first look: a server that is down is said at once. */
  readonly client: Client;
  /** For the rest of the wait: rides out a restart. */
  readonly patient: Client;
  readonly ids: readonly string[];
  readonly mode: 'all' | 'any';
  /** Infinity for as long as it takes. */
  readonly timeoutMs: number;
  readonly display: ProgressDisplay;
  readonly onSignal: Surroundings['onSignal'];
}

export interface JobsWaited {
  readonly ending: 'satisfied' | 'timeout' | 'interrupted';
  /** In the order of the ids. */
  readonly jobs: readonly (JobBody | UnknownJob)[];
}

/** Tries of the patient client: with doubling pauses from 100 ms they span about half a minute. */
export const PATIENT_TRIES = 9;
const ROUND_PAUSE_MS = 250;
const GONE_STATUSES: ReadonlySet<number | null> = new Set([404, 410]);

export async function waitForJobs(wait: WaitForJobs): Promise<JobsWaited> {
  const latest = new Map<string, JobBody | UnknownJob>();
  const note = (job: JobBody | UnknownJob) => {
    latest.set(job.id, job);
    wait.display.show(job);
  };
  // Before anything is shown: whoever sees a job running may press ^C at once.
  const stop = new AbortController();
  const removeHandler = wait.onSignal(() => stop.abort('interrupted'));
  const isTimed = Number.isFinite(wait.timeoutMs);
  const timer = isTimed ? setTimeout(() => stop.abort('timeout'), Math.min(wait.timeoutMs, 2 ** 31 - 1)) : undefined;
  try {
    // Not under the timeout: a wait of no time at all is still told how the jobs stand.
    const first = await wait.client.waitMany(wait.ids, { for: wait.mode, timeoutMs: 0 });
    for (const job of first.jobs) note(job);
    if (!isEnough(wait, latest)) await (wait.ids.length > BARS_MAX ? rounds : watches)(wait, latest, note, stop);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    removeHandler();
    // Ends what a failure left held, and does nothing otherwise.
    stop.abort('over');
    wait.display.end();
  }
  const jobs = wait.ids.map((id): JobBody | UnknownJob => latest.get(id) ?? { id, state: 'unknown' });
  return { ending: isEnough(wait, latest) ? 'satisfied' : stop.signal.reason, jobs };
}

type Latest = ReadonlyMap<string, JobBody | UnknownJob>;
type Note = (job: JobBody | UnknownJob) => void;

async function watches(wait: WaitForJobs, latest: Latest, note: Note, stop: AbortController): Promise<void> {
  const open = [...latest.values()].filter((job) => !isFinished(job));
  await Promise.all(open.map(({ id }) => watchOne(id)));

  async function watchOne(id: string): Promise<void> {
    try {
      for await (const job of wait.patient.watch(id, { signal: stop.signal })) note(job);
    } catch (error) {
      if (!(error instanceof ClientError) || !GONE_STATUSES.has(error.status)) throw error;
      note({ id, state: 'unknown' });
    }
    if (isEnough(wait, latest)) stop.abort('satisfied');
  }
}

async function rounds(wait: WaitForJobs, latest: Latest, note: Note, stop: AbortController): Promise<void> {
  while (!isEnough(wait, latest)) {
    const open = [...latest.values()].filter((job) => !isFinished(job)).map((job) => job.id);
    const { jobs } = await wait.patient.waitMany(open, { for: 'any', signal: stop.signal });
    for (const job of jobs) note(job);
    await pause(ROUND_PAUSE_MS, undefined, { signal: stop.signal });
  }
}

function isEnough({ mode }: WaitForJobs, latest: Latest): boolean {
  const jobs = [...latest.values()];
  if (jobs.every(isFinished)) return true;
  return mode === 'any' && jobs.some((job) => job.state !== 'unknown' && isFinished(job));
}

export function exitCodeOfWait({ ending, jobs }: JobsWaited, mode: 'all' | 'any'): ExitCode {
  if (ending === 'interrupted') return EXIT.interrupted;
  const finished = jobs.filter((job): job is JobBody => job.state !== 'unknown' && isFinished(job));
  const hasUnknown = jobs.some((job) => job.state === 'unknown');
  if (hasUnknown && (mode === 'all' || finished.length === 0)) return EXIT.notFound;
  if (ending === 'timeout') return EXIT.timeout;
  return finished.every((job) => job.state === 'succeeded') ? EXIT.succeeded : EXIT.unsuccessful;
}
