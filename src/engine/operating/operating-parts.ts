/** The parts that serve operators: pauses of types, figures by the minute, and who works. */
import type { EngineBase } from '../engine-base.ts';
import type { Loop } from '../loop.ts';
import { createMinuteStats, type MinuteStats } from './minute-stats.ts';
import { createPauses, type Pauses, type PausesOptions } from './pauses.ts';
import { createPresence, type Presence, type PresenceOptions } from './presence.ts';

export interface OperatingParts {
  readonly pauses: Pauses;
  readonly minuteStats: MinuteStats;
  readonly presence: Presence;
  readonly operatingLoops: readonly Loop[];
}

export function createOperatingParts(options: EngineBase & PausesOptions & PresenceOptions): OperatingParts {
  const pauses = createPauses(options);
  const minuteStats = createMinuteStats(options);
  const presence = createPresence(options);
  return { pauses, minuteStats, presence, operatingLoops: [pauses, minuteStats, presence] };
}
