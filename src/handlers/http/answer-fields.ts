/** Whether an answer of an upstream is what it is asked for, where a config says what that is. */
import { isObject } from '../../core/json-object.ts';
import { isJsonType } from '../../core/media-type.ts';

/** What is wrong with the answer, as the end of a sentence; null where it is a JSON object that has all of the fields. */
export function answerComplaint(
  fields: readonly string[],
  contentType: string | undefined,
  body: Buffer,
): string | null {
  if (!isJsonType(contentType)) return `that is ${contentType ?? 'of no content type'}, not JSON`;
  const value = parsed(body);
  if (!isObject(value)) return 'that is no JSON object';
  const missing = fields.filter((name) => !Object.hasOwn(value, name));
  return missing.length === 0 ? null : `without ${missing.join(', ')}`;
}

function parsed(body: Buffer) {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}
