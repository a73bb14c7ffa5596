/**
 * The vendor's binary bodies: bare Avro datums, without header or schema.
 *
 * The codec is `avsc`. Three things are ours: a `long` beyond 2^53 is read as a bigint instead of being refused, since a client may
 * ask for any job id; whatever is wrong with a body is one error of kind `invalid`, never a text of the codec; and the codec sees
 * only bytes that are one whole datum (`avro-extent.ts`), since it believes every count.
 */
import avro from 'avsc';
import { BideError } from '../../core/errors.ts';
import { isWholeDatum } from './avro-extent.ts';

export type AvroSchema = avro.Schema;

/** One record type: reads and writes bare datums of it. */
export interface AvroRecord<T> {
  encode(value: T): Buffer;
  /** INVALID_REQUEST when the bytes are not one whole datum of this type. */
  decode(bytes: Uint8Array): T;
}

const LONG_BYTES = 8;

const longType = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => narrowed(bytes.readBigInt64LE()),
  toBuffer: (value: number | bigint) => {
    const bytes = Buffer.alloc(LONG_BYTES);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  },
  fromJSON: (value: unknown) => value,
  toJSON: (value: unknown) => value,
  isValid: (value: unknown) => Number.isSafeInteger(value) || typeof value === 'bigint',
  compare: (a: number | bigint, b: number | bigint) => Number(a > b) - Number(a < b),
});

/** `name` only shows in the codec's own errors. */
export function recordOf<T>(
  name: string,
  fields: readonly { readonly name: string; readonly type: AvroSchema }[],
): AvroRecord<T> {
  return recordOfSchema<T>({ type: 'record', name, fields: [...fields] });
}

export function recordOfSchema<T>(schema: AvroSchema): AvroRecord<T> {
  const type = avro.Type.forSchema(schema, { registry: { long: longType } });
  return {
    encode: (value) => type.toBuffer(value),
    decode: (bytes) => {
      if (!isWholeDatum(schema, bytes)) throw invalid();
      return decoded(type, bytes) as T;
    },
  };
}

function decoded(type: avro.Type, bytes: Uint8Array): unknown {
  try {
    return type.fromBuffer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    throw invalid(cause);
  }
}

function invalid(cause?: unknown): BideError {
  return new BideError('INVALID_REQUEST', 'The body is not a valid Avro datum of this request.', {}, { cause });
}

function narrowed(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
