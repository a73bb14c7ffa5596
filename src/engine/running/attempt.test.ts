import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  aborted,
  createPlay,
  DONE,
  failed,
  json,
  NEVER,
  openEngine,
  openStore,
  TENANT,
} from '../../../test/engine/engine-fixture.ts';
import { spyOn } from '../../../test/engine/store-spy.ts';
import { attemptsOf } from '../../core/attempts.ts';
import { isFinal } from '../../core/state.ts';

const RETRY_ONCE = { attempts: 2, backoffMs: 1_000, factor: 2, maxMs: 60_000 };

describe('an attempt', () => {
  it('stores the result of its handler and shows it in the snapshot', async () => {
    await using fixture = await openEngine({ types: { task: async ({ input }) => json({ got: JSON.parse(input) }) } });
    const id = await fixture.submit('task', { input: { n: 1 } });
    await fixture.until(id, ({ state }) => state === 'succeeded');
    const found = await fixture.engine.readResult(TENANT, id);
    assert.equal(found.kind, 'found');
    assert.equal(found.kind === 'found' && found.snapshot.resultText, '{"got":{"n":1}}');
    assert.equal(found.kind === 'found' && Buffer.from(found.result.bytes).toString(), '{"got":{"n":1}}');
  });

  it('is followed by another one after the backoff when it fails, and not before', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task', { retry: RETRY_ONCE });
    (await play.next()).end(failed('no luck'));
    const waiting = await fixture.until(id, ({ state, attempt }) => state === 'waiting' && attempt === 1);
    // The random number is 0.5: a quarter of the backoff is taken off.
    assert.equal(waiting.runAt - fixture.clock.now(), 750);
    assert.equal(waiting.error?.message, 'no luck');
    await fixture.advance(749);
    assert.equal((await fixture.job(id)).state, 'waiting');
    await fixture.advance(1);
    const second = await play.next();
    assert.equal(second.attempt.job.attempt, 2);
    second.end(failed('again'));
    const job = await fixture.until(id, ({ state }) => state === 'failed');
    assert.deepEqual(
      attemptsOf(job).map(({ error }) => error?.message),
      ['no luck', 'again'],
    );
  });

  it('is the last one when its failure is not retryable', async () => {
    await using fixture = await openEngine({ types: { task: async () => failed('never', false) } });
    const id = await fixture.submit('task', { retry: RETRY_ONCE });
    assert.equal((await fixture.until(id, ({ state }) => isFinal(state))).attempt, 1);
  });

  it('waits as long as its failure asked for, when that is longer than the backoff', async () => {
    const run = async () => ({ ...failed('busy'), retryAfterMs: 5_000 });
    await using fixture = await openEngine({ types: { task: run } });
    const id = await fixture.submit('task', { retry: RETRY_ONCE });
    const job = await fixture.until(id, ({ state, attempt }) => state === 'waiting' && attempt === 1);
    assert.equal(job.runAt - fixture.clock.now(), 5_000);
  });

  for (const [what, thrown, message] of [
    ['an error', new Error('boom'), 'boom'],
    ['a text', 'just text', 'just text'],
    ['undefined', undefined, 'The handler threw undefined, not an error.'],
    ['an object', { code: 7 }, 'The handler threw {"code":7}, not an error.'],
    [
      'an object that cannot be shown',
      { toJSON: () => assert.fail() },
      'The handler threw something that cannot be shown.',
    ],
  ] as const) {
    it(`fails with HANDLER_FAILED when the handler throws ${what}`, async () => {
      const play = createPlay();
      await using fixture = await openEngine({ types: { task: play.run } });
      const id = await fixture.submit('task', { retry: { attempts: 1 } });
      (await play.next()).throwUp(thrown);
      const { error } = await fixture.until(id, ({ state }) => state === 'failed');
      assert.equal(error?.code, 'HANDLER_FAILED');
      assert.equal(error?.message, message);
    });
  }

  it('fails for good with RESULT_TOO_LARGE when the result passes the limit', async () => {
    const run = async () => json('x'.repeat(2_000));
    await using fixture = await openEngine({ types: { task: run }, limits: { resultBytesMax: 1_024 } });
    const id = await fixture.submit('task', { retry: RETRY_ONCE });
    const { error, attempt } = await fixture.until(id, ({ state }) => state === 'failed');
    assert.equal(attempt, 1);
    assert.equal(error?.code, 'RESULT_TOO_LARGE');
    assert.equal(error?.message, 'The result has 2002 bytes; the limit is 1024.');
  });

  for (const [what, contentType, text] of [
    ['breaks off', 'application/json', '{"a":'],
    ['is not UTF-8', 'application/json', '\xff'],
    ['is longer than a status shows, and no JSON', 'application/problem+json', 'x'.repeat(100_000)],
    ['nests too deep', 'application/json', '['.repeat(30_000) + ']'.repeat(30_000)],
  ] as const) {
    it(`fails for good with RESULT_NOT_JSON when a result that calls itself JSON ${what}`, async () => {
      const run = async () => ({
        kind: 'succeeded' as const,
        result: { contentType, bytes: Buffer.from(text, 'latin1') },
      });
      await using fixture = await openEngine({ types: { task: run } });
      const id = await fixture.submit('task', { retry: RETRY_ONCE });
      const { error, attempt } = await fixture.until(id, ({ state }) => state === 'failed');
      assert.equal(attempt, 1);
      assert.equal(error?.code, 'RESULT_NOT_JSON');
    });
  }

  it('keeps messages and details of failures within the limits and says what was dropped', async () => {
    const failure = { code: 'X', message: 'm'.repeat(500), details: 'd'.repeat(500) };
    const run = async () => ({ kind: 'failed' as const, failure, isRetryable: false });
    const limits = { errorMessageLengthMax: 100, errorDetailsBytesMax: 100 };
    await using fixture = await openEngine({ types: { task: run }, limits });
    const { error } = await fixture.until(await fixture.submit('task'), ({ state }) => state === 'failed');
    assert.equal(error?.message.length, 100);
    assert.deepEqual(error?.details, { dropped: 'The details had 502 bytes; the limit is 100.' });
  });

  it('fails when its handler stops though nobody had asked it to', async () => {
    await using fixture = await openEngine({ types: { task: async () => ({ kind: 'aborted' }) } });
    const id = await fixture.submit('task', { retry: { attempts: 1 } });
    assert.equal((await fixture.until(id, ({ state }) => state === 'failed')).error?.code, 'HANDLER_FAILED');
  });

  it('is given back uncounted when its handler says that it was not run to an end', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task', { retry: { attempts: 1 } });
    (await play.next()).end({ kind: 'released' });
    const again = await play.next();
    assert.equal(again.attempt.job.attempt, 1);
    again.end(DONE);
    assert.equal((await fixture.until(id, ({ state }) => isFinal(state))).state, 'succeeded');
  });
});

