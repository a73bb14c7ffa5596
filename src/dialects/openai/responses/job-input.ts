/** What the job of a response is given: the whole request, as the wire that its model speaks has it, or the input alone. Pure. */
import { BideError } from '../../../core/errors.ts';
import type { Json } from '../../../core/job.ts';
import { isObject } from '../../../core/json-object.ts';
import { readJson } from '../../json-body.ts';
import { unsupportedParam } from '../errors.ts';
import type { Model } from '../models.ts';
import { chatRequestOf } from './chat-request.ts';
import type { ResponseRequest } from './wire.ts';

export function jobInputOf(model: Model, request: ResponseRequest, jsonDepthMax: number): Json {
  if (model.speaks === 'responses') return upstreamRequest(model, request);
  if (model.speaks === 'chat/completions') return chatRequestOf(model, request);
  return inputAlone(model, request, jsonDepthMax);
}

/** Without what is between the client and this server: the upstream is waited for, whatever the client does. */
function upstreamRequest({ as }: Model, request: ResponseRequest): Json {
  const {
    background: _b,
    stream: _s,
    stream_options: _o,
    ...rest
  } = request as ResponseRequest & { stream_options?: unknown };
  return { ...rest, model: as } as Json;
}

function inputAlone({ id }: Model, { input = null, instructions, tools }: ResponseRequest, depthMax: number): Json {
  if (instructions != null && instructions !== '') throw takesNone(id, 'instructions');
  if (tools != null && tools.length > 0) throw takesNone(id, 'tools');
  const text = typeof input === 'string' ? input : textOfOne(input as Json);
  return text === null ? (input as Json) : (jsonIn(text, depthMax) ?? text);
}

function takesNone(id: string, name: string): BideError {
  const advice = `its type is given the input alone, unless dialects.openai.options.models['${id}'] says what it speaks`;
  return unsupportedParam(name, `The model ${JSON.stringify(id)} takes no ${name}: ${advice}.`);
}

/** The text of a list that is one message of a user, as clients wrap a prompt; null for any other. */
function textOfOne(input: Json): string | null {
  if (!Array.isArray(input) || input.length !== 1) return null;
  const [item] = input as readonly Json[];
  if (!isObject(item) || item.role !== 'user') return null;
  const { content } = item;
  if (typeof content === 'string') return content;
  if (!Array.isArray(content) || !content.every(isText)) return null;
  return content.map(({ text }) => text).join('');
}

function isText(part: Json): part is { readonly text: string } {
  return isObject(part) && part.type === 'input_text' && typeof part.text === 'string';
}

/** A list or an object that is written as a text, for types that take one; undefined for a text that is a text. */
function jsonIn(text: string, depthMax: number): Json | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return readJson(Buffer.from(text), depthMax);
  } catch (error) {
    if (error instanceof BideError && error.code === 'MALFORMED_JSON') return undefined;
    throw error;
  }
}
