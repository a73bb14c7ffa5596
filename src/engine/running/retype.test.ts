/** New types in place of those before, while jobs of them run, wait for a slot, for their time, or are on their way out of the store. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  aborted,
  createPlay,
  DONE,
  type Fixture,
  failed,
  json,
  openEngine,
  type Run,
  TENANT,
} from '../../../test/engine/engine-fixture.ts';
import { isFinal } from '../../core/state.ts';
import type { JobType } from '../api.ts';

const answering =
  (result: string): Run =>
  async () =>
    json(result);

function typeOf(name: string, run: Run | 'remote', slots = 1): JobType {
  return {
    ...{ name, slots, defaults: { timeoutMs: null, retainMs: null, retry: {} } },
    checkInput: (input) => ({ kind: 'valid', input }),
    handler: run === 'remote' ? run : { kind: 'function', run },
  };
}

const resultOf = async (fixture: Fixture, id: string) => {
  const { state } = await fixture.until(id, (job) => isFinal(job.state));
  const read = await fixture.engine.readResult(TENANT, id);
  assert.ok(read.kind === 'found', `${state}, ${read.kind}`);
  return JSON.parse(Buffer.from(read.result.bytes).toString());
};

describe('retype', () => {
  it('lets what runs go on as it began, its cancel and its signal included, and hands what waits to the new handler', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: typeOf('task', play.run, 2) } });
    const [kept, cancelled, queued] = [
      await fixture.submit('task'),
      await fixture.submit('task'),
      await fixture.submit('task'),
    ];
    const [first, second] = [await play.next(), await play.next()];
    for (let round = 1; round <= 10; round += 1) fixture.engine.retype([typeOf('task', answering(`new ${round}`), 2)]);
    await fixture.engine.cancel(TENANT, cancelled);
    await aborted(second.attempt);
    second.end({ kind: 'aborted' });
    await fixture.until(cancelled, ({ state }) => state === 'cancelled');
    assert.equal(await resultOf(fixture, queued), 'new 10');
    first.end(json('old'));
    assert.equal(await resultOf(fixture, kept), 'old');
  });

  it('makes the next attempt of a job that fails on the old handler with the new one', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: typeOf('task', play.run) } });
    const id = await fixture.submit('task', { retry: { attempts: 2, backoffMs: 1_000 } });
    const run = await play.next();
    fixture.engine.retype([typeOf('task', answering('put right'))]);
    run.end(failed('no'));
    await fixture.until(id, ({ state }) => state === 'waiting');
    await fixture.advance(2_000);
    assert.equal(await resultOf(fixture, id), 'put right');
  });

  it('leaves the jobs of a type that is gone waiting, and runs them when it is back, those too whose time came meanwhile', async () => {
    for (const before of [0, 1, 2, 3]) {
      const play = createPlay();
      await using fixture = await openEngine({ types: { task: typeOf('task', play.run) } });
      for (let at = 0; at < before; at += 1) {
        const id = await fixture.submit('task');
        (await play.next()).end(json('old'));
        await resultOf(fixture, id);
      }
      const scheduled = await fixture.submit('task', { delayMs: 1_000 });
      await fixture.spy.idle();
      fixture.engine.retype([]);
      const [refused] = await fixture.engine.submit([{ tenant: TENANT, type: 'task' }]);
      assert.equal(refused?.kind, 'unknownType');
      await fixture.advance(2_000);
      assert.equal((await fixture.job(scheduled)).state, 'waiting');
      fixture.engine.retype([typeOf('task', answering('back'))]);
      await fixture.spy.idle();
      assert.equal((await fixture.job(scheduled)).state, 'succeeded', `after ${before} jobs`);
    }
  });

  it('gives back what it claimed of a type that went meanwhile, with the attempt', async () => {
    await using fixture = await openEngine({ types: { task: typeOf('task', answering('old')) } });
    const reached = fixture.spy.pause('claim');
    const submitted = fixture.submit('task');
    const go = await reached;
    fixture.engine.retype([typeOf('task', 'remote')]);
    go();
    const id = await submitted;
    await fixture.spy.idle();
    const { state, attempt } = await fixture.job(id);
    assert.deepEqual({ state, attempt }, { state: 'waiting', attempt: 0 });
    fixture.engine.retype([typeOf('task', answering('again'))]);
    assert.equal(await resultOf(fixture, id), 'again');
  });

  it('counts what runs on the old code against the slots, which may be fewer now, and of a type that was away or remote meanwhile', async () => {
    for (const meanwhile of [null, [], [typeOf('task', 'remote')]]) {
      const play = createPlay();
      const now = createPlay();
      await using fixture = await openEngine({ types: { task: typeOf('task', play.run, 3) } });
      await Promise.all(Array.from({ length: 5 }, () => fixture.submit('task')));
      const runs = [await play.next(), await play.next(), await play.next()];
      if (meanwhile !== null) fixture.engine.retype(meanwhile);
      await fixture.spy.idle();
      fixture.engine.retype([typeOf('task', now.run, 1)]);
      await fixture.spy.idle();
      assert.equal(now.running, 0);
      for (const run of runs) {
        assert.equal(now.running, 0);
        run.end(DONE);
        await fixture.spy.idle();
      }
      assert.equal(now.running, 1);
      assert.equal(fixture.engine.stats().slots.get('task'), 1);
    }
  });
});
