/** Lines of a job's log: what its handlers said while they ran, kept with the job and removed with it. */

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A line on its way into the store. */
export interface LogEntry {
  /** When it was said, epoch ms. */
  readonly at: number;
  readonly level: LogLevel;
  readonly line: string;
  /** A JSON object as text. */
  readonly fields: string | null;
}

export interface LogLine extends LogEntry {
  /**
   * Where the line ends in the job's log, counted in bytes from its beginning (`LOG_LINE_BYTES` and its text each), those left out included. It only
   * grows, so that a reader goes on behind the last one that they have, whatever was left out meanwhile.
   */
  readonly offset: number;
  /** The attempt that said it; 0 for the one line that stands for those left out. */
  readonly attempt: number;
}

/** What a line counts beside its text: an empty one takes room as well. */
export const LOG_LINE_BYTES = 32;

/** In place of lines in the middle that a job may not keep. */
export function leftOutLine(bytes: number, bytesMax: number): string {
  return `… ${bytes} bytes of this log are left out here: a job keeps ${bytesMax} of them (logBytesPerJobMax), from its beginning and from its end.`;
}
