/** What the parts of an engine share: each is made with all of it and names what it uses. */
import type { Limits } from '../core/limits.ts';
import type { Store } from '../store/contract.ts';
import type { JobType } from './api.ts';
import type { Changes } from './changes.ts';
import type { Clock } from './clock.ts';
import type { Snapshots } from './reading/snapshots.ts';
import type { Telemetry } from './telemetry.ts';

export interface EngineBase {
  readonly store: Store;
  readonly types: ReadonlyMap<string, JobType>;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: () => number;
  readonly telemetry: Telemetry;
  readonly changes: Changes;
  readonly snapshots: Snapshots;
}
