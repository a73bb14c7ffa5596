/**
 * A create that is not in the background: it is held until its job has ended.
 *
 * A hold has a bound (`waitMsMax`). Past it the client is sent on, by 303, to where the same response is held again; its HTTP library follows by
 * itself, so that a wait may last some fifteen holds. An unfinished response would be taken for the answer instead, and an error would make
 * clients send their request once more.
 */

import { isFinal } from '../../../core/state.ts';
import type { CallerSignal, Lookup, Snapshot } from '../../../engine/api.ts';
import { holdOrRefuse } from '../../open-streams.ts';
import { type Answer, type Call, ok } from '../call.ts';
import type { Bodies } from './bodies.ts';
import { responseId } from './ids.ts';
import { remembered } from './mapping.ts';

/** Fewer than HTTP libraries follow, which is 20. */
const HOLDS_MAX = 15;
const SEE_OTHER = 303;
const TIMED_OUT = 504;

/** The response once its job has ended, or where to go on waiting. @param held how often it was held before */
export async function heldResponse(call: Call, bodies: Bodies, { job }: Snapshot, held: number): Promise<Answer> {
  const { engine } = call.context;
  const wait = (signal: CallerSignal) => ended(call, job.id, signal);
  const lookup = await holdOrRefuse(call.context, call.principal, call.reply, wait).catch(async (error: unknown) => {
    // Nobody knows its id, and whoever sends the request again means another one.
    await engine.cancel(call.principal.tenant, job.id);
    throw error;
  });
  if (lookup.kind === 'found' && isFinal(lookup.snapshot.job.state)) return ok(await bodies.of(lookup.snapshot));
  const id = responseId(job.id);
  if (held >= HOLDS_MAX) return timedOut(id);
  const path = held === 0 ? `responses/${id}` : id;
  return { status: SEE_OTHER, text: '{}', headers: { location: `${path}?held=${held + 1}` } };
}

/** How often a response was held before, for a request that was sent on; null for any other. */
export function heldBefore({ request, principal }: Call, { job }: Snapshot): number | null {
  const { held } = request.query as Readonly<Record<string, unknown>>;
  if (typeof held !== 'string' || !/^\d{1,2}$/.test(held) || !principal.scopes.has('submit')) return null;
  return remembered(job)?.background === false ? Number(held) : null;
}

/** Who goes away without an answer gives it up, as at the vendor: there is no other way to end what is not in the background. */
async function ended(
  { context: { engine }, principal: { tenant } }: Call,
  id: string,
  signal: CallerSignal,
): Promise<Lookup> {
  const timeoutMs = engine.limits.waitMsMax;
  const request = { tenant, ids: [id], for: 'all', until: { kind: 'done' }, timeoutMs, signal } as const;
  const { lookups } = await engine.wait(request);
  if (signal.aborted) await engine.cancel(tenant, id);
  return lookups[0] ?? { kind: 'missing' };
}

function timedOut(id: string): Answer {
  const message = `The response is still under way: retrieve ${id}, or create such responses with background: true.`;
  return {
    status: TIMED_OUT,
    text: JSON.stringify({ error: { message, type: 'server_error', param: null, code: 'response_timeout' } }),
    // The clients would start another one.
    headers: { 'x-should-retry': 'false' },
  };
}
