/**
 * One Fastify instance per mounted dialect: nothing of one dialect can leak into another, not even the way it reads a URL.
 *
 * A shared instance with prefixes was rejected: router options (double slashes, case, query parser) and the answers to
 * unreadable URLs are per instance in Fastify, and vendors differ in all of them. The instances share one port through `mount.ts`.
 */
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { Limits } from '../core/limits.ts';
import { type Answers, countAnswers } from './answers.ts';
import type { Dialect } from './dialect.ts';
import { createFailureLog } from './failure-log.ts';
import type { Logger } from './log.ts';
import { readTraces } from './read-trace.ts';

export interface DialectAppOptions {
  readonly dialect: Pick<Dialect, 'name' | 'errorBody' | 'router'>;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly answers: Answers;
  /** Whether what answers say of origins depends on who asks: then those that name what they vary by name that too. */
  readonly variesByOrigin?: boolean;
}

/** An id in a path may be as long as this; longer ones are answered as unreadable. */
const PARAM_LENGTH_MAX = 500;

/**
 * What every answer says unless its route says otherwise: everybody's jobs are their own, so no cache keeps them; and what a caller
 * stored as plain text must not run as a page in somebody's browser. Answers of the hot path are written past the hook and bring their own:
 * set on every response, the two cost a status read a twentieth of its time.
 */
const GUARDS = Object.entries({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });

const ORIGIN = 'origin';

export function createDialectApp(options: DialectAppOptions): FastifyInstance {
  const { dialect, limits, logger, answers, variesByOrigin = false } = options;
  const app = Fastify({
    // `request-log.ts` writes a line per request where the level asks for it, errors are logged by the hook below, and metrics count the rest.
    logger: false,
    bodyLimit: limits.bodyBytesMax,
    return503OnClosing: false,
    genReqId: requestIds(),
    schemaController: { compilersFactory: { buildValidator: refuseSchemas, buildSerializer: refuseSchemas } },
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX, ...dialect.router },
    frameworkErrors: (error, request, reply) => {
      refuseUnreadable(dialect, reply as FastifyReply, { message: sentenceOf(error), url: request.url });
    },
  });
  countAnswers(app, answers);
  readTraces(app);
  app.addHook('onSend', (_request, reply, payload, done) => {
    for (const [name, value] of GUARDS) if (!reply.hasHeader(name)) reply.header(name, value);
    if (variesByOrigin) alsoByOrigin(reply);
    done(null, payload);
  });
  const logFailure = createFailureLog(logger);
  app.addHook('onError', (request, _reply, error, done) => {
    if (isOurs(error)) logFailure({ error, requestId: request.id, dialect: dialect.name });
    done();
  });
  return app;
}

/** What a route says that its answer varies by stands in place of what every answer says. */
function alsoByOrigin(reply: FastifyReply): void {
  const vary = reply.getHeader('vary');
  if (typeof vary === 'string' && vary !== ORIGIN) reply.header('vary', `${vary}, ${ORIGIN}`);
}

/** Else Fastify loads its own compilers at every start, a hundred modules that no face uses: each brings its own or checks by itself. */
function refuseSchemas(): never {
  throw new TypeError('A face that gives schemas to its routes also sets what compiles them.');
}

/** Fastify's own sentence holds the whole path. */
function sentenceOf({ code, message }: { readonly code: string; readonly message: string }): string {
  if (code !== 'FST_ERR_MAX_PARAM_LENGTH') return message.slice(0, PARAM_LENGTH_MAX);
  return `A part of the path has more than ${PARAM_LENGTH_MAX} characters.`;
}

function refuseUnreadable(
  dialect: DialectAppOptions['dialect'],
  reply: FastifyReply,
  { message, url }: { readonly message: string; readonly url: string },
): void {
  const { status, body, headers } = dialect.errorBody('invalid', message, url);
  if (headers !== undefined) reply.headers(headers);
  void reply.code(status).type(contentTypeOf(headers)).send(JSON.stringify(body));
}

export function contentTypeOf(headers: Readonly<Record<string, string>> | undefined): string {
  return headers?.['content-type'] ?? 'application/json; charset=utf-8';
}

/** Whether an error is worth an operator's look: not one that says what the caller did wrong, nor that the server is full or closing. */
function isOurs(error: { readonly statusCode?: number; readonly kind?: unknown }): boolean {
  if (typeof error.kind === 'string') return error.kind === 'internal' || error.kind === 'unavailable';
  return error.statusCode === undefined || error.statusCode >= 500;
}

/** Unique within the process and, by the random start, most likely among its successors: what a person quotes from an error. */
function requestIds(): () => string {
  const start = Math.floor(Math.random() * 36 ** 6)
    .toString(36)
    .padStart(6, '0');
  let count = 0;
  return () => {
    count += 1;
    return `${start}-${count.toString(36)}`;
  };
}
