/**
 * What a handler returned, here or in a remote worker, as the bytes to store: JSON, or bytes with a content type. What would be lost on the
 * way is refused with its place.
 */
import { jsonDepth } from './json-depth.ts';
import { type JsonProblem, jsonProblem } from './json-problem.ts';
import { jsonComplaint } from './json-text.ts';
import { isJsonType } from './media-type.ts';

export type Encoded =
  | { readonly kind: 'content'; readonly content: { readonly contentType: string; readonly bytes: Uint8Array } }
  | { readonly kind: 'refused'; readonly message: string };

const CONTENT_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+*-]+(?:\s*;[\x20-\x7e]*)?$/;

/** Total: a returned value may be anything, hostile getters included. */
export function encodeReturned(value: unknown, jsonDepthMax: number): Encoded {
  try {
    if (value instanceof Uint8Array) return content('application/octet-stream', value);
    return isBytesResult(value) ? typedBytes(value, jsonDepthMax) : jsonBytes(value, jsonDepthMax);
  } catch (error) {
    return refused(`The handler returned something that JSON cannot carry: ${String(error)}`);
  }
}

export type EncodedText = { readonly kind: 'text'; readonly text: string } | Extract<Encoded, { kind: 'refused' }>;

/** A chunk of output as JSON text. Total like `encodeReturned`. */
export function encodeEmitted(value: unknown, jsonDepthMax: number): EncodedText {
  try {
    const problem = jsonProblem(value, { isStrict: false });
    if (problem !== null) return refused(`The handler emitted ${said(problem)}. Emit JSON or a string.`);
    const text = JSON.stringify(value) ?? 'null';
    const isFlat = text.length <= jsonDepthMax || isShallow(new TextEncoder().encode(text), jsonDepthMax);
    return isFlat ? { kind: 'text', text } : refused(`The handler emitted ${tooDeep(jsonDepthMax)}`);
  } catch (error) {
    return refused(`The handler emitted something that JSON cannot carry: ${String(error)}`);
  }
}

function jsonBytes(value: unknown, jsonDepthMax: number): Encoded {
  const problem = jsonProblem(value, { isStrict: false });
  if (problem !== null)
    return refused(`The handler returned ${said(problem)}. Return JSON, or { bytes, contentType }.`);
  const bytes = new TextEncoder().encode(JSON.stringify(value) ?? 'null');
  if (isShallow(bytes, jsonDepthMax)) return content('application/json', bytes);
  return refused(`The handler returned ${tooDeep(jsonDepthMax)}`);
}

function said({ what, path }: JsonProblem): string {
  return path === '' ? what : `${what} at ${path}`;
}

function tooDeep(jsonDepthMax: number): string {
  return `a value nested deeper than ${jsonDepthMax} levels (jsonDepthMax).`;
}

function isShallow(bytes: Uint8Array, jsonDepthMax: number): boolean {
  return bytes.byteLength <= jsonDepthMax || jsonDepth(bytes, jsonDepthMax) <= jsonDepthMax;
}

interface BytesResult {
  readonly bytes: Uint8Array;
  readonly contentType?: unknown;
}

function isBytesResult(value: unknown): value is BytesResult {
  return typeof value === 'object' && value !== null && 'bytes' in value && value.bytes instanceof Uint8Array;
}

/** In the handler's own thread, however many they are. */
function typedBytes({ bytes, contentType = 'application/octet-stream' }: BytesResult, depthMax: number): Encoded {
  if (typeof contentType !== 'string' || !CONTENT_TYPE.test(contentType)) {
    return refused('The handler returned bytes whose contentType is not a media type such as image/png.');
  }
  const complaint = isJsonType(contentType) ? jsonComplaint(bytes, depthMax) : null;
  return complaint === null
    ? content(contentType, bytes)
    : refused(`The handler returned ${contentType} that ${complaint}.`);
}

function content(contentType: string, bytes: Uint8Array): Encoded {
  return { kind: 'content', content: { contentType, bytes } };
}

function refused(message: string): Extract<Encoded, { kind: 'refused' }> {
  return { kind: 'refused', message };
}
