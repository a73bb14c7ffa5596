/**
 * The trace of whoever calls, as request headers.
 *
 * Taken from OpenTelemetry where this program has it, by the global object under which its API registers itself: that is how copies of the API find each other,
 * it is the same for all of version 1, and unlike an import it costs nothing where there is none, also for whoever bundles this for browsers.
 */

/** What is used of it: the active context, and how it is written into headers. */
interface Registered {
  readonly context?: { active(): unknown };
  readonly propagation?: { inject(context: unknown, carrier: Carrier, setter: typeof SETTER): void };
}

type Carrier = Record<string, string>;

const REGISTRY = Symbol.for('opentelemetry.js.api.1');
const SETTER = {
  set(carrier: Carrier, name: string, value: string) {
    carrier[name] = value;
  },
};

/** Of the trace that a client belongs to where its program has no OpenTelemetry, or no active trace. */
export interface GivenTrace {
  readonly traceparent?: string | null | undefined;
  readonly tracestate?: string | null | undefined;
}

/** None where there is no trace. Total: a call must not fail for what only watches it. */
export function traceOfCaller(given: GivenTrace): Readonly<Record<string, string>> {
  const active = activeTrace();
  if (active.traceparent !== undefined || !given.traceparent) return active;
  const { traceparent, tracestate } = given;
  return { ...active, traceparent, ...(tracestate ? { tracestate } : {}) };
}

function activeTrace(): Readonly<Record<string, string>> {
  const { context, propagation } = ((globalThis as Record<symbol, unknown>)[REGISTRY] ?? {}) as Registered;
  const headers: Carrier = {};
  try {
    if (context !== undefined && propagation !== undefined) propagation.inject(context.active(), headers, SETTER);
  } catch {
    return {};
  }
  return headers;
}
