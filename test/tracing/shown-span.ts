/** A finished span as tests compare it. */
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

export interface ShownSpan {
  readonly pid: number;
  readonly name: string;
  readonly kind: number;
  readonly trace: string;
  readonly id: string;
  readonly parent: string | null;
  readonly links: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly hasFailed: boolean;
}

export function shownSpan(span: ReadableSpan): ShownSpan {
  const { traceId, spanId } = span.spanContext();
  return {
    pid: process.pid,
    name: span.name,
    kind: span.kind,
    trace: traceId,
    id: spanId,
    parent: span.parentSpanContext?.spanId ?? null,
    links: span.links.map(({ context }) => context.spanId),
    attributes: span.attributes,
    hasFailed: span.status.code === 2,
  };
}
