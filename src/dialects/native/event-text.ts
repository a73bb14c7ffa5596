/**
 * What travels on an event stream, in the format of the HTML standard ("Server-sent events"): pure, one text per thing said.
 *
 * A body holds its result as that was stored, line breaks between its tokens included, and a line break ends a field: each line of a
 * body is a `data` field of its own, and a client joins them by line feeds. Within JSON strings line breaks are escaped, so that
 * the joined text is the same JSON.
 */
import type { LogLine } from '../../engine/api.ts';
import { onFields } from '../event-fields.ts';
import type { Places } from './event-source.ts';
import { logLineBody } from './log-text.ts';
import { chunkBody } from './output-text.ts';

/** The one name of events there is, unless somebody asks for what the job says. */
export const EVENT_NAME = 'job';

/** @param places where the reader is in what the job says, for those who read it */
export function eventText(revision: number, body: string, places?: Places): string {
  return `id: ${idOf(revision, places)}\nevent: ${EVENT_NAME}\ndata: ${onFields(body)}\n\n`;
}

/** Lines of one stream, an event each. */
export function lineEventsText(revision: number, lines: readonly LogLine[], places: Places): string {
  return lines
    .map((line) => {
      const id = idOf(revision, { ...places, [line.stream]: line.offset });
      return `id: ${id}\nevent: ${line.stream}\ndata: ${line.stream === 'log' ? logLineBody(line) : onFields(chunkBody(line))}\n\n`;
    })
    .join('');
}

function idOf(revision: number, { log, output }: Places = {}): string {
  if (output !== undefined) return `${revision}-${log ?? 0}-${output}`;
  return log === undefined ? String(revision) : `${revision}-${log}`;
}
