import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { inexactNumber } from './exact-numbers.ts';

describe('inexactNumber', () => {
  for (const literal of [
    ...[
      '9007199254740993',
      '-9007199254740993',
      '12345678901234567890',
      '18446744073709551616',
      '99999999999999991611392',
    ],
    ...['1e400', '-1E+400', '1.5e999', '1e-400', '-0.01e-330', '1'.repeat(400), `${'9'.repeat(400)}.5`],
  ]) {
    it(`finds ${literal.slice(0, 30)}`, () => {
      assert.equal(inexactNumber(literal)?.path, '');
      assert.equal(inexactNumber(`{"a":[1,${literal}]}`)?.path, '/a/1');
    });
  }

  for (const literal of [
    ...[
      '0',
      '-0',
      '9007199254740991',
      '9007199254740992',
      '-9007199254740992',
      '12345678901234567000',
      '1e22',
      '1E308',
    ],
    ...[
      '100000000000000000000',
      '1e-300',
      '0e999',
      '0.0E-400',
      '0.1',
      '0.30000000000000004',
      '3.141592653589793238462643',
    ],
    ...[`1${'0'.repeat(39)}`, '0.10000000000000001'],
  ]) {
    it(`lets ${literal} through`, () => {
      assert.equal(inexactNumber(literal), null);
      assert.equal(inexactNumber(`{"a":[1,${literal}]}`), null);
    });
  }

  it('does not look into strings and keys', () => {
    assert.equal(inexactNumber('{"9007199254740993":"1e400 \\" 9007199254740993 \\\\","a\\"":"\\\\\\" 1e400"}'), null);
  });

  it('says where the first one is', () => {
    const text = '{"x":["1,2",{"y":1},{"a/b~c":[[],{},{"\\u0041":"q","z":-9007199254740993}, 1e400 ]}]}';
    assert.deepEqual(inexactNumber(text), {
      path: '/x/2/a~1b~0c/2/z',
      message: 'is -9007199254740993, which a double cannot hold: it would become -9007199254740992; send it as a text',
    });
  });

  it('finds nothing in what JSON.stringify wrote, and any changed integer in any place', () => {
    const bigger = fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n }).map(String);
    fc.assert(
      fc.property(fc.jsonValue(), bigger, (value, digits) => {
        const text = JSON.stringify(value);
        assert.equal(inexactNumber(text), null);
        const isKept = JSON.stringify(JSON.parse(`[${digits}]`)) === `[${digits}]`;
        // What is 1e21 and more is written with an exponent, so the texts alone do not tell.
        if (digits.length > 21) return;
        assert.equal(inexactNumber(`[${text},{"a":${digits}}]`)?.path, isKept ? undefined : '/1/a');
      }),
    );
  });

  it('takes linear time for strings of backslashes and quotes', () => {
    const text = JSON.stringify([`\\"`.repeat(200_000), '\\'.repeat(400_000), '"'.repeat(200_000)]);
    assert.equal(inexactNumber(`[${text},9007199254740993]`)?.path, '/1');
  });
});
