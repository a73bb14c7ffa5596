import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Webhook } from 'standardwebhooks';
import {
  aborted,
  createPlay,
  type Fixture,
  type FixtureOptions,
  failed,
  json,
  openEngine,
  TENANT,
} from '../../../test/engine/engine-fixture.ts';
import { createFeedReader } from '../../../test/engine/feed-reader.ts';
import { spyOn } from '../../../test/engine/store-spy.ts';
import { renderDelivery } from '../../dialects/native/render-delivery.ts';
import type { Answer, Posting } from '../deliveries/post-delivery.ts';

interface Posted extends Posting {
  readonly url: string;
}

const URL_A = 'https://a.example/hook';
const DAY_MS = 86_400_000;

/** A receiver that answers as the test says, and remembers what came. */
function createReceiver(answer: (post: Posted, count: number) => number = () => 204) {
  const posts: Posted[] = [];
  const postDelivery = async (url: string, posting: Posting): Promise<Answer> => {
    const post = { url, ...posting };
    posts.push(post);
    return { status: answer(post, posts.length), retryAfter: null, text: 'thanks' };
  };
  return {
    posts,
    types: () => posts.map(({ body }) => JSON.parse(body).type as string),
    options: { postDelivery, renderDelivery: new Map([['native', renderDelivery]]) } satisfies FixtureOptions,
  };
}

async function settled({ engine, spy }: Fixture, id: string): Promise<void> {
  await engine.wait({
    ...{ tenant: TENANT, ids: [id], for: 'all', until: { kind: 'done' }, timeoutMs: Number.POSITIVE_INFINITY },
    signal: new AbortController().signal,
  });
  await spy.idle();
}

/** All at once: from timer to timer, as `advance` goes, a day takes half a minute. */
async function jump({ clock, spy }: Fixture, ms: number): Promise<void> {
  clock.advance(ms);
  await spy.idle();
}

const codeOf = (code: string) => (error: unknown) => (error as { code?: string }).code === code;

