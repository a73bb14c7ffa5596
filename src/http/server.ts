/**
 * A port that speaks one or several dialects: listener, mounts, and the context that each dialect works with.
 *
 * The server owns connections and requests, never jobs: closing it does not stop the engine. While the engine drains, everything is
 * answered as before, and each answer asks to close its connection, so that the next request may go elsewhere. The engine's `closing`
 * signal, which ends all waits, is meant to fire before the close.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import type { Documents, Engine } from '../engine/api.ts';
import { setDialect } from './answered.ts';
import { type Answers, createAnswers } from './answers.ts';
import { answerPreflight, type Cors, isPreflight, setCors } from './cors.ts';
import type { Authenticator, Dialect, DialectContext, Hold } from './dialect.ts';
import { contentTypeOf, createDialectApp } from './dialect-app.ts';
import { type BareAnswer, type CloseOptions, createListener, type Malformation } from './listener.ts';
import type { Logger } from './log.ts';
import { createPick, type Mount, type MountPoint, redirectTo } from './mount.ts';
import { publicUrlOf } from './public-url.ts';
import { createRequestLog } from './request-log.ts';
import { credentialsOf, TURNS } from './turns.ts';

export type { Mount, MountPoint } from './mount.ts';

export interface ServerOptions {
  readonly engine: Engine;
  readonly auth: Authenticator;
  readonly holds: Hold;
  /** Shared by all servers of a process; one of its own unless told. */
  readonly answers?: Answers;
  readonly documents: Documents;
  /** Exactly one of them at the root, or none: then paths outside of all mounts are not found in the first one's words. */
  readonly dialects: readonly Mount[];
  readonly logger: Logger;
  /** Which pages of other origins may call; none unless told. */
  readonly cors?: Cors | null;
  /** Base URL as clients see it, where a proxy stands in between; null reads it off each request. */
  readonly publicUrl: string | null;
  /** Where dialects keep files under way, each in a folder of its own name; the system's temporary folder where there is none. */
  readonly dialectsFolder?: string;
}

export interface Server {
  /** Resolves to the URL that it listens on. Port 0 takes a free one. */
  listen(where: { readonly host: string; readonly port: number }): Promise<string>;
  /** Answers a request without a socket, as the listener would: for tests and for callers in the same process. */
  inject(request: InjectOptions & { readonly url: string }): Promise<LightMyRequestResponse>;
  /** Stops listening, waits for requests under way, frees everything. Safe to call twice. */
  close(options?: CloseOptions): Promise<void>;
}

interface Mounted {
  readonly at: MountPoint;
  readonly dialect: Dialect;
  readonly app: FastifyInstance;
  readonly routing: (request: IncomingMessage, response: ServerResponse) => void;
}

/** Registers every dialect and resolves when all are ready; rejects when one of them cannot be. */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { limits, draining } = options.engine;
  const cors = options.cors ?? null;
  const answers = options.answers ?? createAnswers(limits);
  const mounted = await Promise.all(options.dialects.map((mount) => mountDialect({ ...options, answers }, mount)));
  const first = mounted.find(({ at }) => at.kind === 'root') ?? mounted[0];
  if (first === undefined) throw new TypeError('A server needs at least one dialect.');
  const pick = createPick(mounted);
  const routeOf = (url: string, host: string | undefined) => pick(url, host) ?? { target: first, url };
  const logRequest = createRequestLog(options.logger);
  const listener = createListener({
    limits,
    corsHeaders: (origin) => cors?.headersFor(origin) ?? {},
    handle(request, response) {
      if (cors !== null) setCors(cors, request, response);
      const refusal = hostRefusal(request);
      if (refusal !== null) {
        return refuseBare(response, malformed(first.dialect, { kind: 'invalid', message: refusal }));
      }
      logRequest?.(request, response);
      if (draining.aborted) response.setHeader('connection', 'close');
      const { target, url } = routeOf(request.url ?? '/', request.headers.host);
      redirectTo(request, url);
      setDialect(response, target.dialect.name);
      if (cors !== null && isPreflight(cors, request)) return answerPreflight(response);
      TURNS.take(credentialsOf(request), () => target.routing(request, response));
    },
    malformed: (malformation) => malformed(first.dialect, malformation),
  });
  return {
    listen: (where) => listener.listen(where),
    inject(request) {
      const { target, url } = routeOf(request.url, hostOf(request));
      return target.app.inject({ ...request, url });
    },
    async close(closeOptions) {
      await listener.close(closeOptions);
      await Promise.all(mounted.map(({ app }) => app.close()));
    },
  };
}

async function mountDialect(options: ServerOptions & { readonly answers: Answers }, mount: Mount): Promise<Mounted> {
  const { engine, logger, answers } = options;
  const { dialect, at } = mount;
  const varies = options.cors?.varies === true;
  const app = createDialectApp({ dialect, limits: engine.limits, logger, answers, variesByOrigin: varies });
  await dialect.register(app, contextOf(options, mount));
  await app.ready();
  return { at, dialect, app, routing: (request, response) => app.routing(request, response) };
}

function contextOf(options: ServerOptions, mount: Mount): DialectContext<unknown> {
  const { engine, auth, holds, documents, logger } = options;
  const { at, options: dialectOptions } = mount;
  const configured = options.publicUrl === null ? null : options.publicUrl.replace(/(?<!\/)\/+$/, '');
  const prefix = at.kind === 'prefix' ? at.prefix : '';
  return {
    engine,
    auth,
    holds,
    documents,
    options: dialectOptions,
    logger: logger.child({ dialect: mount.dialect.name }),
    folder: join(options.dialectsFolder ?? join(tmpdir(), 'bide-dialects'), mount.dialect.name),
    // A host of its own has its own public URL, which only its requests know.
    publicUrl: (request) => publicUrlOf(request.raw, at.kind === 'host' ? null : configured) + prefix,
  };
}

function hostOf({ headers }: InjectOptions): string | undefined {
  const host = headers?.host;
  return typeof host === 'string' ? host : undefined;
}

/** HTTP/1.1 wants exactly one Host: without it nobody knows who is asked, and of two each hop may pick another. */
function hostRefusal({ rawHeaders, httpVersion }: IncomingMessage): string | null {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name === 'Host' || name === 'host' || (name.length === 4 && name.toLowerCase() === 'host')) count += 1;
  }
  if (count === 1 || (count === 0 && httpVersion === '1.0')) return null;
  return count === 0 ? 'The request has no Host header.' : 'The request has more than one Host header.';
}

function refuseBare(response: ServerResponse, { status, contentType, body }: BareAnswer): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, { 'content-type': contentType, 'content-length': length, connection: 'close' });
  response.end(body);
}

function malformed(dialect: Dialect, { kind, message }: Malformation): BareAnswer {
  const { status, body, headers } = dialect.errorBody(kind, message);
  return { status, contentType: contentTypeOf(headers), body: JSON.stringify(body) };
}
