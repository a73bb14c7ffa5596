/**
 * What a handler returned, as the bytes to store.
 *
 * JSON.stringify alone would lose data without a word: functions vanish, a Map becomes `{}`, a Buffer an object of numbers. So
 * the value is walked first, and the path of what JSON cannot carry is said. NaN and Infinity become null and undefined
 * properties are left out, as everywhere in JSON.
 */
import type { Limits } from '../../core/limits.ts';
import type { AttemptOutcome, ResultContent } from '../../engine/api.ts';
import { permanentFailure } from '../failed.ts';

/** Deeper values are refused: the walk and JSON.stringify recurse, and readers of the result would, too. */
const DEPTH_MAX = 500;

const CONTENT_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+*-]+(?:\s*;[\x20-\x7e]*)?$/;

/** Finished as `succeeded`, or `failed` for good where the value cannot be stored: another attempt would return the like. */
export function encodeResult(value: unknown, limits: Pick<Limits, 'resultBytesMax'>): AttemptOutcome {
  const encoded = bytesOf(value);
  if (encoded.kind === 'refused') return permanentFailure('RESULT_NOT_JSON', encoded.message);
  const { bytes } = encoded.content;
  if (bytes.byteLength > limits.resultBytesMax) {
    const message = `The result has ${bytes.byteLength} bytes; resultBytesMax is ${limits.resultBytesMax}.`;
    return permanentFailure('RESULT_TOO_LARGE', message, { limit: limits.resultBytesMax });
  }
  return { kind: 'succeeded', result: encoded.content };
}

type Encoded =
  | { readonly kind: 'content'; readonly content: ResultContent }
  | { readonly kind: 'refused'; readonly message: string };

function bytesOf(value: unknown): Encoded {
  if (value instanceof Uint8Array) return content('application/octet-stream', value);
  if (isBytesResult(value)) return typedBytes(value);
  const problem = value === undefined ? null : problemIn(value, '', [], 0);
  if (problem !== null) return refused(`The handler returned ${problem}. Return JSON, or { bytes, contentType }.`);
  try {
    return content('application/json', new TextEncoder().encode(JSON.stringify(value ?? null)));
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

function typedBytes({ bytes, contentType = 'application/octet-stream' }: BytesResult): Encoded {
  if (typeof contentType !== 'string' || !CONTENT_TYPE.test(contentType)) {
    return refused('The handler returned bytes whose contentType is not a media type such as image/png.');
  }
  return content(contentType, bytes);
}

/** What JSON cannot carry and where, or null. `above` are the containers that hold this value, to find cycles. */
function problemIn(value: unknown, path: string, above: object[], depth: number): string | null {
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') {
    return `a ${typeof value}${at(path)}`;
  }
  if (typeof value !== 'object' || value === null) return null;
  if (depth > DEPTH_MAX) return `values nested deeper than ${DEPTH_MAX}`;
  if (above.includes(value)) return `a cycle${at(path)}`;
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function' && !ArrayBuffer.isView(value)) return null;
  if (isLossy(value)) return `a ${value.constructor?.name ?? 'value'}${at(path)}`;
  above.push(value);
  const problem = problemInside(value, path, above, depth);
  above.pop();
  return problem;
}

function problemInside(value: object, path: string, above: object[], depth: number): string | null {
  for (const [key, inner] of Object.entries(value)) {
    const problem = problemIn(inner, `${path}/${key}`, above, depth + 1);
    if (problem !== null) return problem;
  }
  return null;
}

/** Objects whose content JSON.stringify would drop or distort. */
function isLossy(value: object): boolean {
  return (
    value instanceof Map ||
    value instanceof Set ||
    value instanceof Promise ||
    value instanceof RegExp ||
    value instanceof Error ||
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value)
  );
}

function at(path: string): string {
  return path === '' ? '' : ` at ${path}`;
}

function content(contentType: string, bytes: Uint8Array): Encoded {
  return { kind: 'content', content: { contentType, bytes } };
}

function refused(message: string): Encoded {
  return { kind: 'refused', message };
}
