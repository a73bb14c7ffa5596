/** The one question whether a value is an object with members: no list, not null, and no raw number (`exact-json.ts`). */
import type { Json } from './job.ts';
import { rawJson } from './raw-json.ts';

export type JsonObject = { readonly [key: string]: Json };

export function isObject(value: Json | undefined): value is JsonObject;
export function isObject(value: unknown): value is Readonly<Record<string, unknown>>;
export function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !rawJson.isRawJSON(value);
}

/** The members of an object; none of anything else. */
export function fieldsOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

/** A text as it is, anything else as its JSON. `String` would call methods that the value may have given itself. */
export function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
