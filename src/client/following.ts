/**
 * Following one job by the server's stream of events: less latency and fewer requests than `watch`, which asks again and again.
 *
 * A stream ends before its job does: the server bounds its life, proxies cut it, networks break. It is then opened again, with the
 * revision of the last snapshot as Last-Event-ID, so that nothing new is missed and nothing known is sent twice. A connection that says
 * nothing for `SILENCE_MS` is taken for broken: a server that lives sends a comment before. Where something on the way keeps streams back
 * altogether, use `watch`.
 */
import { ClientError } from './client-error.ts';
import type { CallOptions } from './commanding.ts';
import { createEventParser, type EventParser } from './event-parser.ts';
import { requireKnown } from './known-options.ts';
import { pathOf } from './path-of.ts';
import type { Transport } from './transport.ts';
import { isFinished } from './waiting.ts';
import type { JobBody } from './wire.ts';

export interface EventsOptions extends CallOptions {
  /** The revision that the caller has: only newer snapshots come. */
  readonly lastEventId?: number | undefined;
}

/** Four times the pause between two comments of a server with default limits. */
const SILENCE_MS = 60_000;
/** Where the server names no pause. */
const RETRY_MS = 1_000;
/** Shortest pause: a server that ends every stream at once must not be asked in a spin. */
const PAUSE_MS_MIN = 100;
/** Longest pause, whatever the server says or however often it failed. */
const PAUSE_MS_MAX = 30_000;
/** A stream that lived for as long was no failure, though it brought nothing. */
const STEADY_MS = 10_000;
/** Well above the largest body that any limits of a server allow. */
const EVENT_CHARACTERS_MAX = 16_000_000;

export function following(transport: Transport) {
  /**
   * The snapshot now, then one after each change, the final one last. A slow reader misses some in between, never the last. A job that the
   * caller has in its final revision has no events. Rejects as `get` does: also when the job is removed meanwhile, or the server stays away.
   */
  async function* events(id: string, options: EventsOptions = {}): AsyncGenerator<JobBody, void, undefined> {
    requireKnown('events', options, ['lastEventId', 'signal']);
    const { signal } = options;
    let { lastEventId } = options;
    let retryMs = RETRY_MS;
    for (let failures = 0; ; ) {
      const openedAt = transport.now();
      const response = await open(id, lastEventId, signal);
      if (response === null) return;
      const parser = createEventParser(EVENT_CHARACTERS_MAX);
      let isFruitful = false;
      for await (const job of jobsOf(response, parser, signal)) {
        isFruitful = true;
        lastEventId = job.revision;
        yield job;
        if (isFinished(job)) return;
      }
      retryMs = parser.retryMs ?? retryMs;
      failures = isFruitful || transport.now() - openedAt >= STEADY_MS ? 0 : failures + 1;
      const pauseMs = Math.max(retryMs, PAUSE_MS_MIN) * 2 ** failures;
      await transport.pause(Math.min(pauseMs, PAUSE_MS_MAX), signal);
    }
  }

  /** Null where there is nothing more to come. */
  async function open(id: string, lastEventId: number | undefined, signal: AbortSignal | undefined) {
    const response = await transport.open({
      method: 'GET',
      path: pathOf(id, 'events'),
      headers: {
        accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) }),
      },
      isRepeatable: true,
      signal,
    });
    if (response.status === 204) return null;
    if (response.headers.get('content-type')?.startsWith('text/event-stream') && response.body !== null) {
      return response.body as ReadableStream<Uint8Array>;
    }
    await response.body?.cancel();
    throw badAnswer('The server answered with something that is no stream of events: is this Bide?');
  }

  return { events };
}

function badAnswer(message: string, cause?: unknown): ClientError {
  return new ClientError('BAD_ANSWER', message, { status: 200, cause });
}

/** The jobs of one connection, until it ends or breaks. Events of other names are for later clients. */
async function* jobsOf(
  body: ReadableStream<Uint8Array>,
  parser: EventParser,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobBody, void, undefined> {
  for await (const text of textsOf(body, signal)) {
    for (const { name, data } of parsed(parser, text)) if (name === 'job') yield jobOf(data);
  }
}

function parsed(parser: EventParser, text: string) {
  try {
    return parser.read(text);
  } catch (cause) {
    throw badAnswer('The server sent an event without an end.', cause);
  }
}

function jobOf(data: string): JobBody {
  try {
    return JSON.parse(data) as JobBody;
  } catch (cause) {
    throw badAnswer('The server sent an event that is not JSON.', cause);
  }
}

/** The stream as text. An end, a cut and a long silence are one to its reader; only the caller's own signal rejects. */
async function* textsOf(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const leave = () => void reader.cancel().catch(() => {});
  try {
    for (;;) {
      signal?.throwIfAborted();
      const silence = setTimeout(leave, SILENCE_MS);
      const chunk = await reader.read().catch(() => null);
      clearTimeout(silence);
      signal?.throwIfAborted();
      if (chunk === null || chunk.done) return;
      yield decoder.decode(chunk.value, { stream: true });
    }
  } finally {
    leave();
  }
}