describe('webhooks', () => {
  it('are told of what they ask for, signed, with the job as it was and its result', async () => {
    const receiver = createReceiver();
    await using fixture = await openEngine({ ...receiver.options, types: { task: async () => json({ a: 1 }) } });
    const { webhooks } = fixture.engine;
    const made = await webhooks.create(TENANT, { url: URL_A, events: ['job.running', 'job.succeeded'] });
    const id = await fixture.submit('task', { input: 'secret', tags: { team: 'x' } });
    await settled(fixture, id);
    assert.deepEqual(receiver.types(), ['job.running', 'job.succeeded']);
    const [running, succeeded] = receiver.posts.map(({ body }) => JSON.parse(body));
    assert.equal(running.data.state, 'running');
    assert.equal(running.data.result, null);
    assert.deepEqual(succeeded.data.result, { a: 1 });
    assert.deepEqual([succeeded.data.id, succeeded.data.tags], [id, { team: 'x' }]);
    assert.equal(
      receiver.posts.some(({ body }) => body.includes('"secret"')),
      false,
    );
    const post = receiver.posts[1] as Posted;
    assert.equal(post.headers['webhook-id'], `msg_${id}_${succeeded.data.revision}`);
    const expected = new Webhook(made.secrets[0]?.secret ?? '').sign(
      post.headers['webhook-id'] ?? '',
      new Date(fixture.clock.now()),
      post.body,
    );
    assert.equal(post.headers['webhook-signature'], expected);
  });

  it('are told of a job that fails for its parent, as its callback and the feed are', async () => {
    const receiver = createReceiver();
    const broken = async () => failed('It broke.', false);
    await using fixture = await openEngine({ ...receiver.options, types: { broken, task: async () => json(1) } });
    await fixture.engine.webhooks.create(TENANT, { url: URL_A, events: ['job.failed'] });
    const feed = createFeedReader({ states: ['failed'] });
    await feed.catchUp(fixture.engine);
    const parent = await fixture.submit('broken', { delayMs: 1_000 });
    const callbackUrl = 'https://b.example/own';
    const child = await fixture.submit('task', { after: [parent], callback: { url: callbackUrl } });
    const grandchild = await fixture.submit('task', { after: [child] });
    await fixture.advance(2_000);
    await settled(fixture, grandchild);
    await fixture.advance(1_000);
    const told = receiver.posts.map(({ url, body }) => ({ url, ...JSON.parse(body) }));
    const byUrl = (wanted: string) => told.filter(({ url, type }) => url === wanted && type === 'job.failed');
    assert.deepEqual(
      byUrl(URL_A).map(({ data }) => data.id),
      [parent, child, grandchild],
    );
    for (const [own, cause] of [
      [child, parent],
      [grandchild, child],
    ]) {
      const { error, attempt } = byUrl(URL_A).find(({ data }) => data.id === own)?.data ?? {};
      assert.deepEqual([error.code, error.details.parent, attempt], ['PARENT_FAILED', cause, 0]);
    }
    assert.deepEqual(
      byUrl(callbackUrl).map(({ data }) => [data.id, data.error.code]),
      [[child, 'PARENT_FAILED']],
    );
    await feed.catchUp(fixture.engine);
    assert.deepEqual(
      feed.seen.map((seen) => seen.split(' ')[0]),
      [parent, child, grandchild],
    );
  });

  it('are told of jobs of their types and tags alone, and of no other tenant', async () => {
    const receiver = createReceiver();
    const done = async () => json(1);
    await using fixture = await openEngine({ ...receiver.options, types: { a: done, b: done } });
    const { webhooks } = fixture.engine;
    await webhooks.create(TENANT, { url: URL_A, types: ['a'], tags: { team: 'x' } });
    await fixture.submit('b', { tags: { team: 'x' } });
    await fixture.submit('a', { tags: { team: 'y' } });
    await fixture.submit('a', { tags: { team: 'x' }, tenant: 'other' });
    const id = await fixture.submit('a', { tags: { team: 'x', more: 'z' } });
    await settled(fixture, id);
    await fixture.advance(5_000);
    assert.deepEqual(
      receiver.posts.map(({ body }) => JSON.parse(body).data.id),
      [id],
    );
  });

  it('are told of progress, of a retry, of a cancel and of a failure by words of their own', async () => {
    const receiver = createReceiver();
    const play = createPlay();
    await using fixture = await openEngine({ ...receiver.options, types: { task: play.run } });
    const events = ['job.waiting', 'job.running', 'job.progressed', 'job.failed', 'job.cancelled'];
    await fixture.engine.webhooks.create(TENANT, { url: URL_A, events });
    const first = await fixture.submit('task');
    const run = await play.next();
    run.attempt.report(40, 'half');
    await fixture.advance(1_000);
    run.end(failed('no', false));
    await settled(fixture, first);
    assert.deepEqual(receiver.types(), ['job.waiting', 'job.running', 'job.progressed', 'job.failed']);
    assert.deepEqual(JSON.parse(receiver.posts[2]?.body ?? '').data.progress, { percent: 40, message: 'half' });
    const second = await fixture.submit('task');
    const stopped = await play.next();
    await fixture.engine.cancel(TENANT, second);
    await aborted(stopped.attempt);
    stopped.end({ kind: 'aborted' });
    await settled(fixture, second);
    assert.deepEqual(receiver.types().slice(4), ['job.waiting', 'job.running', 'job.progressed', 'job.cancelled']);
  });

  it('sign with the old secret too for a day after it was replaced', async () => {
    const receiver = createReceiver();
    await using fixture = await openEngine(receiver.options);
    const { webhooks } = fixture.engine;
    const made = await webhooks.create(TENANT, { url: URL_A });
    const rotated = await webhooks.rotate(TENANT, made.id);
    const words = async () => {
      await settled(fixture, await fixture.submit('task'));
      return receiver.posts.at(-1)?.headers['webhook-signature']?.split(' ').length;
    };
    assert.equal(await words(), 2);
    await jump(fixture, DAY_MS);
    assert.equal(await words(), 1);
    assert.notEqual(rotated.secrets[0]?.secret, made.secrets[0]?.secret);
  });

  it('that answer 410 are disabled and told of nothing more until they are enabled', async () => {
    const receiver = createReceiver((_, count) => (count === 1 ? 410 : 200));
    await using fixture = await openEngine(receiver.options);
    const { webhooks } = fixture.engine;
    const { id } = await webhooks.create(TENANT, { url: URL_A });
    await settled(fixture, await fixture.submit('task'));
    assert.match((await webhooks.read(TENANT, id)).disabled?.reason ?? '', /410 Gone/);
    await assert.rejects(webhooks.test(TENANT, id), codeOf('WEBHOOK_DISABLED'));
    await settled(fixture, await fixture.submit('task'));
    assert.equal(receiver.posts.length, 1);
    await webhooks.update(TENANT, id, { disabled: false });
    await settled(fixture, await fixture.submit('task'));
    assert.equal(receiver.posts.length, 2);
    assert.ok(fixture.events.some((event) => event.kind === 'webhookDisabled' && event.id === id));
  });

  it('that only fail for five days are disabled, and say since when', async () => {
    const receiver = createReceiver(() => 500);
    const limits = { deliveryTriesMax: 100 };
    await using fixture = await openEngine({ ...receiver.options, limits });
    const { webhooks } = fixture.engine;
    const { id } = await webhooks.create(TENANT, { url: URL_A });
    await settled(fixture, await fixture.submit('task'));
    for (let minute = 0; minute < 3; minute += 1) await jump(fixture, 60_000);
    assert.notEqual((await webhooks.read(TENANT, id)).failingSince, null);
    assert.equal((await webhooks.read(TENANT, id)).disabled, null);
    for (let day = 0; day < 6; day += 1) await jump(fixture, DAY_MS);
    assert.match(
      (await webhooks.read(TENANT, id)).disabled?.reason ?? '',
      /Every try has failed since .* answered 500/,
    );
    const enabled = await webhooks.update(TENANT, id, { disabled: false });
    assert.deepEqual([enabled.disabled, enabled.failingSince], [null, null]);
  });

  it('that were moved meanwhile are not disabled for what the old address answers', async () => {
    const moving = Promise.withResolvers<() => Promise<unknown>>();
    const postDelivery = async (url: string): Promise<Answer> => {
      if (url === URL_A) await (await moving.promise)();
      return { status: url === URL_A ? 410 : 204, retryAfter: null, text: null };
    };
    const receiver = createReceiver();
    await using fixture = await openEngine({ ...receiver.options, postDelivery });
    const { webhooks } = fixture.engine;
    const { id } = await webhooks.create(TENANT, { url: URL_A });
    moving.resolve(() => webhooks.update(TENANT, id, { url: 'https://b.example/' }));
    await settled(fixture, await fixture.submit('task'));
    assert.equal((await webhooks.read(TENANT, id)).disabled, null);
    assert.equal(
      fixture.events.some(({ kind }) => kind === 'webhookDisabled'),
      false,
    );
  });

  it('that failed once, long before their owner enabled them, are not disabled by the next failure', async () => {
    const receiver = createReceiver(() => 500);
    const limits = { deliveryTriesMax: 1 };
    await using fixture = await openEngine({ ...receiver.options, limits });
    const { webhooks } = fixture.engine;
    const { id } = await webhooks.create(TENANT, { url: URL_A });
    await settled(fixture, await fixture.submit('task'));
    await webhooks.update(TENANT, id, { disabled: true });
    await jump(fixture, 6 * DAY_MS);
    await webhooks.update(TENANT, id, { disabled: false });
    await settled(fixture, await fixture.submit('task'));
    assert.equal(receiver.posts.length, 2);
    assert.equal((await webhooks.read(TENANT, id)).disabled, null);
  });

  it('that fall behind without end are disabled, and what waited for them can be had later', async () => {
    const receiver = createReceiver(() => 500);
    const limits = { deliveriesPendingPerEndpointMax: 3 };
    await using fixture = await openEngine({ ...receiver.options, limits });
    const { webhooks } = fixture.engine;
    const { id } = await webhooks.create(TENANT, { url: URL_A });
    for (let count = 0; count < 6; count += 1) await settled(fixture, await fixture.submit('task'));
    assert.match((await webhooks.read(TENANT, id)).disabled?.reason ?? '', /More than 3 deliveries/);
    await jump(fixture, DAY_MS);
    const records = await webhooks.deliveries({ tenant: TENANT, endpointId: id, limit: 10 });
    assert.ok(records.length >= 4);
    assert.ok(records.every(({ state }) => state === 'failed'));
    assert.match(records.at(-1)?.tries.at(-1)?.error ?? '', /The webhook is disabled/);
    await webhooks.update(TENANT, id, { disabled: false });
    assert.equal(await webhooks.redeliverFailed(TENANT, id, 0), records.length);
  });

  it('are at most so many as the limit says, each with a lane of its own', async () => {
    const receiver = createReceiver();
    await using fixture = await openEngine({ ...receiver.options, limits: { webhooksMax: 3 } });
    const { webhooks } = fixture.engine;
    const made = await Promise.allSettled(Array.from({ length: 5 }, () => webhooks.create(TENANT, { url: URL_A })));
    assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 3);
    const refused = made.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    assert.ok(refused.every((error) => ['TOO_MANY_WEBHOOKS', 'CHANGED_MEANWHILE'].includes(error.code)));
    const lanes = (await webhooks.list(TENANT)).map(({ lane }) => lane);
    assert.deepEqual(lanes, [32, 33, 34]);
    await webhooks.remove(TENANT, (await webhooks.list(TENANT))[1]?.id ?? '');
    assert.equal((await webhooks.create(TENANT, { url: URL_A })).lane, 33);
    assert.deepEqual(await webhooks.list('other'), []);
  });

  it('refuse what they cannot use, each with its code', async () => {
    const receiver = createReceiver();
    await using fixture = await openEngine(receiver.options);
    const { webhooks } = fixture.engine;
    const create = (draft: object) => webhooks.create(TENANT, { url: URL_A, ...draft });
    await assert.rejects(create({ url: 'http://10.0.0.1/' }), codeOf('WEBHOOK_URL_REFUSED'));
    await assert.rejects(create({ url: 'ftp://a.example/' }), codeOf('WEBHOOK_URL_REFUSED'));
    await assert.rejects(create({ events: ['job.done'] }), codeOf('WEBHOOK_EVENT_UNKNOWN'));
    await assert.rejects(create({ events: [] }), codeOf('WEBHOOK_EVENT_UNKNOWN'));
    await assert.rejects(create({ secret: 'hunter2' }), codeOf('WEBHOOK_SECRET_INVALID'));
    const { id } = await create({});
    await assert.rejects(webhooks.update(TENANT, id, { url: 'http://localhost/' }), codeOf('WEBHOOK_URL_REFUSED'));
    await assert.rejects(webhooks.update(TENANT, id, { events: ['x'] }), codeOf('WEBHOOK_EVENT_UNKNOWN'));
    await assert.rejects(webhooks.rotate(TENANT, id, 'whsec_'), codeOf('WEBHOOK_SECRET_INVALID'));
    for (const call of [
      webhooks.read('other', id),
      webhooks.update('other', id, { disabled: true }),
      webhooks.remove('other', id),
      webhooks.rotate('other', id),
      webhooks.test('other', id),
      webhooks.redeliverFailed('other', id, 0),
    ]) {
      await assert.rejects(call, codeOf('WEBHOOK_NOT_FOUND'));
    }
  });

  it('refuse tags that no job can have', async () => {
    await using fixture = await openEngine();
    const { webhooks } = fixture.engine;
    const { id } = await webhooks.create(TENANT, { url: URL_A });
    for (const tags of [{ ['a'.repeat(101)]: 'x' }, { '': 'x' }, { a: 'x'.repeat(501) }]) {
      await assert.rejects(webhooks.create(TENANT, { url: URL_A, tags }), codeOf('INVALID_REQUEST'));
      await assert.rejects(webhooks.update(TENANT, id, { tags }), codeOf('INVALID_REQUEST'));
    }
  });

  it('are tried with an event of no job, and keep a log of what came back', async () => {
    const receiver = createReceiver((_, count) => (count === 1 ? 500 : 200));
    await using fixture = await openEngine(receiver.options);
    const { webhooks } = fixture.engine;
    const { id } = await webhooks.create(TENANT, { url: URL_A });
    const number = await webhooks.test(TENANT, id);
    await fixture.spy.idle();
    const pending = await webhooks.delivery(TENANT, { endpointId: id, number });
    assert.deepEqual([pending.state, pending.attempt, pending.tries[0]?.status], ['pending', 1, 500]);
    await assert.rejects(webhooks.redeliver(TENANT, { endpointId: id, number }), codeOf('DELIVERY_PENDING'));
    await fixture.advance(5_000);
    const delivered = await webhooks.delivery(TENANT, { endpointId: id, number });
    assert.equal(delivered.state, 'delivered');
    assert.deepEqual(
      delivered.tries.map(({ status, error, answer }) => [status, error, answer]),
      [
        [500, 'The receiver answered 500.', 'thanks'],
        [200, null, 'thanks'],
      ],
    );
    assert.equal(receiver.posts[0]?.body, receiver.posts[1]?.body);
    await webhooks.redeliver(TENANT, { endpointId: id, number });
    await fixture.spy.idle();
    assert.equal(receiver.posts.length, 3);
    assert.equal(receiver.posts[2]?.headers['webhook-id'], receiver.posts[0]?.headers['webhook-id']);
    await assert.rejects(webhooks.delivery(TENANT, { endpointId: 'x', number }), codeOf('DELIVERY_NOT_FOUND'));
    await assert.rejects(webhooks.delivery('other', { number }), codeOf('DELIVERY_NOT_FOUND'));
  });

  it('that were removed get nothing of what waited for them', async () => {
    const receiver = createReceiver(() => 500);
    await using fixture = await openEngine(receiver.options);
    const { webhooks } = fixture.engine;
    const { id } = await webhooks.create(TENANT, { url: URL_A });
    const job = await fixture.submit('task');
    await settled(fixture, job);
    await webhooks.remove(TENANT, id);
    await fixture.advance(60_000);
    assert.equal(receiver.posts.length, 1);
    const [record] = await webhooks.deliveries({ tenant: TENANT, jobId: job, limit: 10 });
    assert.deepEqual([record?.state, record?.tries.at(-1)?.error], ['failed', 'The webhook was removed.']);
  });

  it('are told by the next process of what happened while none could tell them', async () => {
    const none = createReceiver();
    await using fixture = await openEngine({ ...none.options, renderDelivery: new Map() });
    await fixture.engine.webhooks.create(TENANT, { url: URL_A });
    await settled(fixture, await fixture.submit('task'));
    assert.equal(none.posts.length, 0);
    const receiver = createReceiver();
    await using _ = await openEngine({ ...receiver.options, spy: fixture.spy, clock: fixture.clock, runsJobs: false });
    await fixture.spy.idle();
    assert.deepEqual(receiver.types(), ['job.succeeded']);
  });
});

