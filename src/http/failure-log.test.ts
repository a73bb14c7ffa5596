import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BideError } from '../core/errors.ts';
import { createFailureLog } from './failure-log.ts';

test('the failure log tells the first failure of a code at once, and how many followed it ten seconds later', () => {
  const lines: { requestId: string; suppressed?: number }[] = [];
  let now = 0;
  const log = createFailureLog({ error: (line: (typeof lines)[number]) => void lines.push(line) } as never, () => now);
  const fail = (code: 'STORE_UNAVAILABLE' | 'INTERNAL', requestId: string) =>
    log({ error: new BideError(code), requestId, dialect: 'native' });

  for (let request = 0; request < 1_000; request += 1) fail('STORE_UNAVAILABLE', `a${request}`);
  fail('INTERNAL', 'b');
  now = 10_000;
  fail('STORE_UNAVAILABLE', 'c');
  fail('STORE_UNAVAILABLE', 'd');
  now = 20_000;
  fail('STORE_UNAVAILABLE', 'e');
  assert.deepEqual(
    lines.map(({ requestId, suppressed }) => [requestId, suppressed]),
    [
      ['a0', undefined],
      ['b', undefined],
      ['c', 999],
      ['e', 1],
    ],
  );
});
