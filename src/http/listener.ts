/**
 * The listening socket under all dialects of a port: timeouts, caps, malformed HTTP, readers who take nothing, and a close that lets
 * nobody hang.
 *
 * Closing: (1) no new connections; (2) requests under way are answered, held ones at once since the engine ends their waits;
 * (3) idle connections are closed, again and again, because a connection falls idle only when its answer was sent; (4) what is
 * still open when its time is over is cut.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { ErrorKind } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import { originIn } from './cors.ts';
import { connectionsWithin, openFilesMax } from './open-files.ts';

/** How long the kernel queues connections while the event loop is busy: a burst of waiting clients must not be refused. */
const BACKLOG = 4_096;
/** Between looks for connections that fell idle during a close; no request is slowed by it. */
const IDLE_LOOK_MS = 20;
/** What a forced close leaves to answers under way: held requests have just been told to end. */
const FORCED_MS = 1_000;

export interface ListenerOptions {
  readonly limits: Limits;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** The answer to bytes that are not HTTP, too many, or too slow. */
  readonly malformed: (malformation: Malformation) => BareAnswer;
  /** What such an answer says to a page of this origin; nothing unless told. */
  readonly corsHeaders?: (origin: string | undefined) => Readonly<Record<string, string>>;
}

export interface Malformation {
  readonly kind: Extract<ErrorKind, 'invalid' | 'too_large' | 'headers_too_large' | 'too_slow'>;
  readonly message: string;
}

/** Its status is that of the status line; some bodies carry it once more. */
export interface BareAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface CloseOptions {
  /** Time for requests under way; `limits.drainMs` unless told. */
  readonly withinMs?: number;
  /** Ends the patience: what is under way has a moment left. */
  readonly force?: AbortSignal;
}

export interface Listener {
  readonly server: Server;
  /** Resolves to `http://host:port` once connections are taken; rejects when the port is taken or not allowed. */
  listen(where: { readonly host: string; readonly port: number }): Promise<string>;
  close(options?: CloseOptions): Promise<void>;
}

export function createListener(options: ListenerOptions): Listener {
  const { limits, handle } = options;
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: Math.min(limits.headerTimeoutMs, limits.requestTimeoutMs),
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.idleTimeoutMs,
      connectionsCheckingInterval: Math.min(5_000, limits.headerTimeoutMs),
      // The server looks itself: Node's refusal has no body.
      requireHostHeader: false,
      noDelay: true,
    },
    handle,
  );
  server.maxConnections = connectionsWithin(limits.connectionsMax, openFilesMax());
  // Node's own timer of a quiet socket: bytes that the reader takes count as life, bytes that only wait for the reader do not.
  server.timeout = limits.answerStallMs;
  server.on('timeout', (socket: Socket) => {
    // A held request is quiet with nothing to send; one that still arrives has timers of its own.
    if (socket.writableLength > 0 || !isAnswering(socket)) socket.destroy();
  });
  // Node answers an unknown Expect header with a bare 417; an expectation may as well be ignored, and the answer is then the dialect's own.
  server.on('checkExpectation', handle);
  server.on('clientError', (error: ClientFault, socket: Socket) => refuseMalformed(error, socket, options));
  return {
    server,
    listen: ({ host, port }) => listen(server, host, port),
    close: ({ withinMs = limits.drainMs, force } = {}) => close(server, withinMs, force),
  };
}

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.removeListener('error', reject);
      resolve(urlOf(server.address() as AddressInfo));
    });
  });
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

async function close(server: Server, withinMs: number, force?: AbortSignal): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const looks = setInterval(() => server.closeIdleConnections(), IDLE_LOOK_MS);
  const cut = () => server.closeAllConnections();
  const deadlines = [setTimeout(cut, withinMs)];
  const hurry = () => void deadlines.push(setTimeout(cut, FORCED_MS));
  if (force?.aborted) hurry();
  force?.addEventListener('abort', hurry, { once: true });
  await closed;
  force?.removeEventListener('abort', hurry);
  clearInterval(looks);
  for (const deadline of deadlines) clearTimeout(deadline);
}

const MALFORMED: Readonly<Record<string, Malformation>> = {
  HPE_HEADER_OVERFLOW: { kind: 'headers_too_large', message: 'The URL and the headers are larger than the limit.' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { kind: 'too_large', message: 'The chunk extensions are too large.' },
  ERR_HTTP_REQUEST_TIMEOUT: { kind: 'too_slow', message: 'The request took too long to arrive.' },
};
const NOT_HTTP: Malformation = { kind: 'invalid', message: 'The request is not valid HTTP.' };

/**
 * Answers once and closes. Where an answer to an earlier request is still due on the connection, or this one's has begun, ours would be taken for a
 * part of it: then only closes.
 */
function refuseMalformed(
  error: ClientFault,
  socket: Socket,
  { malformed, corsHeaders = () => ({}) }: Pick<ListenerOptions, 'malformed' | 'corsHeaders'>,
): void {
  if (!socket.writable || error.code === 'ECONNRESET' || (isAnswering(socket) && !isArriving(socket))) {
    socket.destroy();
    return;
  }
  const { status, contentType, body } = malformed(MALFORMED[error.code ?? ''] ?? NOT_HTTP);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${contentType}\r\nContent-Length: ${Buffer.byteLength(body)}`;
  const origin = isAnswering(socket) ? answerOf(socket).req.headers.origin : originIn(error.rawPacket);
  const cors = Object.entries(corsHeaders(origin)).map(([name, value]) => `\r\n${name}: ${value}`);
  socket.end(`${head}${cors.join('')}\r\nConnection: close\r\n\r\n${body}`);
}

/** What Node's parser says; with the bytes that it could not read. */
interface ClientFault extends NodeJS.ErrnoException {
  readonly rawPacket?: Uint8Array;
}

function answerOf(socket: Socket): ServerResponse {
  return (socket as Socket & { readonly _httpMessage: ServerResponse })._httpMessage;
}

/** Whether the request of this connection that was handed on last is still being sent, and nothing was said to it yet. */
function isArriving(socket: Socket): boolean {
  const { headersSent, req } = answerOf(socket);
  return !headersSent && !req.complete;
}

/** Whether a request of this connection was handed on and its answer is not out yet. */
function isAnswering(socket: Socket): boolean {
  return '_httpMessage' in socket && socket._httpMessage !== null && socket._httpMessage !== undefined;
}
