/** One job, told in the vendor's words from its start to its end, and to nobody but its tenant. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { SHOWN_STATES, type ShownState } from '../../core/state.ts';
import type { Dialect } from '../../http/dialect.ts';
import { type DialectAdapter, TEST_TYPE } from './adapter.ts';
import { openRig, type Rig } from './rig.ts';
import { createWorker, stageJob } from './stage.ts';

const RESULT = [{ name: 'first' }, { name: 'second' }];

export function testLifecycle<O>(dialect: Dialect<O>, adapter: DialectAdapter<O>): void {
  let rig: Rig;
  before(async () => {
    rig = await openRig(dialect, adapter);
  });
  after(() => rig.close());

  const read = (job: { readonly id: string; readonly number: number }) => rig.send(adapter.read(job));
  const expectWord = async (job: { readonly id: string; readonly number: number }, shown: ShownState) => {
    const answer = await read(job);
    const word = dialect.vocabulary.states[shown];
    assert.equal(adapter.word(answer, job), word, `${answer.status} ${answer.text}`);
    assert.equal(adapter.complaint(answer, adapter.read(job)), null);
    return answer;
  };

  for (const shown of SHOWN_STATES) {
    it(`read says the vendor's word when a job that came natively is ${shown}`, async () => {
      const { job } = await stageJob(rig, shown, { result: RESULT });
      const answer = await expectWord(job, shown);
      if (shown === 'succeeded') adapter.succeeded?.(answer, job, RESULT);
    });
  }

  it('read says the word for a job that runs while it is parked for a signal, or the vendor’s own for that', async () => {
    const { job } = await stageJob(rig, 'running');
    const { engine, tenant } = rig;
    const { id, fence } = job;
    assert.equal((await engine.workPark({ tenant, id, fence, signal: 'approval', timeoutMs: 60_000 })).kind, 'done');
    const { states, parked } = dialect.vocabulary;
    const answer = await read(job);
    assert.equal(adapter.word(answer, job), parked ?? states[dialect.name === 'native' ? 'scheduled' : 'running']);
    assert.equal(adapter.complaint(answer, adapter.read(job)), null);
  });

  it('read says there is no such job when nobody has this id', async () => {
    const job = { id: '00000000-0000-4000-8000-000000000000', number: 4_503_599_627_370_495 };
    adapter.unknown(await read(job), job);
  });

  it('read says there is no such job when it is another tenant’s', async () => {
    const { job } = await stageJob(rig, 'queued');
    const answer = await rig.send(adapter.read(job), 'other');
    adapter.unknown(answer, job);
    assert.ok(!answer.text.includes(TEST_TYPE), answer.text);
  });

  it('read says there is no such job, or that it is gone, when it was removed', async () => {
    const { job } = await stageJob(rig, 'succeeded');
    assert.equal((await rig.engine.remove(rig.tenant, job.id)).kind, 'done');
    adapter.unknown(await read(job), job);
  });

  testStart(dialect, adapter, () => rig, expectWord);

  const { cancel } = adapter;
  if (cancel === null) return;
  it('cancel ends a waiting job, and says so in the vendor’s shape', async () => {
    const { job } = await stageJob(rig, 'queued');
    const answer = await rig.send(cancel(job));
    assert.equal(adapter.complaint(answer, cancel(job)), null);
    await expectWord(job, 'cancelled');
  });

  it('a cancel shows what came of a job to nobody who may not read', async () => {
    for (const shown of ['succeeded', 'failed'] as const) {
      const { job } = await stageJob(rig, shown, { result: 'between us' });
      const answer = await rig.send(cancel(job), 'submitter');
      assert.equal(adapter.complaint(answer, cancel(job)), null);
      assert.doesNotMatch(answer.text, /between us|it broke/);
    }
  });

  it('cancel reaches no job of another tenant', async () => {
    const { job } = await stageJob(rig, 'queued');
    const answer = await rig.send(cancel(job), 'other');
    assert.equal(adapter.complaint(answer, cancel(job)), null);
    await expectWord(job, 'queued');
  });
}

type ExpectWord = (job: { readonly id: string; readonly number: number }, shown: ShownState) => Promise<unknown>;

function testStart<O>(dialect: Dialect<O>, adapter: DialectAdapter<O>, rig: () => Rig, expectWord: ExpectWord): void {
  const { start } = adapter;
  if (start === null) return;
  it('start gives a job that is read from queued over running to its end', async () => {
    const { engine, tenant, send } = rig();
    // Whichever dialect it is that starts it, the job belongs to the trace of its request.
    const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const headers = { ...start.headers, traceparent: parent, tracestate: 'vendor=1' };
    const answer = await send({ ...start, headers });
    assert.equal(adapter.complaint(answer, start), null);
    const told = adapter.started(answer);
    const job = (await engine.list({ tenant, types: [TEST_TYPE], limit: 1 })).snapshots[0]?.job;
    assert.ok(job !== undefined, `${dialect.title} submitted no job: ${answer.status} ${answer.text}`);
    assert.ok(told === job.id || told === String(job.number), `the answer names job ${told}, not ${job.id}`);
    assert.deepEqual(job.terms?.trace, { parent, state: 'vendor=1' });
    await expectWord(job, 'queued');
    const worker = createWorker(engine, tenant);
    const held = await worker.claim(TEST_TYPE);
    await expectWord(job, 'running');
    await worker.succeed(held, RESULT);
    await expectWord(job, 'succeeded');
  });

  it('start stores nothing when the caller has no key', async () => {
    const { engine, tenant, send } = rig();
    const before = await engine.count({ tenant: null });
    const answer = await send(start, 'nobody');
    assert.ok(answer.status >= 400, `${answer.status} ${answer.text}`);
    assert.deepEqual(await engine.count({ tenant: null }), before, tenant);
  });
}
