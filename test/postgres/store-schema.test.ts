/** The conformance suite in a schema with another name, beside what others keep in the database. */
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
  'postgres in a schema of another name',
  storesOf(() => server, { schema: 'jobs_of_the_shop', connections: 1 }),
);
