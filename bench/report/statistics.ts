/** The few statistics of the report. Ratios are taken within a round and then their median, because a shared machine drifts by a third within a minute. */
import type { Metrics, Row } from './result.ts';

/** NaN of nothing. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value at a share of the sorted values; of an even count the upper middle. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function valuesOf({ samples }: Row, metric: string): readonly number[] {
  return samples.map((sample: Metrics) => sample[metric] ?? Number.NaN);
}

/** The median over the rounds of one row's metric in units of another row's in the same round. */
export function medianRatio(of: Row, against: Row, metric: string): number {
  const base = valuesOf(against, metric);
  return median(valuesOf(of, metric).map((value, round) => value / (base[round] ?? Number.NaN)));
}
