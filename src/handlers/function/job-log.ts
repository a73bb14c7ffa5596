/** `context.log`: a line at level info by itself, and at the other levels by their names. */
import type { LogLevel } from '../../core/log-line.ts';

/** What goes with a line: an object that JSON can hold. */
export type LogFields = Readonly<Record<string, unknown>>;
type Say = (line: string, fields?: LogFields) => void;

export interface JobLog extends Say {
  readonly debug: Say;
  readonly info: Say;
  readonly warn: Say;
  readonly error: Say;
}

export function jobLogOf(call: { log(line: string, level: LogLevel, fields: string | null): void }): JobLog {
  const at =
    (level: LogLevel): Say =>
    (line, fields) =>
      call.log(String(line), level, fieldsText(fields));
  return Object.assign(at('info'), { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') });
}

/** Total: a log line must not fail the job that says it. */
function fieldsText(fields: unknown): string | null {
  if (fields === undefined || fields === null) return null;
  try {
    const text = JSON.stringify(fields);
    if (text.startsWith('{')) return text;
  } catch {
    // Said below.
  }
  return '{"dropped":"The fields were no JSON object."}';
}
