import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from '../../core/job.ts';
import { recordOfSchema } from './avro.ts';
import { plain } from './mapping.ts';
import { type PageOfTable, sqlAnswer } from './sql-answer.ts';
import { sqlTableOf } from './sql-columns.ts';

const answerOf = (result: object, page: PageOfTable, encoding: 'json' | 'binary') =>
  sqlAnswer(sqlTableOf(result as Json), page, encoding);
const ALL = { offset: 0, limit: -9_999, pagingTable: 'p' };

test('sqlAnswer names types as the vendor does and carries values in their base types', () => {
  const result = {
    columns: ['b', 'i', 'l', 'd', 'n', 't', 'z', 'j'],
    types: ['BOOLEAN', 'SMALLINT', 'BIGINT', 'DOUBLE', 'DECIMAL(18,3)', 'TIMESTAMP', 'VARCHAR', 'STRUCT(a INTEGER)'],
    rows: [[true, 1, '9007199254740993', 'NaN', '1.500', '2024-01-02 03:04:05', 'é"\n', { a: 1 }]],
  };
  const answer = answerOf(result, ALL, 'json');
  const columns = JSON.parse(answer.json_encoded_response);
  assert.deepEqual(columns.column_datatypes, [
    'boolean',
    'int16',
    'long',
    'double',
    'decimal',
    'datetime',
    'string',
    'string',
  ]);
  assert.deepEqual(columns.column_1, [1]);
  assert.deepEqual(columns.column_3, ['9007199254740993']);
  assert.deepEqual(columns.column_4, ['NaN']);
  assert.deepEqual(columns.column_8, ['{"a":1}']);
});

test('sqlAnswer makes a column nullable only where it has nulls', () => {
  const result = {
    columns: ['a', 'b'],
    types: ['INTEGER', 'INTEGER'],
    rows: [
      [1, null],
      [2, 3],
    ],
  };
  const { fields } = JSON.parse(answerOf(result, ALL, 'json').response_schema_str);
  assert.deepEqual(fields[0].type.items, 'int');
  assert.deepEqual(fields[1].type.items, ['int', 'null']);
});

test('sqlAnswer in binary is a datum of its own schema', () => {
  const result = {
    columns: ['a', 'b', 'c'],
    types: ['INTEGER', 'DOUBLE', 'BIGINT'],
    rows: [
      [1, null, '9007199254740993'],
      [2, 'Infinity', 3],
    ],
  };
  const answer = answerOf(result, ALL, 'binary');
  const decoded = recordOfSchema<Record<string, unknown[]>>(JSON.parse(answer.response_schema_str)).decode(
    answer.binary_encoded_response,
  );
  assert.deepEqual(decoded.column_1, [1, 2]);
  assert.deepEqual(decoded.column_3, [9007199254740993n, 3]);
  assert.deepEqual(decoded.column_headers, ['a', 'b', 'c']);
});

test('sqlAnswer without columns is the placeholder, in both encodings', () => {
  const empty = { columns: [], types: [], rows: [] };
  assert.equal(
    answerOf(empty, ALL, 'json').json_encoded_response,
    '{"column_1":[],"column_headers":["dummy"],"column_datatypes":["string"]}',
  );
  assert.ok(answerOf(empty, ALL, 'binary').binary_encoded_response.length > 0);
});

test('sqlAnswer pages by offset and limit', () => {
  const result = { columns: ['a'], types: ['INTEGER'], rows: [[1], [2], [3]] };
  const page = answerOf(result, { ...ALL, offset: 1, limit: 1 }, 'json');
  assert.deepEqual(JSON.parse(page.json_encoded_response).column_1, [2]);
  assert.deepEqual([page.total_number_of_records, page.has_more_records], [3, true]);
  assert.equal(answerOf(result, { ...ALL, offset: 2, limit: 5 }, 'json').has_more_records, false);
});

test('plain says what clients take for an outage in words that they do not', () => {
  for (const alarm of [
    'Connection refused',
    'Kinetica is offline',
    'system-limited-fatal',
    'Unexpected end of file from server',
  ]) {
    assert.ok(!plain(`x ${alarm} y`).includes(alarm));
  }
  assert.equal(plain('no such table'), 'no such table');
});
