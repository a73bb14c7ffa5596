/**
 * The store contract's part about jobs that come after others (`terms.after`).
 *
 * `insert` of such a job links it to its parents in one transaction, marks those that have not ended as awaited, and tells of those that have
 * (`contract-ended.ts`); a parent that there is none of in its tenant is the outcome `noParent`, with nothing stored. A link is open until its parent's end has been
 * taken into account. While a waiting job has `marks.awaitsParents`, no claim takes it. Links stay for those who look, and go with the child.
 */
import type { AfterPolicy } from '../core/after/after.ts';
import type { Job } from '../core/job.ts';

/** By the numbers of both. */
export interface LinkRef {
  readonly parent: number;
  readonly child: number;
}

export interface OpenLink extends LinkRef {
  /** Of the child. */
  readonly childId: string;
  readonly policy: AfterPolicy;
}

/** Children of one parent that a patch frees with its end: those of more are freed in portions, so that no end waits for them. */
export const FAMILY_MAX = 8;

export interface LinkStore {
  /** Open links to these parents, by parent, then child. */
  linkRead(request: { readonly parents: readonly number[]; readonly limit: number }): Promise<readonly OpenLink[]>;
  /**
   * Closes links, and frees the waiting children that have no open one left: their mark is taken back, their revision moves on. Answers the freed ones.
   * A child that was retried or restored is not freed before it was joined: its other parents may have failed.
   */
  linkClose(request: { readonly links: readonly OpenLink[]; readonly now: number }): Promise<readonly Job[]>;
  /**
   * Links these jobs to their parents anew, as an insert does, as far as they wait with `marks.awaitsParents`: after a retry or a restore. Parents that
   * are not there any more are left out. Of what `endedRead` tells of them that they wait again it is told no more. Answers those that are free at once.
   */
  linkJoin(request: { readonly children: readonly number[]; readonly now: number }): Promise<readonly Job[]>;
  /** The numbers of the jobs that come after this one, in their order. */
  linkChildren(request: {
    readonly parent: number;
    readonly after: number;
    readonly limit: number;
  }): Promise<readonly number[]>;
}
