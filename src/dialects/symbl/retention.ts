/**
 * Conversations go when their jobs are gone, so that a tenant's documents do not fill up with empty ones.
 *
 * A job is removed `retainMs` after its end; a conversation that is at least as old and has no job left says nothing any more. A few of
 * them are looked at with each new conversation of the tenant, and each list: more go than come, and nobody waits for a sweep of thousands.
 */
import type { Documents, Engine } from '../../engine/api.ts';
import { CONVERSATION_TAG } from './mapping.ts';

export const CONVERSATION_KIND = 'symbl.conversation';
/** Each costs a count by tag. */
const LOOKED_AT = 4;
/** A conversation is made just before its first job. */
const AGE_MS_MIN = 3_600_000;
const TENANTS_MAX = 1_000;

interface Place {
  readonly createdAt: number;
  readonly name: string;
}

export interface RetentionOptions {
  readonly documents: Pick<Documents, 'documentList'>;
  readonly engine: Pick<Engine, 'clock' | 'count'>;
  readonly retainMs: number;
  readonly remove: (tenant: string, id: string) => Promise<void>;
}

/** @returns removes some that are over, for a tenant */
export function createRetention({ documents, engine, retainMs, remove }: RetentionOptions) {
  /** How far each tenant's were looked at, from the newest on: those that still have jobs must not be in the way of older ones. */
  const places = new Map<string, Place>();
  return async (tenant: string): Promise<void> => {
    const newest = { createdAt: engine.clock.now() - Math.max(retainMs, AGE_MS_MIN), name: '' };
    const after = places.get(tenant) ?? newest;
    const old = await documents.documentList({ tenant, kind: CONVERSATION_KIND, limit: LOOKED_AT, after });
    for (const { name } of old) {
      const counts = await engine.count({ tenant, tags: { [CONVERSATION_TAG]: name } });
      if (counts.every(({ count }) => count === 0)) await remove(tenant, name);
    }
    const last = old.at(-1);
    places.delete(tenant);
    if (places.size >= TENANTS_MAX) places.clear();
    if (last !== undefined && old.length === LOOKED_AT)
      places.set(tenant, { createdAt: last.createdAt, name: last.name });
  };
}
