/** A request for a response as a request for a chat completion, for upstreams that speak nothing else. Pure. */
import type { Json } from '../../../core/job.ts';
import { isObject } from '../../../core/json-object.ts';
import { invalidParam, unsupportedParam } from '../errors.ts';
import type { Model } from '../models.ts';
import type { ResponseRequest } from './wire.ts';

type Fields = Readonly<Record<string, Json | undefined>>;

/** Parameters that both wires have, meaning the same. */
const SHARED = [
  'metadata',
  'parallel_tool_calls',
  'prompt_cache_key',
  'safety_identifier',
  'service_tier',
  'store',
  'temperature',
  'top_logprobs',
  'top_p',
  'user',
] as const;

export function chatRequestOf({ as }: Model, request: ResponseRequest): Json {
  const given = request as unknown as Fields;
  const shared = SHARED.flatMap((name) => (given[name] == null ? [] : [[name, given[name]] as const]));
  const { instructions, input, max_output_tokens: tokensMax, tools } = request;
  const system = instructions == null ? [] : [{ role: 'system', content: instructions }];
  return defined({
    model: as,
    messages: [...system, ...messagesOf((input ?? '') as Json)],
    ...Object.fromEntries(shared),
    max_completion_tokens: tokensMax ?? undefined,
    tools: tools == null || tools.length === 0 ? undefined : tools.map((tool) => chatTool(tool as Json)),
    tool_choice: toolChoice(given.tool_choice),
    response_format: responseFormat(given.text),
    reasoning_effort: isObject(given.reasoning) ? (given.reasoning.effort ?? undefined) : undefined,
  });
}

/** A text, or items: messages, calls of tools and what came of them. */
function messagesOf(input: Json): readonly Json[] {
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  if (!Array.isArray(input))
    throw invalidParam('input', "Invalid value for 'input': it must be a text or a list of items.");
  return joinedCalls((input as readonly Json[]).flatMap((item, at) => messageOf(item, `input[${at}]`)));
}

function messageOf(item: Json, where: string): readonly Json[] {
  if (!isObject(item)) throw invalidParam(where, `Invalid value for '${where}': it must be an object.`);
  const type = item.type ?? 'message';
  switch (type) {
    case 'message':
      return [{ role: roleOf(item.role, where), content: contentOf(item.content ?? '', `${where}.content`) }];
    case 'function_call': {
      const call = { name: item.name ?? '', arguments: item.arguments ?? '' };
      return [{ role: 'assistant', tool_calls: [{ id: item.call_id ?? '', type: 'function', function: call }] }];
    }
    case 'function_call_output':
      return [
        { role: 'tool', tool_call_id: item.call_id ?? '', content: contentOf(item.output ?? '', `${where}.output`) },
      ];
    // What a model thought is not shown to it again by servers of chat completions.
    case 'reasoning':
      return [];
    default:
      throw unsupportedParam(where, `The model takes no items of the type ${JSON.stringify(type)}.`);
  }
}

function roleOf(role: Json | undefined, where: string): string {
  if (role === 'user' || role === 'assistant' || role === 'system' || role === 'developer') return role;
  throw invalidParam(
    `${where}.role`,
    `Invalid value for '${where}.role': it must be user, assistant, system or developer.`,
  );
}

function contentOf(content: Json, where: string): Json {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content))
    throw invalidParam(where, `Invalid value for '${where}': it must be a text or a list of parts.`);
  const parts = (content as readonly Json[]).map((part, at) => partOf(part, `${where}[${at}]`));
  // A text alone is understood by every server, a list of parts is not.
  return parts.every((part) => part.type === 'text') ? parts.map(({ text }) => text).join('') : parts;
}

function partOf(part: Json, where: string): { readonly type: string; readonly [name: string]: Json } {
  const given = isObject(part) ? part : {};
  switch (given.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text: typeof given.text === 'string' ? given.text : '' };
    case 'refusal':
      return { type: 'text', text: typeof given.refusal === 'string' ? given.refusal : '' };
    case 'input_image':
      if (typeof given.image_url !== 'string') break;
      return { type: 'image_url', image_url: defined({ url: given.image_url, detail: given.detail ?? undefined }) };
    case 'input_file': {
      const { filename, file_data: data } = given;
      if (typeof data !== 'string') break;
      return { type: 'file', file: defined({ filename: filename ?? undefined, file_data: data }) };
    }
    default:
      break;
  }
  throw unsupportedParam(
    where,
    `The model takes no part of the type ${JSON.stringify(given.type ?? null)} as it stands at ${where}.`,
  );
}

interface Calls {
  readonly role: 'assistant';
  readonly tool_calls: readonly Json[];
  readonly content?: Json;
}

/** Calls that follow one another, or a message of the assistant, are of one turn: servers want them in one message. */
function joinedCalls(messages: readonly Json[]): readonly Json[] {
  const joined: Json[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    if (isCalls(message) && isAssistant(last)) {
      const before = isCalls(last) ? last.tool_calls : [];
      joined[joined.length - 1] = { ...last, tool_calls: [...before, ...message.tool_calls] } as Json;
    } else joined.push(message);
  }
  return joined;
}

function isCalls(message: Json | undefined): message is Json & Calls {
  return isObject(message) && message.tool_calls !== undefined;
}

function isAssistant(message: Json | undefined): message is { readonly [name: string]: Json } {
  return isObject(message) && message.role === 'assistant';
}

function chatTool(tool: Json): Json {
  if (!isObject(tool) || tool.type !== 'function') {
    const type = isObject(tool) ? (tool.type ?? null) : null;
    throw unsupportedParam('tools', `The model takes tools of the type "function" alone, not ${JSON.stringify(type)}.`);
  }
  const { type: _, ...rest } = tool;
  return { type: 'function', function: rest };
}

function toolChoice(choice: Json | undefined): Json | undefined {
  if (choice == null) return undefined;
  if (!isObject(choice) || choice.type !== 'function') return choice;
  return { type: 'function', function: { name: choice.name ?? '' } };
}

function responseFormat(text: Json | undefined): Json | undefined {
  const format = isObject(text) ? text.format : undefined;
  if (!isObject(format) || format.type === 'text') return undefined;
  if (format.type !== 'json_schema') return format;
  const { type: _, ...schema } = format;
  return { type: 'json_schema', json_schema: schema };
}

function defined(fields: Fields): { readonly [name: string]: Json } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    readonly [name: string]: Json;
  };
}
