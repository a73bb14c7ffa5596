/** Plays requests of a vendor's flow, prints each exchange, and counts what differs from the specification. */
import { setTimeout as sleep } from 'node:timers/promises';
import { difference, type Pattern } from './pattern.ts';

export interface DemoRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  /** Below the place where the dialect is mounted. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** Bytes or text as they are; `shown` says what is printed for them. */
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream;
  readonly shown?: string;
}

export interface Expected {
  readonly status: number;
  /** The body as JSON. */
  readonly json?: Pattern;
  /** Checks bodies that are not JSON, or what a pattern cannot say; the sentence is what is wrong. */
  readonly check?: (answer: DemoAnswer) => string | null;
}

export interface DemoAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly text: string;
  /** Undefined where the body is no JSON. */
  readonly json: unknown;
  readonly elapsedMs: number;
}

export interface Stage {
  /** Where the dialect is mounted, without a trailing slash. */
  readonly url: string;
  /** Where the native API is. */
  readonly nativeUrl: string;
  readonly key: string;
  say(text: string): void;
  /** Sends, prints, compares. Goes on after a difference, so that one run shows all. */
  exchange(request: DemoRequest, expected: Expected): Promise<DemoAnswer>;
  /** Repeats a request until `isDone`, prints the last exchange, and compares it. */
  poll(request: DemoRequest, isDone: (answer: DemoAnswer) => boolean, expected: Expected): Promise<DemoAnswer>;
  /** For facts that are no exchange: prints the sentence, and counts it as a difference where it does not hold. */
  check(sentence: string, holds: boolean): void;
}

export interface VendorDemo {
  /** Name of the dialect. */
  readonly dialect: string;
  readonly title: string;
  play(stage: Stage): Promise<void>;
}

export interface Tally {
  exchanges: number;
  readonly differences: string[];
}

const POLLS_MAX = 200;
const POLL_MS = 100;
const SHOWN_MAX = 600;
const SECRETS = /^(?:x-api-key|authorization)$/i;

export function createStage(
  server: { readonly url: string; readonly key: string },
  dialect: string,
  tally: Tally,
): Stage {
  const url = `${server.url}/${dialect}`;

  function compare(request: DemoRequest, answer: DemoAnswer, expected: Expected): void {
    tally.exchanges += 1;
    const wrong = differenceOf(answer, expected);
    console.log(wrong === null ? '  as specified' : `  DIFFERS: ${wrong}`);
    if (wrong !== null) tally.differences.push(`${dialect}: ${request.method ?? 'GET'} ${request.path}: ${wrong}`);
  }

  return {
    url,
    nativeUrl: server.url,
    key: server.key,
    say: (text) => console.log(`\n# ${text}`),
    async exchange(request, expected) {
      printRequest(request);
      const answer = await send(url, request);
      printAnswer(answer);
      compare(request, answer, expected);
      return answer;
    },
    async poll(request, isDone, expected) {
      printRequest(request);
      let answer = await send(url, request);
      for (let turn = 1; turn < POLLS_MAX && !isDone(answer); turn += 1) {
        await sleep(POLL_MS);
        answer = await send(url, request);
      }
      printAnswer(answer);
      compare(request, answer, expected);
      return answer;
    },
    check(sentence, holds) {
      console.log(`  ${holds ? 'holds' : 'DOES NOT HOLD'}: ${sentence}`);
      if (!holds) tally.differences.push(`${dialect}: ${sentence}`);
    },
  };
}

async function send(url: string, request: DemoRequest): Promise<DemoAnswer> {
  const begun = performance.now();
  const body = request.json === undefined ? request.body : JSON.stringify(request.json);
  const response = await fetch(`${url}${request.path}`, {
    method: request.method ?? 'GET',
    headers: { ...(request.json === undefined ? {} : { 'content-type': 'application/json' }), ...request.headers },
    ...(body === undefined ? {} : { body, duplex: 'half' }),
    signal: AbortSignal.timeout(60_000),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString('utf8');
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    text,
    json: jsonOf(text),
    elapsedMs: performance.now() - begun,
  };
}

function differenceOf(answer: DemoAnswer, expected: Expected): string | null {
  if (answer.status !== expected.status) return `the status is ${answer.status}, not ${expected.status}`;
  if (expected.json !== undefined) {
    if (!/^application\/json\b/.test(answer.headers.get('content-type') ?? '')) return 'the content type is not JSON';
    const wrong = difference(answer.json, expected.json, '');
    if (wrong !== null) return wrong;
  }
  return expected.check?.(answer) ?? null;
}

function printRequest(request: DemoRequest): void {
  console.log(`\n> ${request.method ?? 'GET'} ${request.path}`);
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    console.log(`> ${name}: ${SECRETS.test(name) ? value.replace(/[A-Za-z0-9+/=_.-]{16,}$/, '…') : value}`);
  }
  const shown = request.shown ?? (request.json === undefined ? request.body : JSON.stringify(request.json));
  if (typeof shown === 'string') console.log(`> ${shortened(shown)}`);
}

function printAnswer({ status, text, json, bytes, elapsedMs }: DemoAnswer): void {
  const body = json === undefined && bytes.includes(0) ? `${bytes.length} bytes` : shortened(text);
  console.log(`< ${status} (${Math.round(elapsedMs)} ms) ${body}`);
}

function shortened(text: string): string {
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}… (${text.length} characters)` : text;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
