/**
 * One request and its whole answer, redirects included, over node:http.
 *
 * Global `fetch` takes no lookup hook without its dispatcher being replaced, and without the hook the address connected to
 * cannot be checked. The signal destroys the socket, so the upstream learns at once that nobody waits any more.
 */
import {
  type AgentOptions,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { type Duplex, pipeline, type Readable } from 'node:stream';
// As a whole: Node 20 has no Zstandard, and an import of it by name would keep the library from saying that it needs a newer Node.
import zlib from 'node:zlib';
import { guardedLookup, refusePrivateHost } from '../../net/guarded-lookup.ts';

export interface ExchangeRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
  readonly signal: AbortSignal;
  readonly redirectsMax: number;
  /** Whether a redirect may lead there; anywhere when left out. */
  readonly mayRedirectTo?: (url: URL) => boolean;
}

export interface ExchangeAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Content encodings are undone. Read it or destroy it: it holds a connection. */
  readonly body: Readable;
  /** Where it came from after redirects. */
  readonly url: URL;
}

/** Redirects that lead nowhere allowed. */
export class RedirectError extends Error {
  override readonly name = 'RedirectError';
}

/** An answer in a content encoding that cannot be undone: its bytes would not be what its content type says. */
export class EncodingError extends Error {
  override readonly name = 'EncodingError';
}

export interface Exchanger {
  /** Rejects when the upstream cannot be reached or may not be, and when the signal fires. */
  exchange(request: ExchangeRequest): Promise<ExchangeAnswer>;
  close(): void;
}

/** Keeps connections alive between jobs of one type. */
export function exchanger({ allowPrivateAddresses }: { allowPrivateAddresses: boolean }): Exchanger {
  const agentOptions = { timeout: 60_000, ...(allowPrivateAddresses ? {} : { lookup: guardedLookup }) };
  const kept = agentsOf({ ...agentOptions, keepAlive: true });
  const fresh = agentsOf(agentOptions);
  const hop = async (request: ExchangeRequest): Promise<IncomingMessage> => {
    if (!allowPrivateAddresses) refusePrivateHost(request.url);
    const isSecure = request.url.protocol === 'https:';
    try {
      return await send(request, isSecure ? kept.https : kept.http);
    } catch (error) {
      if (!(error instanceof StaleSocket)) throw error;
      return await send(request, isSecure ? fresh.https : fresh.http);
    }
  };
  return {
    exchange: (request) => follow(request, hop),
    close() {
      for (const { http, https } of [kept, fresh]) {
        http.destroy();
        https.destroy();
      }
    },
  };
}

function agentsOf(options: AgentOptions) {
  return { http: new HttpAgent(options), https: new HttpsAgent(options) };
}

/**
 * The upstream closed a kept connection at the moment at which a request went out on it: nothing was answered, and most likely nothing was
 * read. Sent once more, on a connection of its own; an upstream that has read it all the same knows it by its Idempotency-Key.
 */
class StaleSocket extends Error {
  override readonly name = 'StaleSocket';
}

const CLOSED_UNDER_US: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE']);

async function follow(
  first: ExchangeRequest,
  hop: (request: ExchangeRequest) => Promise<IncomingMessage>,
): Promise<ExchangeAnswer> {
  let request = first;
  for (let hops = 0; hops <= first.redirectsMax; hops += 1) {
    const response = await hop(request);
    const next = redirected(request, response);
    if (next === null) {
      const { statusCode: status = 0, headers } = response;
      return { status, headers, body: decoded(response, request.method), url: request.url };
    }
    response.destroy();
    request = next;
  }
  throw new RedirectError(`The upstream redirects more than ${first.redirectsMax} times.`);
}

function send(request: ExchangeRequest, agent: HttpAgent | HttpsAgent): Promise<IncomingMessage> {
  const options: RequestOptions = { method: request.method, headers: request.headers, signal: request.signal, agent };
  return new Promise((resolve, reject) => {
    const make = request.url.protocol === 'https:' ? httpsRequest : httpRequest;
    const outgoing = make(request.url, options, resolve);
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const isStale = outgoing.reusedSocket && CLOSED_UNDER_US.has(error.code) && !request.signal.aborted;
      reject(isStale ? new StaleSocket(error.message, { cause: error }) : error);
    });
    // Node ends the connection of whoever answers 101, and tells it by no error. After an answer this does nothing.
    outgoing.on('close', () => reject(new Error('The upstream closed the connection without an answer.')));
    outgoing.end(request.body ?? undefined);
  });
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** The request that a redirect asks for; null where the answer is none. */
function redirected(request: ExchangeRequest, { statusCode = 0, headers }: IncomingMessage): ExchangeRequest | null {
  if (!REDIRECTS.has(statusCode) || headers.location === undefined) return null;
  const url = URL.parse(headers.location, request.url.href);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new RedirectError('The upstream redirects to something that is not an http URL.');
  }
  if (request.mayRedirectTo?.(url) === false) {
    throw new RedirectError('The upstream redirects to a place that is not allowed.');
  }
  if (request.url.protocol === 'https:' && url.protocol === 'http:') {
    throw new RedirectError('The upstream redirects from https to http.');
  }
  const becomesGet = statusCode === 303 || (statusCode < 303 && request.method === 'POST');
  const moved = becomesGet && request.method !== 'HEAD' ? withoutBody(request) : request;
  // What the config sends along (keys, cookies) is meant for the configured origin alone.
  const kept = url.origin === request.url.origin ? moved.headers : onlyNeutral(moved.headers);
  return { ...moved, url, headers: kept };
}

function withoutBody(request: ExchangeRequest): ExchangeRequest {
  const headers = Object.entries(request.headers).filter(([name]) => !name.toLowerCase().startsWith('content-'));
  return { ...request, method: 'GET', body: null, headers: Object.fromEntries(headers) };
}

const NEUTRAL = new Set(['accept', 'accept-encoding', 'content-type', 'content-length', 'user-agent']);

function onlyNeutral(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => NEUTRAL.has(name.toLowerCase())));
}

/** Somebody compressed what was compressed already; more than that is no honest answer. */
const ENCODINGS_MAX = 2;
const DECODERS: ReadonlyMap<string, () => Duplex> = new Map<string, () => Duplex>([
  ['gzip', zlib.createGunzip],
  ['x-gzip', zlib.createGunzip],
  ['deflate', zlib.createInflate],
  ['br', zlib.createBrotliDecompress],
  ['zstd', zlib.createZstdDecompress],
]);

/** The whole body, or null where there is more than `bytesMax`. */
export async function readBody(body: Readable, bytesMax: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop early destroys the stream, and with it the connection.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > bytesMax) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Identity was asked for; some upstreams compress all the same, and a stored result has no content encoding. */
function decoded(response: IncomingMessage, method: string): Readable {
  const encodings = (response.headers['content-encoding'] ?? '')
    .split(',')
    .map((encoding) => encoding.trim().toLowerCase())
    .filter((encoding) => encoding !== '' && encoding !== 'identity');
  if (method === 'HEAD' || encodings.length === 0) return response;
  const makers = encodings.map((encoding) => DECODERS.get(encoding));
  if (makers.length > ENCODINGS_MAX || makers.includes(undefined)) {
    response.destroy();
    throw new EncodingError(
      `The upstream answered in the content encoding ${encodings.join(', ').slice(0, 100)}, which is not known here.`,
    );
  }
  // The last one was applied last. The callback form hands an error of any stream to whoever reads the decoder.
  return makers.reduceRight<Readable>(
    (body, make) => (make === undefined ? body : pipeline(body, make(), () => {})),
    response,
  );
}
