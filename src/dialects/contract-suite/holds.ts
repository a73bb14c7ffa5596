/** Held requests: answered when the job ends, when the time is over, at shutdown; and forgotten when the client goes away. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Dialect } from '../../http/dialect.ts';
import type { DialectAdapter, JobIds, WireAnswer } from './adapter.ts';
import { openRig, type Rig } from './rig.ts';
import { createWorker, STAGED_TYPE, stageJob } from './stage.ts';

const SECONDS = 7;
/** The backoff of staged jobs ends with it, so that they may be claimed again. */
const HOUR_MS = 3_600_000;

export function testHolds<O>(dialect: Dialect<O>, adapter: DialectAdapter<O>): void {
  const { hold } = adapter;
  if (hold === null) return;
  let rig: Rig;
  beforeEach(async () => {
    rig = await openRig(dialect, adapter);
  });
  afterEach(() => rig.close());

  const says = (answer: WireAnswer, job: JobIds, shown: 'queued' | 'running' | 'succeeded') => {
    assert.equal(adapter.word(answer, job), dialect.vocabulary.states[shown], `${answer.status} ${answer.text}`);
    assert.equal(adapter.complaint(answer, hold(job, SECONDS)), null);
  };

  /** A dialect that answers at once must fail here, not hang the test. */
  const held = (count: number, answering: Promise<WireAnswer>) =>
    Promise.race([
      rig.held(count),
      answering.then(({ status, text }) => assert.fail(`It is not held: ${status} ${text}`)),
    ]);

  it('hold answers with the current state when its time is over, and not before', async () => {
    const { job } = await stageJob(rig, 'queued');
    const answering = rig.send(hold(job, SECONDS));
    await held(1, answering);
    rig.clock.advance(SECONDS * 1_000 - 1);
    assert.equal(rig.holds.count, 1);
    rig.clock.advance(1);
    says(await answering, job, 'queued');
    assert.equal(rig.holds.count, 0);
  });

  it('hold answers at once when the job ends, without a turn of the clock', async () => {
    const { job } = await stageJob(rig, 'retrying');
    rig.clock.advance(HOUR_MS);
    const answering = rig.send(hold(job, SECONDS));
    await held(1, answering);
    const worker = createWorker(rig.engine, rig.tenant);
    await worker.succeed(await worker.claim(STAGED_TYPE), []);
    says(await answering, job, 'succeeded');
  });

  it('hold answers at once when the job has ended before', async () => {
    const { job } = await stageJob(rig, 'succeeded', { result: [] });
    says(await rig.send(hold(job, SECONDS)), job, 'succeeded');
  });

  it('hold frees its waiter when the client goes away', async () => {
    const { job } = await stageJob(rig, 'queued');
    const leaving = new AbortController();
    const answering = rig.send(hold(job, SECONDS), 'owner', leaving.signal);
    await held(1, answering);
    leaving.abort();
    await assert.rejects(answering);
    await rig.released();
    // The wait has ended; the hold around it ends in the same turn.
    await setImmediate();
    assert.equal(rig.holds.count, 0);
  });

  it('hold answers with the current state when the server shuts down', async () => {
    const { job } = await stageJob(rig, 'running');
    const answering = rig.send(hold(job, SECONDS));
    await held(1, answering);
    const shutdown = rig.shutDown();
    says(await answering, job, 'running');
    await shutdown;
  });

  it('hold waits for no job that nobody has', async () => {
    const job = { id: '00000000-0000-4000-8000-000000000000', number: 4_503_599_627_370_495 };
    adapter.unknown(await rig.send(hold(job, SECONDS)), job);
  });

  it('many holds on one job are one registration each and no read of the store', async () => {
    const { job } = await stageJob(rig, 'running');
    const answering = Array.from({ length: 20 }, () => rig.send(hold(job, SECONDS)));
    await held(20, Promise.race(answering));
    assert.equal(rig.holds.count, 20);
    const reads = rig.reads();
    rig.clock.advance(SECONDS * 1_000);
    for (const answer of await Promise.all(answering)) says(answer, job, 'running');
    assert.equal(rig.reads(), reads);
  });
}
