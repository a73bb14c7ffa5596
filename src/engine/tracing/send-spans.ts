/**
 * The span of a submit: ended when the job is announced, or when it is known why there is none.
 *
 * Known by the trace object that stands in the job's terms until then. What was checked and not stored by this process (a tick that another node was
 * first to store) is forgotten, and nobody ever hears of its span.
 */
import type { Job } from '../../core/job.ts';
import type { TraceContext } from '../../core/trace-context.ts';
import { openSend } from '../../trace/job-spans.ts';
import { activeTrace, type OpenSpan } from '../../trace/open-span.ts';
import type { SubmitOutcome, SubmitRequest } from '../api.ts';
import { callerTrace } from './caller-trace.ts';

const underway = new WeakMap<TraceContext, OpenSpan>();

/** The trace that a submit belongs to: its own where it has one, even none, else that of the call. */
export function traceOf({ trace }: Pick<SubmitRequest, 'trace'>): TraceContext | null {
  return trace === undefined ? activeTrace(callerTrace()) : trace;
}

/** What is stored with the job: of a span that is begun here, where somebody traces. @param operation `create` for what is stored together with others */
export function traceOfSend(operation: 'send' | 'create', request: SubmitRequest): TraceContext | null {
  const trace = traceOf(request);
  const span = openSend(operation, { type: request.type, tenant: request.tenant, trace });
  if (span === null || span.trace === null) return trace;
  underway.set(span.trace, span);
  return span.trace;
}

export function sent({ id, terms }: Pick<Job, 'id' | 'terms'>): void {
  const trace = terms?.trace;
  if (trace !== undefined) underway.get(trace)?.end({ attributes: { 'messaging.message.id': id } });
}

/** Of a submit that made no job: it was answered with another one, or refused. */
export function notSent(trace: TraceContext | null, outcome: SubmitOutcome | null): void {
  if (trace === null) return;
  const isAnswered = outcome !== null && 'snapshot' in outcome;
  const type = outcome?.kind ?? 'failed';
  underway.get(trace)?.end({
    ...(isAnswered ? { attributes: { 'messaging.message.id': outcome.snapshot.job.id } } : {}),
    error: type === 'existing' || type === 'created' ? null : { type },
  });
}
