/** The conformance suite through the real PgBouncer in transaction mode, where that is installed. */
import { after, before, test } from 'node:test';
import { testStore } from '../../src/store/contract-suite/index.ts';
import { findPgbouncer, startPgbouncer } from './pgbouncer.ts';
import type { Pooler } from './pooler.ts';
import { startTestServer, type TestServer } from './server.ts';
import { storesOf } from './stores.ts';

const binary = findPgbouncer();

if (binary === null) {
  test('postgres through PgBouncer', {
    skip: 'PgBouncer is not installed here; store-pooled.test.ts ran all the same',
  });
} else {
  let server: TestServer;
  let pooler: Pooler;
  before(async () => {
    server = await startTestServer({ isDurable: false });
    pooler = await startPgbouncer(binary, await server.createDatabase(), 3);
  });
  after(async () => {
    await pooler.end();
    await server.end();
  });

  testStore(
    'postgres through PgBouncer',
    storesOf(
      () => server,
      { notify: false },
      (url) => pooler.through(url),
    ),
  );
}
