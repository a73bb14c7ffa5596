/** The trace of a job in the hands of a remote worker: what its handler passes on, and how its span ends. */
import type { OpenSpan, SpanEnd } from '../trace/open-span.ts';
import type { WorkBody } from './wire.ts';
import type { Outcome } from './work-outcome.ts';
import type { WorkContext } from './worker-options.ts';

/** Of the span where there is one, else as the job came. */
export function tracesOf(job: WorkBody, span: OpenSpan | null): Pick<WorkContext, 'traceparent' | 'tracestate'> {
  if (span !== null) return { traceparent: span.trace?.parent ?? null, tracestate: span.trace?.state ?? null };
  return { traceparent: job.traceparent ?? null, tracestate: job.tracestate ?? null };
}

/** @param stopped why the handler was told to stop */
export function spanEndOf(outcome: Outcome, stopped: unknown): SpanEnd {
  if (stopped === 'lost') return { error: { type: 'LEASE_LOST' } };
  if (outcome.kind !== 'failed') return { attributes: { 'bide.job.outcome': outcome.kind } };
  if (stopped === 'cancel') return { attributes: { 'bide.job.outcome': 'cancelled' } };
  return { attributes: { 'bide.job.outcome': 'failed' }, error: { type: outcome.failure.code } };
}
