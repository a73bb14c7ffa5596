import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BideError, ERROR_KINDS, ERRORS, type ErrorCode } from '../../core/errors.ts';
import { errorOf, errorOfKind, problemOf, STATUS_OF_KIND } from './problem.ts';

const LIMIT = { limit: 'bodyBytesMax', value: 1_024 } as const;
const WHERE = { path: '/v1/jobs', requestId: 'r1' };

describe('problemOf', () => {
  test('has a status and the code for every error there is', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      const { status, body } = problemOf(new BideError(code), WHERE);
      assert.ok(status >= 400 && status <= 503, code);
      assert.equal(body.status, status);
      assert.equal(body.code, ERRORS[code].kind === 'internal' ? 'INTERNAL' : code);
      assert.ok(body.title.length > 0 && body.detail.length > 0, code);
    }
  });

  test('shows the facts of an error, and of an internal one nothing but the id of the request', () => {
    assert.deepEqual(problemOf(new BideError('TYPE_UNKNOWN', 'No such type.', { types: ['a'] }), WHERE).body, {
      type: 'urn:bide:error:TYPE_UNKNOWN',
      title: ERRORS.TYPE_UNKNOWN.title,
      status: 422,
      detail: 'No such type.',
      instance: '/v1/jobs',
      code: 'TYPE_UNKNOWN',
      types: ['a'],
    });
    const internal = problemOf(new BideError('HANDLER_FAILED', 'secret', { secret: 1 }), WHERE).body;
    assert.doesNotMatch(JSON.stringify(internal), /secret/);
    assert.equal(internal.requestId, 'r1');
  });

  test('tells refused callers when to come back, and strangers how to get in', () => {
    for (const kind of ERROR_KINDS) {
      const { headers } = problemOf(errorOfKind(kind, 'x'));
      assert.equal('retry-after' in headers, ['quota', 'busy', 'unavailable'].includes(kind), kind);
      assert.equal('www-authenticate' in headers, kind === 'unauthorized', kind);
    }
  });
});

describe('errorOfKind', () => {
  test('has a code of that very kind', () => {
    for (const kind of ERROR_KINDS) {
      assert.equal(errorOfKind(kind, 'x').kind, kind);
      assert.equal(problemOf(errorOfKind(kind, 'x')).status, STATUS_OF_KIND[kind]);
    }
  });
});

describe('errorOf', () => {
  test('knows what Fastify and its parsers throw', () => {
    const thrown = (code: string, statusCode?: number) => Object.assign(new Error('said so'), { code, statusCode });
    const codeOf = (error: unknown) => errorOf(error, LIMIT).code;
    assert.equal(codeOf(thrown('FST_ERR_CTP_BODY_TOO_LARGE', 413)), 'BODY_TOO_LARGE');
    assert.equal(codeOf(thrown('FST_ERR_CTP_INVALID_MEDIA_TYPE', 415)), 'MEDIA_TYPE_UNSUPPORTED');
    assert.equal(codeOf(thrown('FST_ERR_CTP_INVALID_CONTENT_LENGTH', 400)), 'INVALID_REQUEST');
    assert.equal(codeOf(thrown('ECONNRESET', 400)), 'INVALID_REQUEST');
    assert.deepEqual(errorOf(thrown('FST_ERR_CTP_BODY_TOO_LARGE', 413), LIMIT).details, LIMIT);
  });

  test('takes what nobody foresaw for internal, and keeps it as the cause', () => {
    for (const thrown of [
      new Error('x'),
      'text',
      null,
      undefined,
      { statusCode: 404 },
      Object.assign(new Error(), { statusCode: 200 }),
    ]) {
      const error = errorOf(thrown, LIMIT);
      assert.equal(error.code, 'INTERNAL');
      assert.equal(error.cause, thrown);
    }
  });
});
