import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aborted, createPlay, DONE, openEngine } from '../../../test/engine/engine-fixture.ts';
import { isFinal } from '../../core/state.ts';

const RETRY_ONCE = { attempts: 2, backoffMs: 1_000, factor: 2, maxMs: 60_000 };

describe('an attempt that takes too long', () => {
  it('is not begun where the deadline of the job has passed before its turn came', async () => {
    const late: string[] = [];
    const run = async ({ job }: { readonly job: { readonly id: string } }) => {
      late.push(job.id);
      return DONE;
    };
    // Before the sweeper finds it: the claim comes first.
    const limits = { sweepIntervalMs: 60_000 };
    await using fixture = await openEngine({ types: { late: run }, limits });
    const id = await fixture.submit('late', { delayMs: 5_000, deadlineMs: 5_000 });
    await fixture.advance(5_000);
    const job = await fixture.until(id, ({ state }) => isFinal(state));
    assert.equal(job.state, 'expired');
    assert.equal(job.error?.code, 'DEADLINE_PASSED');
    assert.deepEqual(late, []);
  });

  it('is told to stop at its timeout, and expires as the last one', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task', { timeoutMs: 2_000, retry: { attempts: 1 } });
    const run = await play.next();
    await fixture.advance(1_999);
    assert.equal(run.attempt.signal.aborted, false);
    const reason = aborted(run.attempt);
    await fixture.advance(1);
    assert.equal(await reason, 'timeout');
    run.end({ kind: 'aborted' });
    const job = await fixture.until(id, ({ state }) => isFinal(state));
    assert.equal(job.state, 'expired');
    assert.equal(job.error?.code, 'ATTEMPT_TIMED_OUT');
  });

  it('is told so at its own time, whatever the times of others and in whatever order they came', async () => {
    const play = createPlay();
    await using fixture = await openEngine({
      types: { task: { slots: 4, handler: { kind: 'function', run: play.run } } },
    });
    const begun = [];
    for (const timeoutMs of [5_000, 2_000, 3_000, 4_000]) {
      await fixture.submit('task', { timeoutMs, retry: { attempts: 1 } });
      begun.push(await play.next());
    }
    begun[1]?.end(DONE);
    const firedAt: number[] = [];
    const startedAt = fixture.clock.now();
    for (const { attempt } of begun)
      attempt.signal.addEventListener('abort', () => firedAt.push(fixture.clock.now() - startedAt));
    await fixture.advance(10_000);
    assert.deepEqual(firedAt, [3_000, 4_000, 5_000]);
  });

  it('finds its signal fired when it asks for it only then', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    await fixture.submit('task', { timeoutMs: 2_000, retry: { attempts: 1 } });
    const run = await play.next();
    await fixture.advance(2_000);
    assert.equal(run.attempt.signal.aborted, true);
    assert.equal(run.attempt.signal.reason, 'timeout');
    run.end({ kind: 'aborted' });
  });

  it('is tried again after a timeout while attempts are left, whatever the handler brings late', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task', { timeoutMs: 2_000, retry: RETRY_ONCE });
    const run = await play.next();
    await fixture.advance(2_000);
    run.end(DONE);
    const job = await fixture.until(id, ({ state }) => state !== 'running');
    assert.equal(job.state, 'waiting');
    assert.equal(job.error?.code, 'ATTEMPT_TIMED_OUT');
  });

  it('goes on without a handler that ignores the signal, and frees its slot', async () => {
    const play = createPlay();
    await using fixture = await openEngine({
      types: { task: { slots: 1, handler: { kind: 'function', run: play.run } } },
    });
    const id = await fixture.submit('task', { timeoutMs: 2_000, retry: { attempts: 1 } });
    await play.next();
    const other = await fixture.submit('task');
    await fixture.advance(2_000);
    await fixture.advance(fixture.engine.limits.cancelGraceMs);
    assert.equal((await fixture.until(id, ({ state }) => isFinal(state))).state, 'expired');
    (await play.next()).end(DONE);
    assert.equal((await fixture.until(other, ({ state }) => isFinal(state))).state, 'succeeded');
    assert.equal(fixture.events.filter(({ kind }) => kind === 'attemptAbandoned').length, 1);
  });

  it('ends at the deadline of the whole job, without another try', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task', { deadlineMs: 5_000, timeoutMs: 60_000, retry: { attempts: 5 } });
    const run = await play.next();
    const reason = aborted(run.attempt);
    await fixture.advance(5_000);
    assert.equal(await reason, 'timeout');
    run.end({ kind: 'aborted' });
    const job = await fixture.until(id, ({ state }) => isFinal(state));
    assert.equal(job.state, 'expired');
    assert.equal(job.error?.code, 'DEADLINE_PASSED');
  });
});
