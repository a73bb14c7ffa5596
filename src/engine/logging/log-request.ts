/** What is asked of the log and the output of a job, and what comes back. Seen by all as part of `api.ts`. */
import type { LogLevel, LogLine, Stream } from '../../core/log-line.ts';
import type { CallerSignal } from '../caller-signal.ts';

export interface LogRequest {
  readonly tenant: string;
  readonly id: string;
  readonly stream: Stream;
  /** Only lines behind this offset; 0 for all. */
  readonly after: number;
  readonly attempt?: number | undefined;
  /** Only lines at this level or above. */
  readonly levelMin?: LogLevel | undefined;
  readonly limit: number;
  /** Waits up to this long for a line while there is none, and the job may still bring one. */
  readonly timeoutMs: number;
  readonly signal: CallerSignal;
}

export interface LogPage {
  readonly lines: readonly LogLine[];
  /** Pass as `after` for what comes behind these lines. */
  readonly next: number;
  /** The job is final and these are the last lines. */
  readonly isDone: boolean;
}
