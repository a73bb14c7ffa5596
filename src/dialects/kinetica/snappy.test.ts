import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { snappyCompress } from 'hysnappy';
import { uncompressed } from './snappy.ts';

const MAX = 10_000;

test('uncompressed gives back what was compressed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
      assert.deepEqual(Buffer.from(uncompressed(snappyCompress(bytes), MAX)), Buffer.from(bytes));
    }),
  );
});

test('uncompressed refuses blocks that announce too much, before it makes room for them', () => {
  const large = snappyCompress(new Uint8Array(MAX + 1));
  assert.throws(() => uncompressed(large, MAX), /10001 bytes uncompressed; at most 10000/);
  assert.throws(() => uncompressed(Buffer.from('ffffffff0f00', 'hex'), MAX), { code: 'BODY_TOO_LARGE' });
});

test('uncompressed returns on hostile literals, copies and lengths, and never with another error', () => {
  const known = ['', '05fcfaffffff', '0501ff', '0503ffffffff', 'ffffffffff', '03'];
  const bytes = fc.oneof(
    fc.constantFrom(...known).map((hex) => Buffer.from(hex, 'hex')),
    fc.array(fc.oneof(fc.constantFrom(0xfc, 0xff, 0xfe, 0xf0, 0x01, 0x03), fc.nat(255)), { maxLength: 60 }),
  );
  fc.assert(
    fc.property(bytes, (given) => {
      try {
        uncompressed(Buffer.from(given), MAX);
      } catch (error) {
        assert.match(String((error as { code?: string }).code), /^(INVALID_REQUEST|BODY_TOO_LARGE)$/);
      }
    }),
    { numRuns: 1_000, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true },
  );
});
