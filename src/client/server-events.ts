/**
 * The events of a stream of the server, however often its connection ends: the server bounds its life, proxies cut it, networks break.
 *
 * It is then opened again with the last id as Last-Event-ID, so that nothing new is missed and nothing known is sent twice. A connection that
 * says nothing for `SILENCE_MS` is taken for broken: a server that lives sends a comment before.
 */
import { ClientError } from './client-error.ts';
import { createEventParser, type EventParser, type ServerEvent } from './event-parser.ts';
import type { Call, Transport } from './transport.ts';

export interface StreamCall extends Pick<Call, 'path' | 'query' | 'signal'> {
  readonly lastEventId: string | undefined;
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

/** Ends only where the server says that nothing more is to come. Rejects as a call does: also when the server stays away. */
export async function* serverEvents(
  transport: Transport,
  call: StreamCall,
): AsyncGenerator<ServerEvent, void, undefined> {
  const { signal } = call;
  let { lastEventId } = call;
  let retryMs = RETRY_MS;
  for (let failures = 0; ; ) {
    const openedAt = transport.now();
    const body = await open(transport, { ...call, lastEventId });
    if (body === null) return;
    const parser = createEventParser(EVENT_CHARACTERS_MAX);
    let isFruitful = false;
    for await (const text of textsOf(body, signal)) {
      for (const event of parsed(parser, text)) {
        isFruitful = true;
        if (event.id !== '') lastEventId = event.id;
        yield event;
      }
      if (parser.id !== '') lastEventId = parser.id;
    }
    retryMs = parser.retryMs ?? retryMs;
    failures = isFruitful || transport.now() - openedAt >= STEADY_MS ? 0 : failures + 1;
    const pauseMs = Math.max(retryMs, PAUSE_MS_MIN) * 2 ** failures;
    await transport.pause(Math.min(pauseMs, PAUSE_MS_MAX), signal);
  }
}

/** Null where there is nothing more to come. */
async function open(transport: Transport, { lastEventId, path, query, signal }: StreamCall) {
  const response = await transport.open({
    method: 'GET',
    path,
    ...(query === undefined ? {} : { query }),
    headers: { accept: 'text/event-stream', ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) },
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

/** What an event carries. */
export function dataOf<T>({ data }: ServerEvent): T {
  try {
    return JSON.parse(data) as T;
  } catch (cause) {
    throw badAnswer('The server sent an event that is not JSON.', cause);
  }
}

function parsed(parser: EventParser, text: string) {
  try {
    return parser.read(text);
  } catch (cause) {
    throw badAnswer('The server sent an event without an end.', cause);
  }
}

function badAnswer(message: string, cause?: unknown): ClientError {
  return new ClientError('BAD_ANSWER', message, { status: 200, cause });
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
