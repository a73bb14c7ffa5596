/**
 * Lines of one attempt on their way into one stream: gathered while a write is under way, written in order, never more often than the store answers.
 *
 * - At most one write is under way. What the store refuses for the moment is kept and tried again.
 * - `flush` stands before the outcome of the attempt: what was said is stored before the job is over.
 */
import { BideError } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import { LOG_LINE_BYTES, type LogEntry, type Stream } from '../../core/log-line.ts';
import type { LogAppend, LogOutcome } from '../../store/contract.ts';
import type { Call } from '../batcher.ts';
import type { CancelTimer } from '../clock.ts';
import type { EngineBase } from '../engine-base.ts';
import type { Logs } from './logs.ts';

export interface AttemptLinesOptions extends Pick<EngineBase, 'clock' | 'limits' | 'telemetry'> {
  readonly logs: Logs;
}

export interface LinesFacts {
  readonly job: Job;
  readonly stream: Stream;
  readonly bytesMax: number;
  /** Told when the store says that somebody else has the job. */
  readonly onLost: () => void;
}

/** Between two tries while the store is away. */
const RETRY_MS = 1_000;

export class AttemptLines implements Call<LogAppend, LogOutcome> {
  readonly #options: AttemptLinesOptions;
  readonly #facts: LinesFacts;
  #waiting: LogEntry[] = [];
  #waitingBytes = 0;
  #sending: readonly LogEntry[] | null = null;
  #isBusy = false;
  #isOver = false;
  #cancelRetry: CancelTimer = () => {};
  #flush: PromiseWithResolvers<void> | null = null;

  constructor(options: AttemptLinesOptions, facts: LinesFacts) {
    this.#options = options;
    this.#facts = facts;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Of what no write has taken yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  add(entry: LogEntry): void {
    this.#waiting.push(entry);
    this.#waitingBytes += lineBytes(entry);
  }

  send(): void {
    if (this.#isBusy || this.#waiting.length === 0) return;
    this.#isBusy = true;
    this.#cancelRetry();
    try {
      this.#options.logs.push(this);
    } catch (error) {
      this.reject(error);
    }
  }

  /** Null where all is stored already. Rejects while the store takes nothing; what was said is kept then. */
  flush(): Promise<void> | null {
    if (!this.#isBusy && this.#waiting.length === 0) return null;
    this.#flush ??= Promise.withResolvers();
    // Sending may settle it at once.
    const { promise } = this.#flush;
    this.send();
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
    const { job, stream, bytesMax } = this.#facts;
    return { id: job.id, fence: job.fence, stream, entries: this.#sending, bytesMax };
  }

  resolve(outcome: LogOutcome): void {
    this.#isBusy = false;
    this.#sending = null;
    if (outcome === 'lost') {
      this.stop();
      this.#facts.onLost();
    }
    if (outcome === 'full') this.#failedFor(new Error('More was said than fits, although it was counted.'));
    this.#goOn();
  }

  reject(error: unknown): void {
    const lines = this.#sending ?? [];
    this.#isBusy = false;
    this.#sending = null;
    if (error instanceof BideError && error.kind !== 'internal') {
      this.#waiting = this.#isOver ? [] : [...lines, ...this.#waiting];
      for (const entry of lines) this.#waitingBytes += lineBytes(entry);
      if (this.#flush === null) this.#cancelRetry = this.#options.clock.after(RETRY_MS, () => this.send());
      this.#settle((flush) => flush.reject(error));
      return;
    }
    // Of these lines the store will never want to know.
    this.#failedFor(error);
    this.#goOn();
  }

  #failedFor(error: unknown): void {
    this.#options.telemetry.emit({ kind: 'internalError', where: `${this.#facts.stream} of a job`, error });
  }

  #goOn(): void {
    if (this.#waiting.length > 0) this.send();
    else this.#settle((flush) => flush.resolve());
  }

  #settle(how: (flush: PromiseWithResolvers<void>) => void): void {
    const flush = this.#flush;
    this.#flush = null;
    if (flush !== null) how(flush);
  }
}

export function lineBytes({ line, fields }: LogEntry): number {
  return LOG_LINE_BYTES + line.length + (fields?.length ?? 0);
}
