/** What a response was asked, as items. Read from the input of its job, in whichever wire that is. */

import type { Job, Json } from '../../../core/job.ts';
import { fieldsOf, isObject, textOf } from '../../../core/json-object.ts';
import { type Answer, type Call, ok } from '../call.ts';
import { invalidParam } from '../errors.ts';
import { itemId } from './ids.ts';
import { remembered } from './mapping.ts';
import { requireResponse } from './reading.ts';

/** As the vendor has them. */
const LIMIT = 20;
const LIMIT_MAX = 100;

export async function listInputItems(call: Call): Promise<Answer> {
  const { order = 'desc', after, limit } = call.request.query as Readonly<Record<string, string | undefined>>;
  const size = limitOf(limit);
  const { job } = await requireResponse(call);
  const items = itemsOf(job, await call.context.engine.readInput(job.tenant, job.id));
  const ordered = order === 'asc' ? items : items.toReversed();
  const from = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1;
  const data = ordered.slice(from, from + size);
  return ok(
    JSON.stringify({
      object: 'list',
      data,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
      has_more: from + size < ordered.length,
    }),
  );
}

function limitOf(limit: string | undefined): number {
  if (limit === undefined) return LIMIT;
  const size = /^\d{1,3}$/.test(limit) ? Number(limit) : 0;
  if (size >= 1 && size <= LIMIT_MAX) return size;
  throw invalidParam('limit', `Invalid value for 'limit': it must be from 1 to ${LIMIT_MAX}.`);
}

interface InputItem {
  readonly id: string;
  readonly [name: string]: Json;
}

function itemsOf(job: Job, text: string | null): readonly InputItem[] {
  const input = text === null ? null : (JSON.parse(text) as Json);
  return asked(remembered(job)?.speaks ?? null, input).map((item, index) => ({
    id: itemId('msg', job.id, 0, index),
    ...(item.type === undefined ? { type: 'message' } : {}),
    ...item,
  }));
}

type Fields = Readonly<Record<string, Json>>;

function asked(speaks: 'responses' | 'chat/completions' | null, input: Json): readonly Fields[] {
  if (speaks === 'chat/completions')
    return listOf(fieldsOf(input).messages).flatMap((message, at) => (isObject(message) ? ofMessage(message, at) : []));
  const given = speaks === 'responses' ? (fieldsOf(input).input ?? null) : input;
  if (given === null) return [];
  if (Array.isArray(given) && given.every(isItem)) return given;
  return [userMessage(textOf(given))];
}

function isItem(value: Json): value is Fields {
  return isObject(value) && (value.type !== undefined || value.role !== undefined);
}

/** Instructions are not among the items, as at the vendor. */
function ofMessage(message: Fields, at: number): readonly Fields[] {
  const { role = 'user', content = '', tool_calls: calls, tool_call_id: callId = '' } = message;
  if (role === 'system' && at === 0) return [];
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
