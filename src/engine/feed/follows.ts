/**
 * Follows the events of tenants whose feed is read: without a follower none are written.
 *
 * It goes on for `eventsRetainMs` behind the last look of a reader, so that whoever comes back within that time finds all that happened
 * meanwhile; then the store forgets it, and changes cost nothing more.
 */
import type { EventKind } from '../../store/contract.ts';
import type { EngineBase } from '../engine-base.ts';

const NAME = 'feed';
const ALL: readonly EventKind[] = ['waiting', 'running', 'succeeded', 'failed', 'cancelled', 'expired', 'changed'];
/** Renewals within `eventsRetainMs`. */
const RENEWALS = 4;
const TENANTS_MAX = 20_000;

export interface Follows {
  /** Behind which position no event is missing. It is on disk that they are written when this resolves. */
  since(tenant: string): Promise<number>;
}

interface Entry {
  readonly since: Promise<number>;
  readonly renewAt: number;
}

export function createFollows({ store, clock, limits }: Pick<EngineBase, 'store' | 'clock' | 'limits'>): Follows {
  const entries = new Map<string, Entry>();
  const renewMs = limits.eventsRetainMs / RENEWALS;

  function follow(tenant: string): Entry {
    const now = clock.now();
    const until = now + limits.eventsRetainMs + renewMs;
    const since = store.follow({ tenant, name: NAME, wants: ALL, until, now }).then((following) => following.since);
    const entry = { since, renewAt: now + renewMs };
    since.catch(() => {
      if (entries.get(tenant) === entry) entries.delete(tenant);
    });
    if (entries.size >= TENANTS_MAX) entries.clear();
    entries.set(tenant, entry);
    return entry;
  }

  return {
    since(tenant) {
      const known = entries.get(tenant);
      return (known !== undefined && known.renewAt > clock.now() ? known : follow(tenant)).since;
    },
  };
}
