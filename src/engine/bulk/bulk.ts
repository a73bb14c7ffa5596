/**
 * Many jobs in one call: counted at once, or changed by a job of the tenant's own (type `bide.bulk`), which any process that runs jobs works on.
 *
 * A process works on `bulkSlots` of them at a time, and a tenant has `bulkPerTenantMax` unfinished at once: those of one keep no other's waiting
 * for long. Calls of a tenant are counted and stored one after another, so the bound holds however many come at once; each further process
 * that takes calls in the same moment may bring one more.
 */
import type { Json } from '../../core/job.ts';
import type { Limits } from '../../core/limits.ts';
import type { Bulk, JobType } from '../api.ts';
import { estimate } from '../reading/estimate.ts';
import type { Submits } from '../submitting/submit.ts';
import { BULK_TYPE, isWantedType, narrowed } from './bulk-request.ts';
import { type BulkParts, runBulk } from './run-bulk.ts';

/** Attempts that processes may lose to crashes before the job fails. */
const ATTEMPTS = 20;

/** @param parts what it works with, which is made after the types are known */
export function bulkType(limits: Limits, parts: () => BulkParts): JobType {
  return {
    name: BULK_TYPE,
    isOwn: true,
    slots: limits.bulkSlots,
    defaults: {
      timeoutMs: limits.timeoutMsMax,
      retainMs: null,
      retry: { attempts: Math.min(ATTEMPTS, limits.attemptsMax) },
    },
    handler: { kind: 'bulk', run: (attempt) => runBulk(parts(), attempt) },
    checkInput: (input) => ({ kind: 'valid', input }),
  };
}

export function createBulk(
  parts: Pick<BulkParts, 'store' | 'limits' | 'clock'>,
  submitOwn: Submits['submitOwn'],
): Bulk {
  const { store, limits, clock } = parts;
  const oneByOne = createTurns();
  return {
    count(request) {
      const filter = narrowed(request);
      return estimate(parts, { ...filter, tenant: request.tenant }, clock.now(), isWantedType(filter));
    },
    submit: ({ tenant, action, filter, by, idempotencyKey }) =>
      oneByOne(tenant, async () => {
        const unfinished = await store.count({ tenant, types: [BULK_TYPE], states: ['waiting', 'running'] });
        const count = unfinished.reduce((sum, group) => sum + group.count, 0);
        const bound = count >= limits.bulkPerTenantMax ? 'bulkPerTenantMax' : null;
        const input = { action, filter, by: { keyId: by.keyId, keyName: by.keyName } } as unknown as Json;
        return submitOwn({ tenant, type: BULK_TYPE, input, idempotencyKey }, bound);
      }),
  };
}

/** Work of one name begins when what came before it has ended, well or not. */
function createTurns() {
  const last = new Map<string, Promise<unknown>>();
  return <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const turn = (last.get(name) ?? Promise.resolve()).then(work, work);
    last.set(name, turn);
    const leave = () => {
      if (last.get(name) === turn) last.delete(name);
    };
    turn.then(leave, leave);
    return turn;
  };
}
