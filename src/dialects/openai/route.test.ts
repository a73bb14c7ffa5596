import assert from 'node:assert/strict';
import { test } from 'node:test';
import { router } from './route.ts';

test('a reply that is on its way when its client leaves is no fault of the request', async () => {
  const principal = { tenant: 'acme', scopes: new Set(['read']) };
  const route = router({ auth: { byKey: () => principal, byToken: () => null } } as never);
  // As Fastify's: it resolves with nothing once its connection is done.
  const reply = Promise.resolve();
  const handle = route('read', async () => reply as never);
  const request = { headers: { authorization: 'Bearer key' }, raw: {} };
  assert.equal(await handle(request as never, reply as never), undefined);
});
