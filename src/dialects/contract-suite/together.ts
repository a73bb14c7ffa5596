/**
 * One job spoils only itself: beside a job that holds anything, answers about several say of a good one what they said of it alone.
 */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { Dialect } from '../../http/dialect.ts';
import type { DialectAdapter, JobIds } from './adapter.ts';
import { type Held, openScene, type Scene, stageHeld } from './held.ts';
import { OWNER_TENANT } from './rig.ts';

const RUNS = 60;
/** Good for every face: words that were said, with their times. */
const GOOD = { messages: [{ text: 'Good words.', speaker: 'Ana', start: 1, end: 3 }], topics: [{ text: 'good' }] };
/** Seen before: what no client reads, what names methods of its own, what is no table though it looks like one. */
const ODD: readonly Held['end'][] = [
  { kind: 'bytes', contentType: 'application/octet-stream', bytes: Buffer.from([0xff, 0x00]) },
  {
    kind: 'bytes',
    contentType: 'application/json',
    bytes: Buffer.from('{"messages":[1e400,{"text":9007199254740993}]}'),
  },
  { kind: 'json', result: { columns: [{ toString: 1 }], rows: [], messages: [{ text: { toString: 1 }, start: 'x' }] } },
];

export function testTogether<O>(dialect: Dialect<O>, adapter: DialectAdapter<O>): void {
  if (adapter.together === undefined) return;
  const requestsAbout = adapter.together;
  let scene: Scene;
  let good: JobIds;
  before(async () => {
    scene = await openScene(dialect, adapter);
    good = await stageHeld(scene, { origin: scene.remembered, end: { kind: 'json', result: GOOD } });
  });
  after(() => scene.rig.close());

  /** What each answer says of the good job. */
  const saidOfGood = async (jobs: readonly JobIds[]): Promise<readonly unknown[]> => {
    const said: unknown[] = [];
    for (const { request, of } of requestsAbout(jobs, scene.readings)) {
      const answer = await scene.rig.send(request);
      const where = `${request.method} ${request.path}: ${answer.status} ${answer.text.slice(0, 500)}`;
      assert.equal(answer.status, 200, where);
      assert.notEqual(of(answer, good), undefined, where);
      said.push(of(answer, good));
    }
    return said;
  };

  async function requireUnspoilt(held: Held): Promise<void> {
    const alone = await saidOfGood([good]);
    const odd = await stageHeld(scene, held);
    try {
      assert.deepEqual(await saidOfGood([odd, good]), alone);
    } finally {
      await scene.rig.engine.remove(OWNER_TENANT, odd.id);
    }
  }

  it('a good job is read beside one that holds anything', async () => {
    const { default: fc } = await import('fast-check');
    const { endOf, nearJson } = await import('./any-json.ts');
    for (const end of ODD) await requireUnspoilt({ origin: scene.remembered, end });
    const held = fc.record({ origin: nearJson(scene.remembered), end: endOf() });
    await fc.assert(fc.asyncProperty(held, requireUnspoilt), { numRuns: RUNS });
  });
}
