/** Events of a prediction's stream as the vendor writes them: `output` in plain text, `error` and `done` in JSON. Pure. */
import type { Job } from '../../core/job.ts';
import type { LogLine } from '../../engine/api.ts';
import { onFields } from '../event-fields.ts';
import type { JobResult } from '../result-of.ts';
import { errorOf, outputText } from './mapping.ts';

/** Where a reader is: in which run, and behind which of its chunks. */
export interface Place {
  /** Null before the first chunk. */
  readonly fence: number | null;
  readonly offset: number;
}

export const START: Place = { fence: null, offset: 0 };

/** Of the events `output`; it comes back as Last-Event-ID. */
const EVENT_ID = /^(\d{1,15}):(\d{1,15})$/;

export function placeOf(lastEventId: string | readonly string[] | undefined): Place {
  const [, fence, offset] = (typeof lastEventId === 'string' ? EVENT_ID.exec(lastEventId) : null) ?? [];
  return fence === undefined ? START : { fence: Number(fence), offset: Number(offset) };
}

export function chunkEvent({ fence, offset, line }: LogLine): string {
  return outputEvent(`${fence}:${offset}`, line);
}

/** A result that nothing was emitted of: a list of texts as models that yield would have brought it, else as one. */
export function resultEvents(job: Pick<Job, 'state' | 'fence'>, result: JobResult): string {
  const value = result.kind === 'json' ? result.value : null;
  const texts = Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : null;
  const lines = texts?.map((one) => JSON.stringify(one)) ?? [outputText(job, result, [])];
  return lines.map((line) => outputEvent(`${job.fence}:0`, line)).join('');
}

/** @param json a string is sent as its text, everything else as it is */
function outputEvent(id: string, json: string): string {
  const text = json.startsWith('"') ? (JSON.parse(json) as string) : json;
  return `id: ${id}\nevent: output\ndata: ${onFields(text)}\n\n`;
}

/** How the stream of a job that has ended ends. */
export function endEvents(job: Pick<Job, 'state' | 'error'>): string {
  const error = errorOf(job);
  if (error !== null) return `${errorEvent(error)}${doneEvent({ reason: 'error' })}`;
  return doneEvent(job.state === 'cancelled' ? { reason: 'canceled' } : {});
}

export function errorEvent(detail: string): string {
  return `event: error\ndata: ${JSON.stringify({ detail })}\n\n`;
}

function doneEvent(data: { readonly reason?: string }): string {
  return `event: done\ndata: ${JSON.stringify(data)}\n\n`;
}
