/** Part of the store contract: which finished jobs a list has. */

/** Of jobs that have finished, those that ended in this time and, where a code is given, with this error. */
export interface FinishedFilter {
  readonly from?: number;
  readonly before?: number;
  /** Of jobs that failed, expired or were cancelled. */
  readonly errorCode?: string;
  /** The keyset cursor, in place of `after`: the last job seen. */
  readonly after?: { readonly finishedAt: number; readonly number: number };
}
