import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BideError, ERROR_KINDS, ERRORS, type ErrorCode } from '../../core/errors.ts';
import { errorOfKind } from '../fault.ts';
import { problemOf } from './problem.ts';

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
