import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseForPassingOn } from '../../core/exact-json.ts';
import type { Json } from '../../core/job.ts';
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
  const result = sqlTableOf(parseForPassingOn(text));
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
    sqlTableOf({ columns: ['c'], types: [type], rows: values.map((value) => [value as Json]) }).columns[0];
  assert.equal(typed('INTEGER', 1, null, 2_147_483_647)?.type.name, 'int');
  assert.equal(typed('INTEGER', 2_147_483_648)?.type.name, 'string');
  assert.equal(typed('BIGINT', '9223372036854775807', true)?.type.name, 'long');
  assert.equal(typed('BIGINT', '9223372036854775808')?.type.name, 'string');
  assert.equal(typed('DOUBLE', 'NaN', 1.5)?.type.name, 'double');
  assert.equal(typed('DOUBLE', 'n/a')?.type.name, 'string');
  assert.equal(typed('INTEGER', { a: 1 })?.type.name, 'string');
});

test('numbers that a double cannot hold keep their digits, under any type and in both encodings', () => {
  for (const type of [...TYPES, 'UBIGINT', 'HUGEINT']) {
    for (const literal of ['9007199254740993', '-12345678901234567890', '1e400', '1e-400']) {
      const table = answered(`{"columns":[${literal}],"types":["${type}"],"rows":[[${literal}],[1],[null]]}`);
      assert.equal(table.columns[0]?.name, literal);
      const json = sqlAnswer(table, ALL, 'json').json_encoded_response;
      assert.ok(json.includes(`"column_1":["${literal}",`), `${type}: ${json}`);
      const binary = sqlAnswer(table, ALL, 'binary');
      const rows = recordOfSchema(JSON.parse(binary.response_schema_str)).decode(binary.binary_encoded_response);
      const [first] = (rows as { column_1: unknown[] }).column_1;
      assert.equal(String(first), literal, type);
    }
  }
});
