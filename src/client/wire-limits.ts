/** Limits per key, as they travel. */

/** Null, or left out: no bound of this kind. */
export interface LimitBounds {
  /** Jobs of the key that run at once, over all nodes. */
  readonly concurrency?: number | null;
  /** So many starts in any such stretch of time. */
  readonly rate?: { readonly count: number; readonly perMs: number } | null;
}

export interface LimitBody extends Required<LimitBounds> {
  readonly key: string;
  /** Set by an operator: what jobs say of the key changes nothing. */
  readonly kept: boolean;
  readonly closed: boolean;
  /** When it opens by itself; null where it is open, or closed until it is opened. */
  readonly closedUntil: string | null;
  readonly running: number;
  /** 10,000 for more. */
  readonly waiting: number;
}

export interface LimitsPage {
  readonly limits: readonly LimitBody[];
  /** For the page behind this one; null where this is the last. */
  readonly next: string | null;
}
