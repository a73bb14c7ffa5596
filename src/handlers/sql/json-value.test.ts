import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { jsonValueOf } from './json-value.ts';
import { openSandbox, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
before(async () => {
  sandbox = await openSandbox({ memoryMib: 64, threads: 1 });
  await sandbox.lock(new Map());
});
after(() => sandbox.close());

describe('jsonValueOf', () => {
  for (const [sql, json] of [
    ['NULL', null],
    ['true', true],
    ['1::TINYINT', 1],
    ['-5::SMALLINT', -5],
    ['4294967295::UINTEGER', 4294967295],
    ['count(*)', 1],
    ['sum(3)', 3],
    ['9007199254740991::BIGINT', 9007199254740991],
    ['9007199254740992::BIGINT', '9007199254740992'],
    ["'-9223372036854775808'::BIGINT", '-9223372036854775808'],
    ['170141183460469231731687303715884105727::HUGEINT', '170141183460469231731687303715884105727'],
    ['7::UHUGEINT', 7],
    ["'12345678901234567890'::BIGNUM", '12345678901234567890'],
    ['1.50::DECIMAL(18, 3)', 1.5],
    ['-0.05::DECIMAL(4, 2)', -0.05],
    ['123456789012.345::DECIMAL(18, 3)', 123456789012.345],
    ['1234567890123456.7::DECIMAL(18, 1)', '1234567890123456.7'],
    ['0::DECIMAL(38, 20)', 0],
    ['1.5::FLOAT', 1.5],
    ["'nan'::DOUBLE", 'NaN'],
    ["'-inf'::DOUBLE", '-Infinity'],
    ["DATE '2020-02-03'", '2020-02-03'],
    ["TIME '01:02:03.5'", '01:02:03.5'],
    ["TIMESTAMP '2020-02-03 04:05:06.789'", '2020-02-03T04:05:06.789'],
    ["TIMESTAMP_S '2020-02-03 04:05:06'", '2020-02-03T04:05:06'],
    ["TIMESTAMP_MS '2020-02-03 04:05:06.7'", '2020-02-03T04:05:06.7'],
    ["TIMESTAMP_NS '2020-02-03 04:05:06.123456789'", '2020-02-03T04:05:06.123456789'],
    ["TIMESTAMPTZ '2020-02-03 04:05:06.5+02'", '2020-02-03T02:05:06.5Z'],
    ["DATE '0044-03-15 (BC)'", '-000043-03-15'],
    ["DATE '0001-01-01 (BC)'", '0000-01-01'],
    ["TIMESTAMP '0044-03-15 (BC) 01:02:03.5'", '-000043-03-15T01:02:03.5'],
    ["TIMESTAMPTZ '0044-03-15 (BC) 01:02:03+00'", '-000043-03-15T01:02:03Z'],
    ["TIMESTAMP '12345-01-01 00:00:00'", '+012345-01-01T00:00:00'],
    ["['infinity'::DATE, '-infinity'::DATE]", ['infinity', '-infinity']],
    ["['infinity'::TIMESTAMP, '-infinity'::TIMESTAMP]", ['infinity', '-infinity']],
    ["['infinity'::TIMESTAMP_S, '-infinity'::TIMESTAMP_S]", ['infinity', '-infinity']],
    ["['infinity'::TIMESTAMP_MS, '-infinity'::TIMESTAMP_MS]", ['infinity', '-infinity']],
    ["['infinity'::TIMESTAMP_NS, '-infinity'::TIMESTAMP_NS]", ['infinity', '-infinity']],
    ["['infinity'::TIMESTAMPTZ, '-infinity'::TIMESTAMPTZ]", ['infinity', '-infinity']],
    ["['[1]'::JSON]", [[1]]],
    ["{'a': '{\"b\":null}'::JSON}", { a: { b: null } }],
    ["MAP {'k': '[1]'::JSON}", [{ key: 'k', value: [1] }]],
    ["union_value(u := '[1]'::JSON)", { tag: 'u', value: [1] }],
    ['INTERVAL 3 DAY', '3 days'],
    ["'a\"ä\\n'", 'a"ä\\n'],
    ["'\\x00\\xFF'::BLOB", 'AP8='],
    ["'x'::ENUM('x', 'y')", 'x'],
    ["'101'::BIT", '101'],
    ["'8f14e45f-ceea-467f-a3b1-000000000001'::UUID", '8f14e45f-ceea-467f-a3b1-000000000001'],
    ['[1, NULL, 3]', [1, null, 3]],
    ['[[9007199254740993], []]', [['9007199254740993'], []]],
    ['[1, 2]::INT[2]', [1, 2]],
    ["{'a': 1, 'b': {'c': DATE '2020-01-01'}}", { a: 1, b: { c: '2020-01-01' } }],
    [
      "MAP {'k': 1, 'l': NULL}",
      [
        { key: 'k', value: 1 },
        { key: 'l', value: null },
      ],
    ],
    ['MAP {[1]: 2}', [{ key: [1], value: 2 }]],
    ['union_value(n := 3)', { tag: 'n', value: 3 }],
    ['\'{"a": [1, null]}\'::JSON', { a: [1, null] }],
    ['\'{"a": 1}\'::VARCHAR', '{"a": 1}'],
  ] as const) {
    it(`makes ${JSON.stringify(json)} of ${sql}`, async () => {
      const result = await sandbox.connection.run(`SELECT ${sql} AS v`);
      const [[value = null] = []] = await result.getRows();
      assert.deepEqual(jsonValueOf(value, result.columnType(0)), json);
    });
  }
});

it('a number in a JSON column keeps its digits', async () => {
  const text = '{"a":[9007199254740993,1e400,0.5],"b":12345678901234567890}';
  const result = await sandbox.connection.run(`SELECT '${text}'::JSON`);
  const [[value] = []] = await result.getRows();
  assert.equal(JSON.stringify(jsonValueOf(value ?? null, result.columnTypes()[0])), text);
});
