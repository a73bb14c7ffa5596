/** The PostgreSQL store against the oracle. */
import { after, before } from 'node:test';
import { startTestServer, type TestServer } from '../postgres/server.ts';
import { storesOf } from '../postgres/stores.ts';
import { testModel } from './test-model.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.end());

testModel(
  'postgres',
  storesOf(() => server),
);
