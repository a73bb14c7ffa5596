import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { recordOfSchema } from './avro.ts';
import { sqlAnswer } from './sql-answer.ts';
import { sqlTableOf } from './sql-columns.ts';

const ALL = { offset: 0, limit: -9_999, pagingTable: '' };
const TYPES = [
  'INTEGER',
  'BIGINT',
  'DOUBLE',
  'FLOAT',
  'BOOLEAN',
  'DECIMAL(9,2)',
  'constructor',
  '__proto__',
  'VARCHAR',
];

const answered = (text: string) => {
  const result = sqlTableOf(text);
  const json = sqlAnswer(result, ALL, 'json');
  JSON.parse(json.json_encoded_response);
  const binary = sqlAnswer(result, ALL, 'binary');
  recordOfSchema(JSON.parse(binary.response_schema_str)).decode(binary.binary_encoded_response);
  return result;
};

test('any JSON that a job may leave is answered, in both encodings', () => {
  fc.assert(fc.property(fc.json(), (text) => void answered(text)));
  for (const text of [
    'null',
    '[]',
    '1',
    '{"columns":[{"toString":1}],"rows":[]}',
    '{"columns":["a"],"rows":[null,1,{}]}',
  ])
    answered(text);
});

test('any values under any type are answered, in both encodings', () => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.integer(),
    fc.bigInt().map(String),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc.constantFrom('NaN', 'Infinity', '', ' ', '9223372036854775808', '-9223372036854775808', '0x10', '1e400'),
  );
  const result = fc.record({
    columns: fc.array(fc.string(), { minLength: 1, maxLength: 3 }),
    types: fc.array(fc.constantFrom(...TYPES), { maxLength: 3 }),
    rows: fc.array(fc.array(value, { maxLength: 4 }), { maxLength: 5 }),
  });
  fc.assert(
    fc.property(result, (each) => void answered(JSON.stringify(each))),
    { numRuns: 500 },
  );
});

test('sqlTableOf makes a column of texts where a value does not fit the type that was said of it', () => {
  const typed = (type: string, ...values: unknown[]) =>
    sqlTableOf(JSON.stringify({ columns: ['c'], types: [type], rows: values.map((value) => [value]) })).columns[0];
  assert.equal(typed('INTEGER', 1, null, 2_147_483_647)?.type.name, 'int');
  assert.equal(typed('INTEGER', 2_147_483_648)?.type.name, 'string');
  assert.equal(typed('BIGINT', '9223372036854775807', true)?.type.name, 'long');
  assert.equal(typed('BIGINT', '9223372036854775808')?.type.name, 'string');
  assert.equal(typed('DOUBLE', 'NaN', 1.5)?.type.name, 'double');
  assert.equal(typed('DOUBLE', 'n/a')?.type.name, 'string');
  assert.equal(typed('INTEGER', { a: 1 })?.type.name, 'string');
});
