/**
 * What one attempt says: gathered while a write is under way, written in order, never more often than the store answers.
 *
 * - At most one write is under way. What the store refuses for the moment is kept and tried again, up to the bytes that a job may keep at all.
 * - Past `logLinesPerSecondMax` lines are left out. How many is a line of its own, in their place.
 * - `flush` stands before the outcome of the attempt: what was said is stored before the job is over.
 */
import { BideError } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import { LOG_LINE_BYTES, type LogEntry, type LogLevel } from '../../core/log-line.ts';
import type { LogAppend, LogOutcome } from '../../store/contract.ts';
import type { Call } from '../batcher.ts';
import type { CancelTimer } from '../clock.ts';
import type { EngineBase } from '../engine-base.ts';
import { attemptFacts } from '../telemetry.ts';
import { logEntryOf } from './log-entry.ts';
import type { Logs } from './logs.ts';

export interface AttemptLogOptions extends Pick<EngineBase, 'clock' | 'limits' | 'telemetry'> {
  readonly logs: Logs;
}

/** Between two tries while the store is away. */
const RETRY_MS = 1_000;
const SECOND_MS = 1_000;

export class AttemptLog implements Call<LogAppend, LogOutcome> {
  readonly #options: AttemptLogOptions;
  readonly #job: Job;
  readonly #onLost: () => void;
  #waiting: LogEntry[] = [];
  #waitingBytes = 0;
  #sending: readonly LogEntry[] | null = null;
  #isBusy = false;
  #isOver = false;
  #leftOut = 0;
  #second = { beganAt: Number.NEGATIVE_INFINITY, lines: 0 };
  #cancelRetry: CancelTimer = () => {};
  #flush: PromiseWithResolvers<void> | null = null;

  /** @param onLost told when the store says that somebody else has the job */
  constructor(options: AttemptLogOptions, job: Job, onLost: () => void) {
    this.#options = options;
    this.#job = job;
    this.#onLost = onLost;
  }

  say(line: unknown, level: LogLevel, fields: string | null): void {
    const { clock, limits, telemetry } = this.#options;
    if (this.#isOver) return;
    const entry = logEntryOf({ at: clock.now(), level, line, fields }, limits);
    if (!this.#takes(entry)) {
      this.#leftOut += 1;
      return;
    }
    telemetry.emit({ kind: 'jobLogged', line: entry.line, level, ...attemptFacts(this.#job) });
    if (limits.logBytesPerJobMax === 0) return;
    this.#sayLeftOut();
    this.#keep(entry);
    this.#send();
  }

  /** Null where all is stored already. Rejects while the store takes nothing; what was said is kept then. */
  flush(): Promise<void> | null {
    this.#sayLeftOut();
    if (!this.#isBusy && this.#waiting.length === 0) return null;
    this.#flush ??= Promise.withResolvers();
    // Sending may settle it at once.
    const { promise } = this.#flush;
    this.#send();
    return promise;
  }

  /** Nothing is said from here on, and what was not stored is dropped. */
  stop(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#cancelRetry();
  }

  /** Taken when the batch goes: what was said until then is in it. */
  get item(): LogAppend {
    if (this.#sending === null) {
      this.#sending = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
    }
    const { id, fence } = this.#job;
    return { id, fence, entries: this.#sending, bytesMax: this.#options.limits.logBytesPerJobMax };
  }

  resolve(outcome: LogOutcome): void {
    this.#isBusy = false;
    this.#sending = null;
    if (outcome === 'lost') {
      this.stop();
      this.#onLost();
    }
    if (this.#waiting.length > 0) this.#send();
    else this.#settle((flush) => flush.resolve());
  }

  reject(error: unknown): void {
    const lines = this.#sending ?? [];
    this.#isBusy = false;
    this.#sending = null;
    if (error instanceof BideError && error.kind !== 'internal') {
      this.#waiting = this.#isOver ? [] : [...lines, ...this.#waiting];
      for (const entry of lines) this.#waitingBytes += bytesOf(entry);
      if (this.#flush === null) this.#cancelRetry = this.#options.clock.after(RETRY_MS, () => this.#send());
      this.#settle((flush) => flush.reject(error));
      return;
    }
    // Of these lines the store will never want to know.
    this.#options.telemetry.emit({ kind: 'internalError', where: 'log of a job', error });
    if (this.#waiting.length > 0) this.#send();
    else this.#settle((flush) => flush.resolve());
  }

  #takes(entry: LogEntry): boolean {
    const { clock, limits } = this.#options;
    const now = clock.steady();
    if (now - this.#second.beganAt >= SECOND_MS) this.#second = { beganAt: now, lines: 0 };
    if (this.#second.lines >= limits.logLinesPerSecondMax) return false;
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytesOf(entry) > limits.logBytesPerJobMax) return false;
    this.#second.lines += 1;
    return true;
  }

  #keep(entry: LogEntry): void {
    this.#waiting.push(entry);
    this.#waitingBytes += bytesOf(entry);
  }

  #sayLeftOut(): void {
    const { clock, limits } = this.#options;
    if (this.#leftOut === 0 || this.#isOver) return;
    const line = `… ${this.#leftOut} lines are left out here: more than ${limits.logLinesPerSecondMax} a second (logLinesPerSecondMax), or more than the store could take.`;
    this.#leftOut = 0;
    this.#keep({ at: clock.now(), level: 'warn', line, fields: null });
  }

  #send(): void {
    if (this.#isBusy || this.#waiting.length === 0) return;
    this.#isBusy = true;
    this.#cancelRetry();
    try {
      this.#options.logs.push(this);
    } catch (error) {
      this.reject(error);
    }
  }

  #settle(how: (flush: PromiseWithResolvers<void>) => void): void {
    const flush = this.#flush;
    this.#flush = null;
    if (flush !== null) how(flush);
  }
}

function bytesOf({ line, fields }: LogEntry): number {
  return LOG_LINE_BYTES + line.length + (fields?.length ?? 0);
}
