/**
 * Events of a response's stream as the vendor writes them. Pure.
 *
 * Their numbers are the same whenever the stream is read, so that a reader may go on behind any of them: the first three are fixed, a chunk of
 * output has the number of its place in the job's output, and what comes at the end is counted from the last of those. So numbers grow by
 * more than one.
 */

import type { Job } from '../../../core/job.ts';
import type { LogLine } from '../../../engine/api.ts';
import { itemId } from './ids.ts';
import { chunkText, messageItem, outputText } from './items.ts';
import { type ResponseBody, responseBody } from './mapping.ts';
import type { Item, MessageItem } from './wire.ts';

/** Writes an event, or '' where its reader has it already. */
export type Write = (number: number, type: string, fields: object) => string;

/** Before the first event. */
export const FROM_START = -1;

/** Of `created`, `queued` and `in_progress`. */
const CREATED = 0;
const QUEUED = 1;
const IN_PROGRESS = 2;
/** A chunk at the offset n is the event n + 4: two events open its item, and the first offset is above 1. */
const CHUNKS = 4;

/** @param after the number of the last event that the reader has */
export function writerAfter(after: number): Write {
  return (number, type, fields) =>
    number > after ? `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: number, ...fields })}\n\n` : '';
}

/** Behind which offset of the output to read: so that the chunk which the reader has last comes too, and tells its run. */
export function offsetBefore(after: number): number {
  return Math.max(0, after - CHUNKS - 1);
}

export function createdEvents(write: Write, job: Job): string {
  const response = underWay(job, 'queued');
  return write(CREATED, 'response.created', { response }) + write(QUEUED, 'response.queued', { response });
}

export function startedEvent(write: Write, job: Job): string {
  return write(IN_PROGRESS, 'response.in_progress', { response: underWay(job, 'in_progress') });
}

/** The response as it was then, whatever has become of it. */
function underWay(job: Job, status: 'queued' | 'in_progress'): ResponseBody {
  return responseBody({ ...job, state: 'waiting', error: null, finishedAt: null }, status);
}

// --- Chunks ---------------------------------------------------------------------------------------------------------------

/** Whose item is open, and where. */
export interface Reader {
  /** The run that the item is of; null where none is open. */
  readonly fence: number | null;
  /** Of that item, or of the next one. */
  readonly index: number;
}

/** Chunks of the newest run. Where the reader has some of a run that was lost, its item ends as incomplete, and another one begins. */
export function chunkEvents(
  write: Write,
  job: Pick<Job, 'id' | 'fence'>,
  lines: readonly LogLine[],
  from: Reader,
): { readonly text: string; readonly reader: Reader } {
  let reader = from;
  let text = '';
  for (const { fence, offset, line } of lines) {
    if (fence < job.fence) continue;
    const number = offset + CHUNKS;
    if (reader.fence !== fence) {
      text += lostEvent(write, number - 3, job.id, reader);
      reader = { fence, index: nextIndex(reader) };
      text += openEvents(write, number - 2, itemId('msg', job.id, fence, 0), reader.index);
    }
    const at = { item_id: itemId('msg', job.id, fence, 0), output_index: reader.index, content_index: 0 };
    text += write(number, 'response.output_text.delta', { ...at, delta: chunkText(line), logprobs: [] });
  }
  return { text, reader };
}

/** Where a reader goes on that has the events up to `after`. @param lines the first that were read behind `offsetBefore` */
export function readerAt(after: number, lines: readonly LogLine[]): Reader {
  const [first] = lines;
  if (first === undefined || after < CHUNKS) return { fence: null, index: 0 };
  if (first.offset + CHUNKS === after) return { fence: first.fence, index: 0 };
  // Their chunk is there no more, since its run was lost; unless they stand just before the first.
  return { fence: null, index: first.offset + CHUNKS - after <= 3 ? 0 : 1 };
}

function nextIndex({ fence, index }: Reader): number {
  return fence === null ? index : index + 1;
}

function openEvents(write: Write, number: number, id: string, index: number): string {
  const item = { ...messageItem(id, ''), status: 'in_progress', content: [] };
  const part = { item_id: id, output_index: index, content_index: 0, part: outputText('') };
  return (
    write(number, 'response.output_item.added', { output_index: index, item }) +
    write(number + 1, 'response.content_part.added', part)
  );
}

