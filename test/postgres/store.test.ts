/**
 * The conformance suite over PostgreSQL, as it is used by default. Its server does not sync: nothing here cuts the power, and crashes of
 * durable servers are among the faults.
 */
import { after, before } from 'node:test';
import { testStore } from '../../src/store/contract-suite/index.ts';
import { startTestServer, type TestServer } from './server.ts';
import { storesOf } from './stores.ts';

let server: TestServer;
const stores = storesOf(() => server);
before(async () => {
  server = await startTestServer({ isDurable: false });
});
after(async () => {
  await stores.end();
  await server.end();
});

testStore('postgres', stores.open);
