/**
 * OpenTelemetry as far as Bide uses it, by the global object under which its API registers itself.
 *
 * Nothing is imported: whoever runs an SDK has the API, and the global is how copies of the API find each other, the same for all of version 1. So Bide works with any
 * copy from anywhere, installed beside it or not, in a browser's bundle too; and where nobody traces, it costs one look at a property.
 */

export interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly traceState?: { serialize(): string } | undefined;
  readonly isRemote?: boolean;
}

export interface Context {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): Context;
  deleteValue(key: symbol): Context;
}

export interface Span {
  spanContext(): SpanContext;
  setAttributes(attributes: Attributes): unknown;
  setStatus(status: { readonly code: number; readonly message?: string }): unknown;
  end(): void;
}

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  readonly kind: number;
  readonly attributes: Attributes;
  readonly root?: boolean;
  readonly links?: readonly { readonly context: SpanContext }[];
}

interface Provider {
  getTracer(name: string): { startSpan(name: string, options: SpanOptions, context: Context): Span };
  /** What stands behind the API's own provider. */
  getDelegate?(): { forceFlush?(): Promise<void> } | undefined;
}

export interface Otel {
  readonly trace: Provider;
  /** Missing where the SDK keeps no active context. */
  readonly context?: { active(): Context; with<T>(context: Context, work: () => T): T };
}

const REGISTRY = Symbol.for('opentelemetry.js.api.1');
/** The API's own keys are registered symbols as well, for the same reason. */
const SPAN = Symbol.for('OpenTelemetry Context Key SPAN');

/** Null while nobody has registered what makes spans. */
export function otel(): Otel | null {
  const registered = (globalThis as Record<symbol, unknown>)[REGISTRY] as Partial<Otel> | undefined;
  return registered?.trace == null ? null : (registered as Otel);
}

export function activeContext(api: Otel): Context {
  return api.context?.active() ?? EMPTY;
}

export function spanIn(context: Context): Span | undefined {
  return context.getValue(SPAN) as Span | undefined;
}

export function contextWith(context: Context, span: Span): Context {
  return context.setValue(SPAN, span);
}

/** For programs without a context of their own: nothing in it but what is put there. */
class OwnContext implements Context {
  readonly #values: ReadonlyMap<symbol, unknown>;

  constructor(values: ReadonlyMap<symbol, unknown>) {
    this.#values = values;
  }

  getValue(key: symbol): unknown {
    return this.#values.get(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return new OwnContext(new Map(this.#values).set(key, value));
  }

  deleteValue(key: symbol): Context {
    return new OwnContext(new Map([...this.#values].filter(([known]) => known !== key)));
  }
}

const EMPTY: Context = new OwnContext(new Map());
