import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BideError, ERROR_KINDS, ERRORS, type ErrorCode } from '../core/errors.ts';
import { faultOf, isTransient } from './fault.ts';

describe('faultOf', () => {
  it('keeps the kind and the message of every error of Bide', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      const { kind, message } = faultOf(new BideError(code, 'Said so.'));
      assert.equal(kind, ERRORS[code].kind, code);
      assert.equal(message, kind === 'internal' ? ERRORS.INTERNAL.title : 'Said so.', code);
    }
  });

  it('takes the kind of a framework’s error from its status', () => {
    for (const [statusCode, kind] of [
      [400, 'invalid'],
      [413, 'too_large'],
      [415, 'media_type'],
      [429, 'quota'],
      [503, 'unavailable'],
    ] as const) {
      const error = Object.assign(new Error('It said why.'), { statusCode });
      assert.deepEqual(faultOf(error), { kind, message: 'It said why.' });
    }
  });

  it('says nothing of what nobody foresaw', () => {
    const secret = 'password=hunter2';
    for (const thrown of [
      new TypeError(secret),
      Object.assign(new Error(secret), { statusCode: 500 }),
      Object.assign(new Error(secret), { statusCode: '400' }),
      { statusCode: 400, message: secret },
      secret,
      null,
      undefined,
      5,
    ]) {
      assert.deepEqual(faultOf(thrown), { kind: 'internal', message: ERRORS.INTERNAL.title });
    }
  });
});

describe('isTransient', () => {
  it('is true of what a later try may overcome', () => {
    assert.deepEqual(ERROR_KINDS.filter(isTransient), ['quota', 'busy', 'unavailable']);
  });
});
