/** Webhooks over the native API: making, changing, trying, the log, and what is refused. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import type { Json } from '../../src/core/job.ts';
import { renderDelivery } from '../../src/dialects/native/render-delivery.ts';
import type { Answer, Posting } from '../../src/engine/deliveries/post-delivery.ts';
import { type FixtureOptions, json } from '../engine/engine-fixture.ts';
import { type HttpFixture, openHttp } from './http-fixture.ts';

const URL_A = 'https://a.example/hook?token=t';

function receiver(status = 204) {
  const posts: Posting[] = [];
  const postDelivery = async (_: string, posting: Posting): Promise<Answer> => {
    posts.push(posting);
    return { status, retryAfter: null, text: null };
  };
  const renderers = new Map([['native', renderDelivery]]);
  return { posts, options: { postDelivery, renderDelivery: renderers } satisfies FixtureOptions };
}

const create = (http: HttpFixture, body: object = {}, key?: string) =>
  http.call('POST', '/v1/webhooks', { body: { url: URL_A, ...body }, ...(key === undefined ? {} : { key }) });

const deliveriesOf = (page: Record<string, Json>) => page.deliveries as unknown as readonly Record<string, Json>[];

describe('/v1/webhooks', () => {
  test('makes a webhook, shows its secret once, lists, changes and removes it, and notes it without the secret', async () => {
    await using http = await openHttp();
    const answer = await create(http, { events: ['job.failed'], types: ['task'], tags: { team: 'x' } });
    assert.equal(answer.status, 201, answer.text);
    assert.equal(answer.headers['cache-control'], 'no-store');
    const { secret, ...made } = answer.json();
    assert.match(String(secret), /^whsec_[A-Za-z0-9+/]{43}=$/);
    assert.deepEqual(made, {
      ...{ id: made.id, url: URL_A, events: ['job.failed'], types: ['task'], tags: { team: 'x' } },
      ...{ createdAt: made.createdAt, dialect: 'native', disabled: null, failingSince: null },
    });
    assert.deepEqual((await http.call('GET', '/v1/webhooks')).json(), { webhooks: [made] });
    const path = `/v1/webhooks/${made.id}`;
    assert.deepEqual((await http.call('GET', path)).json(), made);
    const disabled = (await http.call('PATCH', path, { body: { disabled: true, events: ['job.expired'] } })).json();
    assert.deepEqual(disabled.events, ['job.expired']);
    assert.match(JSON.stringify(disabled.disabled), /by its owner/);
    const rotated = (await http.call('POST', `${path}/rotate`)).json();
    assert.notEqual(rotated.secret, secret);
    assert.equal((await http.call('DELETE', path)).status, 204);
    assert.equal((await http.call('GET', path)).json().code, 'WEBHOOK_NOT_FOUND');
    const audit = (await http.call('GET', '/v1/audit')).text;
    assert.match(audit, /webhook\.create.*/);
    assert.match(audit, /webhook\.remove.*/);
    assert.equal(audit.includes('whsec_') || audit.includes('token=t'), false);
  });

  test('needs the scope operate, of the tenant itself', async () => {
    await using http = await openHttp();
    for (const key of [http.keys.submitter, http.keys.reader]) {
      const refused = await create(http, {}, key);
      assert.deepEqual([refused.status, refused.json().code], [403, 'SCOPE_MISSING']);
    }
    const { id } = (await create(http)).json();
    for (const [method, below] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/rotate'],
      ['POST', '/test'],
      ['GET', '/deliveries'],
      ['POST', '/deliveries/redeliver'],
    ] as const) {
      const body = { PATCH: { disabled: true }, POST: { failedSince: '2030-01-01T00:00:00Z' } }[method as 'PATCH'];
      const path = `/v1/webhooks/${id}${below}`;
      const options = {
        key: http.keys.foreigner,
        ...(below === '/deliveries/redeliver' || method === 'PATCH' ? { body } : {}),
      };
      const answer = await http.call(method, path, options);
      assert.deepEqual([answer.status, answer.json().code], [404, 'WEBHOOK_NOT_FOUND'], `${method} ${path}`);
    }
  });

  test('refuses what it cannot use with a code and advice of its own', async () => {
    await using http = await openHttp({ limits: { webhooksMax: 1 } });
    const refusals: readonly [object, number, string][] = [
      [{ url: 'http://127.0.0.1/' }, 422, 'WEBHOOK_URL_REFUSED'],
      [{ url: '/hook' }, 422, 'WEBHOOK_URL_REFUSED'],
      [{ events: ['job.done'] }, 422, 'WEBHOOK_EVENT_UNKNOWN'],
      [{ events: [] }, 422, 'WEBHOOK_EVENT_UNKNOWN'],
      [{ secret: 'hunter2' }, 422, 'WEBHOOK_SECRET_INVALID'],
      [{ secret: `whsec_${'A'.repeat(500)}` }, 400, 'INVALID_REQUEST'],
      [{ url: `https://a.example/${'x'.repeat(2_000)}` }, 400, 'INVALID_REQUEST'],
      [{ name: 'x' }, 400, 'INVALID_REQUEST'],
    ];
    for (const [body, status, code] of refusals) {
      const answer = await create(http, body);
      assert.deepEqual([answer.status, answer.json().code], [status, code], answer.text);
    }
    const unknown = (await create(http, { events: ['job.done'] })).json();
    assert.match(JSON.stringify(unknown.events), /job\.succeeded/);
    assert.equal((await create(http)).status, 201);
    const over = await create(http);
    assert.deepEqual([over.status, over.json().code, over.json().limit], [429, 'TOO_MANY_WEBHOOKS', 'webhooksMax']);
    const submit = (callback: object) => http.call('POST', '/v1/jobs', { body: { type: 'task', callback } });
    assert.equal((await submit({ url: URL_A, events: ['x'] })).json().code, 'WEBHOOK_EVENT_UNKNOWN');
    const foreign = await submit({ url: URL_A, secretId: 'x' });
    assert.deepEqual([foreign.status, foreign.json().code], [422, 'CALLBACK_SECRET_UNKNOWN']);
    assert.match((await submit({ url: 'http://10.0.0.1/' })).text, /private address/);
    assert.match((await submit({ uri: URL_A })).text, /uri/);
  });

  test('tells of jobs, and lists by webhook and by job what was delivered, page by page', async () => {
    const { posts, options } = receiver();
    await using http = await openHttp({ ...options, types: { task: async () => json({ a: 1 }) } });
    const { id, secret } = (await create(http, { events: ['job.running', 'job.succeeded'] })).json();
    const job = await http.submit('task', { callback: { url: URL_A } });
    await http.call('GET', `/v1/jobs/${job}?wait=1`);
    await http.on.spy.idle();
    assert.equal(posts.length, 3);
    assert.ok(posts.some(({ body }) => JSON.parse(body).data.result?.a === 1));
    const first = (await http.call('GET', `/v1/webhooks/${id}/deliveries?limit=1`)).json();
    const second = (await http.call('GET', `/v1/webhooks/${id}/deliveries?limit=1&cursor=${first.next}`)).json();
    const events = [first, second].flatMap((page) => deliveriesOf(page).map(({ event, state }) => [event, state]));
    assert.deepEqual(events, [
      ['job.succeeded', 'delivered'],
      ['job.running', 'delivered'],
    ]);
    const ofJob = (await http.call('GET', `/v1/jobs/${job}/deliveries`, { key: http.keys.reader })).json();
    assert.equal(deliveriesOf(ofJob).length, 3);
    assert.deepEqual(new Set(deliveriesOf(ofJob).map(({ webhookId }) => webhookId)), new Set([id, null]));
    assert.equal(JSON.stringify(ofJob).includes('token=t'), false);
    const [delivery] = deliveriesOf(first);
    const path = `/v1/webhooks/${id}/deliveries/${delivery?.id}`;
    const whole = (await http.call('GET', path)).json();
    const headers = whole.headers as Record<string, string>;
    const at = new Date(http.on.clock.now());
    const expected = new Webhook(String(secret)).sign(headers['webhook-id'] ?? '', at, String(whole.body));
    assert.ok(posts.some((post) => post.headers['webhook-signature'] === expected));
    const again = await http.call('POST', `${path}/redeliver`);
    assert.equal(again.status, 202, again.text);
    await http.on.spy.idle();
    assert.equal(posts.length, 4);
    assert.equal((await http.call('GET', `/v1/webhooks/${id}/deliveries?cursor=x`)).json().code, 'INVALID_CURSOR');
    assert.equal((await http.call('GET', `/v1/webhooks/${id}/deliveries/x`)).json().code, 'DELIVERY_NOT_FOUND');
    assert.equal((await http.call('GET', `/v1/jobs/${job}/deliveries?state=failed`)).json().next, null);
  });

  test('tries a webhook, says that what is under way cannot be made again, and makes all that failed again', async () => {
    const { posts, options } = receiver(500);
    await using http = await openHttp({ ...options, limits: { deliveryTriesMax: 1 } });
    const { id } = (await create(http)).json();
    const tried = await http.call('POST', `/v1/webhooks/${id}/test`);
    assert.equal(tried.status, 202, tried.text);
    assert.equal(tried.json().event, 'webhook.test');
    const early = await http.call('POST', `/v1/webhooks/${id}/deliveries/${tried.json().id}/redeliver`);
    await http.on.spy.idle();
    assert.ok(early.status === 409 || early.status === 202, early.text);
    const body = { failedSince: '2020-01-01T00:00:00Z' };
    const redelivered = await http.call('POST', `/v1/webhooks/${id}/deliveries/redeliver`, { body });
    assert.deepEqual([redelivered.status, redelivered.json()], [202, { count: 1 }]);
    await http.on.spy.idle();
    assert.ok(posts.length >= 2);
    const wrong = await http.call('POST', `/v1/webhooks/${id}/deliveries/redeliver`, { body: { failedSince: 'now' } });
    assert.equal(wrong.status, 400);
    await http.call('PATCH', `/v1/webhooks/${id}`, { body: { disabled: true } });
    assert.equal((await http.call('POST', `/v1/webhooks/${id}/test`)).json().code, 'WEBHOOK_DISABLED');
  });

  test('shows the secret of callbacks, the same until it is replaced', async () => {
    await using http = await openHttp();
    const first = (await http.call('GET', '/v1/webhooks/secret')).json().secret;
    assert.equal((await http.call('GET', '/v1/webhooks/secret')).json().secret, first);
    const second = (await http.call('POST', '/v1/webhooks/secret/rotate')).json().secret;
    assert.notEqual(second, first);
    assert.equal((await http.call('GET', '/v1/webhooks/secret')).json().secret, second);
    assert.equal((await http.call('GET', '/v1/webhooks/secret', { key: http.keys.submitter })).status, 403);
  });
});
