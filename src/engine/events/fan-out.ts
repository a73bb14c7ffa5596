/**
 * Turns events into deliveries, each event exactly once: what is written and how far that goes is one transaction of the store.
 *
 * Woken by changes of this process that somebody may want; what other processes wrote, and what was left by a restart, is found by looking
 * every `LOOK_MS`. Several processes may do this at once: whoever comes second writes nothing.
 */
import type { Endpoint } from '../../core/webhooks/endpoint.ts';
import type { JobEvent, NewDelivery } from '../../store/contract.ts';
import type { RenderDelivery } from '../api.ts';
import type { EngineBase } from '../engine-base.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { Books } from '../webhooks/books.ts';
import type { EndpointHealth } from '../webhooks/endpoint-health.ts';
import { isCallbackKey, type KeptCallbacks, NO_CALLBACKS } from '../webhooks/job-callbacks.ts';
import { resultTexts } from './result-texts.ts';
import { deliveriesOf, planOf } from './told-deliveries.ts';
import { toldPayload } from './told-payload.ts';

export interface FanOutOptions extends EngineBase {
  readonly books: Books;
  readonly callbacks: Pick<KeptCallbacks, 'listed' | 'isFollowed'>;
  readonly health: EndpointHealth;
  readonly renderers: ReadonlyMap<string, RenderDelivery>;
  /** There is something to send. */
  readonly wakeSender: () => void;
}

/** Events of one transaction: at 2 kB each a megabyte. */
const BATCH = 500;
/** So much longer than a batch took it rests: jobs share the store's writer with it, and are worth more than telling of them at once. */
const REST_SHARE = 4;
const LOOK_MS = 1_000;

export function createFanOut(options: FanOutOptions): Loop {
  const { store, changes, books, callbacks, clock } = options;
  let hasFollowed = false;
  let restsUntil = 0;

  async function turn(): Promise<number> {
    // Once: an archive brings webhooks, and nobody who follows for them.
    if (!hasFollowed) await books.followAll();
    hasFollowed = true;
    const startedAt = clock.now();
    const { from, events } = await store.fanOutRead({ limit: BATCH });
    if (events.length === 0) return LOOK_MS;
    const { to, deliveries } = await toldOf(options, events);
    const isWritten = await store.fanOutWrite({ from, to, deliveries });
    if (isWritten && deliveries.length > 0) options.wakeSender();
    const restMs = REST_SHARE * (clock.now() - startedAt);
    restsUntil = clock.now() + restMs;
    return restMs;
  }

  const loop = createLoop({ ...options, name: 'fan-out', run: turn });
  changes.listen((change) => {
    if (change.kind !== 'changed' || change.cause === 'learnt') return;
    // A look comes at the end of the rest anyway.
    if (clock.now() < restsUntil) return;
    const { callbackUrl, tenant } = change.job;
    if (callbackUrl !== null || books.isFollowed(tenant) || callbacks.isFollowed(tenant)) loop.wake();
  });
  return loop;
}

/**
 * Of a store of our own, memory knows each change of a book. Else another process may have made a webhook since, and what follows its making
 * must not be missed: so the books are read after the events.
 */
async function endpointsOf({ store, books }: FanOutOptions, tenants: ReadonlySet<string>) {
  const read = async (tenant: string): Promise<[string, readonly Endpoint[]]> => {
    const book = await (store.facts.isShared ? books.fresh(tenant) : books.recent(tenant));
    return [tenant, book.endpoints];
  };
  return new Map(await Promise.all([...tenants].map(read)));
}

async function givenTo({ callbacks }: FanOutOptions, events: readonly JobEvent[]) {
  const jobs = Map.groupBy(events, ({ job }) => job.tenant);
  const lists = await Promise.all(
    [...jobs].map(([tenant, some]) => callbacks.listed(tenant, new Set(some.map(({ job }) => job.id)))),
  );
  return new Map(lists.flatMap((list) => [...list]));
}

interface Told {
  /** Up to where; short of the last event where their bodies are a batch. */
  readonly to: number;
  readonly deliveries: readonly NewDelivery[];
}

async function toldOf(options: FanOutOptions, events: readonly JobEvent[]): Promise<Told> {
  const { renderers, health, limits } = options;
  const endpoints = await endpointsOf(options, new Set(events.map(({ job }) => job.tenant)));
  const lists = await givenTo(options, events);
  const plans = events.map((event) => {
    const given = lists.get(event.job.id) ?? NO_CALLBACKS;
    return planOf(event, { endpoints: endpoints.get(event.job.tenant) ?? [], renderers, given });
  });
  const shown = plans.filter(({ showsResult }) => showsResult).map(({ event }) => event);
  const texts = await resultTexts(options, shown);
  const deliveries: NewDelivery[] = [];
  let to = 0;
  let bytes = 0;
  for (const plan of plans) {
    if (bytes >= limits.batchBytesMax) break;
    const { job } = plan.event;
    const payload = plan.showsPayload ? await toldPayload(options, job.id) : null;
    const made = deliveriesOf(plan, { resultText: texts.get(job.id) ?? null, payload });
    for (const { body } of made) bytes += body.length;
    deliveries.push(...made);
    to = plan.event.position;
  }
  await health.made(deliveries.filter(({ endpointId }) => !isCallbackKey(endpointId)));
  return { to, deliveries };
}
