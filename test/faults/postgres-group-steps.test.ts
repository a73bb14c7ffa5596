/** A group whose process dies between every two steps, on PostgreSQL. */
import { test } from 'node:test';
import { openPostgres } from '../../src/store/postgres/index.ts';
import { startTestServer } from '../postgres/server.ts';
import { proveGroupSteps } from './group-steps-proof.ts';

/** Each call is a trip to the server. */
const EVERY = process.env.BIDE_FAULTS === 'full' ? 1 : 4;

test('a group ends once, with all of its members, whatever call of the store its process dies at', async (t) => {
  const server = await startTestServer({ isDurable: false });
  t.after(() => server.end());
  const store = await openPostgres({ url: await server.createDatabase() });
  t.after(() => store.close());
  await store.migrate();
  t.diagnostic(`died at ${await proveGroupSteps(store, EVERY)}`);
});
