/**
 * Schedules of the config: made what it says at each start, and removed when it no longer has them.
 *
 * Which there are is a document of the service's own. It names those to come before they are made and those to go until they are gone, so that a
 * process which dies on the way leaves none that nobody knows of. Of processes with different configs the last to start decides.
 */
import { BideError, type ErrorKind } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import type { Document } from '../../store/contract.ts';
import type { EngineBase } from '../engine-base.ts';
import type { ConfiguredSchedule, PutOutcome, PutRequest, Schedules } from './schedules.ts';
import { type Placed, placeOf, scheduleIn } from './shelf.ts';

/** No caller can have such a tenant. */
const REGISTER = { tenant: 'bide\0schedules', kind: 'configured', name: 'all' };

interface Deeds {
  put(request: PutRequest): Promise<PutOutcome>;
  remove(place: Placed): Promise<void>;
}

export function createConfigured(
  { store, clock, limits }: Pick<EngineBase, 'store' | 'clock' | 'limits'>,
  deeds: Deeds,
): Pick<Schedules, 'reconcile'> {
  async function register(change: (known: readonly Placed[]) => readonly Placed[]): Promise<readonly Placed[]> {
    let document = await store.documentRead(REGISTER);
    for (let attempt = 0; attempt < limits.applyAttemptsMax; attempt += 1) {
      const known = placesIn(document);
      const places = change(known).map(({ tenant, name }) => ({ tenant, name }));
      const write = { ...REGISTER, data: places as unknown as Json, expectRevision: document?.revision ?? 0 };
      const outcome = await store.documentWrite({ ...write, now: clock.now() });
      if (outcome.kind === 'written') return known;
      document = outcome.document;
    }
    throw new BideError('CHANGED_MEANWHILE');
  }

  return {
    async reconcile(configured) {
      const wanted = new Set(configured.map(keyOf));
      const known = await register((before) => [...before.filter((one) => !wanted.has(keyOf(one))), ...configured]);
      for (const { tenant, name, spec } of configured) {
        await deeds.put({ tenant, name, spec, source: 'config' }).catch((error) => refuse(name, error));
      }
      for (const place of known.filter((one) => !wanted.has(keyOf(one)))) {
        const document = await store.documentRead(placeOf(place));
        if (document !== null && scheduleIn(document).source === 'config') await deeds.remove(place);
      }
      await register(() => configured);
    },
  };
}

function placesIn(document: Document | null): readonly Placed[] {
  return (document?.data as readonly Placed[] | undefined) ?? [];
}

function keyOf({ tenant, name }: Placed | ConfiguredSchedule): string {
  return JSON.stringify([tenant, name]);
}

/** What is wrong with one is wrong with the config. */
function refuse(name: string, error: unknown): never {
  if (!(error instanceof BideError) || !REFUSALS.includes(error.kind)) throw error;
  throw new BideError('CONFIG_INVALID', `schedules.${name}: ${error.message}`, error.details, { cause: error });
}

const REFUSALS: readonly ErrorKind[] = ['invalid', 'unprocessable', 'quota'];
