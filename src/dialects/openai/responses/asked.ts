/** What the job of a response was given, as items: whichever wire that is in. Pure. */
import type { Job, Json } from '../../../core/job.ts';
import { fieldsOf, isObject, textOf } from '../../../core/json-object.ts';
import { remembered } from './mapping.ts';

type Fields = Readonly<Record<string, Json>>;

/** Without instructions, as at the vendor. @param text the input of the job */
export function askedOf(job: Job, text: string | null): readonly Fields[] {
  const input = text === null ? null : (JSON.parse(text) as Json);
  const { speaks, hasInstructions } = remembered(job) ?? { speaks: null, hasInstructions: false };
  if (speaks === 'chat/completions') {
    const messages = listOf(fieldsOf(input).messages).slice(hasInstructions ? 1 : 0);
    return messages.filter((message) => isObject(message)).flatMap(ofMessage);
  }
  return itemsIn(speaks === 'responses' ? (fieldsOf(input).input ?? null) : input);
}

/** An input as items: a list of them is that, anything else is a message. */
export function itemsIn(input: Json): readonly Fields[] {
  if (input === null) return [];
  return Array.isArray(input) && input.every(isItem) ? input : [userMessage(textOf(input))];
}

function isItem(value: Json): value is Fields {
  return isObject(value) && (value.type !== undefined || value.role !== undefined);
}

function ofMessage(message: Fields): readonly Fields[] {
  const { role = 'user', content = '', tool_calls: calls, tool_call_id: callId = '' } = message;
  if (role === 'tool') return [{ type: 'function_call_output', call_id: callId, output: textOf(content) }];
  const said = content === '' || content === null ? [] : [{ ...userMessage(''), role, content: partsOf(content) }];
  return [...said, ...listOf(calls).map(ofCall)];
}

function ofCall(call: Json): Fields {
  const { id = '', function: called } = fieldsOf(call);
  const { name = '', arguments: given = '' } = fieldsOf(called);
  return { type: 'function_call', call_id: id, name, arguments: given };
}

function partsOf(content: Json): Json {
  if (!Array.isArray(content)) return [{ type: 'input_text', text: textOf(content) }];
  return content.map((part: Json) => {
    const { type, text = '', image_url: image } = fieldsOf(part);
    if (type === 'text') return { type: 'input_text', text };
    return type === 'image_url' ? { type: 'input_image', image_url: fieldsOf(image).url ?? '' } : part;
  });
}

function userMessage(text: string): Fields {
  return { type: 'message', role: 'user', content: [{ type: 'input_text', text }] };
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
