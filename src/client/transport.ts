/**
 * One request of the client: key, deadline, retries, and errors that mean something.
 *
 * Retried are only calls that may be made twice (`isRepeatable`), only when nobody answered or the answer says "not now" (429,
 * 502, 503, 504), at most `triesMax` times. The server's Retry-After rules the pause, up to `pauseMsMax`; past that the error
 * is thrown instead, since callers who are told "in an hour" have to decide themselves.
 */
import { type GivenTrace, traceOfCaller } from './active-trace.ts';
import { ClientError, errorOfAnswer } from './client-error.ts';
import { requireKnown } from './known-options.ts';
import { retryAfterMs } from './retry-after.ts';

/** `traceparent`: of jobs that are submitted, as a handler's `context` has it; where OpenTelemetry has a trace that is active, that one counts. */
export interface TransportOptions extends GivenTrace {
  /** Where the server is; a path prefix is kept. */
  readonly url: string;
  readonly key?: string | undefined;
  /** In place of a key, for pages: the token of one job, which this client may then read, wait for and follow. */
  readonly token?: string | undefined;
  readonly fetch?: typeof fetch | undefined;
  /** Tries of one repeatable call, the first one included. */
  readonly triesMax?: number | undefined;
  /** Longest pause between two tries. */
  readonly pauseMsMax?: number | undefined;
  /** Time that the server has to answer, beyond the hold that was asked for. */
  readonly answerMsMax?: number | undefined;
  /** Reads the JSON of answers; `JSON.parse` unless told. For whoever passes answers on and must not change a number of theirs. */
  readonly parse?: ((text: string) => unknown) | undefined;
  /** Replaceable for tests. */
  readonly pause?: ((ms: number, signal: AbortSignal | undefined) => Promise<void>) | undefined;
  readonly now?: (() => number) | undefined;
  /** In [0, 1). */
  readonly random?: (() => number) | undefined;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the base URL, with a leading slash. */
  readonly path: string;
  readonly query?: URLSearchParams;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, in place of `json`. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly isRepeatable: boolean;
  /** How long the server may hold the request. */
  readonly holdMs?: number;
  /** Told instead of a further try when a hold was cut off after this long: the same again would be cut again. */
  readonly onCut?: (heldMs: number) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** JSON value of the body; undefined for an empty one. */
  readonly body: unknown;
}

export interface Transport {
  readonly now: () => number;
  readonly pause: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** Rejects with a `ClientError` unless the answer is 2xx or 304, and with the signal's reason once that fires. */
  call(call: Call): Promise<Answer>;
  /** Headers of the trace that the caller belongs to, for what is submitted. */
  trace(): Readonly<Record<string, string>>;
  /** Like `call`, with the body left unread. */
  open(call: Call): Promise<Response>;
}

const OPTIONS = [
  'url',
  'key',
  'token',
  'fetch',
  'triesMax',
  'pauseMsMax',
  'answerMsMax',
  'parse',
  'pause',
  'now',
  'random',
  'traceparent',
  'tracestate',
] as const;
/** What fails sooner was not held: the server is away, and may be back in a moment. */
export const CUT_MS = 2_000;
const TRIES_MAX = 5;
const PAUSE_MS_MAX = 30_000;
const ANSWER_MS_MAX = 30_000;
/** First pause where the server names none; doubled at every try. */
const BACKOFF_MS = 200;

