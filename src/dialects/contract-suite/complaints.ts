/** What is wrong with the shape of an answer, for any vendor: the parts of an adapter's `complaint` that are the same everywhere. */
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { jsonOf, type WireAnswer } from './adapter.ts';

/** Null when the body is JSON, declared as such, and fits the schema. */
export function complaintAboutJson(answer: WireAnswer, schema: TSchema): string | null {
  const contentType = answer.headers['content-type'] ?? '';
  if (!/^application\/json\b/.test(contentType)) return `the content type is ${contentType || 'missing'}`;
  const body = jsonOf(answer);
  if (body === undefined) return `the body is not JSON: ${answer.text.slice(0, 200)}`;
  const [error] = Value.Errors(schema, body);
  return error === undefined
    ? null
    : `${error.instancePath || 'the body'} ${error.message}: ${answer.text.slice(0, 200)}`;
}
