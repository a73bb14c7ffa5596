/**
 * A span of OpenTelemetry from its start to its end, and null where nobody traces.
 *
 * Total: what an SDK throws is swallowed, since watching must not break work.
 */
import { type TraceContext, traceIdOf } from '../core/trace-context.ts';
import {
  type Attributes,
  activeContext,
  type Context,
  contextWith,
  type Otel,
  otel,
  type Span,
  spanIn,
} from './otel.ts';
import { remoteSpan, spanContextOf, traceOfSpan } from './remote-span.ts';

export type SpanKind = 'client' | 'producer' | 'consumer';

export interface SpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  /** What it is a part of; null begins a trace. */
  readonly parent: TraceContext | null;
  readonly links?: readonly TraceContext[];
}

export interface SpanEnd {
  readonly attributes?: Attributes;
  /** Why it failed: a word of few, and a sentence. */
  readonly error?: { readonly type: string; readonly message?: string } | null;
}

export interface OpenSpan {
  /** For whoever is called next, and to store. */
  readonly trace: TraceContext | null;
  /** Runs `work` with the span active. */
  run<T>(work: () => T): T;
  /** The first end counts. */
  end(end?: SpanEnd): void;
}

/** The API's numbers. */
const KINDS: Readonly<Record<SpanKind, number>> = { client: 2, producer: 3, consumer: 4 };
const STATUS_ERROR = 2;

export function openSpan({ name, kind, attributes, parent, links = [] }: SpanStart): OpenSpan | null {
  const api = otel();
  if (api === null) return null;
  try {
    const context = parent === null ? activeContext(api) : under(api, parent);
    const options = {
      kind: KINDS[kind],
      attributes,
      ...(parent === null ? { root: true } : {}),
      ...(links.length === 0 ? {} : { links: links.map((link) => ({ context: spanContextOf(link) })) }),
    };
    const span = api.trace.getTracer('bide').startSpan(name, options, context);
    return new StartedSpan(api, span, contextWith(context, span));
  } catch {
    return null;
  }
}

/** Runs `work` as a part of the trace: whoever traces there sees it as its parent. */
export function withTraceActive<T>(trace: TraceContext | null, work: () => T): T {
  const api = trace === null ? null : otel();
  return api === null || trace === null ? work() : withContext(api, () => under(api, trace), work);
}

/** Where a call belongs that named the trace `given`: to the span that is active, where that is of the same trace or none was named. */
export function activeTrace(given: TraceContext | null): TraceContext | null {
  const api = otel();
  if (api === null) return given;
  let active: TraceContext | null = null;
  try {
    active = traceIn(activeContext(api));
  } catch {
    // As if there were none.
  }
  if (active === null) return given;
  return given === null || traceIdOf(given) === traceIdOf(active) ? active : given;
}

/** What is recorded and not yet sent goes out, or the time is over: a collector that is away must not keep a process from its end. Never rejects. */
export async function flushSpans(msMax: number): Promise<void> {
  const api = otel();
  if (api === null) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, msMax);
  });
  await Promise.race([
    Promise.resolve()
      .then(() => api.trace.getDelegate?.()?.forceFlush?.())
      .catch(() => {}),
    late,
  ]);
  clearTimeout(timer);
}

class StartedSpan implements OpenSpan {
  readonly trace: TraceContext | null;
  readonly #api: Otel;
  readonly #span: Span;
  readonly #context: Context;
  #isOver = false;

  constructor(api: Otel, span: Span, context: Context) {
    this.#api = api;
    this.#span = span;
    this.#context = context;
    this.trace = traceOfSpan(span.spanContext());
  }

  run<T>(work: () => T): T {
    return withContext(this.#api, () => this.#context, work);
  }

  end({ attributes, error = null }: SpanEnd = {}): void {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      if (attributes !== undefined) this.#span.setAttributes(attributes);
      if (error !== null) this.#fail(error);
      this.#span.end();
    } catch {
      // Whoever traces loses this one.
    }
  }

  #fail({ type, message }: NonNullable<SpanEnd['error']>): void {
    this.#span.setAttributes({ 'error.type': type });
    this.#span.setStatus({ code: STATUS_ERROR, ...(message === undefined ? {} : { message }) });
  }
}

function under(api: Otel, trace: TraceContext): Context {
  const context = activeContext(api);
  return traceIn(context)?.parent === trace.parent ? context : contextWith(context, remoteSpan(trace));
}

function traceIn(context: Context): TraceContext | null {
  const span = spanIn(context);
  return span === undefined ? null : traceOfSpan(span.spanContext());
}

/** Runs `work` once and answers as it does, whatever the SDK around it throws, and whether it runs it or not. */
function withContext<T>(api: Otel, contextOf: () => Context, work: () => T): T {
  const around = api.context;
  if (around === undefined) return work();
  let answer: (() => T) | undefined;
  const once = () => {
    answer ??= answerOf(work);
  };
  try {
    around.with(contextOf(), once);
  } catch {
    // Whoever traces loses this one.
  }
  return (answer ?? answerOf(work))();
}

function answerOf<T>(work: () => T): () => T {
  try {
    const value = work();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
