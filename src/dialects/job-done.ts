/** Reading jobs and waiting for them on behalf of one HTTP request, through the one hold helper and the one registry of waiters. */
import { isFinal } from '../core/state.ts';
import type { Lookup, WaitRequest } from '../engine/api.ts';
import type { AnyCall } from './call.ts';

/** The job as it is now: from memory where it is there. */
export function jobNow(call: AnyCall, id: string): Promise<Lookup> {
  return jobDone(call, id, 0);
}

/** The job once it is final, or as it is when the time is over (see `waitFor`). */
export async function jobDone(call: AnyCall, id: string, timeoutMs: number): Promise<Lookup> {
  const snapshot = call.context.engine.peek(call.principal.tenant, id);
  if (snapshot !== undefined && (timeoutMs <= 0 || isFinal(snapshot.job.state))) return { kind: 'found', snapshot };
  const [lookup] = await waitFor(call, { ids: [id], for: 'all', until: { kind: 'done' }, timeoutMs });
  return lookup ?? { kind: 'missing' };
}

/**
 * The jobs as they are when the wait is satisfied, its time is over, the server shuts down, or at once where the server holds
 * as many requests as it may: every one of these is an answer that a polling client understands. When the client goes away the
 * wait ends too, and what is answered reaches nobody.
 */
export async function waitFor(
  { context: { engine, holds }, reply, principal }: AnyCall,
  wait: Omit<WaitRequest, 'signal' | 'tenant'>,
): Promise<readonly Lookup[]> {
  const { tenant } = principal;
  if (wait.timeoutMs <= 0) return engine.read(tenant, wait.ids);
  const held = holds.hold(principal, reply, (signal) => engine.wait({ ...wait, tenant, signal }));
  return held === null ? engine.read(tenant, wait.ids) : (await held).lookups;
}
