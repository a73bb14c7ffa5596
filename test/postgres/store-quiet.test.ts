/** The conformance suite without hints: no LISTEN, no NOTIFY, polling alone. */
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
  'postgres without hints',
  storesOf(() => server, { notify: false }),
);
