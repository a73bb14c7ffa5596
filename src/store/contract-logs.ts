/** Logs in the contract of the store: lines that a running job's holder appends, and anybody reads by offset. */
import type { LogEntry, LogLevel, LogLine } from '../core/log-line.ts';

export type { LogEntry, LogLevel, LogLine };

/** Lines of one attempt, in their order: written only while the job is running under this fence. */
export interface LogAppend {
  readonly id: string;
  readonly fence: number;
  readonly entries: readonly LogEntry[];
  /** What the job keeps of its log, in bytes as offsets count them; of more the middle is left out, and a line says so. */
  readonly bytesMax: number;
}

/** `lost`: not running under this fence any more, nothing is written. */
export type LogOutcome = 'written' | 'lost';

export interface LogFilter {
  readonly id: string;
  /** Only lines behind this offset; 0 for all. */
  readonly after: number;
  /** Only those of this attempt, and the line that stands for those left out. */
  readonly attempt?: number | undefined;
  /** Only those at this level or above, and the line that stands for those left out. */
  readonly levelMin?: LogLevel | undefined;
  readonly limit: number;
}
