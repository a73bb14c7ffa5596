/**
 * What one attempt says to people. Past `logLinesPerSecondMax` lines are left out, and past what a job may keep at all while the store is away. How many is a
 * line of its own, in their place.
 */
import type { Job } from '../../core/job.ts';
import type { LogEntry, LogLevel } from '../../core/log-line.ts';
import { attemptFacts } from '../telemetry.ts';
import { AttemptLines, type AttemptLinesOptions, lineBytes } from './attempt-lines.ts';
import { logEntryOf } from './log-entry.ts';

const SECOND_MS = 1_000;

export class AttemptLog {
  readonly #options: AttemptLinesOptions;
  readonly #job: Job;
  readonly #lines: AttemptLines;
  #leftOut = 0;
  #second = { beganAt: Number.NEGATIVE_INFINITY, lines: 0 };

  /** @param onLost told when the store says that somebody else has the job */
  constructor(options: AttemptLinesOptions, job: Job, onLost: () => void) {
    this.#options = options;
    this.#job = job;
    const bytesMax = options.limits.logBytesPerJobMax;
    this.#lines = new AttemptLines(options, { job, stream: 'log', bytesMax, onLost });
  }

  say(line: unknown, level: LogLevel, fields: string | null): void {
    const { clock, limits, telemetry } = this.#options;
    if (this.#lines.isOver) return;
    const entry = logEntryOf({ at: clock.now(), level, line, fields }, limits);
    if (!this.#takes(entry)) {
      this.#leftOut += 1;
      return;
    }
    telemetry.emit({ kind: 'jobLogged', line: entry.line, level, ...attemptFacts(this.#job) });
    if (limits.logBytesPerJobMax === 0) return;
    this.#sayLeftOut();
    this.#lines.add(entry);
    this.#lines.send();
  }

  /** As that of its lines. */
  flush(): Promise<void> | null {
    this.#sayLeftOut();
    return this.#lines.flush();
  }

  stop(): void {
    this.#lines.stop();
  }

  #takes(entry: LogEntry): boolean {
    const { clock, limits } = this.#options;
    const now = clock.steady();
    if (now - this.#second.beganAt >= SECOND_MS) this.#second = { beganAt: now, lines: 0 };
    if (this.#second.lines >= limits.logLinesPerSecondMax) return false;
    const { waitingBytes } = this.#lines;
    if (waitingBytes > 0 && waitingBytes + lineBytes(entry) > limits.logBytesPerJobMax) return false;
    this.#second.lines += 1;
    return true;
  }

  #sayLeftOut(): void {
    const { clock, limits } = this.#options;
    if (this.#leftOut === 0 || this.#lines.isOver) return;
    const line = `… ${this.#leftOut} lines are left out here: more than ${limits.logLinesPerSecondMax} a second (logLinesPerSecondMax), or more than the store could take.`;
    this.#leftOut = 0;
    this.#lines.add({ at: clock.now(), level: 'warn', line, fields: null });
  }
}
