/** The span of one try to tell a receiver of a change: a part of the trace of the job that it tells of. */
import { traceContextOf, traceHeaders } from '../../core/trace-context.ts';
import type { Delivery } from '../../store/contract.ts';
import { type OpenSpan, openSpan, type SpanEnd } from '../../trace/open-span.ts';

export interface OpenDelivery {
  readonly span: OpenSpan | null;
  /** Of the span, in place of those that were written down with the delivery. */
  readonly headers: Readonly<Record<string, string>>;
}

export function openDelivery({ jobId, event, attempt, headers }: Delivery, url: string): OpenDelivery {
  const span = openSpan({
    name: `deliver ${event}`,
    kind: 'client',
    attributes: {
      'http.request.method': 'POST',
      // Without its path and query, which may hold what lets somebody in.
      ...addressOf(url),
      ...(attempt > 1 ? { 'http.request.resend_count': attempt - 1 } : {}),
      ...(jobId === null ? {} : { 'messaging.message.id': jobId }),
    },
    parent: traceContextOf(headers.traceparent, headers.tracestate),
  });
  return { span, headers: traceHeaders(span?.trace ?? null) };
}

/** @param status null where there was no answer */
export function deliveryEnd(status: number | null, isDelivered: boolean): SpanEnd {
  if (status === null) return { error: { type: 'unreachable' } };
  const attributes = { 'http.response.status_code': status };
  return { attributes, error: isDelivered ? null : { type: String(status) } };
}

function addressOf(url: string): { readonly 'server.address'?: string; readonly 'server.port'?: number } {
  const target = URL.parse(url);
  if (target === null) return {};
  const port = Number(target.port || (target.protocol === 'https:' ? 443 : 80));
  return { 'server.address': target.hostname, 'server.port': port };
}
