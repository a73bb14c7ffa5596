/** The trace of whoever calls, as request headers. */
import { traceHeaders } from '../core/trace-context.ts';
import { activeTrace } from '../trace/open-span.ts';

/** Of the trace that a client belongs to where its program has no OpenTelemetry, or no active trace. */
export interface GivenTrace {
  readonly traceparent?: string | null | undefined;
  readonly tracestate?: string | null | undefined;
}

/** None where there is no trace. */
export function traceOfCaller({ traceparent, tracestate }: GivenTrace): Readonly<Record<string, string>> {
  const active = activeTrace(null);
  if (active !== null || !traceparent) return traceHeaders(active);
  return { traceparent, ...(tracestate ? { tracestate } : {}) };
}
