/**
 * Jobs that come after others: a job waits until its parents have ended, and fails when one of them has ended otherwise than it has to.
 *
 * A parent is there before its child is, so no circle can be spelled. An end counts once it has happened: a parent that is retried
 * later changes nothing for a child that was freed or has failed; only a retry of the child looks at its parents again.
 */
import { jobIdOf } from '../id.ts';
import type { FinalState, StoredState } from '../state.ts';

/** How parents have to end: well, or in whatever way. */
export const AFTER_POLICIES = ['succeeded', 'final'] as const;
export type AfterPolicy = (typeof AFTER_POLICIES)[number];

export interface After {
  /** Of the parents, each once, in the order in which they were named. */
  readonly ids: readonly string[];
  readonly policy: AfterPolicy;
}

/** Null for a job that comes after none. */
export function afterOf(
  ids: readonly string[] | null | undefined,
  policy: AfterPolicy | null | undefined,
): After | null {
  if (ids == null || ids.length === 0) return null;
  return { ids: [...new Set(ids.map((id) => jobIdOf(id) ?? id))], policy: policy ?? 'succeeded' };
}

/** What the end of a parent means for a job that waits for it. Free, that is, of this one parent. */
export function parentEnded(policy: AfterPolicy, state: FinalState): 'free' | 'fail' {
  return policy === 'final' || state === 'succeeded' ? 'free' : 'fail';
}

/** Whether a job waits for parents. */
export function awaitsParents({ state, marks }: Held): boolean {
  return state === 'waiting' && marks?.awaitsParents === true;
}

interface Held {
  readonly state: StoredState;
  readonly marks: { readonly awaitsParents?: boolean } | null;
}
