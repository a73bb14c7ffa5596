/**
 * How much of a job's log is kept: its first half, and of the rest what came last. Nothing is stored for it but the lines, since their offsets say how many
 * bytes there were: which go when there are too many follows from the end, and from where the line stands that speaks for those left out.
 */
import { LOG_LEVELS, LOG_LINE_BYTES, type LogEntry, type LogLevel, STREAMS, type Stream } from '../core/log-line.ts';

export function logEntryBytes({ line, fields }: Pick<LogEntry, 'line' | 'fields'>): number {
  return LOG_LINE_BYTES + Buffer.byteLength(line) + (fields === null ? 0 : Buffer.byteLength(fields));
}

/** As it is stored: levels compare as numbers. */
export function logLevelNumber(level: LogLevel): number {
  return LOG_LEVELS.indexOf(level);
}

export function logLevelOf(number: number): LogLevel {
  return LOG_LEVELS[number] ?? 'info';
}

/** As it is stored. */
export function streamNumber(stream: Stream): number {
  return STREAMS.indexOf(stream);
}

export function streamOf(number: number): Stream {
  return STREAMS[number] ?? 'log';
}

/** Bytes at the beginning that are never left out. */
export function headBytes(bytesMax: number): number {
  return Math.floor(bytesMax / 2);
}

/**
 * The offset up to which lines behind the head are left out; null while all may stay. Then a quarter of the room is left to be filled, so that a long log
 * is not cut at every line.
 *
 * @param leftOutTo the offset of the line that speaks for those left out; null where there is none
 */
export function cutAt(end: number, bytesMax: number, leftOutTo: number | null): number | null {
  const head = headBytes(bytesMax);
  const kept = head + end - (leftOutTo ?? head);
  return kept <= bytesMax ? null : end - Math.floor(bytesMax / 4);
}
