/**
 * Random requests: whatever comes, the answer is the vendor's, soon, and never an error of the server.
 *
 * A failure prints the seed and the smallest request. fast-check is loaded when the test runs: whoever imports the published suite
 * without it still gets all other tests.
 */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { Dialect } from '../../http/dialect.ts';
import type { DialectAdapter, WireRequest } from './adapter.ts';
import { type Caller, openRig, type Rig } from './rig.ts';

/** 501: not served, as the manifest says. 504: this rig ends every wait at once, so a call that waits for its own job is always too late. */
const SAID_ON_PURPOSE = new Set([501, 504]);

/** About 2 s; FUZZ_RUNS in the environment raises it. */
const RUNS_DEFAULT = 300;

export function testFuzz<O>(dialect: Dialect<O>, adapter: DialectAdapter<O>): void {
  let rig: Rig;
  before(async () => {
    rig = await openRig(dialect, adapter, { isPatient: false });
  });
  after(() => rig.close());

  it('random requests get an answer of the vendor’s shape, and never a 5xx', async () => {
    const { default: fc } = await import('fast-check');
    const { callers, requests } = await import('./fuzz-requests.ts');
    const check = async (request: WireRequest, as: Caller) => {
      const answer = await rig.send(request, as);
      const said = `${request.method} ${request.path}: ${answer.status} ${answer.text.slice(0, 300)}`;
      assert.ok(answer.status < 500 || SAID_ON_PURPOSE.has(answer.status), said);
      if (request.method === 'HEAD' || answer.status === 204) return;
      assert.equal(adapter.complaint(answer, request), null, said);
    };
    const property = fc.asyncProperty(requests(dialect, adapter), callers, check);
    const numRuns = Number(process.env.FUZZ_RUNS ?? RUNS_DEFAULT);
    await fc.assert(property, { numRuns, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true });
  });
}
