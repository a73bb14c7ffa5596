import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BideError, ERROR_KINDS, ERRORS, type ErrorCode } from '../core/errors.ts';
import { errorOf, errorOfKind, isTransient } from './fault.ts';

const LIMIT = { limit: 'bodyBytesMax', value: 1_024 } as const;

describe('errorOf', () => {
  it('lets every error of Bide pass', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      const error = new BideError(code, 'Said so.');
      assert.equal(errorOf(error, LIMIT), error);
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
      const error = errorOf(Object.assign(new Error('It said why.'), { statusCode }), LIMIT);
      assert.deepEqual([error.kind, error.message], [kind, 'It said why.']);
    }
  });

  it('knows what Fastify and its parsers throw', () => {
    const thrown = (code: string, statusCode?: number) => Object.assign(new Error('said so'), { code, statusCode });
    const codeOf = (error: unknown) => errorOf(error, LIMIT).code;
    assert.equal(codeOf(thrown('FST_ERR_CTP_BODY_TOO_LARGE', 413)), 'BODY_TOO_LARGE');
    assert.equal(codeOf(thrown('FST_ERR_CTP_INVALID_MEDIA_TYPE', 415)), 'MEDIA_TYPE_UNSUPPORTED');
    assert.equal(codeOf(thrown('FST_ERR_CTP_INVALID_CONTENT_LENGTH', 400)), 'INVALID_REQUEST');
    assert.equal(codeOf(thrown('ECONNRESET', 400)), 'INVALID_REQUEST');
    assert.deepEqual(errorOf(thrown('FST_ERR_CTP_BODY_TOO_LARGE', 413), LIMIT).details, LIMIT);
  });

  it('takes what nobody foresaw for internal, and keeps it as the cause', () => {
    const secret = 'password=hunter2';
    for (const thrown of [
      new TypeError(secret),
      Object.assign(new Error(secret), { statusCode: 500 }),
      Object.assign(new Error(secret), { statusCode: '400' }),
      Object.assign(new Error(secret), { statusCode: 200 }),
      { statusCode: 400, message: secret },
      secret,
      null,
      undefined,
      5,
    ]) {
      const error = errorOf(thrown, LIMIT);
      assert.equal(error.code, 'INTERNAL');
      assert.doesNotMatch(error.message, /hunter/);
      assert.equal(error.cause, thrown);
    }
  });
});

describe('errorOfKind', () => {
  it('has a code of that very kind', () => {
    for (const kind of ERROR_KINDS) assert.equal(errorOfKind(kind, 'x').kind, kind);
  });
});

describe('isTransient', () => {
  it('is true of what a later try may overcome', () => {
    assert.deepEqual(ERROR_KINDS.filter(isTransient), ['quota', 'busy', 'unavailable']);
  });
});
