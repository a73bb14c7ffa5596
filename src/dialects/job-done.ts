/** Reading jobs and waiting for them on behalf of one HTTP request, through the one hold helper and the one registry of waiters. */
import { isFinal } from '../core/state.ts';
import type { CallerSignal, Lookup, WaitOutcome, WaitRequest } from '../engine/api.ts';
import type { AnyCall } from './call.ts';

/** The job as it is now, for somebody who may ask again: from memory where it is there. */
export async function jobNow(call: AnyCall, id: string): Promise<Lookup> {
  const lookup = await jobDone(call, id, 0);
  if (lookup.kind === 'found') call.context.holds.look(call.principal, lookup.snapshot.job);
  return lookup;
}

/** The job once it is final, or as it is when the time is over (see `waitFor`). */
export function jobDone(call: AnyCall, id: string, timeoutMs: number): Promise<Lookup> {
  const snapshot = call.context.engine.peek(call.principal.tenant, id);
  if (snapshot !== undefined && (timeoutMs <= 0 || isFinal(snapshot.job.state)))
    return Promise.resolve({ kind: 'found', snapshot });
  return waitFor(call, { ids: [id], for: 'all', until: DONE, timeoutMs }).then(first);
}

function first({ lookups: [lookup] }: Pick<WaitOutcome, 'lookups'>): Lookup {
  return lookup ?? { kind: 'missing' };
}

const DONE = Object.freeze({ kind: 'done' });

/**
 * The jobs as they are when the wait is satisfied, its time is over, the server shuts down, or at once where the server holds
 * as many requests as it may: every one of these is an answer that a polling client understands. When the client goes away the
 * wait ends too, and what is answered reaches nobody.
 */
export function waitFor(
  { context: { engine, holds }, reply, principal }: AnyCall,
  { ids, for: which, until, timeoutMs }: Omit<WaitRequest, 'signal' | 'tenant'>,
): Promise<Pick<WaitOutcome, 'lookups'>> {
  const { tenant } = principal;
  const wait = (signal: CallerSignal) => engine.wait({ tenant, ids, for: which, until, timeoutMs, signal });
  const held = timeoutMs <= 0 ? null : holds.hold(principal, reply, wait);
  return held ?? engine.read(tenant, ids).then((lookups) => ({ lookups }));
}
