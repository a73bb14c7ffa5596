/**
 * The conformance suite through a pooler in transaction mode: sessions are shared, so nothing may depend on one. And so without hints: no
 * LISTEN, no NOTIFY, polling alone.
 */
import { after, before } from 'node:test';
import { testStore } from '../../src/store/contract-suite/index.ts';
import { type Pooler, startPooler } from './pooler.ts';
import { startTestServer, type TestServer } from './server.ts';
import { storesOf } from './stores.ts';

let server: TestServer;
let pooler: Pooler;
const stores = storesOf(
  () => server,
  { notify: false },
  (url) => pooler.through(url),
);
before(async () => {
  // The pooler keeps its connections to every database of the run.
  server = await startTestServer({ isDurable: false, settings: { max_connections: '300' } });
  pooler = await startPooler(server.port, 3);
});
after(async () => {
  await stores.end();
  await pooler.end();
  await server.end();
});

testStore('postgres through a pooler in transaction mode', stores.open);
