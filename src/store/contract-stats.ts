/** Figures about jobs, by the minute: written by each node for itself, and added up when they are read. */
import type { StatFigures } from '../core/stat-figures.ts';

export interface StatRow {
  readonly tenant: string;
  readonly type: string;
  /** When the minute began. */
  readonly minute: number;
  /** Who counted. */
  readonly node: string;
  readonly figures: StatFigures;
  /** How many jobs failed, by the code of their error. */
  readonly errors: Readonly<Record<string, number>>;
}

export interface StatFilter {
  readonly tenant: string;
  readonly type?: string;
  /** Minutes that began at or after this time, and before that one. */
  readonly from: number;
  readonly before: number;
  /** Minutes of one stretch of this length become one sum; the first stretch begins with `from`. */
  readonly stepMs: number;
}

export interface StatSum {
  /** When the stretch began. */
  readonly at: number;
  readonly type: string;
  readonly figures: StatFigures;
}

export interface ErrorCount {
  readonly type: string;
  readonly code: string;
  readonly count: number;
}

/** The jobs of one tenant and type that are due and wait. */
export interface OldestDue {
  readonly type: string;
  /** The earliest `runAt` of them. */
  readonly runAt: number;
}
