/**
 * MCP over stdio for a server that speaks it over HTTP: each line is a message, posted as it is; what comes back is a line each.
 *
 * It keeps nothing but the session that the server gave out, so that whatever holds for the server holds here too: jobs go on when this process ends,
 * and a stream that is cut (the server was restarted) is resumed where its wire can.
 */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { createEventParser } from '../../client/event-parser.ts';
import { type Message, messageOf, repeatedHeaders } from './message.ts';
import { createToolHeaders, isHeaderMismatch, listRequest } from './tool-headers.ts';

export interface BridgeOptions {
  /** Of the MCP endpoint. */
  readonly url: string;
  readonly key: string | undefined;
  readonly input: Readable;
  readonly line: (text: string) => void;
}

/** As long as the largest answer may be. */
const EVENT_CHARACTERS_MAX = 64 * 1_024 * 1_024;
const RETRY_MS = 1_000;
/** Ten minutes: a server that is away for longer is not restarted but gone. */
const TRIES_MAX = 600;
const PARSE_ERROR = -32_700;
const AWAY = -32_603;

/** Resolves when the input has ended and all that was asked is answered. */
export async function runBridge(options: BridgeOptions): Promise<void> {
  const { url, input, line } = options;
  const upstream = createUpstream(options);
  const running = new Map<string | number, AbortController>();
  const pending = new Set<Promise<void>>();
  const say = (message: object) => line(JSON.stringify({ jsonrpc: '2.0', ...message }));

  async function pass(text: string): Promise<void> {
    const message = messageOf(text);
    if (message === null) return say({ error: { code: PARSE_ERROR, message: 'The line is not a JSON-RPC message.' } });
    if (message.method === 'notifications/cancelled') return running.get(message.params?.requestId as string)?.abort();
    // An answer to what a person was asked has an id as well, and is not answered.
    const id = message.method === undefined ? undefined : message.id;
    const stop = new AbortController();
    if (id !== undefined) running.set(id, stop);
    try {
      await upstream(message, text, stop.signal);
    } catch (error) {
      if (id !== undefined && !stop.signal.aborted) say({ id, error: { code: AWAY, message: awayText(url, error) } });
    } finally {
      if (id !== undefined) running.delete(id);
    }
  }

  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (text.trim() === '') continue;
    const passed = pass(text).finally(() => pending.delete(passed));
    pending.add(passed);
  }
  await Promise.all(pending);
}

/** Posts a message and resolves when its answer was said. */
function createUpstream({ url, key, line }: BridgeOptions) {
  /** The key, and from `initialize` on the session. */
  const known: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };

  function keepSession(answer: Response, text: string): void {
    const id = answer.headers.get('mcp-session-id');
    const { result } = (messageOf(text) ?? {}) as { readonly result?: { readonly protocolVersion?: unknown } };
    if (id !== null) known['mcp-session-id'] = id;
    if (typeof result?.protocolVersion === 'string') known['mcp-protocol-version'] = result.protocolVersion;
  }

  /** Until the answer is there, over as many connections as it takes. */
  async function follow(first: Response, { id }: Message, signal: AbortSignal): Promise<void> {
    let answer: Response | null = first;
    let eventId = '';
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const events = answer === null ? null : await readEvents(answer, id, line);
      if (events?.isAnswered) return;
      eventId = events?.eventId || eventId;
      if (eventId === '') break;
      await setTimeout(events?.retryMs ?? RETRY_MS, undefined, { signal });
      answer = await fetch(url, { headers: { ...known, 'last-event-id': eventId }, signal }).catch(() => null);
    }
    throw new Error('The stream ended without an answer.');
  }

  const tools = createToolHeaders();
  const post = (message: Message, body: string, signal: AbortSignal) => {
    const accept = 'application/json, text/event-stream';
    const repeated = { ...repeatedHeaders(message), ...tools.headersOf(message) };
    const headers = { ...known, ...repeated, accept, 'content-type': 'application/json' };
    return fetch(url, { method: 'POST', headers, body, signal });
  };

  /** Whether another try will say what this one did not. */
  async function learn(message: Message, text: string, signal: AbortSignal): Promise<boolean> {
    if (message.method !== 'tools/call' || !isHeaderMismatch(text)) return false;
    const before = JSON.stringify(tools.headersOf(message));
    const asking = listRequest(message);
    tools.learn(await (await post(asking, JSON.stringify(asking), signal)).text());
    return JSON.stringify(tools.headersOf(message)) !== before;
  }

  return async function send(message: Message, body: string, signal: AbortSignal): Promise<void> {
    const answer = await post(message, body, signal);
    if (answer.headers.get('content-type')?.startsWith('text/event-stream')) return follow(answer, message, signal);
    const text = await answer.text();
    if (await learn(message, text, signal)) return send(message, body, signal);
    if (message.method === 'initialize') keepSession(answer, text);
    if (text !== '' && message.method !== undefined && message.id !== undefined) line(withId(text, message.id));
  };
}

interface Events {
  readonly isAnswered: boolean;
  readonly eventId: string;
  readonly retryMs: number | null;
}

/** What comes until the connection is cut or the answer is there. */
async function readEvents(answer: Response, id: Message['id'], line: (text: string) => void): Promise<Events> {
  const parser = createEventParser(EVENT_CHARACTERS_MAX);
  const decoder = new TextDecoder();
  let isAnswered = false;
  try {
    for await (const chunk of answer.body ?? []) {
      for (const { data } of parser.read(decoder.decode(chunk, { stream: true }))) {
        const message = messageOf(data);
        if (message === null) continue;
        line(data);
        isAnswered ||= message.method === undefined && message.id === id;
      }
    }
  } catch {
    // It was cut: whether that is the end says the id of its events.
  }
  return { isAnswered, eventId: parser.id, retryMs: parser.retryMs };
}

/** A refusal before the message was read has no id; whoever asked waits for theirs. */
function withId(text: string, id: string | number): string {
  const message = messageOf(text);
  return message === null || message.id !== undefined ? text : JSON.stringify({ ...message, id });
}

function awayText(url: string, error: unknown): string {
  return `${url} did not answer: ${error instanceof Error ? error.message : String(error)}.`;
}
