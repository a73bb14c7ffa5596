/** A chat completion as the output of a response: text, refusal, calls of tools, usage, and why it ended. Total. */
import type { Job, Json } from '../../../core/job.ts';
import { fieldsOf, isObject, type JsonObject } from '../../../core/json-object.ts';
import { itemId } from './ids.ts';
import { outputText } from './items.ts';
import type { Item, JobAnswer } from './wire.ts';

export function isCompletion(value: JsonObject): boolean {
  const [choice] = listOf(value.choices);
  return isObject(choice) && isObject(choice.message);
}

export function completionAnswer(job: Pick<Job, 'id' | 'fence'>, completion: JsonObject): JobAnswer {
  const [choice] = listOf(completion.choices);
  const { message, finish_reason: reason } = fieldsOf(choice);
  const { content, refusal, tool_calls: calls } = fieldsOf(message);
  const parts = [
    ...(typeof content === 'string' && content !== '' ? [outputText(content)] : []),
    ...(typeof refusal === 'string' && refusal !== '' ? [{ type: 'refusal' as const, refusal }] : []),
  ];
  const output: Item[] = [];
  const id = (kind: 'msg' | 'fc') => itemId(kind, job.id, job.fence, output.length);
  const cut = CUT[String(reason)];
  const status = cut === undefined ? 'completed' : 'incomplete';
  if (parts.length > 0) output.push({ id: id('msg'), type: 'message', status, role: 'assistant', content: parts });
  for (const call of listOf(calls)) output.push(callItem(id('fc'), fieldsOf(call)));
  return {
    output,
    fields: {
      ...(typeof completion.model === 'string' ? { model: completion.model } : {}),
      ...(isObject(completion.usage) ? { usage: usageOf(completion.usage) } : {}),
      ...(cut === undefined ? {} : { status, incomplete_details: { reason: cut } }),
    },
  };
}

/** `finish_reason` of an answer that is not whole. */
const CUT: Readonly<Record<string, string>> = { length: 'max_output_tokens', content_filter: 'content_filter' };

function callItem(id: string, { id: callId, function: called }: JsonObject): Item {
  const { name = '', arguments: given = '' } = fieldsOf(called);
  return { id, type: 'function_call', status: 'completed', call_id: callId ?? id, name, arguments: given };
}

function usageOf(usage: JsonObject): Json {
  const { prompt_tokens: input = 0, completion_tokens: output = 0, total_tokens: total } = usage;
  const count = (value: Json | undefined) => (typeof value === 'number' ? value : 0);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: count(fieldsOf(usage.prompt_tokens_details).cached_tokens) },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: count(fieldsOf(usage.completion_tokens_details).reasoning_tokens) },
    total_tokens: total ?? count(input) + count(output),
  };
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}
