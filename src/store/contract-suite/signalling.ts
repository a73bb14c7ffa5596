/** Signals: parked jobs wait as any other, and what they are told is there for the whole life of the job. */
import assert from 'node:assert/strict';
import type { Job } from '../../core/job.ts';
import { claimOne, claimSome, first, insertJob, NOW, readJob, succeed, take } from './fixtures.ts';
import { type Context, type Topic, test } from './suite.ts';

const WAIT_MS = 1_000;

const signal = ({ store }: Pick<Context, 'store'>, id: string, name = 'a', now = NOW) =>
  take(store, id, { kind: 'signal', name, value: { say: 'ü\0"', n: [1] }, max: 9 }, now);

async function park(context: Context, job: Job, now = NOW): Promise<Job> {
  return take(context.store, job.id, { kind: 'park', fence: job.fence, signal: 'a', timeoutMs: WAIT_MS }, now);
}

export const signalling: Topic = [
  test('a parked job is not claimed before its time is over, and has its attempt back', async (context) => {
    await insertJob(context);
    const parked = await park(context, await claimOne(context));
    assert.deepEqual([parked.state, parked.attempt, parked.runAt], ['waiting', 0, NOW + WAIT_MS]);
    assert.deepEqual(parked.marks?.signal, { name: 'a', until: NOW + WAIT_MS });
    assert.deepEqual(await claimSome(context, 1, { now: NOW + WAIT_MS - 1 }), []);
    const again = await claimOne(context, NOW + WAIT_MS);
    assert.deepEqual([again.attempt, again.fence, again.marks], [1, 2, parked.marks]);
  }),

  test('a signal makes the job that is parked for it due at once, and stays with it to its end', async (context) => {
    const { store } = context;
    const { id } = await insertJob(context);
    await signal(context, id, 'early');
    await park(context, await claimOne(context));
    const told = await signal(context, id, 'a', NOW + 1);
    assert.deepEqual(
      [told.runAt, told.marks?.signal, Object.keys(told.marks?.signals ?? {})],
      [NOW + 1, undefined, ['early', 'a']],
    );
    const running = await claimOne(context, NOW + 1);
    assert.deepEqual(running.marks, told.marks);
    await signal(context, id, 'late', NOW + 2);
    const done = await succeed(store, await readJob(store, id));
    assert.deepEqual(Object.keys(done.marks?.signals ?? {}), ['early', 'a', 'late']);
    assert.deepEqual(await readJob(store, id), done);
  }),

  test('a park never misses a signal when both come at once', async (context) => {
    const other = { ...context, store: (await context.opened.another?.()) ?? context.store };
    for (let round = 0; round < 25; round += 1) {
      const { id } = await insertJob(context);
      const running = await claimOne(context);
      await Promise.all([retried(() => park(context, running)), retried(() => signal(other, id))]);
      const now = await readJob(context.store, id);
      assert.deepEqual([now.state, now.runAt, now.marks?.signal], ['waiting', NOW, undefined]);
      await succeed(context.store, first(await claimSome(context, 1)).job);
    }
  }),
];

/** As the engine does on `stale`: reads and decides again. */
async function retried(work: () => Promise<Job>): Promise<Job> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries === 5 || !(error instanceof assert.AssertionError)) throw error;
    }
  }
}
