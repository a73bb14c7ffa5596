import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPlay, DONE, type Fixture, openEngine, TENANT } from '../../../test/engine/engine-fixture.ts';
import type { RenderedEvent, ToldEvent } from '../api.ts';
import type { Answer, Posting } from '../deliveries/post-delivery.ts';

const render = ({ kind, callbackData = null }: ToldEvent): RenderedEvent | null =>
  kind === 'changed' ? null : { event: kind, headers: {}, body: `${kind} ${JSON.stringify(callbackData)}` };

/** A receiver that answers as the test says, and remembers what came where. */
function createReceiver(status: (url: string) => number = () => 204) {
  const came: string[] = [];
  const postDelivery = async (url: string, { body }: Posting): Promise<Answer> => {
    came.push(`${new URL(url).pathname} ${body}`);
    return { status: status(url), retryAfter: null, text: null };
  };
  return { came, options: { postDelivery, renderDelivery: new Map([['plain', render]]) } };
}

const to = (id: string, data: string = id) => ({ id, url: `https://r.example/${id}`, dialect: 'plain', data });

async function settled({ engine, spy }: Fixture, id: string): Promise<void> {
  const { signal } = new AbortController();
  const until = { kind: 'done' } as const;
  await engine.wait({ tenant: TENANT, ids: [id], for: 'all', until, timeoutMs: Number.POSITIVE_INFINITY, signal });
  await spy.idle();
}

describe('callbacks that a job is given after its submit', () => {
  it('are told of each later change, each with what was given with it, beside the one of the submit', async () => {
    const receiver = createReceiver();
    const play = createPlay();
    await using fixture = await openEngine({ ...receiver.options, types: { task: play.run } });
    const { engine, spy } = fixture;
    const origin = { dialect: 'plain', data: null };
    const id = await fixture.submit('task', { callback: { url: 'https://r.example/own' }, origin });
    const run = await play.next();
    await spy.idle();
    receiver.came.length = 0;
    await engine.callbacks.put(TENANT, id, to('a'));
    await engine.callbacks.put(TENANT, id, to('b'));
    await engine.callbacks.put(TENANT, id, to('b', 'again'));
    run.end(DONE);
    await settled(fixture, id);
    assert.deepEqual(receiver.came.toSorted(), ['/a succeeded "a"', '/b succeeded "again"', '/own succeeded null']);
  });

  it('are told of a job that came without one, and of none of its neighbours', async () => {
    const receiver = createReceiver();
    const play = createPlay();
    await using fixture = await openEngine({ ...receiver.options, types: { task: play.run } });
    const id = await fixture.submit('task');
    const run = await play.next();
    await fixture.engine.callbacks.put(TENANT, id, to('a'));
    const other = await fixture.submit('task');
    run.end(DONE);
    (await play.next()).end(DONE);
    await settled(fixture, other);
    assert.deepEqual(receiver.came, ['/a succeeded "a"']);
  });

  it('are told nothing more when they are removed, and neither is the one of the submit when it is silenced', async () => {
    const receiver = createReceiver(() => 500);
    const play = createPlay();
    await using fixture = await openEngine({ ...receiver.options, types: { task: play.run } });
    const { engine, clock, spy } = fixture;
    const origin = { dialect: 'plain', data: null };
    const id = await fixture.submit('task', { callback: { url: 'https://r.example/own' }, origin });
    const run = await play.next();
    await engine.callbacks.put(TENANT, id, to('a'));
    run.end(DONE);
    await settled(fixture, id);
    assert.ok(
      receiver.came.some((one) => one.startsWith('/a')),
      receiver.came.join(),
    );
    await engine.callbacks.remove(TENANT, id, 'a');
    await engine.callbacks.remove(TENANT, id, 'none');
    await engine.callbacks.silence(TENANT, id);
    receiver.came.length = 0;
    // Tries that failed would come again.
    clock.advance(3_600_000);
    await spy.idle();
    assert.deepEqual(receiver.came, []);
    assert.deepEqual(await engine.callbacks.list(TENANT, id), { callbacks: [], isOwnOff: true });
  });

  it('have a bound for each job, and a URL that can be delivered to', async () => {
    await using fixture = await openEngine({ limits: { callbacksPerJobMax: 1 } });
    const { engine } = fixture;
    const id = await fixture.submit('task');
    const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected;
    await engine.callbacks.put(TENANT, id, to('a'));
    await engine.callbacks.put(TENANT, id, to('a'));
    await assert.rejects(engine.callbacks.put(TENANT, id, to('b')), code('TOO_MANY_CALLBACKS'));
    const refused = { ...to('a'), url: 'http://127.0.0.1/' };
    await assert.rejects(engine.callbacks.put(TENANT, id, refused), code('WEBHOOK_URL_REFUSED'));
  });

  it('are forgotten when their time is over', async () => {
    await using fixture = await openEngine({});
    const { engine, clock, store } = fixture;
    const [first, second] = [await fixture.submit('task'), await fixture.submit('task')];
    await engine.callbacks.put(TENANT, first, to('a'));
    clock.advance(engine.limits.jobCallbackMs);
    await engine.callbacks.put(TENANT, second, to('a'));
    const kept = await store.documentList({ tenant: TENANT, kind: 'job-callbacks', limit: 10 });
    assert.deepEqual(
      kept.map(({ name }) => name),
      [second],
    );
  });
});
