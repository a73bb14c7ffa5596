/** The plugin: one endpoint, whose messages are authenticated, told apart by the wire they are of, handed on and answered. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { noteCaller } from '../../http/caller.ts';
import type { Principal } from '../../http/dialect.ts';
import { requireTypes } from '../configured-types.ts';
import { requireScope } from '../credentials.ts';
import { frame } from '../frame.ts';
import { jsonBodyOf, takeRawBodies } from '../json-body.ts';
import { openStreams } from '../open-streams.ts';
import type { Call, Context, Desk, Method, Reply } from './call.ts';
import { callerOf } from './caller.ts';
import { initializeResult } from './legacy/initialize.ts';
import { LEGACY_METHODS } from './legacy/methods.ts';
import { legacyPeer, resume, takeAnswer } from './legacy/peer.ts';
import { sessionId, sessionOf } from './legacy/session.ts';
import { errorBody, refusal } from './mapping.ts';
import { MODERN_METHODS } from './modern/methods.ts';
import { isModern, modernPeer } from './modern/peer.ts';
import { requireOrigin } from './origins.ts';
import { createPolling } from './polling.ts';
import { challengeOf, METADATA_PATH, resourceMetadata } from './resource-metadata.ts';
import { errorText, METHOD_NOT_FOUND, type Message, messageOf, type RequestId, RpcError, resultText } from './rpc.ts';
import { serverInfo } from './server-info.ts';
import { createTools } from './tools/tool-list.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const ACCEPTED = 202;
const NOT_FOUND = 404;

export function register(app: FastifyInstance, context: Context): void {
  const { engine, options } = context;
  const named = Object.keys(options.tools).map((type) => [type, { type }]);
  requireTypes(engine, 'dialects.mcp.options.tools', Object.fromEntries(named));
  const ids = new WeakMap<FastifyRequest, RequestId>();
  const voice = {
    errorBody,
    refusal(error: BideError, request: FastifyRequest) {
      const answer = refusal(error, ids.get(request) ?? null);
      return { ...answer, headers: challengeOf(context, request, error) };
    },
  };
  frame(app, voice, (framed) => {
    takeRawBodies(framed);
    const desk: Desk = {
      tools: createTools(engine, options),
      streams: openStreams(framed, context),
      serverInfo: serverInfo(),
    };
    const polled = createPolling(context, desk, ids);
    const answer = answering(ids, (incoming) => take({ ...incoming, context, desk }, ids));
    framed.post('/', (request, reply) => (polled(request, reply) ? undefined : answer(request, reply)));
    framed.get(
      '/',
      answering(ids, (incoming) => comeBack({ ...incoming, context, desk })),
    );
    framed.get(METADATA_PATH, (request, reply) => reply.type(JSON_TYPE).send(resourceMetadata(context, request)));
  });
}

interface Incoming {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

interface Desked extends Incoming {
  readonly context: Context;
  readonly desk: Desk;
}

interface Received extends Desked {
  readonly principal: Principal;
  readonly message: Message;
}

/** Says what the protocol has a code for; all else is the frame's to say. */
function answering(ids: WeakMap<FastifyRequest, RequestId>, run: (incoming: Incoming) => Promise<FastifyReply>) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    try {
      return await run({ request, reply });
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      return reply
        .code(error.status)
        .type(JSON_TYPE)
        .send(errorText(ids.get(request) ?? null, error));
    }
  };
}

async function take(incoming: Desked, ids: WeakMap<FastifyRequest, RequestId>): Promise<FastifyReply> {
  const { request, reply, context } = incoming;
  requireOrigin(request, context.options.origins);
  const principal = await requireCaller(context, request);
  const message = messageOf(jsonBodyOf(incoming));
  const received: Received = { ...incoming, principal, message };
  if (message.kind === 'request') ids.set(request, message.id);
  if (message.kind === 'response') {
    await takeAnswer({ ...received, message });
    return reply.code(ACCEPTED).send();
  }
  // What a client tells without being asked is heard and needs no deed.
  if (message.kind === 'notification') return reply.code(ACCEPTED).send();
  return sent(received, message, await serve(received, message));
}

type Request = Extract<Message, { kind: 'request' }>;

async function serve(received: Received, { id, method, params }: Request): Promise<Reply> {
  const { request, principal, context, desk, reply, message } = received;
  const { headers } = request;
  if (message.kind !== 'request') throw new BideError('INTERNAL');
  if (isModern(headers, params))
    return run(MODERN_METHODS, method, { ...received, id, params, peer: modernPeer(headers, message) });
  if (method !== 'initialize')
    return run(LEGACY_METHODS, method, { ...received, id, params, peer: await legacyPeer(received) });
  const initialized = initializeResult({ params, desk });
  reply.header('mcp-session-id', await sessionId(context.auth, principal, sessionOf(params.capabilities)));
  return { kind: 'result', text: JSON.stringify(initialized) };
}

function run(methods: Readonly<Record<string, Method>>, name: string, call: Call): Reply | Promise<Reply> {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (method === undefined) {
    const status = call.peer.isLegacy ? 200 : NOT_FOUND;
    throw new RpcError(METHOD_NOT_FOUND, `Method not found: ${name.slice(0, 100)}`, { status });
  }
  if (method.scope !== null) requireScope(call.principal, method.scope);
  return method.run(call);
}

async function sent({ reply, principal, desk }: Received, { id }: Request, answer: Reply): Promise<FastifyReply> {
  if (answer.kind === 'result') return reply.type(JSON_TYPE).send(resultText(id, answer.text));
  try {
    return desk.streams.send(principal, reply, answer.stream);
  } catch (error) {
    const isFull = error instanceof BideError && error.code === 'TOO_MANY_HOLDS';
    if (!isFull || answer.otherwise === undefined) throw error;
    return reply.type(JSON_TYPE).send(resultText(id, await answer.otherwise()));
  }
}

/** A client whose stream was cut: its last event says what it waited for. There is no other stream to open by GET. */
async function comeBack(incoming: Desked): Promise<FastifyReply> {
  const { request, reply, context, desk } = incoming;
  requireOrigin(request, context.options.origins);
  const principal = await requireCaller(context, request);
  const eventId = request.headers['last-event-id'];
  if (typeof eventId !== 'string') {
    reply.header('allow', 'POST');
    throw new BideError('METHOD_NOT_ALLOWED', 'Send messages with POST; GET resumes a stream, by Last-Event-ID.');
  }
  const answer = await resume({ ...incoming, principal }, eventId);
  return answer.kind === 'stream' ? desk.streams.send(principal, reply, answer.stream) : reply.send();
}

async function requireCaller({ auth }: Context, request: FastifyRequest): Promise<Principal> {
  const principal = await callerOf({ auth }, request);
  if (principal === null) throw new BideError('UNAUTHENTICATED');
  noteCaller(request, principal.tenant);
  return principal;
}
