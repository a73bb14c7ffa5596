/** A client of 2025: what it is by its session, its answers to what people were asked, and its coming back to a stream. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../../../http/dialect.ts';
import { requireScope } from '../../credentials.ts';
import type { Context, Desk, Peer, Reply } from '../call.ts';
import { holdAsEvents } from '../holding.ts';
import { answer, asksOf } from '../inputs.ts';
import { requireVersion } from '../modern/peer.ts';
import { inputOf } from '../notices.ts';
import { placeOf } from '../place.ts';
import { INVALID_REQUEST, type Message, RpcError } from '../rpc.ts';
import { found } from '../tasks.ts';
import { UNSAID_VERSION, VERSIONS } from '../wire.ts';
import { NO_SESSION, openSession } from './session.ts';

export interface LegacyRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly context: Context;
  readonly desk: Desk;
  readonly principal: Principal;
}

const NOT_FOUND = 404;

export async function legacyPeer({ request: { headers }, context, principal }: LegacyRequest): Promise<Peer> {
  const version = String(headers['mcp-protocol-version'] ?? UNSAID_VERSION);
  requireVersion(version, VERSIONS);
  const id = headers['mcp-session-id'];
  const session = typeof id === 'string' ? await openSession(context.auth, principal, id) : NO_SESSION;
  // Upon which a client begins anew.
  if (session === null) throw new RpcError(INVALID_REQUEST, 'There is no such session.', { status: NOT_FOUND });
  return { isLegacy: true, version, canElicit: session.canElicit, takesTasks: false };
}

/** An answer to what a person was asked: whoever is not waited for any more is not heard, and not told so. */
export async function takeAnswer(
  received: LegacyRequest & { readonly message: Extract<Message, { kind: 'response' }> },
): Promise<void> {
  const { context, desk, principal, message } = received;
  const { engine } = context;
  const input = inputOf(message.id);
  if (input === null) return;
  requireScope(principal, 'submit');
  const [lookup] = await engine.read(principal.tenant, [input.jobId]);
  if (lookup?.kind !== 'found') return;
  const { job } = lookup.snapshot;
  const asks = asksOf(job, desk.tools.settingsOf(job.type)).filter((name) => name === input.name);
  // A client that fails to ask has declined.
  await answer(engine, job, { [input.name]: message.result ?? { action: 'decline' } }, asks);
}

export async function resume(incoming: LegacyRequest, eventId: string): Promise<Reply> {
  const place = placeOf(eventId);
  if (place === null) throw new RpcError(INVALID_REQUEST, 'This Last-Event-ID is of no stream.', { status: NOT_FOUND });
  requireScope(incoming.principal, 'read');
  const peer = await legacyPeer(incoming);
  const { engine } = incoming.context;
  const [lookup = null] = await engine.read(incoming.principal.tenant, [place.jobId]);
  const call = { ...incoming, peer, id: place.requestId, params: {} };
  return holdAsEvents(call, place, found(lookup));
}
