/**
 * Jobs as they come along: bars that redraw themselves on a terminal, one line per step elsewhere (a log, a pipe).
 *
 * All of it goes to stderr. More than a screenful of bars helps nobody, so many jobs are one line with counts.
 */
import { isFinished, type JobBody, type UnknownJob } from '../../client/index.ts';
import { jobLine, percentText } from './job-text.ts';
import { fitted, printable } from './printable.ts';
import type { Terminal } from './terminal.ts';

/** Jobs that get a bar of their own, and are watched revision by revision. */
export const BARS_MAX = 10;

export interface ProgressDisplay {
  show(job: JobBody | UnknownJob): void;
  /** Takes the bars away, so that what is printed next starts on a clean line. */
  end(): void;
}

export const NO_DISPLAY: ProgressDisplay = { show: () => {}, end: () => {} };

export function progressDisplay(terminal: Terminal, count: number): ProgressDisplay {
  if (!terminal.isLive) return stepLines(terminal);
  return liveLines(terminal, count <= BARS_MAX ? (jobs) => jobs.map((job) => bar(job, terminal.columns)) : summary);
}

/** A line per job and step: a new state, or ten more percent. */
function stepLines(terminal: Terminal): ProgressDisplay {
  const steps = new Map<string, string>();
  return {
    show(job) {
      const step = job.state === 'unknown' ? job.state : `${job.state} ${Math.floor(job.progress.percent / 10)}`;
      if (steps.get(job.id) === step) return;
      steps.set(job.id, step);
      // How a job ended is the output of the command, not a step on the way.
      if (!isFinished(job)) terminal.note(jobLine(job));
    },
    end() {},
  };
}

type Lines = (jobs: readonly (JobBody | UnknownJob)[]) => readonly string[];

function liveLines(terminal: Terminal, linesOf: Lines): ProgressDisplay {
  const jobs = new Map<string, JobBody | UnknownJob>();
  let drawn = 0;
  /** Back to the first line that was drawn, and everything from there on erased. */
  const erase = () => (drawn === 0 ? '' : `\x1b[${drawn}A\x1b[J`);
  return {
    show(job) {
      jobs.set(job.id, job);
      const lines = linesOf([...jobs.values()]);
      terminal.draw(`${erase()}${lines.map((line) => `${line}\n`).join('')}`);
      drawn = lines.length;
    },
    end() {
      terminal.draw(erase());
      drawn = 0;
    },
  };
}

const BAR_WIDTH = 24;

function bar(job: JobBody | UnknownJob, columns: number): string {
  if (job.state === 'unknown') return fitted(jobLine(job), columns - 1);
  const full = Math.round((job.progress.percent / 100) * BAR_WIDTH);
  const drawing = `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)}`;
  const message = job.progress.message === null ? '' : ` ${printable(job.progress.message)}`;
  const attempt = job.attempt > 1 ? ` (attempt ${job.attempt})` : '';
  const head = `${fitted(printable(job.type), 16)} ${job.id.slice(-8)}`;
  // One column is left free: a full line makes some terminals break it, and the next redraw would miss a line.
  return fitted(
    `${head} ${drawing} ${percentText(job).padStart(4)} % ${job.state}${attempt}${message}`,
    Math.max(20, columns - 1),
  );
}

function summary(jobs: readonly (JobBody | UnknownJob)[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { state } of jobs) counts.set(state, (counts.get(state) ?? 0) + 1);
  const done = jobs.filter(isFinished).length;
  return [`${done} of ${jobs.length} done: ${[...counts].map(([state, count]) => `${count} ${state}`).join(', ')}`];
}
