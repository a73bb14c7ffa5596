import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyBody } from '../../client/index.ts';
import { keyLines } from './key-text.ts';

const NOW = Date.UTC(2026, 0, 31);
const DAY = 86_400_000;
const at = (ms: number) => new Date(NOW + ms).toISOString();

const KEY: KeyBody = {
  ...{ id: '0123456789ab', tenant: 'default', name: 'ci', scopes: ['submit', 'read'] },
  ...{ createdAt: at(-40 * DAY), revokedAt: null, expiresAt: null },
};
const lines = (keys: readonly KeyBody[]) => keyLines(keys, { nowMs: NOW, columns: 80 });

test('keyLines shows what tells keys apart, when they end and what they may do', () => {
  assert.deepEqual(
    lines([
      { ...KEY, name: 'first admin key', scopes: ['submit', 'read', 'work', 'priority', 'metrics', 'admin'] },
      { ...KEY, expiresAt: at(89 * DAY) },
      { ...KEY, expiresAt: at(-1), scopes: ['submit', 'read', 'work', 'priority', 'metrics'] },
      { ...KEY, revokedAt: at(-DAY), expiresAt: at(DAY), tenant: 'acme' },
    ]),
    [
      'ID            NAME             TENANT   AGE  ENDS     SCOPES',
      '0123456789ab  first admin key  default  40d  never    admin',
      '0123456789ab  ci               default  40d  in 89d   submit,read',
      '0123456789ab  ci               default  40d  expired  submit,read,work,priority…',
      '0123456789ab  ci               acme     40d  revoked  submit,read',
    ],
  );
});

test('keyLines keeps to the width of the terminal, whatever names and tenants are', () => {
  const long = { ...KEY, name: 'n'.repeat(100), tenant: 't'.repeat(63), expiresAt: at(DAY * 36_500) };
  for (const line of lines([long, { ...long, scopes: ['submit', 'read', 'work', 'priority', 'metrics'] }])) {
    assert.ok(line.length <= 80, line);
  }
  assert.deepEqual(lines([]), []);
});
