/** What a job has brought, as a tool's result: text, pictures and sounds as they are, JSON as text and as structure. Total. */
import { Compile } from 'typebox/compile';
import type { Job } from '../../../core/job.ts';
import { isObject } from '../../../core/json-object.ts';
import type { JobResult } from '../../result-of.ts';
import { failureText } from '../mapping.ts';
import { ToolForm, type ToolResult } from '../wire.ts';

/** JSON beyond it is there as text alone: twice the same would be for nobody. */
const STRUCTURED_BYTES_MAX = 64 * 1_024;
/** Beyond it an answer has the address of the result: no model reads so much, and a program fetches it without base64. */
export const INLINE_BYTES_MAX = 4 * 1_024 * 1_024;

const toolForm = Compile(ToolForm);

/** The result as JSON that an answer may have in it; null for one that is none, too large, or a tool's result already. */
export function plainJsonOf({ result: meta }: Pick<Job, 'result'>, result: JobResult): JsonResult | null {
  if (result.kind !== 'json' || (meta?.bytes ?? 0) > INLINE_BYTES_MAX) return null;
  return toolForm.Check(result.value) ? null : result;
}

type JsonResult = Extract<JobResult, { kind: 'json' }>;

/** Of a job that has succeeded, or failed as tools do. @param url where the native API serves the result */
export function toolResult(job: Pick<Job, 'state' | 'error' | 'result'>, result: JobResult, url: string): ToolResult {
  if (job.state !== 'succeeded') return toolError(failureText(job));
  const { result: meta } = job;
  if (meta !== null && meta.bytes > INLINE_BYTES_MAX) return linkTo(url, meta);
  const plain = plainJsonOf(job, result);
  if (plain !== null) return jsonResult(plain);
  if (result.kind === 'json') return result.value as unknown as ToolResult;
  return { content: [result.kind === 'none' ? text('Done.') : blockOf(result.contentType, result.bytes, url)] };
}

export function toolError(message: string): ToolResult {
  return { content: [text(message)], isError: true };
}

export function text(value: string): { readonly type: 'text'; readonly text: string } {
  return { type: 'text', text: value };
}

function jsonResult({ text: json, value }: JsonResult): ToolResult {
  if (typeof value === 'string') return { content: [text(value)] };
  const isStructured = isObject(value) && json.length <= STRUCTURED_BYTES_MAX;
  return { content: [text(json)], ...(isStructured ? { structuredContent: value } : {}) };
}

function blockOf(contentType: string, bytes: Uint8Array, uri: string): object {
  const mimeType = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (mimeType.startsWith('text/')) return text(Buffer.from(bytes).toString('utf8'));
  const base64 = Buffer.from(bytes).toString('base64');
  const [kind] = mimeType.split('/');
  if (kind === 'image' || kind === 'audio') return { type: kind, data: base64, mimeType };
  return { type: 'resource', resource: { uri, mimeType: contentType, blob: base64 } };
}

function linkTo(uri: string, { contentType: mimeType, bytes }: NonNullable<Job['result']>): ToolResult {
  const said = text(`The result has ${bytes} bytes, too many for an answer: GET ${uri} with the same key.`);
  return { content: [said, { type: 'resource_link', uri, name: 'result', mimeType, size: bytes }] };
}
