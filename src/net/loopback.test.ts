import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopback } from './loopback.ts';

test('the machine itself is told from all others', () => {
  for (const own of ['127.0.0.1', '127.255.0.9', '::1', '::ffff:127.0.0.1']) assert.equal(isLoopback(own), true, own);
  for (const other of ['10.0.0.1', '128.0.0.1', '::', 'fe80::1', '::ffff:10.0.0.1', '', 'localhost'])
    assert.equal(isLoopback(other), false, other);
});
