/** Streams of a task's updates: what they tell, when they end, and that nothing is missed between two of them. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createWorker, type DialectAdapter, openRig, type Rig, TEST_TYPE } from '../contract-suite.ts';
import { a2a } from './index.ts';
import { type A2aOptions, DEFAULT_OPTIONS } from './options.ts';

const adapter = {
  options: DEFAULT_OPTIONS,
  credentials: (key: string) => ({ authorization: `Bearer ${key}`, 'a2a-version': '1.0' }),
} as unknown as DialectAdapter<A2aOptions>;

const never = new AbortController().signal;

interface Event {
  readonly task?: { readonly status: { readonly state: string }; readonly artifacts?: readonly Artifact[] };
  readonly statusUpdate?: { readonly status: { readonly state: string } };
  readonly artifactUpdate?: { readonly artifact: Artifact; readonly append: boolean; readonly lastChunk: boolean };
}
interface Artifact {
  readonly artifactId: string;
  readonly parts: readonly { readonly text?: string; readonly data?: unknown }[];
}

const inShort = ({ artifactId, parts }: Artifact) => [artifactId, ...parts.map(({ text, data }) => text ?? data)];

/** What is told, in short. */
function told(text: string): readonly unknown[] {
  const bodies = [...text.matchAll(/^data: (.*)$/gm)].map(([, body = '']) => JSON.parse(body) as Event);
  return bodies.map(({ task, statusUpdate, artifactUpdate }) => {
    if (task !== undefined) return ['task', task.status.state.slice(11), ...(task.artifacts ?? []).map(inShort)];
    if (statusUpdate !== undefined) return statusUpdate.status.state.slice(11);
    assert.ok(artifactUpdate !== undefined, text);
    const { artifact, append, lastChunk } = artifactUpdate;
    return [...inShort(artifact), ...(append ? ['+'] : []), ...(lastChunk ? ['.'] : [])];
  });
}

describe('the stream of a task', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await openRig(a2a, adapter, { limits: { eventsMsMax: 60_000, holdsPerTenantMax: 3 } });
  });
  afterEach(() => rig.close());

  const worker = () => createWorker(rig.engine, rig.tenant);
  async function submit(): Promise<string> {
    const [outcome] = await rig.engine.submit([{ tenant: rig.tenant, type: TEST_TYPE }]);
    assert.ok(outcome?.kind === 'created');
    return outcome.snapshot.job.id;
  }
  async function emit(held: { readonly id: string; readonly fence: number }, ...chunks: readonly unknown[]) {
    const output = chunks.map((one) => JSON.stringify(one));
    const beat = { tenant: rig.tenant, ...held, output, timeoutMs: 0, signal: never };
    assert.equal((await rig.engine.workHeartbeat(beat)).kind, 'held');
  }
  /** As it comes. */
  async function follow(id: string) {
    const headers = { authorization: `Bearer ${rig.keys.owner}`, 'a2a-version': '1.0' };
    const { body } = await fetch(`${rig.url}/tasks/${id}:subscribe`, { method: 'POST', headers });
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    /** Reads until this has come, or the end. */
    const until = async (pattern: RegExp): Promise<string> => {
      while (!pattern.test(text)) {
        const { done, value } = (await reader?.read()) ?? { done: true };
        if (done) break;
        text += value;
      }
      return text;
    };
    return { until, end: () => until(/^nothing has this line$/m), cancel: () => reader?.cancel() };
  }

  it('tells its output as it comes, its result, and how it ended', async () => {
    const id = await submit();
    const held = await worker().claim(TEST_TYPE);
    await emit(held, 'a', { b: 1 });
    const stream = await follow(id);
    await stream.until(/task/);
    await emit(held, 'c');
    await stream.until(/"c"/);
    await worker().succeed(held, { rows: 3 });
    assert.deepEqual(told(await stream.end()), [
      ['task', 'WORKING', ['output', 'a', { b: 1 }]],
      ['output', 'c', '+'],
      ['result', { rows: 3 }, '.'],
      'COMPLETED',
    ]);
    assert.equal(rig.holds.count, 0);
  });

  it('puts the output of a new run in the place of what an earlier one emitted', async () => {
    const id = await submit();
    const first = await worker().claim(TEST_TYPE);
    await emit(first, 'old');
    const stream = await follow(id);
    await stream.until(/old/);
    const failure = { code: 'HANDLER_FAILED', message: 'lost', details: null };
    await rig.engine.workFail({ tenant: rig.tenant, ...first, failure, isRetryable: false });
    assert.deepEqual(told(await stream.end()), [['task', 'WORKING', ['output', 'old']], 'FAILED']);
    await rig.engine.retry(rig.tenant, id);
    const again = await follow(id);
    await again.until(/task/);
    const second = await worker().claim(TEST_TYPE);
    await emit(second, 'new');
    await again.until(/"new"/);
    await worker().succeed(second, null);
    const said = told(await again.end()).filter((one) => one !== 'WORKING');
    assert.deepEqual(said.slice(-2), [['output', 'new'], 'COMPLETED']);
  });

  it('tells progress once, and ends where the task comes to wait for input; one that begins there goes on', async () => {
    const id = await submit();
    const held = await worker().claim(TEST_TYPE);
    const stream = await follow(id);
    await stream.until(/task/);
    await worker().report(held, 40);
    await stream.until(/"progressPercent":40/);
    const { tenant, engine } = rig;
    await engine.workPark({ tenant, ...held, signal: 'approval', timeoutMs: 3_600_000 });
    assert.deepEqual(told(await stream.end()), [['task', 'WORKING'], 'WORKING', 'INPUT_REQUIRED']);
    const waiting = await follow(id);
    await waiting.until(/INPUT_REQUIRED/);
    await engine.signal({ tenant, id, name: 'approval', value: true });
    await waiting.until(/WORKING/);
    await worker().succeed(await worker().claim(TEST_TYPE), 'yes');
    const said = told(await waiting.end());
    assert.deepEqual([said[0], ...said.slice(-2)], [['task', 'INPUT_REQUIRED'], ['result', 'yes', '.'], 'COMPLETED']);
  });

  it('ends with a comment when its time is over, and the next one begins with all that there is', async () => {
    const id = await submit();
    const held = await worker().claim(TEST_TYPE);
    const stream = await follow(id);
    await stream.until(/task/);
    await rig.held(1);
    rig.clock.advance(60_000);
    assert.match(await stream.end(), /: over for now/);
    await emit(held, 'meanwhile');
    const next = await follow(id);
    assert.deepEqual(told(await next.until(/task/)), [['task', 'WORKING', ['output', 'meanwhile']]]);
    await next.cancel();
    await worker().succeed(held, null);
  });

  it('is one of as many as a tenant may hold open', async () => {
    const id = await submit();
    const open = await Promise.all([follow(id), follow(id), follow(id)]);
    await Promise.all(open.map((stream) => stream.until(/task/)));
    assert.equal(rig.holds.count, 3);
    const refused = await rig.send({ method: 'POST', path: `/tasks/${id}:subscribe` });
    assert.equal(refused.status, 503, refused.text);
    assert.match(refused.text, /holdsPerTenantMax/);
    await rig.engine.cancel(rig.tenant, id);
    for (const stream of open) assert.deepEqual(told(await stream.end()), [['task', 'SUBMITTED'], 'CANCELED']);
  });
});