describe('cancel', () => {
  it('cancels a waiting job at once, without running it', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task', { delayMs: 60_000 });
    const outcome = await fixture.engine.cancel(TENANT, id);
    assert.equal(outcome.kind === 'done' && outcome.snapshot.job.state, 'cancelled');
    await fixture.advance(60_000);
    assert.equal(play.runningMax, 0);
    assert.equal((await fixture.engine.cancel(TENANT, id)).kind, 'unchanged');
  });

  it('tells the handler of a running job, and cancels the job as soon as it has stopped', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    const run = await play.next();
    const reason = aborted(run.attempt);
    const outcome = await fixture.engine.cancel(TENANT, id);
    assert.equal(outcome.kind === 'done' && outcome.snapshot.job.state, 'running');
    assert.notEqual(outcome.kind === 'done' && outcome.snapshot.job.cancelRequestedAt, null);
    assert.equal(await reason, 'cancel');
    assert.equal((await fixture.engine.cancel(TENANT, id)).kind, 'unchanged');
    run.end({ kind: 'aborted' });
    assert.equal((await fixture.until(id, ({ state }) => isFinal(state))).state, 'cancelled');
  });

  it('cancels a job whose handler throws because of it', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    const run = await play.next();
    await fixture.engine.cancel(TENANT, id);
    run.throwUp(new Error('aborted'));
    const job = await fixture.until(id, ({ state }) => isFinal(state));
    assert.equal(job.state, 'cancelled');
    assert.equal(job.error, null);
  });

  it('lets a handler win that has finished before it heard of it', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    const run = await play.next();
    await fixture.engine.cancel(TENANT, id);
    run.end(DONE);
    assert.equal((await fixture.until(id, ({ state }) => isFinal(state))).state, 'succeeded');
  });

  it('forces a job whose handler ignores the signal, after the grace time', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    await play.next();
    await fixture.engine.cancel(TENANT, id);
    await fixture.advance(fixture.engine.limits.cancelGraceMs - 1);
    assert.equal((await fixture.job(id)).state, 'running');
    await fixture.advance(1);
    assert.equal((await fixture.until(id, ({ state }) => isFinal(state))).state, 'cancelled');
  });

  it('reaches a job whose claim is on its way back from the store', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const reached = fixture.spy.pause('claim');
    const id = await fixture.submit('task');
    const go = await reached;
    const cancelling = fixture.engine.cancel(TENANT, id);
    go();
    await cancelling;
    await fixture.spy.idle();
    if (play.running > 0) (await play.next()).end({ kind: 'aborted' });
    assert.equal((await fixture.until(id, ({ state }) => isFinal(state))).state, 'cancelled');
  });

  it('is refused for a final job, and a job of another tenant is missing', async () => {
    await using fixture = await openEngine();
    const id = await fixture.submit('task');
    await fixture.until(id, ({ state }) => isFinal(state));
    assert.equal((await fixture.engine.cancel(TENANT, id)).kind, 'wrongState');
    assert.equal((await fixture.engine.cancel('other', id)).kind, 'missing');
  });
});

