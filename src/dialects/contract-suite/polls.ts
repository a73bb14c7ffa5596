/** Who looks at an unfinished job again and again is told to come back later, in the vendor's own shape; whoever waits, and looks at what has ended, is not. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';
import type { Dialect } from '../../http/dialect.ts';
import type { DialectAdapter } from './adapter.ts';
import { openRig, type Rig } from './rig.ts';
import { stageJob } from './stage.ts';

/** Ten times the rate. */
const LOOKS = 10;

export function testPolls<O>(dialect: Dialect<O>, adapter: DialectAdapter<O>): void {
  let rig: Rig;
  beforeEach(async () => {
    rig = await openRig(dialect, adapter, { limits: { pollsPerSecondMax: 1 } });
  });
  afterEach(() => rig.close());

  it('an unfinished job that is looked at too often is refused as a quota is, until there is room again', async () => {
    const { job } = await stageJob(rig, 'queued');
    const { job: ended } = await stageJob(rig, 'succeeded', { result: [] });
    const request = adapter.read(job);
    for (let look = 1; look <= LOOKS; look += 1)
      assert.equal(adapter.word(await rig.send(request), job) !== undefined, true);
    const refused = await rig.send(request);
    assert.equal(refused.status, dialect.errorBody('quota', 'x').status, refused.text);
    assert.equal(adapter.complaint(refused, request), null);
    assert.ok(Number(refused.headers['retry-after']) >= 1);
    assert.notEqual(adapter.word(await rig.send(adapter.read(ended)), ended), undefined);
    if (adapter.hold !== null) {
      const answering = rig.send(adapter.hold(job, 5));
      await rig.held(1);
      rig.clock.advance(5_000);
      assert.equal(adapter.word(await answering, job), dialect.vocabulary.states.queued);
    }
    rig.clock.advance(1_000);
    assert.equal(adapter.word(await rig.send(request), job), dialect.vocabulary.states.queued);
  });
}
