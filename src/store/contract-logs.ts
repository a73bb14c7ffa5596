/** Logs and output in the contract of the store: lines that a running job's holder appends, and anybody reads by offset. */
import type { LogEntry, LogLevel, LogLine, Stream } from '../core/log-line.ts';

export type { LogEntry, LogLevel, LogLine, Stream };

/** Lines of one attempt, in their order: written only while the job is running under this fence. */
export interface LogAppend {
  readonly id: string;
  readonly fence: number;
  readonly stream: Stream;
  readonly entries: readonly LogEntry[];
  /**
   * What the job keeps of this stream, in bytes as offsets count them. Of more, the middle of a log is left out, and a line says so; of output that of earlier
   * runs goes, as far as it is in the way (its last line stays, so that offsets only grow), and past that nothing is written.
   */
  readonly bytesMax: number;
}

export type LogOutcome =
  | 'written'
  /** Not running under this fence any more, nothing is written. */
  | 'lost'
  /** Output of this run alone would have more than `bytesMax`, nothing is written. */
  | 'full';

export interface LogFilter {
  readonly id: string;
  readonly stream: Stream;
  /** Only lines behind this offset; 0 for all. */
  readonly after: number;
  /** Only those of this attempt, and the line that stands for those left out. */
  readonly attempt?: number | undefined;
  /** Only those at this level or above, and the line that stands for those left out. */
  readonly levelMin?: LogLevel | undefined;
  readonly limit: number;
  /** Only lines that end within so many bytes behind the end of the first one. */
  readonly bytesMax?: number | undefined;
}
