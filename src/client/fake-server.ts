/**
 * A server made of a function, and a clock that jumps: what the tests of the client talk to. Nothing here waits for real time: a
 * pause, and a hold that the answer declares, only move the clock.
 */
import type { TransportOptions } from './transport.ts';
import type { JobBody } from './wire.ts';

export interface FakeRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  /** JSON value of the body; undefined for none. */
  readonly json: unknown;
  readonly signal: AbortSignal;
}

export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  /** In place of `text`: what is sent piece by piece. */
  readonly stream?: ReadableStream<Uint8Array>;
  /** How long the server held the request. */
  readonly heldMs?: number;
}

export type Respond = (request: FakeRequest, count: number) => FakeAnswer | Promise<FakeAnswer>;

export function fakeServer(respond: Respond) {
  const requests: FakeRequest[] = [];
  const pauses: number[] = [];
  let nowMs = Date.UTC(2030, 0, 1);

  const fetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const request: FakeRequest = {
      method: init.method ?? 'GET',
      url: new URL(String(input)),
      headers: new Headers(init.headers),
      json: jsonOf(init),
      signal: init.signal ?? new AbortController().signal,
    };
    requests.push(request);
    const { status = 200, headers = {}, json, text, stream, heldMs = 0 } = await respond(request, requests.length);
    nowMs += heldMs;
    const body = stream ?? text ?? (json === undefined ? null : JSON.stringify(json));
    return new Response(body, { status, headers });
  };

  const options = {
    url: 'http://bide.test',
    key: 'bide_key',
    fetch,
    now: () => nowMs,
    random: () => 0,
    async pause(ms: number, signal: AbortSignal | undefined) {
      signal?.throwIfAborted();
      pauses.push(ms);
      nowMs += ms;
    },
  } satisfies TransportOptions;

  return { options, requests, pauses, now: () => nowMs };
}

function jsonOf({ body, headers }: RequestInit): unknown {
  if (typeof body === 'string') return JSON.parse(body);
  const isJson = new Headers(headers).get('content-type') === 'application/json';
  return isJson && body instanceof Uint8Array ? JSON.parse(new TextDecoder().decode(body)) : undefined;
}

export function jobBody(changes: Partial<JobBody> = {}): JobBody {
  return {
    id: '0190a0a0-0000-7000-8000-000000000001',
    type: 'echo',
    state: 'queued',
    progress: { percent: 0, message: null },
    attempt: 0,
    attemptsMax: 3,
    priority: 0,
    tags: {},
    revision: 1,
    createdAt: '2030-01-01T00:00:00.000Z',
    runAt: '2030-01-01T00:00:00.000Z',
    startedAt: null,
    finishedAt: null,
    deadlineAt: null,
    retainUntil: null,
    cancelRequestedAt: null,
    error: null,
    result: null,
    links: {},
    ...changes,
  };
}

export function finishedBody(changes: Partial<JobBody> = {}): JobBody {
  return jobBody({ state: 'succeeded', revision: 3, finishedAt: '2030-01-01T00:00:01.000Z', ...changes });
}
