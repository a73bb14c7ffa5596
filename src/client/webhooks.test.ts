import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from './client.ts';
import { fakeServer } from './fake-server.ts';

const ID = 'a/b';

test('webhooks calls go to their paths, with their bodies', async () => {
  const { options, requests } = fakeServer(() => ({ json: { secret: 's', count: 3, webhooks: [] } }));
  const { webhooks } = createClient(options);
  await webhooks.create({ url: 'https://x.example/', events: ['job.failed'] });
  await webhooks.list();
  await webhooks.get(ID);
  await webhooks.update(ID, { disabled: false });
  await webhooks.remove(ID);
  await webhooks.rotate(ID);
  await webhooks.rotate(ID, { secret: 'whsec_x' });
  await webhooks.test(ID);
  await webhooks.redeliver(ID, 'd/1');
  assert.equal(await webhooks.redeliverFailed(ID, new Date(0)), 3);
  assert.equal(await webhooks.callbackSecret(), 's');
  assert.equal(await webhooks.rotateCallbackSecret(), 's');
  assert.deepEqual(
    requests.map(({ method, url, json }) => [method, url.pathname, json]),
    [
      ['POST', '/v1/webhooks', { url: 'https://x.example/', events: ['job.failed'] }],
      ['GET', '/v1/webhooks', undefined],
      ['GET', '/v1/webhooks/a%2Fb', undefined],
      ['PATCH', '/v1/webhooks/a%2Fb', { disabled: false }],
      ['DELETE', '/v1/webhooks/a%2Fb', undefined],
      ['POST', '/v1/webhooks/a%2Fb/rotate', {}],
      ['POST', '/v1/webhooks/a%2Fb/rotate', { secret: 'whsec_x' }],
      ['POST', '/v1/webhooks/a%2Fb/test', undefined],
      ['POST', '/v1/webhooks/a%2Fb/deliveries/d%2F1/redeliver', undefined],
      ['POST', '/v1/webhooks/a%2Fb/deliveries/redeliver', { failedSince: '1970-01-01T00:00:00.000Z' }],
      ['GET', '/v1/webhooks/secret', undefined],
      ['POST', '/v1/webhooks/secret/rotate', {}],
    ],
  );
});

test('deliveries are read page by page', async () => {
  const pages = [
    { deliveries: [{ id: '3' }, { id: '2' }], next: 'c' },
    { deliveries: [{ id: '1' }], next: null },
  ];
  const { options, requests } = fakeServer((_, count) => ({ json: pages[count - 1] }));
  const ids: string[] = [];
  for await (const { id } of createClient(options).webhooks.deliveriesOfJob('j', { states: ['failed'], pageSize: 2 })) {
    ids.push(id);
  }
  assert.deepEqual(ids, ['3', '2', '1']);
  assert.deepEqual(
    requests.map(({ url }) => `${url.pathname}${url.search}`),
    ['/v1/jobs/j/deliveries?state=failed&limit=2', '/v1/jobs/j/deliveries?state=failed&limit=2&cursor=c'],
  );
  assert.throws(() => createClient(options).webhooks.deliveries('w', { state: 'failed' } as object), /has no option/);
});
