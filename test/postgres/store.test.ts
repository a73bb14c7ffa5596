/**
 * The conformance suite over PostgreSQL, as it is used by default. Its server does not sync: nothing here cuts the power, and crashes of
 * durable servers are among the faults.
 */
import { after, before } from 'node:test';
import { testStore } from '../../src/store/contract-suite/index.ts';
import { startTestServer, type TestServer } from './server.ts';
import { storesOf } from './stores.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer({ isDurable: false });
});
after(() => server.end());

testStore(
  'postgres',
  storesOf(() => server),
);
