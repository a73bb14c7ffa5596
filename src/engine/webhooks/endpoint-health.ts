/**
 * Which webhooks are disabled, and why: one that says that it is gone, one that fails for days, one that falls behind without end.
 *
 * That an endpoint fails is kept in memory for a minute before it is written down: a receiver that fails now and then costs no writes.
 * What is in memory says nothing for long: others may have seen the endpoint succeed, or its owner may have given it a fresh start.
 */
import type { Endpoint } from '../../core/webhooks/endpoint.ts';
import type { NewDelivery } from '../../store/contract.ts';
import type { EngineBase } from '../engine-base.ts';
import { withEndpoint } from './book.ts';
import type { Books } from './books.ts';

const NOTED_AFTER_MS = 60_000;
const REMEMBERED_MS = 10 * 60_000;
const COUNTED_MS = 60_000;
const ENDPOINTS_MAX = 10_000;

export interface Failing {
  readonly reason: string;
  /** 410: nobody will come back to this address. */
  readonly isGone: boolean;
}

export interface EndpointHealth {
  /** Counts deliveries that are about to be written. */
  made(deliveries: readonly NewDelivery[]): Promise<void>;
  succeeded(tenant: string, endpoint: Endpoint): Promise<void>;
  failed(tenant: string, endpoint: Endpoint, failing: Failing): Promise<void>;
}

type HealthOptions = Pick<EngineBase, 'store' | 'clock' | 'limits' | 'telemetry'> & { readonly books: Books };

interface Pending {
  readonly until: number;
  count: number;
}

export function createEndpointHealth(options: HealthOptions): EndpointHealth {
  const { store, clock, limits, telemetry, books } = options;
  const failingSince = new Map<string, number>();
  const pending = new Map<string, Pending>();

  /** @param url where it was found out; null where that makes no difference. Its owner may have moved it meanwhile. */
  async function disable(tenant: string, { id, url }: { id: string; url: string | null }, reason: string) {
    failingSince.delete(id);
    pending.delete(id);
    const at = clock.now();
    let isDisabled = false;
    await books.change(tenant, (book) => {
      const found = book.endpoints.find((endpoint) => endpoint.id === id);
      isDisabled = found !== undefined && found.disabled === null && (url === null || found.url === url);
      return isDisabled ? withEndpoint(book, id, (endpoint) => ({ ...endpoint, disabled: { at, reason } })) : null;
    });
    if (isDisabled) telemetry.emit({ kind: 'webhookDisabled', tenant, id, reason });
  }

  async function noteSince(tenant: string, id: string, since: number | null): Promise<void> {
    await books.change(tenant, (book) => withEndpoint(book, id, (endpoint) => ({ ...endpoint, failingSince: since })));
  }

  async function counted(tenant: string, endpointId: string): Promise<Pending> {
    const count = await store.deliveryPending({ tenant, endpointId });
    if (pending.size >= ENDPOINTS_MAX) pending.clear();
    const entry = { count, until: clock.now() + COUNTED_MS };
    pending.set(endpointId, entry);
    return entry;
  }

  return {
    async made(deliveries) {
      const max = limits.deliveriesPendingPerEndpointMax;
      for (const { tenant, id, count } of byEndpoint(deliveries)) {
        const known = pending.get(id);
        let entry = known !== undefined && known.until > clock.now() ? known : await counted(tenant, id);
        // What was delivered since the last count is not taken off.
        if (entry.count + count > max) entry = await counted(tenant, id);
        if (entry.count + count > max)
          await disable(tenant, { id, url: null }, `More than ${max} deliveries were waiting for it.`);
        entry.count += count;
      }
    },
    async succeeded(tenant, { id, failingSince: since }) {
      failingSince.delete(id);
      if (since !== null) await noteSince(tenant, id, null);
    },
    async failed(tenant, endpoint, { reason, isGone }) {
      const { id, failingSince: noted } = endpoint;
      if (isGone) return disable(tenant, endpoint, 'It answered 410 Gone.');
      const now = clock.now();
      if (noted !== null) {
        if (now - noted < limits.webhookFailingMsMax) return;
        const since = new Date(noted).toISOString();
        return disable(tenant, endpoint, `Every try has failed since ${since}. The last: ${reason}`);
      }
      const known = failingSince.get(id);
      const since = known !== undefined && now - known < REMEMBERED_MS ? known : now;
      if (failingSince.size >= ENDPOINTS_MAX) failingSince.clear();
      failingSince.set(id, since);
      if (now - since >= NOTED_AFTER_MS) await noteSince(tenant, id, since);
    },
  };
}

function byEndpoint(deliveries: readonly NewDelivery[]) {
  const counts = new Map<string, { readonly tenant: string; readonly id: string; count: number }>();
  for (const { tenant, endpointId } of deliveries) {
    if (endpointId === null) continue;
    const entry = counts.get(endpointId);
    if (entry === undefined) counts.set(endpointId, { tenant, id: endpointId, count: 1 });
    else entry.count += 1;
  }
  return counts.values();
}
