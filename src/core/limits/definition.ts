/** One limit, and the units that they are written in. */
export interface LimitDefinition {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  /** What it bounds, and which failure it guards against. */
  readonly meaning: string;
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const KIB = 1_024;
export const MIB = 1_024 * KIB;