describe('retry and remove', () => {
  it('retry runs a failed job again from its first attempt, under a higher fence', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task', { retry: { attempts: 1 } });
    (await play.next()).end(failed('no'));
    const { fence } = await fixture.until(id, ({ state }) => state === 'failed');
    assert.equal((await fixture.engine.retry(TENANT, id)).kind, 'done');
    const run = await play.next();
    assert.equal(run.attempt.job.attempt, 1);
    run.end(DONE);
    const job = await fixture.until(id, ({ state }) => state === 'succeeded');
    assert.ok(job.fence > fence);
    assert.equal((await fixture.engine.retry(TENANT, id)).kind, 'wrongState');
  });

  it('remove leaves a tombstone, wakes who waits, and is refused while the job is not final', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    const run = await play.next();
    assert.equal((await fixture.engine.remove(TENANT, id)).kind, 'wrongState');
    run.end(DONE);
    await fixture.until(id, ({ state }) => isFinal(state));
    assert.equal((await fixture.engine.remove(TENANT, id)).kind, 'done');
    const [lookup] = await fixture.engine.read(TENANT, [id]);
    assert.equal(lookup?.kind, 'gone');
    assert.equal((await fixture.engine.remove(TENANT, id)).kind, 'gone');
    assert.equal((await fixture.engine.read('other', [id]))[0]?.kind, 'missing');
  });
});

describe('progress', () => {
  it('goes out at once, then at most once per interval, the newest report winning', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    const { attempt, end } = await play.next();
    attempt.report(1, 'one');
    await fixture.until(id, ({ progress }) => progress.percent === 1);
    const before = fixture.spy.calls.get('apply');
    for (let percent = 2; percent <= 50; percent += 1) attempt.report(percent);
    await fixture.spy.idle();
    assert.equal(fixture.spy.calls.get('apply'), before);
    await fixture.advance(fixture.engine.limits.progressIntervalMs);
    assert.deepEqual((await fixture.job(id)).progress, { percent: 50, message: 'one' });
    assert.equal(fixture.spy.calls.get('apply'), (before ?? 0) + 1);
    attempt.report(undefined, 'm'.repeat(1_000));
    await fixture.advance(fixture.engine.limits.progressIntervalMs);
    assert.equal((await fixture.job(id)).progress.message?.length, fixture.engine.limits.progressMessageLengthMax);
    end(DONE);
    await fixture.until(id, ({ state }) => isFinal(state));
  });

  it('costs no write when it says nothing new', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    await fixture.submit('task');
    const { attempt } = await play.next();
    attempt.report(30);
    await fixture.spy.idle();
    const before = fixture.spy.calls.get('apply');
    attempt.report(30);
    await fixture.advance(1_000);
    attempt.report(20);
    await fixture.advance(1_000);
    assert.equal(fixture.spy.calls.get('apply'), before);
  });

  it('stops mattering when the attempt has ended', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    const { attempt, end } = await play.next();
    end(DONE);
    const { revision } = await fixture.until(id, ({ state }) => isFinal(state));
    attempt.report(10);
    await fixture.advance(1_000);
    assert.equal((await fixture.job(id)).revision, revision);
  });
});

