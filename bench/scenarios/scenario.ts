/** What a scenario is given, and what it gives back. */
import type { Row } from '../report/result.ts';
import type { Sizes } from '../run/options.ts';
import type { Services } from '../run/services.ts';
import type { SideFacts } from '../sides/catalog.ts';

export interface Bench {
  readonly sizes: Sizes;
  /** Those that can play on this machine. */
  readonly sides: readonly SideFacts[];
  readonly services: Services;
  readonly isSqliteOnly: boolean;
  /** By `performance.now()`: no round but the first begins later. */
  readonly untilMs: number;
  /** Progress, for whoever looks on. */
  note(text: string): void;
}

export type RunScenario = (bench: Bench) => Promise<readonly Row[]>;
