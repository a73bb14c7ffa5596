import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BideError } from '../../../core/errors.ts';
import { ConnectionLost, isSessionOver, isTransient, storeErrorOf } from './driver-errors.ts';

function driverError(code: string): Error {
  return Object.assign(new Error('whatever the server says, in its own language'), { code });
}

describe('storeErrorOf', () => {
  const CASES = [
    ['53100', 'STORE_FULL'],
    ['53300', 'STORE_UNAVAILABLE'],
    ['57P01', 'STORE_UNAVAILABLE'],
    ['57P03', 'STORE_UNAVAILABLE'],
    ['57014', 'STORE_UNAVAILABLE'],
    ['55P03', 'STORE_UNAVAILABLE'],
    ['08006', 'STORE_UNAVAILABLE'],
    ['25006', 'STORE_READ_ONLY'],
    ['XX001', 'STORE_DAMAGED'],
    ['ECONNREFUSED', 'STORE_UNAVAILABLE'],
    ['ENOTFOUND', 'STORE_UNAVAILABLE'],
    ['42P01', 'STORE_UNFIT'],
    ['28P01', 'STORE_UNFIT'],
    ['42501', 'STORE_UNFIT'],
    ['23514', 'INTERNAL'],
    ['23505', 'INTERNAL'],
    ['42601', 'INTERNAL'],
  ] as const;
  for (const [code, expected] of CASES) {
    test(`storeErrorOf is ${expected} when the driver says ${code}`, () => {
      const cause = driverError(code);
      const error = storeErrorOf(cause);
      assert.equal(error.code, expected);
      assert.equal(error.cause, cause);
      assert.ok(!error.message.includes('language'));
      assert.equal(storeErrorOf(new ConnectionLost(true, cause)).cause, cause);
    });
  }

  test('storeErrorOf passes an error of ours through', () => {
    const error = new BideError('OVERLOADED');
    assert.equal(storeErrorOf(error), error);
  });

  test('storeErrorOf is STORE_UNAVAILABLE for a lost connection without a code, and INTERNAL for anything else', () => {
    assert.equal(storeErrorOf(new ConnectionLost(true, new Error('gone'))).code, 'STORE_UNAVAILABLE');
    assert.equal(storeErrorOf(new ConnectionLost(false, undefined)).code, 'STORE_UNAVAILABLE');
    assert.equal(storeErrorOf(new TypeError('a bug')).code, 'INTERNAL');
    assert.equal(storeErrorOf('text').code, 'INTERNAL');
  });
});

describe('what may be sent again', () => {
  test('isTransient holds for what certainly did nothing', () => {
    for (const code of ['40001', '40P01', '25006', '0A000', '26000']) assert.ok(isTransient(driverError(code)), code);
    for (const code of ['23505', '57014', '55P03', 'ECONNRESET']) assert.ok(!isTransient(driverError(code)), code);
  });

  test('isSessionOver holds for shutdowns and broken sockets, not for refused statements', () => {
    for (const code of ['57P01', '57P02', '08003', 'ECONNRESET', 'EPIPE']) {
      assert.ok(isSessionOver(driverError(code)), code);
    }
    for (const code of ['57014', '53100', '25006', '23505']) assert.ok(!isSessionOver(driverError(code)), code);
  });
});
