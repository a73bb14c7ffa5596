/** Migrations are append-only: every step is known by its hash, in both engines. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { currentHashes, HASHES_PATH, knownHashes } from '../scripts/gen/migrations.ts';
import { MIGRATIONS as POSTGRES } from '../src/store/postgres/schema/migrations.ts';
import { MIGRATIONS as SQLITE } from '../src/store/sqlite/migrations.ts';

const HOW = `A released step must not change: add a new one. A step that no release has yet may: delete its line in ${HASHES_PATH}, then npm run gen.`;

test('every step of both schemas has the hash that it was written down with, and none is missing', () => {
  assert.ok(Object.keys(knownHashes()).length >= 2);
  assert.deepEqual(currentHashes(), knownHashes(), HOW);
});

test('the steps of both schemas are numbered from 1 without a gap', () => {
  for (const steps of [SQLITE, POSTGRES]) {
    assert.deepEqual(
      steps.map(({ version }) => version),
      steps.map((_, index) => index + 1),
    );
  }
});
