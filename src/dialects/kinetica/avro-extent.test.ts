import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AvroSchema } from './avro.ts';
import { isWholeDatum } from './avro-extent.ts';
import {
  alterJobsRequest,
  createJobRequest,
  executeSqlRequest,
  getJobRequest,
  showJobsResponse,
  type WireRecord,
} from './wire.ts';

const RECORDS: readonly WireRecord<unknown>[] = [
  getJobRequest,
  alterJobsRequest,
  createJobRequest,
  executeSqlRequest,
  showJobsResponse,
];
/** The largest counts and lengths there are, and those next to what the codec reads without care. */
const HOSTILE = [2n ** 61n, 2n ** 53n, 2n ** 31n, 1_000_000_000n, 10_000n, 1n, 0n, -1n, -(2n ** 31n), -(2n ** 63n)];

function long(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

/** False where it is refused, with the one error that a body may have. */
function decodes(record: WireRecord<unknown>, bytes: Uint8Array): boolean {
  try {
    record.binary.decode(bytes);
    return true;
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'INVALID_REQUEST');
    return false;
  }
}

test('isWholeDatum refuses a map that announces 2^61 entries, of which there are none', () => {
  assert.equal(decodes(getJobRequest, Buffer.concat([long(5n), long(2n ** 61n)])), false);
  assert.equal(decodes(getJobRequest, Buffer.from('0a80808080808080808040', 'hex')), false);
});

test('isWholeDatum refuses a list that is longer than its bytes, by a negative count too', () => {
  for (const count of HOSTILE.filter((each) => each !== 0n)) {
    assert.equal(decodes(alterJobsRequest, long(count)), false, String(count));
  }
});

test('isWholeDatum bounds the entries of one datum, each of which costs more than its byte', () => {
  const blobs = (count: number) => Buffer.concat([long(BigInt(count)), Buffer.alloc(count), Buffer.from([0])]);
  const schema: AvroSchema = { type: 'array', items: 'bytes' };
  assert.equal(isWholeDatum(schema, blobs(100_000)), true);
  assert.equal(isWholeDatum(schema, blobs(100_001)), false);
  const twice = Buffer.concat([blobs(60_000).subarray(0, -1), blobs(60_000)]);
  assert.equal(isWholeDatum(schema, twice), false);
});

test('isWholeDatum takes a block with its size before it, and unions, and refuses a number without an end', () => {
  const sized = Buffer.concat([long(-2n), long(2n), long(1n), long(2n), long(0n)]);
  assert.equal(isWholeDatum({ type: 'array', items: 'long' }, sized), true);
  assert.equal(isWholeDatum(['int', 'null'], Buffer.from([2])), true);
  assert.equal(isWholeDatum(['int', 'null'], Buffer.from([4])), false);
  assert.equal(isWholeDatum('long', Buffer.alloc(11, 0x80)), false);
  assert.equal(isWholeDatum('boolean', Buffer.from([1])), true);
});

test('decode returns on bytes made of hostile counts and lengths, whatever the record', () => {
  const piece = fc.oneof(
    fc.constantFrom(...HOSTILE).map(long),
    fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
    fc
      .string({ maxLength: 5 })
      .map((text) => Buffer.concat([long(BigInt(Buffer.byteLength(text))), Buffer.from(text)])),
  );
  const body = fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.concat(pieces));
  fc.assert(
    fc.property(fc.constantFrom(...RECORDS), body, (record, bytes) => {
      decodes(record, bytes);
    }),
    { numRuns: 2_000, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true },
  );
});

test('decode returns on valid requests with any one byte changed', () => {
  const valid = executeSqlRequest.binary.encode({
    ...{ statement: 'SELECT 1', offset: 0, limit: -9_999, encoding: 'json', request_schema_str: '' },
    ...{ data: [Buffer.from('ab')], options: { paging_table: 'p' } },
  });
  fc.assert(
    fc.property(fc.nat(valid.length - 1), fc.nat(255), (at, byte) => {
      const changed = Buffer.from(valid);
      changed[at] = byte;
      decodes(executeSqlRequest, changed);
    }),
    { numRuns: 2_000, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true },
  );
});
