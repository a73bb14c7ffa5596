/** Unique keys over HTTP, on PostgreSQL. */
import { after, before, test } from 'node:test';
import { spyOn } from '../engine/store-spy.ts';
import { openHttp } from '../http/http-fixture.ts';
import { proveRerun } from '../http/rerun-proof.ts';
import { inScene } from './scene.ts';
import { startTestServer, type TestServer } from './server.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer({ isDurable: false });
});
after(() => server.end());

test('rerun makes one more job after one that runs, also where it ends in the same moment', async () => {
  await inScene(server, {}, async ({ store }) => {
    await using http = await openHttp({ spy: spyOn(store) });
    await proveRerun(http);
  });
});
