/**
 * What one run of the benchmark found, as it is kept in `bench/results.json`: samples as they were measured, one per round. Medians,
 * ratios and tables are made from them later, so that a change of the report needs no new run.
 */

/** By name: `rate` in jobs or requests a second, times in ms, CPU in µs per job, sizes in bytes. */
export type Metrics = Readonly<Record<string, number>>;

export interface Row {
  readonly side: string;
  /** One per round, in the order of the rounds: samples of the same place belong to the same round. */
  readonly samples: readonly Metrics[];
  /** Why there are fewer samples than rounds. */
  readonly failure?: string;
}

export interface ScenarioResult {
  readonly id: string;
  readonly startedAt: string;
  readonly seconds: number;
  readonly rows: readonly Row[];
}

/** Name and value of each fact, in the order of the report. */
export type Facts = readonly (readonly [name: string, value: string])[];

export interface BenchResult {
  readonly startedAt: string;
  readonly seconds: number;
  readonly isQuick: boolean;
  readonly rounds: number;
  readonly machine: Facts;
  /** What could not take part, and why. */
  readonly leftOut: readonly { readonly what: string; readonly why: string }[];
  readonly scenarios: readonly ScenarioResult[];
}
