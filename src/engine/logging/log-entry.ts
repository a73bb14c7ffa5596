/** A line as it is stored: whatever a handler or a worker said, within the limits. Total: what cannot be kept is said in its place. */

import type { Limits } from '../../core/limits.ts';
import type { LogEntry, LogLevel } from '../../core/log-line.ts';

export type LogLimits = Pick<Limits, 'logLineLengthMax' | 'logFieldsBytesMax'>;

/** @param fields a JSON object as text */
export function logEntryOf(
  { at, level, line, fields }: { at: number; level: LogLevel; line: unknown; fields: string | null },
  { logLineLengthMax, logFieldsBytesMax }: LogLimits,
): LogEntry {
  const text = String(line);
  const kept = text.length > logLineLengthMax ? `${text.slice(0, logLineLengthMax - 1)}…` : text;
  const bytes = fields === null ? 0 : Buffer.byteLength(fields);
  const dropped = `{"dropped":"The fields had ${bytes} bytes; the limit is ${logFieldsBytesMax} (logFieldsBytesMax)."}`;
  return { at, level, line: kept.toWellFormed(), fields: bytes > logFieldsBytesMax ? dropped : fields };
}
