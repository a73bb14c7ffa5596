/** The stream of a prediction, by its URL alone. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createWorker, type DialectAdapter, memberOf, openRig, type Rig, TEST_TYPE } from '../contract-suite.ts';
import { replicate } from './index.ts';
import { DEFAULT_OPTIONS, type ReplicateOptions } from './options.ts';

const adapter = {
  options: DEFAULT_OPTIONS,
  credentials: (key: string) => ({ authorization: `Bearer ${key}` }),
} as unknown as DialectAdapter<ReplicateOptions>;

const never = new AbortController().signal;

describe('the stream of a prediction', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await openRig(replicate, adapter, { limits: { eventsMsMax: 60_000 } });
  });
  afterEach(() => rig.close());

  const worker = () => createWorker(rig.engine, rig.tenant);
  async function created(): Promise<{ readonly id: string; readonly path: string }> {
    const json = { version: TEST_TYPE, input: {} };
    const answer = await rig.send({ method: 'POST', path: '/v1/predictions', json });
    const stream = String(memberOf(answer, ['urls', 'stream']));
    return { id: String(memberOf(answer, ['id'])), path: stream.slice(rig.url.length) };
  }
  const follow = (path: string, lastEventId?: string) =>
    rig.send(
      {
        method: 'GET',
        path,
        ...(lastEventId === undefined ? {} : { headers: { 'last-event-id': lastEventId } }),
      },
      'nobody',
    );
  async function emit(held: { readonly id: string; readonly fence: number }, ...chunks: readonly unknown[]) {
    const output = chunks.map((one) => JSON.stringify(one));
    const { kind } = await rig.engine.workHeartbeat({
      tenant: rig.tenant,
      ...held,
      output,
      timeoutMs: 0,
      signal: never,
    });
    assert.equal(kind, 'held');
  }

  it('brings the chunks with ids to resume behind, and goes on behind the one that is named', async () => {
    const { path } = await created();
    const held = await worker().claim(TEST_TYPE);
    await emit(held, 'a', 'b\nc', { d: 1 });
    await worker().succeed(held, null);
    const whole = await follow(path);
    assert.match(whole.headers['content-type'] ?? '', /^text\/event-stream/);
    const events = whole.text.split('\n\n').filter((event) => event.startsWith('id: '));
    assert.deepEqual(
      events.map((event) => event.replace(/^id: .*\n/, '')),
      ['event: output\ndata: a', 'event: output\ndata: b\ndata: c', 'event: output\ndata: {"d":1}'],
    );
    assert.ok(whole.text.endsWith('event: done\ndata: {}\n\n'));
    const second = /^id: (.*)$/m.exec(events[1] ?? '')?.[1];
    const rest = await follow(path, second);
    assert.deepEqual(rest.text.match(/^data: .*$/gm), ['data: {"d":1}', 'data: {}']);
  });

  it('brings the result of a job that emits nothing: a list of texts one by one', async () => {
    const { path } = await created();
    await worker().succeed(await worker().claim(TEST_TYPE), ['a', 'b']);
    assert.deepEqual((await follow(path)).text.match(/^data: .*$/gm), ['data: a', 'data: b', 'data: {}']);
  });

  it('says how a job ended that has no output', async () => {
    const failed = await created();
    await worker().fail(await worker().claim(TEST_TYPE), 'it broke');
    assert.match(
      (await follow(failed.path)).text,
      /event: error\ndata: {"detail":"it broke"}\n\nevent: done\ndata: {"reason":"error"}/,
    );
    const cancelled = await created();
    await rig.engine.cancel(rig.tenant, cancelled.id);
    assert.match((await follow(cancelled.path)).text, /event: done\ndata: {"reason":"canceled"}/);
  });

  it('ends with an error where the run that it followed is another one, and shows the newest to who comes then', async () => {
    const { id, path } = await created();
    const first = await worker().claim(TEST_TYPE);
    await emit(first, 'old');
    await rig.engine.workFail({
      tenant: rig.tenant,
      ...first,
      failure: { code: 'HANDLER_FAILED', message: 'x', details: null },
      isRetryable: false,
    });
    await rig.engine.retry(rig.tenant, id);
    const second = await worker().claim(TEST_TYPE);
    await emit(second, 'new');
    await worker().succeed(second, null);
    assert.deepEqual((await follow(path)).text.match(/^data: .*$/gm), ['data: new', 'data: {}']);
    assert.match((await follow(path, `${first.fence}:0`)).text, /event: error\ndata: {"detail":"The run that/);
  });

  it('that ends before its prediction says so as an error, by which the client knows that this was not all', async () => {
    const { path } = await created();
    const answer = await fetch(`${rig.url}${path}`);
    assert.equal(rig.holds.count, 1);
    rig.clock.advance(60_000);
    const text = await answer.text();
    assert.equal(rig.holds.count, 0);
    assert.match(text, /event: error\ndata: {"detail":"The stream ends before its prediction/);
    assert.doesNotMatch(text, /event: done/);
  });
});
