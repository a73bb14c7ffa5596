/** Sends requests of the suite over a real socket, byte for byte as given. */
import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import type { WireAnswer, WireRequest } from './adapter.ts';

/** Far above any answer on one machine; a request that takes longer hangs, and hanging is what the suite must see. */
const HANG_MS = 20_000;

export interface SendOptions {
  readonly agent: Agent;
  /** `http://host:port`, and the prefix below which the dialect is mounted. */
  readonly baseUrl: string;
  readonly signal?: AbortSignal;
}

export function send(options: SendOptions, request: WireRequest): Promise<WireAnswer> {
  const base = new URL(options.baseUrl);
  const body = bodyOf(request);
  const headers = {
    ...(request.json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(body === undefined ? {} : { 'content-length': String(body.byteLength) }),
    ...request.headers,
  };
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        agent: options.agent,
        host: base.hostname,
        port: base.port,
        method: request.method,
        path: `${base.pathname.replace(/\/$/, '')}${request.path}`,
        headers,
        timeout: HANG_MS,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
      (incoming) => void collect(incoming).then(resolve, reject),
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${request.method} ${request.path} hangs.`)));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function bodyOf(request: WireRequest): Buffer | undefined {
  if (request.json !== undefined) return Buffer.from(JSON.stringify(request.json));
  return request.body === undefined ? undefined : Buffer.from(request.body);
}

async function collect(incoming: IncomingMessage): Promise<WireAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) headers[name] = String(value);
  return { status: incoming.statusCode ?? 0, headers, bytes, text: bytes.toString('utf8') };
}