describe('callbacks', () => {
  it('are told of the end of their job, signed with the secret of the tenant', async () => {
    const receiver = createReceiver();
    await using fixture = await openEngine({ ...receiver.options, types: { task: async () => json('done') } });
    const secret = await fixture.engine.webhooks.callbackSecret(TENANT);
    await settled(fixture, await fixture.submit('task', { callback: { url: URL_A } }));
    assert.deepEqual(receiver.types(), ['job.succeeded']);
    const { headers, body } = receiver.posts[0] as Posted;
    const expected = new Webhook(secret).sign(headers['webhook-id'] ?? '', new Date(fixture.clock.now()), body);
    assert.equal(headers['webhook-signature'], expected);
    assert.equal(await fixture.engine.webhooks.callbackSecret(TENANT), secret);
  });

  it('are told of other events, signed with the secret of a webhook, where the submit asks for that', async () => {
    const receiver = createReceiver();
    await using fixture = await openEngine(receiver.options);
    const { webhooks } = fixture.engine;
    const { id, secrets } = await webhooks.create(TENANT, { url: 'https://b.example/', events: ['job.expired'] });
    const callback = { url: URL_A, events: ['job.running'], secretId: id };
    await settled(fixture, await fixture.submit('task', { callback }));
    assert.deepEqual(receiver.types(), ['job.running']);
    const { headers, body } = receiver.posts[0] as Posted;
    const expected = new Webhook(secrets[0]?.secret ?? '').sign(
      headers['webhook-id'] ?? '',
      new Date(fixture.clock.now()),
      body,
    );
    assert.equal(headers['webhook-signature'], expected);
  });

  it('that ask for what there is not are refused with their submit', async () => {
    const receiver = createReceiver();
    await using fixture = await openEngine(receiver.options);
    const submit = async (callback: { url: string; events?: string[]; secretId?: string }) => {
      const [outcome] = await fixture.engine.submit([{ tenant: TENANT, type: 'task', callback }]);
      return outcome?.kind === 'refused' ? outcome.error.code : outcome?.kind;
    };
    assert.equal(await submit({ url: URL_A, events: ['job.done'] }), 'WEBHOOK_EVENT_UNKNOWN');
    assert.equal(await submit({ url: URL_A, secretId: 'x' }), 'CALLBACK_SECRET_UNKNOWN');
    assert.equal(await submit({ url: 'http://127.0.0.1/' }), 'invalidRequest');
  });
});

it('webhooks made in another process a moment ago are told of what follows', async () => {
  const receiver = createReceiver();
  await using own = await openEngine({ runsJobs: false });
  const shared = { isShared: true, hasHints: true };
  const usual = { clock: own.clock, ...receiver.options };
  await using telling = await openEngine({ ...usual, runsJobs: false, spy: spyOn(own.store, shared) });
  await using making = await openEngine({ clock: own.clock, runsJobs: false, spy: spyOn(own.store, shared) });
  // Now its book is in memory.
  await telling.engine.webhooks.create(TENANT, { url: URL_A, events: ['job.failed'] });
  const url = 'https://b.example/hook';
  await making.engine.webhooks.create(TENANT, { url, events: ['job.waiting'] });
  await telling.submit('task');
  await telling.advance(1_000);
  assert.deepEqual(
    receiver.posts.map((post) => post.url),
    [url],
  );
});
