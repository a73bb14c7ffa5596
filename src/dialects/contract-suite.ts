/**
 * The contract of a dialect, as tests: what every vendor's face of the engine must do, whatever its words are.
 *
 * A dialect's own test file calls `testDialect` with an adapter that says how this vendor puts a request, and adds what is
 * the vendor's alone. Everything runs on a real engine, SQLite and a real socket; time stands still unless a test turns the clock.
 */
import { describe } from 'node:test';
import type { Dialect } from '../http/dialect.ts';
import type { DialectAdapter } from './contract-suite/adapter.ts';
import { testErrors } from './contract-suite/errors.ts';
import { testFuzz } from './contract-suite/fuzz.ts';
import { testGolden } from './contract-suite/golden-replay.ts';
import { testHolds } from './contract-suite/holds.ts';
import { testLifecycle } from './contract-suite/lifecycle.ts';
import { testLimits } from './contract-suite/limits.ts';
import { testManifest } from './contract-suite/manifest.ts';
import { testPolls } from './contract-suite/polls.ts';
import { testReadings } from './contract-suite/readings.ts';
import { testTogether } from './contract-suite/together.ts';

export {
  type DialectAdapter,
  type JobIds,
  jsonOf,
  memberOf,
  TEST_TYPE,
  type WireAnswer,
  type WireRequest,
} from './contract-suite/adapter.ts';
export { complaintAboutJson } from './contract-suite/complaints.ts';
export { type Caller, openRig, type Rig } from './contract-suite/rig.ts';
export { createWorker, stageJob, type Worker } from './contract-suite/stage.ts';
export { suiteJobIds } from './contract-suite/suite-secret.ts';

const GROUPS: readonly (readonly [string, (dialect: Dialect, adapter: DialectAdapter<unknown>) => void])[] = [
  ['manifest', testManifest],
  ['lifecycle', testLifecycle],
  ['errors', testErrors],
  ['limits', testLimits],
  ['holds', testHolds],
  ['polls', testPolls],
  ['readings', testReadings],
  ['jobs together', testTogether],
  ['golden exchanges', testGolden],
  ['random requests', testFuzz],
];

/** Declares the suite for one dialect, or the groups of it that are named; call it at the top level of a test file. */
export function testDialect<Options>(
  dialect: Dialect<Options>,
  adapter: DialectAdapter<Options>,
  groups: readonly string[] = GROUPS.map(([name]) => name),
): void {
  describe(`${dialect.title} keeps the contract of a dialect`, () => {
    for (const [name, test] of GROUPS.filter(([name]) => groups.includes(name)))
      describe(name, () => test(dialect as Dialect, adapter as DialectAdapter<unknown>));
  });
}
