/** A group whose process dies between every two steps, on SQLite. */
import { test } from 'node:test';
import { openStore } from '../engine/engine-fixture.ts';
import { proveGroupSteps } from './group-steps-proof.ts';

test('a group ends once, with all of its members, whatever call of the store its process dies at', async (t) => {
  await using own = await openStore();
  t.diagnostic(`died at ${await proveGroupSteps(own.store)}`);
});
