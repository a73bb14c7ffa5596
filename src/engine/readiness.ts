/** Whether this process should get traffic: started, not shutting down, and its store answers in time. */
import type { Store } from '../store/contract.ts';
import type { Clock } from './clock.ts';

export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

/** A load balancer asks every few seconds; a store that takes longer than this to say that it is there is not. */
const PING_MS = 2_000;

export async function isReady(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  state: 'new' | 'started' | 'stopped',
): Promise<Readiness> {
  if (state === 'new') return { ready: false, reason: 'The engine has not started yet.' };
  if (state === 'stopped') return { ready: false, reason: 'The server is shutting down.' };
  const late = Promise.withResolvers<Readiness>();
  const cancelTimer = clock.after(PING_MS, () =>
    late.resolve({ ready: false, reason: `The database did not answer within ${PING_MS} ms.` }),
  );
  const ping = store.ping().then(
    (): Readiness => ({ ready: true }),
    (error: unknown): Readiness => ({ ready: false, reason: error instanceof Error ? error.message : String(error) }),
  );
  return Promise.race([ping, late.promise]).finally(cancelTimer);
}
