/** The PostgreSQL store against the oracle, which looks at answers alone: nothing here has to outlive the server. */
import { after, before } from 'node:test';
import { startTestServer, type TestServer } from '../postgres/server.ts';
import { storesOf } from '../postgres/stores.ts';
import { testModel } from './test-model.ts';

let server: TestServer;
const stores = storesOf(() => server);
before(async () => {
  server = await startTestServer({ isDurable: false });
});
after(async () => {
  await stores.end();
  await server.end();
});

testModel('postgres', stores.openUnused);
