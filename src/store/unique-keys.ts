/** From jobs to what `core/unique.ts` decides by, for both stores. */
import type { Job, JobSpec } from '../core/job.ts';
import { isParked } from '../core/signals.ts';
import { isFinal } from '../core/state.ts';
import type { Terms } from '../core/terms.ts';
import type { UniqueHolder, UniqueStep } from '../core/unique.ts';
import { holderBefore, uniqueStep } from '../core/unique.ts';
import type { Terms as Amended } from './contract-amend.ts';

type Asking = Pick<JobSpec, 'createdAt' | 'runAt' | 'terms'>;

/** What becomes of a new job where `holder` is the newest one with its key. A job without a key is a job of its own. */
export function stepOf(spec: Asking, holder: Job | null): UniqueStep {
  const unique = spec.terms?.unique;
  if (unique === undefined) return { kind: 'take' };
  const { createdAt, runAt } = spec;
  return uniqueStep({ unique, createdAt, runAt, after: parentsOf(spec.terms) }, holder && holderOf(holder));
}

/** The job to read beside the newest one with a key; null where that alone says who holds it. */
export function beforeOf({ state, terms }: Job): string | null {
  return holderBefore({ state, mode: terms?.unique?.mode, after: parentsOf(terms) });
}

/** @param before the job that `beforeOf` names, as far as it is there */
export function holderAmong(newest: Job, before: Job | null): Job {
  return before === null || isFinal(before.state) ? newest : before;
}

export function holderOf(job: Job): UniqueHolder {
  const { id, state, createdAt } = job;
  return { id, state, createdAt, isParked: isParked(job), forMs: job.terms?.unique?.forMs ?? null };
}

/** What the holder has of the new job. */
export function amendedBy(spec: JobSpec, runAt: number): Amended {
  const { priority, tags, deadlineMs, createdAt } = spec;
  return { priority, tags, runAt, deadlineMs, deadlineAt: deadlineMs === null ? null : createdAt + deadlineMs };
}

function parentsOf(terms: Terms | null): readonly string[] {
  const { ids } = (terms?.after ?? {}) as { readonly ids?: readonly string[] };
  return ids ?? [];
}
