/**
 * What a job has brought, as the output of a response. A result that is a response or a chat completion already is passed on; a text is the
 * output text, and anything else is its JSON. Total: any result.
 */
import type { Job, Json } from '../../../core/job.ts';
import { isObject, type JsonObject } from '../../../core/json-object.ts';
import type { JobResult } from '../../result-of.ts';
import { completionAnswer, isCompletion } from './chat-answer.ts';
import { itemId } from './ids.ts';
import { messageItem } from './items.ts';
import type { Item, JobAnswer } from './wire.ts';

type Run = Pick<Job, 'id' | 'fence'>;

/** @param emitted the text that the run has emitted; '' for none */
export function answerOf(job: Run, result: JobResult, emitted: string): JobAnswer {
  if (result.kind === 'bytes') return textAnswer(job, fileText(result.contentType, result.bytes));
  if (result.kind === 'none' || result.value === null) return textAnswer(job, emitted);
  const { value } = result;
  if (typeof value === 'string') return textAnswer(job, value);
  if (isObject(value)) {
    if (isCompletion(value)) return completionAnswer(job, value);
    if (isResponse(value))
      return { output: (value.output as readonly Json[]).map((item, at) => named(job, item, at)), fields: value };
    if (typeof value.output_text === 'string') return { ...textAnswer(job, value.output_text), fields: usageOf(value) };
    if (isUsageAlone(value)) return { ...textAnswer(job, emitted), fields: value };
  }
  return textAnswer(job, result.text);
}

/** What was emitted before a job ended without a result. */
export function partialAnswer(job: Run, emitted: string): JobAnswer {
  const output = emitted === '' ? [] : [messageItem(itemId('msg', job.id, job.fence, 0), emitted, 'incomplete')];
  return { output, fields: {} };
}

function textAnswer(job: Run, text: string): JobAnswer {
  return { output: text === '' ? [] : [messageItem(itemId('msg', job.id, job.fence, 0), text)], fields: {} };
}

function isResponse({ output }: JsonObject): boolean {
  return (
    Array.isArray(output) &&
    (output as readonly Json[]).every((item) => isObject(item) && typeof item.type === 'string')
  );
}

/** What a function returns that has emitted its text already. */
function isUsageAlone(value: JsonObject): boolean {
  return isObject(value.usage) && Object.keys(value).length === 1;
}

function usageOf({ usage }: JsonObject): JsonObject {
  return isObject(usage) ? { usage } : {};
}

/** Functions need not name their items; clients do without no id. */
function named(job: Run, item: Json, index: number): Item {
  const given = item as JsonObject & { readonly type: string };
  const kind = given.type === 'function_call' ? 'fc' : given.type === 'reasoning' ? 'rs' : 'msg';
  return { id: itemId(kind, job.id, job.fence, index), status: 'completed', ...given };
}

function fileText(contentType: string, bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (/^text\//i.test(contentType)) return buffer.toString('utf8');
  return `data:${contentType};base64,${buffer.toString('base64')}`;
}
