/** The parts that serve operators: pauses of types, and figures by the minute. */
import type { EngineBase } from '../engine-base.ts';
import type { Loop } from '../loop.ts';
import { createMinuteStats, type MinuteStats } from './minute-stats.ts';
import { createPauses, type Pauses, type PausesOptions } from './pauses.ts';

export interface OperatingParts {
  readonly pauses: Pauses;
  readonly minuteStats: MinuteStats;
  readonly operatingLoops: readonly Loop[];
}

export function createOperatingParts(options: EngineBase & PausesOptions): OperatingParts {
  const pauses = createPauses(options);
  const minuteStats = createMinuteStats(options);
  return { pauses, minuteStats, operatingLoops: [pauses, minuteStats] };
}