/** What the reader has of a run that was lost is no part of the response. */
function lostEvent(write: Write, number: number, jobId: string, { fence, index }: Reader): string {
  if (fence === null) return '';
  const item = { ...messageItem(itemId('msg', jobId, fence, 0), '', 'incomplete'), content: [] };
  return write(number, 'response.output_item.done', { output_index: index, item });
}

// --- The end --------------------------------------------------------------------------------------------------------------

export interface Ended {
  readonly job: Job;
  readonly body: ResponseBody;
  /** Of the newest run; null where it emitted nothing. */
  readonly emitted: string | null;
  /** Of the last chunk of all runs; 0 where there is none. */
  readonly last: number;
}

export function endEvents(write: Write, { job, body, emitted, last }: Ended, reader: Reader): string {
  const output = body.output as readonly Item[];
  let number = last === 0 ? IN_PROGRESS + 1 : last + CHUNKS + 1;
  const next = (type: string, fields: object) => write(number++, type, fields);
  let text = '';
  if (emitted !== null) {
    const status = job.state === 'succeeded' ? 'completed' : 'incomplete';
    const item = messageItem(itemId('msg', job.id, job.fence, 0), emitted, status);
    text += closeEvents(next, item, reader.index, emitted);
  } else {
    if (last > 0) text += lostEvent(write, number++, job.id, reader);
    let index = nextIndex(reader);
    for (const item of output) text += itemEvents(next, item, index++);
  }
  return text + next(END_EVENTS[body.status] ?? 'response.completed', { response: body });
}

/** The vendor has no event for a cancelled response: what it says of itself stands in it. */
const END_EVENTS: Readonly<Partial<Record<ResponseBody['status'], string>>> = {
  failed: 'response.failed',
  incomplete: 'response.incomplete',
  cancelled: 'response.incomplete',
};

type Next = (type: string, fields: object) => string;

function closeEvents(next: Next, item: MessageItem, index: number, text: string): string {
  return textEnd(next, { item_id: item.id, output_index: index, content_index: 0 }, text) + itemEnd(next, item, index);
}

interface PartPlace {
  readonly item_id: unknown;
  readonly output_index: number;
  readonly content_index: number;
}

function textEnd(next: Next, at: PartPlace, text: string): string {
  return (
    next('response.output_text.done', { ...at, text, logprobs: [] }) +
    next('response.content_part.done', { ...at, part: outputText(text) })
  );
}

function itemEnd(next: Next, item: Item, index: number): string {
  return next('response.output_item.done', { output_index: index, item });
}

/** An item that comes as a whole, in as few events as clients need to put it together. */
function itemEvents(next: Next, item: Item, index: number): string {
  const added = (fields: object) =>
    next('response.output_item.added', { output_index: index, item: { ...item, status: 'in_progress', ...fields } });
  if (item.type === 'message' && Array.isArray(item.content)) {
    let text = added({ content: [] });
    for (const [at, part] of (item.content as readonly Part[]).entries())
      text += partEvents(next, part, { item_id: item.id, output_index: index, content_index: at });
    return text + itemEnd(next, item, index);
  }
  if (item.type === 'function_call') {
    const at = { item_id: item.id, output_index: index };
    return (
      added({ arguments: '' }) +
      next('response.function_call_arguments.delta', { ...at, delta: item.arguments }) +
      next('response.function_call_arguments.done', { ...at, name: item.name, arguments: item.arguments }) +
      itemEnd(next, item, index)
    );
  }
  return added({}) + itemEnd(next, item, index);
}

interface Part {
  readonly type: string;
  readonly text?: string;
  readonly refusal?: string;
}

function partEvents(next: Next, part: Part, at: PartPlace): string {
  const field = part.type === 'refusal' ? 'refusal' : 'text';
  const text = part[field] ?? '';
  const name = part.type === 'refusal' ? 'response.refusal' : 'response.output_text';
  const more = part.type === 'refusal' ? {} : { logprobs: [] };
  return (
    next('response.content_part.added', { ...at, part: { ...part, [field]: '' } }) +
    next(`${name}.delta`, { ...at, delta: text, ...more }) +
    next(`${name}.done`, { ...at, [field]: text, ...more }) +
    next('response.content_part.done', { ...at, part })
  );
}
