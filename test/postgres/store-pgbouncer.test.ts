/** The conformance suite through the real PgBouncer in transaction mode, where that is installed. */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { after, before, test } from 'node:test';
import { testStore } from '../../src/store/contract-suite/index.ts';
import { findPgbouncer, startPgbouncer } from './pgbouncer.ts';
import type { Pooler } from './pooler.ts';
import { startTestServer, type TestServer } from './server.ts';
import { storesOf } from './stores.ts';

const binary = findPgbouncer();

test('findPgbouncer answers null when no folder has it, and a path when one does', (context) => {
  assert.equal(findPgbouncer(['', import.meta.dirname]), null);
  if (binary === null) context.diagnostic('PgBouncer is not installed: the suite ran through our own pooler only.');
  else assert.equal(findPgbouncer(['/no/such/folder', dirname(binary)]), binary);
});

if (binary !== null) {
  let server: TestServer;
  let pooler: Pooler;
  const stores = storesOf(
    () => server,
    { notify: false },
    (url) => pooler.through(url),
  );
  before(async () => {
    // Each test has a database of its own, and the pooler keeps three connections to every one of them.
    server = await startTestServer({ isDurable: false, settings: { max_connections: '300' } });
    pooler = await startPgbouncer(binary, await server.createDatabase(), 3);
  });
  after(async () => {
    await stores.end();
    await pooler.end();
    await server.end();
  });

  testStore('postgres through PgBouncer', stores.open);
}
