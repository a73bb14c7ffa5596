/**
 * What a job says while it runs, kept with it and removed with it: two streams of lines. Its log is for people and may lose its middle; its output is parts of
 * a result, each a JSON value, and loses nothing.
 */

export const STREAMS = ['log', 'output'] as const;
export type Stream = (typeof STREAMS)[number];

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A line on its way into the store. */
export interface LogEntry {
  /** When it was said, epoch ms. */
  readonly at: number;
  /** `info` for output. */
  readonly level: LogLevel;
  /** Of output the JSON text of a chunk. */
  readonly line: string;
  /** A JSON object as text; null for output. */
  readonly fields: string | null;
}

export interface LogLine extends LogEntry {
  readonly stream: Stream;
  /**
   * Where the line ends in its stream, counted in bytes from its beginning (`LOG_LINE_BYTES` and its text each), those left out included. It only
   * grows, so that a reader goes on behind the last one that they have, whatever was left out meanwhile.
   */
  readonly offset: number;
  /** The attempt that said it; 0 for the one line that stands for those left out. */
  readonly attempt: number;
  /** That of the run that said it. Output begins anew where it grows: an attempt that was given back keeps its number. */
  readonly fence: number;
}

/** What a line counts beside its text: an empty one takes room as well. */
export const LOG_LINE_BYTES = 32;

/** In place of lines in the middle that a job may not keep. */
export function leftOutLine(bytes: number, bytesMax: number): string {
  return `… ${bytes} bytes of this log are left out here: a job keeps ${bytesMax} of them (logBytesPerJobMax), from its beginning and from its end.`;
}
