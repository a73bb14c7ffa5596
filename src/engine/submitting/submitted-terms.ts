/** What a job is submitted with beside what every job has, from its request. */
import { afterOf } from '../../core/after/after.ts';
import type { KeyLimit } from '../../core/limit-spec.ts';
import type { Terms } from '../../core/terms.ts';
import type { TraceContext } from '../../core/trace-context.ts';
import type { SubmitRequest } from '../api.ts';

interface Circumstances {
  /** Its own, or that of its type. */
  readonly limit: KeyLimit | null;
  readonly trace: TraceContext | null;
}

/** Null for the many that have none of it. */
export function termsOf(
  { unique, schedule, after, afterPolicy }: SubmitRequest,
  { limit, trace }: Circumstances,
): Terms | null {
  const parents = afterOf(after, afterPolicy);
  if (unique == null && schedule == null && limit === null && parents === null && trace === null) return null;
  return {
    ...(unique == null ? {} : { unique }),
    ...(schedule == null ? {} : { schedule }),
    ...(limit === null ? {} : { limit }),
    ...(parents === null ? {} : { after: parents }),
    ...(trace === null ? {} : { trace }),
  };
}

/** How long a job that is debounced waits, unless it is moved. */
export function quietMs({ unique }: SubmitRequest): number {
  return unique?.mode === 'debounce' ? (unique.forMs ?? 0) : 0;
}
