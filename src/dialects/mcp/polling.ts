/**
 * `tasks/get` of a task that is in memory: clients ask it again and again, so that what it says is made once for each revision of the job, and sent without
 * a promise. Whatever is not as simple goes the long way, which also says what is wrong.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Snapshot } from '../../engine/api.ts';
import { noteCaller } from '../../http/caller.ts';
import { jsonBodyOf, rawBodyOf } from '../json-body.ts';
import { sendPlainJson } from '../send-plain.ts';
import { keptPerSnapshot } from '../snapshot-cache.ts';
import { type Context, complete, type Desk, type Peer } from './call.ts';
import { callerOf } from './caller.ts';
import { taskBody } from './legacy/task-body.ts';
import { runOf } from './mapping.ts';
import { isModern, modernPeer } from './modern/peer.ts';
import { taskAtHand } from './modern/tasks.ts';
import { type Message, messageOf, type RequestId, resultText } from './rpc.ts';
import { taskRefOf } from './tasks.ts';
import { UNSAID_VERSION, VERSIONS } from './wire.ts';

/** Longer ones are something else. */
const BODY_BYTES_MAX = 2_048;
const METHOD = 'tasks/get';

type Request = Extract<Message, { kind: 'request' }>;

/** True when the request is answered. */
export type Polling = (request: FastifyRequest, reply: FastifyReply) => boolean;

export function createPolling(context: Context, desk: Desk, ids: WeakMap<FastifyRequest, RequestId>): Polling {
  const { engine, holds } = context;
  const textOf = keptPerSnapshot((snapshot: Snapshot, _shown, isLegacy: boolean, canElicit: boolean) => {
    const call = { context, desk, peer: { isLegacy, canElicit, version: '', takesTasks: true } };
    const body = isLegacy ? taskBody(call, snapshot) : taskAtHand(call, snapshot);
    return body === undefined ? undefined : JSON.stringify(complete(call, body));
  });
  return (request, reply) => {
    const message = simplePoll(context, request);
    if (message === null) return false;
    const principal = callerOf(context, request);
    if (principal === null || principal instanceof Promise || !principal.scopes.has('read')) return false;
    const peer = peerOf(request, message);
    const ref = taskRefOf(String(message.params.taskId));
    const snapshot = ref === null ? undefined : engine.peek(principal.tenant, ref.jobId);
    if (peer === null || snapshot === undefined || runOf(snapshot.job) !== ref?.run) return false;
    const text = textOf(snapshot, engine.clock.now(), peer.isLegacy, peer.canElicit);
    if (text === undefined) return false;
    noteCaller(request, principal.tenant);
    try {
      holds.look(principal, snapshot.job);
      sendPlainJson(reply, resultText(message.id, text));
    } catch (error) {
      // Only for a refusal: a weak map that grows with each poll is dear.
      ids.set(request, message.id);
      throw error;
    }
    return true;
  };
}

/** Null for all other messages, be they right or wrong. */
function simplePoll(context: Context, request: FastifyRequest): Request | null {
  const { origin, 'mcp-session-id': session } = request.headers;
  const body = rawBodyOf(request);
  const isShort = body !== undefined && body.length <= BODY_BYTES_MAX && body.includes(METHOD);
  if (!isShort || origin !== undefined || session !== undefined) return null;
  try {
    const message = messageOf(jsonBodyOf({ request, context }));
    return message.kind === 'request' && message.method === METHOD ? message : null;
  } catch {
    return null;
  }
}

function peerOf({ headers }: FastifyRequest, message: Request): Pick<Peer, 'isLegacy' | 'canElicit'> | null {
  if (!isModern(headers, message.params))
    return VERSIONS.includes(String(headers['mcp-protocol-version'] ?? UNSAID_VERSION)) ? LEGACY : null;
  try {
    const peer = modernPeer(headers, message);
    return peer.takesTasks ? peer : null;
  } catch {
    return null;
  }
}

const LEGACY = { isLegacy: true, canElicit: false };
