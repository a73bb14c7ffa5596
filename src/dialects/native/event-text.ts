/**
 * What travels on an event stream, in the format of the HTML standard ("Server-sent events"): pure, one text per thing said.
 *
 * A body holds its result as that was stored, line breaks between its tokens included, and a line break ends a field: each line of a
 * body is a `data` field of its own, and a client joins them by line feeds. Within JSON strings line breaks are escaped, so that
 * the joined text is the same JSON.
 */
import type { LogLine } from '../../engine/api.ts';
import { logLineBody } from './log-text.ts';

/** The one name of events there is, unless somebody asks for the log. */
export const EVENT_NAME = 'job';

/** Says nothing, and thereby that the connection lives: to the client, and to proxies that cut what is quiet. */
export const KEEP_ALIVE = ': keep-alive\n\n';

/** Before an end that is not the end of the job. */
export const TO_BE_RESUMED = ': over for now, resume with Last-Event-ID\n\n';

/** How long a client stays away before it connects again, in ms. */
export function retryText(ms: number): string {
  return `retry: ${ms}\n\n`;
}

/** @param body JSON text
 @param offset where the reader is in the log, for those who read it */
export function eventText(revision: number, body: string, offset?: number): string {
  return `id: ${revision}${offset === undefined ? '' : `-${offset}`}\nevent: ${EVENT_NAME}\ndata: ${onFields(body)}\n\n`;
}

/** Lines of the log, an event each. */
export function logEventText(revision: number, lines: readonly LogLine[]): string {
  return lines.map((line) => `id: ${revision}-${line.offset}\nevent: log\ndata: ${logLineBody(line)}\n\n`).join('');
}

function onFields(body: string): string {
  // Most bodies are one line: looking is cheaper than replacing.
  return body.includes('\n') || body.includes('\r') ? body.replaceAll(/\r\n|\r|\n/g, '\ndata: ') : body;
}