describe('leases', () => {
  it('are renewed as long as the handler runs', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    const run = await play.next();
    for (let beat = 0; beat < 10; beat += 1) await fixture.advance(fixture.engine.limits.leaseMs / 3);
    assert.equal(run.attempt.signal.aborted, false);
    run.end(DONE);
    const job = await fixture.until(id, ({ state }) => isFinal(state));
    assert.equal(job.state, 'succeeded');
    assert.equal(job.attempt, 1);
  });

  it('cost no heartbeat for jobs that are done within a third of them', async () => {
    await using fixture = await openEngine();
    for (let round = 0; round < 5; round += 1) {
      await fixture.until(await fixture.submit('task'), ({ state }) => isFinal(state));
      await fixture.advance(fixture.engine.limits.leaseMs / 3);
    }
    assert.equal(fixture.spy.calls.get('extend') ?? 0, 0);
  });

  it('that were lost make the handler stop and its late success count for nothing', async () => {
    const play = createPlay();
    await using own = await openStore();
    await using fixture = await openEngine({ types: { task: play.run }, spy: spyOn(own.store, { isShared: true }) });
    const id = await fixture.submit('task', { retry: RETRY_ONCE });
    const first = await play.next();
    const reason = aborted(first.attempt);
    // As another process would see it: the lease is over and the job is taken away.
    fixture.spy.breakDown('extend');
    await fixture.advance(fixture.engine.limits.leaseMs);
    await fixture.advance(fixture.engine.limits.leaseMs);
    await fixture.until(id, ({ state }) => state === 'waiting');
    fixture.spy.repair();
    await fixture.advance(5_000);
    const second = await play.next();
    assert.equal(await reason, 'lost');
    first.end(json('late'));
    second.end(json('right'));
    await fixture.until(id, ({ state }) => isFinal(state));
    const found = await fixture.engine.readResult(TENANT, id);
    assert.equal(found.kind === 'found' && found.snapshot.resultText, '"right"');
    assert.equal(fixture.events.filter(({ kind }) => kind === 'attemptLost').length, 1);
  });
});

describe('an outcome while the store is away', () => {
  it('is stored once the store is back', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    const run = await play.next();
    fixture.spy.breakDown();
    run.end(json(1));
    for (let round = 0; round < 10; round += 1) await fixture.advance(1_000);
    fixture.spy.repair();
    await fixture.advance(5_000);
    assert.equal((await fixture.until(id, ({ state }) => isFinal(state))).state, 'succeeded');
  });

  it('is stored once when the answer to it was lost', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    const run = await play.next();
    fixture.spy.loseAnswer('apply');
    run.end(json(1));
    await fixture.spy.idle();
    await fixture.advance(1_000);
    const job = await fixture.job(id);
    assert.equal(job.state, 'succeeded');
    assert.equal(job.revision, 3);
    assert.equal(fixture.events.filter(({ kind }) => kind === 'attemptLost').length, 0);
  });

  it('is dropped when the store has been away for ten leases', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    await fixture.submit('task');
    const run = await play.next();
    fixture.spy.breakDown();
    run.end(DONE);
    await fixture.advance(325_000);
    assert.equal(fixture.engine.stats().attempts, 1);
    await fixture.advance(10_000);
    assert.equal(fixture.events.filter(({ kind }) => kind === 'outcomeDropped').length, 1);
    assert.equal(fixture.engine.stats().attempts, 0);
  });
});

it('engine.wait answers a submit-run-wait round with the result', async () => {
  await using fixture = await openEngine({ types: { task: async () => json({ ok: true }) } });
  const id = await fixture.submit('task');
  const request = { tenant: TENANT, ids: [id], for: 'all', timeoutMs: 1_000, signal: NEVER } as const;
  const { isSatisfied, lookups } = await fixture.engine.wait({ ...request, until: { kind: 'done' } });
  assert.equal(isSatisfied, true);
  assert.equal(lookups[0]?.kind === 'found' && lookups[0].snapshot.resultText, '{"ok":true}');
});
