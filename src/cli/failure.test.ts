import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientError } from '../client/index.ts';
import { BideError, ERRORS } from '../core/errors.ts';
import { exitCodeOf } from './exit-code.ts';
import { sayFailure } from './failure.ts';
import { fakeTerminal } from './terminal/fake-terminal.ts';

const refusal = (status: number | null, code: string, facts: object = {}) =>
  new ClientError(code, 'Title. Detail.', { status, ...facts });

function said(error: unknown, more: { readonly isJson?: boolean; readonly isDebug?: boolean } = {}): readonly string[] {
  const terminal = fakeTerminal();
  sayFailure(error, { isJson: false, isDebug: false, terminal, ...more });
  assert.deepEqual(terminal.lines, []);
  return terminal.notes;
}

test('exitCodeOf tells usage, absence, refusal and an absent server apart', () => {
  const cases: readonly (readonly [unknown, number])[] = [
    [refusal(null, 'UNREACHABLE'), 5],
    [refusal(null, 'TIMED_OUT'), 5],
    [refusal(null, 'BAD_URL'), 2],
    [refusal(502, 'BAD_ANSWER'), 5],
    [refusal(200, 'BAD_ANSWER'), 5],
    [refusal(503, 'OVERLOADED'), 5],
    [refusal(500, 'INTERNAL'), 1],
    [refusal(429, 'QUOTA_EXCEEDED'), 1],
    [refusal(409, 'WRONG_STATE'), 1],
    [refusal(404, 'JOB_NOT_FOUND'), 3],
    [refusal(404, 'RESULT_NONE'), 1],
    [refusal(410, 'JOB_GONE'), 3],
    [refusal(401, 'UNAUTHENTICATED'), 2],
    [refusal(403, 'SCOPE_MISSING'), 2],
    [refusal(422, 'TYPE_UNKNOWN'), 2],
    [new BideError('USAGE'), 2],
    [new BideError('CONFIG_INVALID'), 2],
    [new BideError('KEY_NOT_FOUND'), 3],
    [new BideError('STORE_LOCKED'), 1],
    [new BideError('PORT_TAKEN'), 1],
    [new Error('a bug'), 1],
    ['thrown words', 1],
  ];
  for (const [error, code] of cases) assert.equal(exitCodeOf(error), code, String(error));
});

test('sayFailure says a bare error of Bide with its advice, and a particular one with the advice below', () => {
  const { title, advice } = ERRORS.STORE_DAMAGED;
  assert.deepEqual(said(new BideError('STORE_DAMAGED')), [`bide: ${title} ${advice}`]);
  assert.deepEqual(said(new BideError('STORE_DAMAGED', 'x.db is torn.')), ['bide: x.db is torn.', `  ${advice}`]);
  assert.deepEqual(said(new BideError('USAGE', 'No such thing.')), ['bide: No such thing.']);
});

test('sayFailure advises whoever starts a server, not whoever calls one', () => {
  assert.match(
    said(new BideError('STORE_UNAVAILABLE')).join('\n'),
    /Data folder: .*bide\.db.*PostgreSQL: .*--database/,
  );
});

test('sayFailure prefers what the server said about this case, and shows places and known types', () => {
  const details = {
    errors: [
      { path: '/ms', message: 'must be >= 0' },
      { path: '', message: 'x' },
    ],
    types: ['a', 'b'],
  };
  const error = refusal(422, 'INPUT_INVALID', { detail: 'Detail.', details });
  assert.deepEqual(said(error), ['bide: Detail.', '  /ms: must be >= 0', '  (the whole): x', '  known types: a, b']);
  const advised = refusal(404, 'JOB_NOT_FOUND', { detail: ERRORS.JOB_NOT_FOUND.advice });
  assert.deepEqual(said(advised), ['bide: Title. Detail.']);
});

test('sayFailure keeps control characters of a server from the terminal', () => {
  assert.deepEqual(said(refusal(409, 'X', { detail: 'a\x1b[2Jb\r\nc' })), ['bide: a [2Jb c']);
});

test('sayFailure as JSON is one document with code, message and exit code', () => {
  const [line, ...rest] = said(refusal(404, 'JOB_NOT_FOUND', { details: { id: 'x' } }), { isJson: true });
  assert.deepEqual(rest, []);
  const error = { code: 'JOB_NOT_FOUND', message: 'Title. Detail.', status: 404, details: { id: 'x' } };
  assert.deepEqual(JSON.parse(line ?? ''), { error, exitCode: 3 });
});

test('sayFailure tells the stack and the causes only when asked to', () => {
  const error = new BideError('INTERNAL', 'It broke.', {}, { cause: new Error('the cause') });
  assert.deepEqual(said(error), ['bide: It broke.', '  BIDE_DEBUG=1 shows the whole error.']);
  assert.match(said(error, { isDebug: true }).join('\n'), /\n +at [\s\S]*the cause/);
});

test('sayFailure says what to do about a server that is not there, an address that is none, and a key that is refused', () => {
  const gone = new ClientError('UNREACHABLE', 'It cannot be reached.', { status: null, cause: new Error('refused') });
  assert.match(said(gone)[1] ?? '', /^ {2}Start the server there .*BIDE_URL/);
  const unnamed = new ClientError('UNREACHABLE', 'No server is running on x: start one.', { status: null });
  assert.equal(said(unnamed).length, 1, 'it says so itself');
  assert.match(said(refusal(null, 'BAD_URL'))[1] ?? '', /^ {2}Write it in full/);
  assert.match(said(refusal(501, 'BAD_ANSWER'))[1] ?? '', /^ {2}Something else may listen there/);
  assert.match(said(refusal(401, 'UNAUTHENTICATED'))[1] ?? '', /^ {2}It takes the key of --key, else of BIDE_KEY/);
});
