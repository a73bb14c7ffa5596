/** The PostgreSQL store against the oracle, which looks at answers alone: nothing here has to outlive the server. */
import { after, before } from 'node:test';
import { startTestServer, type TestServer } from '../postgres/server.ts';
import { storesOf } from '../postgres/stores.ts';
import { testModel } from './test-model.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer({ isDurable: false });
});
after(() => server.end());

testModel(
  'postgres',
  storesOf(() => server),
);
