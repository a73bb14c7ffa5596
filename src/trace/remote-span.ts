/** Trace contexts as OpenTelemetry has them: a stored one as the span of somebody else that is the parent here, and the context of a span as one to store. */
import { type TraceContext, traceContextOf } from '../core/trace-context.ts';
import type { Span, SpanContext } from './otel.ts';

/** Null for the context of a span that nobody makes: its ids are zeros. */
export function traceOfSpan({ traceId, spanId, traceFlags, traceState }: SpanContext): TraceContext | null {
  const flags = (traceFlags & 0xff).toString(16).padStart(2, '0');
  return traceContextOf(`00-${traceId}-${spanId}-${flags}`, traceState?.serialize());
}

export function spanContextOf({ parent, state }: TraceContext): SpanContext {
  return {
    traceId: parent.slice(3, 35),
    spanId: parent.slice(36, 52),
    traceFlags: Number.parseInt(parent.slice(53), 16),
    isRemote: true,
    ...(state === undefined ? {} : { traceState: new TraceState(membersOf(state)) }),
  };
}

/** Records nothing: it is there to be the parent of others. */
export function remoteSpan(trace: TraceContext): Span {
  return new RemoteSpan(spanContextOf(trace));
}

/** All that the API lets somebody do to a span. */
class RemoteSpan implements Span {
  readonly #context: SpanContext;

  constructor(context: SpanContext) {
    this.#context = context;
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  isRecording(): boolean {
    return false;
  }

  setAttribute(): this {
    return this;
  }

  setAttributes(): this {
    return this;
  }

  addEvent(): this {
    return this;
  }

  addLink(): this {
    return this;
  }

  addLinks(): this {
    return this;
  }

  setStatus(): this {
    return this;
  }

  updateName(): this {
    return this;
  }

  recordException(): void {}

  end(): void {}
}

type Member = readonly [key: string, value: string];

function membersOf(state: string): readonly Member[] {
  return state.split(',').map((member): Member => {
    const at = member.indexOf('=');
    return [member.slice(0, at), member.slice(at + 1)];
  });
}

/** As samplers and propagators use it; what is changed goes to the front. */
class TraceState {
  readonly #members: readonly Member[];

  constructor(members: readonly Member[]) {
    this.#members = members;
  }

  get(key: string): string | undefined {
    return this.#members.find(([known]) => known === key)?.[1];
  }

  set(key: string, value: string): TraceState {
    return new TraceState([[key, value], ...this.#others(key)]);
  }

  unset(key: string): TraceState {
    return new TraceState(this.#others(key));
  }

  serialize(): string {
    return this.#members.map(([key, value]) => `${key}=${value}`).join(',');
  }

  #others(key: string): readonly Member[] {
    return this.#members.filter(([known]) => known !== key);
  }
}
