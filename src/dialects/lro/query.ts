/** Reading query parameters and the little JSON that operations take. Names are taken in both of protobuf's spellings. */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
import type { Call } from './call.ts';

/** The last of those that came; undefined where none did, or an empty one. */
export function queryText({ request }: Pick<Call, 'request'>, name: string): string | undefined {
  const query = request.query as Readonly<Record<string, string | readonly string[] | undefined>>;
  const given = query[name] ?? query[snake(name)];
  const text = typeof given === 'string' ? given : given?.at(-1);
  return text === '' ? undefined : text;
}

/** `pageSize` as AIP-158 reads it: 0 is the default, and what is more than there may be counts as that. */
export function pageSizeOf(call: Call, defaultSize: number, max: number): number {
  const text = queryText(call, 'pageSize') ?? '0';
  if (!/^\d{1,9}$/.test(text)) throw new BideError('INVALID_REQUEST', 'pageSize must be a whole number from 0.');
  return Math.min(Number(text) || defaultSize, max);
}

const DURATION = /^\d{1,9}(?:\.\d{1,9})?s$/;

/** `{"timeout": "10s"}`; the longest wait unless told, and never a longer one: AIP-151 lets a server answer early. */
export function timeoutOf(body: Json | undefined, maxMs: number): number {
  const { timeout } = fieldsOf(body);
  if (timeout === undefined || timeout === null) return maxMs;
  if (typeof timeout !== 'string' || !DURATION.test(timeout)) {
    throw new BideError('INVALID_REQUEST', 'timeout must be a duration in seconds such as "10s".');
  }
  return Math.min(Math.round(Number(timeout.slice(0, -1)) * 1_000), maxMs);
}

/** `wait` of a URL of Azure's, in whole seconds; 0 unless told. */
export function waitSecondsOf(call: Call): number {
  const text = queryText(call, 'wait') ?? '0';
  if (!/^\d{1,3}$/.test(text)) throw new BideError('INVALID_REQUEST', 'wait must be whole seconds from 0 to 999.');
  return Number(text);
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