export function createTransport(options: TransportOptions): Transport {
  requireKnown('createClient', options, OPTIONS);
  const base = baseUrlOf(options.url);
  const send = options.fetch ?? globalThis.fetch.bind(globalThis);
  const now = options.now ?? (() => Date.now());
  const pause = options.pause ?? pauseFor;
  const random = options.random ?? Math.random;
  const triesMax = options.triesMax ?? TRIES_MAX;
  const pauseMsMax = options.pauseMsMax ?? PAUSE_MS_MAX;
  const answerMsMax = options.answerMsMax ?? ANSWER_MS_MAX;

  const read = (response: Response) => readJson(response, options.parse ?? JSON.parse);

  /** One try, read to its end by `read`, all of it under one deadline. */
  async function attempt<T>(call: Call, read: (response: Response) => Promise<T>): Promise<T> {
    const url = `${base}${call.path}${call.query === undefined || call.query.size === 0 ? '' : `?${call.query}`}`;
    const deadline = deadlineOf((call.holdMs ?? 0) + answerMsMax, call.signal);
    try {
      const response = await send(url, requestOf(call, options.token ?? options.key, deadline.signal));
      if (response.ok || response.status === 304) return await read(response);
      throw errorOfAnswer(
        response.status,
        await response.text(),
        retryAfterMs(response.headers.get('retry-after'), now()),
      );
    } catch (error) {
      if (call.signal?.aborted) throw call.signal.reason;
      throw error instanceof ClientError ? error : unanswered(base, error, deadline.isOver());
    } finally {
      deadline.clear();
    }
  }

  async function repeat<T>(call: Call, read: (response: Response) => Promise<T>): Promise<T> {
    const tries = call.isRepeatable ? triesMax : 1;
    for (let tried = 1; ; tried += 1) {
      const startedAt = now();
      try {
        return await attempt(call, read);
      } catch (error) {
        if (!(error instanceof ClientError) || !error.isPassing) throw error;
        const heldMs = now() - startedAt;
        const isCut = call.onCut !== undefined && heldMs >= CUT_MS;
        if (isCut) call.onCut?.(heldMs);
        if (isCut || tried >= tries) throw error;
        const waitMs = error.retryAfterMs ?? BACKOFF_MS * 2 ** (tried - 1) * (1 + random()) * 0.5;
        if (waitMs > pauseMsMax) throw error;
        await pause(waitMs, call.signal);
      }
    }
  }

  return {
    now,
    pause,
    call: (call) => repeat(call, read),
    open: (call) => repeat(call, async (r) => r),
    trace: () => traceOfCaller(options),
  };
}

async function readJson(response: Response, parse: (text: string) => unknown): Promise<Answer> {
  const text = await response.text();
  const facts = { status: response.status, headers: response.headers };
  if (text === '') return { ...facts, body: undefined };
  try {
    return { ...facts, body: parse(text) };
  } catch (cause) {
    throw new ClientError('BAD_ANSWER', 'The server answered with something that is not JSON: is this Bide?', {
      status: response.status,
      cause,
    });
  }
}

function requestOf(call: Call, key: string | undefined, signal: AbortSignal): RequestInit {
  const headers = new Headers({ accept: 'application/json', ...call.headers });
  if (key !== undefined && key !== '') headers.set('authorization', `Bearer ${key}`);
  if (call.bytes !== undefined) return { method: call.method, headers, body: call.bytes, signal };
  if (call.json === undefined) return { method: call.method, headers, signal };
  headers.set('content-type', 'application/json');
  return { method: call.method, headers, body: JSON.stringify(call.json), signal };
}

function baseUrlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ClientError('BAD_URL', `${JSON.stringify(text)} is not an http(s) URL.`, { status: null });
  }
  return `${url.origin}${url.pathname.replace(/(?<!\/)\/+$/, '')}`;
}

function unanswered(base: string, cause: unknown, isOver: boolean): ClientError {
  if (isOver) return new ClientError('TIMED_OUT', `${base} did not answer in time.`, { status: null, cause });
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const reason = inner instanceof Error ? messageOf(inner) : String(inner);
  return new ClientError('UNREACHABLE', `${base} cannot be reached: ${reason}.`, { status: null, cause });
}

/** A host with several addresses fails with an error without a message, which holds one per address. */
function messageOf(error: Error): string {
  const first = error instanceof AggregateError ? error.errors[0] : undefined;
  return (first instanceof Error ? first.message : error.message) || error.name;
}

function deadlineOf(ms: number, signal: AbortSignal | undefined) {
  const controller = new AbortController();
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    controller.abort();
  }, ms);
  return {
    signal: signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]),
    isOver: () => isOver,
    clear: () => clearTimeout(timer),
  };
}

/** Resolves after `ms`; rejects with the signal's reason when that fires first. */
export function pauseFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
