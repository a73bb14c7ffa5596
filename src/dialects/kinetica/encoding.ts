/**
 * Reading requests and writing answers in the encoding that the caller chose: JSON or binary Avro.
 *
 * A JSON request is read by the fields of the same record that describes its binary form: a field that is missing takes its
 * default, one without default is required, one of the wrong type is refused, unknown ones are ignored.
 */
import { BideError } from '../../core/errors.ts';
import { isObject } from '../../core/json-object.ts';
import type { AvroSchema } from './avro.ts';
import { type WireRecord, type Wrapper, wrapper } from './wire.ts';

export type Encoding = 'json' | 'binary';

/** A request body as it arrived: parsed JSON, or the bytes of a datum. */
export type Body =
  | { readonly encoding: 'json'; readonly value: unknown }
  | { readonly encoding: 'binary'; readonly bytes: Uint8Array };

export function readRequest<T>(record: WireRecord<T>, body: Body): T {
  return body.encoding === 'binary' ? record.binary.decode(body.bytes) : readJson(record, body.value);
}

/** INVALID_REQUEST names the field and the type it needs. */
export function readJson<T>(record: WireRecord<T>, value: unknown): T {
  if (!isObject(value)) throw invalid('The request must be a JSON object.');
  const entries = record.fields.map((field) => [field.name, readField(field, value[field.name])]);
  return Object.fromEntries(entries) as T;
}

/** The payload of an answer, as its encoding carries it inside the wrapper. */
export function wrapped<T>(encoding: Encoding, dataType: string, record: WireRecord<T>, payload: T): Wrapper {
  const isBinary = encoding === 'binary';
  return {
    status: 'OK',
    message: '',
    data_type: dataType,
    data: isBinary ? record.binary.encode(payload) : NO_BYTES,
    data_str: isBinary ? '' : jsonOf(payload),
  };
}

export function wrappedError(message: string): Wrapper {
  return { status: 'ERROR', message, data_type: 'none', data: NO_BYTES, data_str: '' };
}

/** The bytes that go out. */
export function bodyOf(encoding: Encoding, answer: Wrapper): Buffer | string {
  return encoding === 'binary' ? wrapper.binary.encode(answer) : jsonOf(answer);
}

/** JSON as the wire spells it: bytes are a string with a character per byte. */
export function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => spelled(item));
}

/** The bytes behind a JSON `bytes` field; null when a character is beyond U+00FF. */
export function bytesOf(text: string): Buffer | null {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0xff) return null;
  return Buffer.from(text, 'latin1');
}

const NO_BYTES = Buffer.alloc(0);

interface BufferJson {
  readonly type: 'Buffer';
  readonly data: readonly number[];
}

/** JSON.stringify has called `Buffer.toJSON` before a replacer sees the value. */
function spelled(item: unknown): unknown {
  if (typeof item === 'bigint') return Number(item);
  if (item instanceof Uint8Array) return Buffer.from(item).toString('latin1');
  return isBufferJson(item) ? Buffer.from(item.data).toString('latin1') : item;
}

function isBufferJson(item: unknown): item is BufferJson {
  return typeof item === 'object' && item !== null && 'type' in item && item.type === 'Buffer' && 'data' in item;
}

function readField(field: WireRecord<unknown>['fields'][number], value: unknown): unknown {
  const given = value ?? field.default;
  if (given === undefined) throw invalid(`Field ${field.name} is required.`);
  const read = readValue(field.type, given);
  if (read === undefined) throw invalid(`Field ${field.name} must be ${nameOf(field.type)}.`);
  return read;
}

/** Undefined where the value is not of the type. */
function readValue(type: AvroSchema, value: unknown): unknown {
  if (type === 'string') return typeof value === 'string' ? value : undefined;
  if (type === 'bytes') return typeof value === 'string' ? (bytesOf(value) ?? undefined) : undefined;
  if (type === 'long' || type === 'int') return Number.isInteger(value) ? value : undefined;
  if (isMap(type)) return readMap(value);
  return isArray(type) ? readArray(type.items, value) : undefined;
}

function readMap(value: unknown): unknown {
  if (!isObject(value)) return undefined;
  return Object.values(value).every((item) => typeof item === 'string') ? value : undefined;
}

function readArray(items: AvroSchema, value: unknown): unknown {
  if (!Array.isArray(value)) return undefined;
  const read = value.map((item) => readValue(items, item));
  return read.includes(undefined) ? undefined : read;
}

function isMap(type: AvroSchema): boolean {
  return typeof type === 'object' && 'type' in type && type.type === 'map';
}

function isArray(type: AvroSchema): type is { type: 'array'; items: AvroSchema } {
  return typeof type === 'object' && 'type' in type && type.type === 'array';
}

function nameOf(type: AvroSchema): string {
  if (type === 'long' || type === 'int') return 'a whole number';
  if (type === 'bytes') return 'a string with one character (U+0000 to U+00FF) per byte';
  if (isMap(type)) return 'an object whose values are strings';
  return isArray(type) ? `a list, each item ${nameOf(type.items)}` : 'a string';
}

function invalid(message: string): BideError {
  return new BideError('INVALID_REQUEST', message);
}
