import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { recordOf } from './avro.ts';
import { bodyOf, bytesOf, jsonOf, readJson, wrapped } from './encoding.ts';
import { createJobRequest, createJobResponse, getJobRequest, getJobResponse, wrapper } from './wire.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

const VECTORS = [
  {
    name: 'create_job request',
    record: createJobRequest,
    value: {
      endpoint: '/execute/sql',
      request_encoding: 'json',
      data: Buffer.alloc(0),
      data_str: '{}',
      options: { job_tag: 't1' },
    },
    bytes: hex('182f657865637574652f73716c 086a736f6e 00 047b7d 02 0e6a6f625f746167 047431 00'),
  },
  {
    name: 'create_job response',
    record: createJobResponse,
    value: { job_id: 1, info: { job_tag: 't1' } },
    bytes: hex('02 02 0e6a6f625f746167 047431 00'),
  },
  { name: 'get_job request', record: getJobRequest, value: { job_id: 300, options: {} }, bytes: hex('d804 00') },
  {
    name: 'get_job response',
    record: getJobResponse,
    value: {
      endpoint: '/execute/sql',
      job_status: 'RUNNING',
      running: true,
      progress: 40,
      successful: false,
      response_encoding: 'json',
      job_response: Buffer.alloc(0),
      job_response_str: '',
      status_map: {},
      info: {},
    },
    bytes: hex('182f657865637574652f73716c 0e52554e4e494e47 01 50 00 086a736f6e 00 00 00 00'),
  },
] as const;

for (const { name, record, value, bytes } of VECTORS) {
  test(`the binary ${name} has the bytes of the vendor's own encoder`, () => {
    const codec = record.binary as { encode(value: unknown): Buffer; decode(bytes: Uint8Array): unknown };
    assert.equal(codec.encode(value).toString('hex'), bytes.toString('hex'));
    assert.deepEqual({ ...(codec.decode(bytes) as object) }, value);
  });
}

test('a long has the bytes of the vendor, up to the largest, which is read as a bigint', () => {
  const codec = recordOf<{ n: number | bigint }>('long_only', [{ name: 'n', type: 'long' }]);
  const longs: readonly (readonly [number | bigint, string])[] = [
    [0, '00'],
    [1, '02'],
    [-1, '01'],
    [63, '7e'],
    [64, '8001'],
    [2 ** 31, '8080808010'],
    [9223372036854775807n, 'feffffffffffffffff01'],
  ];
  for (const [n, bytes] of longs) {
    assert.equal(codec.encode({ n }).toString('hex'), bytes);
    assert.equal(codec.decode(hex(bytes)).n, n);
  }
});

test('a datum that ends early or goes on too long is an invalid request', () => {
  for (const bytes of ['d8', 'd804', 'd80400ff', '']) {
    assert.throws(() => getJobRequest.binary.decode(hex(bytes)), { code: 'INVALID_REQUEST' });
  }
});

test('any bytes are decoded or refused as invalid, never with another error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        createJobRequest.binary.decode(bytes);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'INVALID_REQUEST');
      }
    }),
  );
});

test('a wrapper comes back from its binary form as it was', () => {
  const text = fc.string({ unit: 'grapheme' });
  fc.assert(
    fc.property(text, text, fc.uint8Array(), (message, dataStr, data) => {
      const value = { status: 'OK', message, data_type: 'x', data: Buffer.from(data), data_str: dataStr } as const;
      assert.deepEqual({ ...wrapper.binary.decode(wrapper.binary.encode(value)) }, value);
    }),
  );
});

test('an answer in JSON has the five fields in order, and its payload as text', () => {
  const answer = wrapped('json', 'create_job_response', createJobResponse, { job_id: 41, info: {} });
  const expected =
    '{"status":"OK","message":"","data_type":"create_job_response","data":"","data_str":"{\\"job_id\\":41,\\"info\\":{}}"}';
  assert.equal(bodyOf('json', answer), expected);
});

test('bytes in JSON are one character per byte, there and back', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = JSON.parse(jsonOf({ data: Buffer.from(bytes) })).data as string;
      assert.deepEqual(bytesOf(text), Buffer.from(bytes));
    }),
  );
  assert.equal(bytesOf('€'), null);
});

test('readJson takes defaults for what is missing, ignores the unknown and names what is wrong', () => {
  const read = readJson(createJobRequest, { endpoint: '/x', more: 1 });
  assert.deepEqual(read, {
    endpoint: '/x',
    request_encoding: 'binary',
    data: Buffer.alloc(0),
    data_str: '',
    options: {},
  });
  assert.throws(() => readJson(createJobRequest, {}), /Field endpoint is required/);
  assert.throws(() => readJson(getJobRequest, { job_id: '41' }), /Field job_id must be a whole number/);
  assert.throws(() => readJson(getJobRequest, { job_id: 41.5 }), /Field job_id must be a whole number/);
  assert.equal(readJson(getJobRequest, JSON.parse('{"job_id":41.0}')).job_id, 41);
  assert.throws(() => readJson(getJobRequest, { job_id: 1, options: { a: 1 } }), /Field options must be an object/);
  assert.throws(() => readJson(getJobRequest, [1]), /must be a JSON object/);
});
