/** What a handler returned, as the bytes to store: JSON, or bytes with a content type. What would be lost on the way is refused. */
import { jsonDepth } from '../../core/json-depth.ts';
import { jsonComplaint } from '../../core/json-text.ts';
import type { Limits } from '../../core/limits.ts';
import { isJsonType } from '../../core/media-type.ts';
import type { AttemptOutcome, ResultContent } from '../../engine/api.ts';
import { vouchFor } from '../../engine/json-check.ts';
import { permanentFailure, resultTooLarge } from '../failed.ts';
import { jsonProblem } from '../json-problem.ts';

const CONTENT_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+*-]+(?:\s*;[\x20-\x7e]*)?$/;

export type ResultLimits = Pick<Limits, 'resultBytesMax' | 'jsonDepthMax'>;

/** Finished as `succeeded`, or `failed` for good where the value cannot be stored: another attempt would return the like. */
export function encodeResult(value: unknown, limits: ResultLimits): AttemptOutcome {
  const encoded = bytesOf(value, limits);
  if (encoded.kind === 'refused') return permanentFailure('RESULT_NOT_JSON', encoded.message);
  const { bytes } = encoded.content;
  if (bytes.byteLength > limits.resultBytesMax) {
    return resultTooLarge(`The result has ${bytes.byteLength} bytes`, limits.resultBytesMax);
  }
  vouchFor(bytes);
  return { kind: 'succeeded', result: encoded.content };
}

type Encoded =
  | { readonly kind: 'content'; readonly content: ResultContent }
  | { readonly kind: 'refused'; readonly message: string };

function bytesOf(value: unknown, { jsonDepthMax }: ResultLimits): Encoded {
  if (value instanceof Uint8Array) return content('application/octet-stream', value);
  if (isBytesResult(value)) return typedBytes(value, jsonDepthMax);
  const problem = jsonProblem(value, { isStrict: false });
  if (problem !== null) {
    const where = problem.path === '' ? '' : ` at ${problem.path}`;
    return refused(`The handler returned ${problem.what}${where}. Return JSON, or { bytes, contentType }.`);
  }
  try {
    const bytes = new TextEncoder().encode(JSON.stringify(value ?? null));
    if (bytes.byteLength <= jsonDepthMax || jsonDepth(bytes, jsonDepthMax) <= jsonDepthMax) {
      return content('application/json', bytes);
    }
    return refused(`The handler returned a value nested deeper than ${jsonDepthMax} levels (jsonDepthMax).`);
  } catch (error) {
    return refused(`The handler returned something that JSON cannot carry: ${String(error)}`);
  }
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

function refused(message: string): Encoded {
  return { kind: 'refused', message };
}
