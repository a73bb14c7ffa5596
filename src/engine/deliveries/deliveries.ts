/**
 * Brings state changes to the callback URLs of their jobs.
 *
 * The rows come from the store, which adds one in the transaction of each change and hands them out in order per job. A
 * delivery that fails is tried again with backoff, `limits.deliveryTriesMax` times, then given up; the next one of the same
 * job waits for that. Tenants have their turns, and each at most `limits.deliveriesPerTenantMax` under way; so have the
 * endpoints of a tenant, with `limits.deliveriesPerEndpointMax`. Delivering runs beside the jobs and never holds one up. A receiver may see a delivery twice: when this process
 * ends between its answer and the settlement.
 */
import { backoffMs } from '../../core/retry.ts';
import { DELIVERY_LANES, type Delivery, type DeliveryClaim, type DeliveryLane } from '../../store/contract.ts';
import type { DeliveryRequest, RenderDelivery } from '../api.ts';
import type { EngineBase } from '../engine-base.ts';
import { createLoop, type Loop } from '../loop.ts';
import { createPostDelivery, type PostDelivery } from './post-delivery.ts';

export interface DeliveriesOptions extends EngineBase {
  readonly renderDelivery?: ReadonlyMap<string, RenderDelivery>;
  readonly postDelivery?: PostDelivery;
  readonly allowsPrivateDeliveries?: boolean;
}

/** One second, then five: a receiver that restarts is back by then, and a job's later changes do not wait for ever. */
const BACKOFF = { attempts: Number.POSITIVE_INFINITY, backoffMs: 1_000, factor: 5, maxMs: 60_000 };
/** How often to look without a reason: finds what another process, or this one before its restart, left to be tried again. */
const LOOK_MS = 5_000;
/** Beyond the timeout of the POST: for the settlement to be stored. */
const LEASE_SLACK_MS = 10_000;

export function createDeliveries(options: DeliveriesOptions): Loop {
  return new DeliveryRound(options);
}

class DeliveryRound implements Loop {
  readonly #options: DeliveriesOptions;
  readonly #renderers: ReadonlyMap<string, RenderDelivery>;
  readonly #post: PostDelivery;
  readonly #closing = new AbortController();
  readonly #underway = new Set<Promise<void>>();
  /** Under way, by tenant. */
  readonly #byTenant = new Map<string, number>();
  readonly #byLane = new Map<string, DeliveryLane & { count: number }>();
  #lastTenant = '';
  readonly #loop: Loop;
  #nextTryAt = Number.POSITIVE_INFINITY;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
    this.#renderers = options.renderDelivery ?? new Map();
    this.#post =
      options.postDelivery ?? createPostDelivery({ allowsPrivate: options.allowsPrivateDeliveries === true });
    this.#loop = createLoop({ ...options, name: 'deliveries', run: () => this.#turn() });
    options.changes.listen((change) => {
      const isNews = change.kind === 'changed' && change.job.callbackUrl !== null && change.before !== change.job.state;
      if (isNews) this.#loop.wake();
    });
  }

  start(): void {
    if (this.#renderers.size > 0) this.#loop.start();
  }

  wake(): void {
    this.#loop.wake();
  }

  async stop(): Promise<void> {
    this.#closing.abort();
    await this.#loop.stop();
    await Promise.all(this.#underway);
  }

  async #turn(): Promise<number> {
    const { store, clock, limits } = this.#options;
    if (this.#underway.size < limits.deliveriesMax && this.#nextTryAt <= clock.now()) {
      this.#nextTryAt = Number.POSITIVE_INFINITY;
    }
    // One claim may fill the share of a tenant; the next one leaves that tenant out and finds what others have.
    for (let claim = 0; claim < limits.deliveriesMax && this.#underway.size < limits.deliveriesMax; claim += 1) {
      const due = await store.deliveryClaim(this.#nextClaim());
      for (const delivery of due) this.#begin(delivery);
      if (due.length === 0) break;
    }
    return Math.max(1, Math.min(LOOK_MS, this.#nextTryAt - clock.now()));
  }

  /** Never more of a tenant than its share: what the fullest one that may be claimed from still lacks is what each gets at the most. */
  #nextClaim(): DeliveryClaim {
    const { clock, limits, random } = this.#options;
    const {
      deliveriesPerTenantMax: share,
      deliveriesPerEndpointMax: laneShare,
      deliveriesMax,
      deliveryTimeoutMs,
    } = limits;
    const counts = [...this.#byTenant];
    const fullest = Math.max(0, ...counts.map(([, count]) => count).filter((count) => count < share));
    const lanes = [...this.#byLane.values()];
    const fullestLane = Math.max(0, ...lanes.map(({ count }) => count).filter((count) => count < laneShare));
    return {
      now: clock.now(),
      leaseMs: deliveryTimeoutMs + LEASE_SLACK_MS,
      max: deliveriesMax - this.#underway.size,
      eachMax: share - fullest,
      after: this.#lastTenant,
      busy: counts.flatMap(([tenant, count]) => (count >= share ? [tenant] : [])),
      laneMax: laneShare - fullestLane,
      // Lanes are hashes, so any start is as good as another: none comes first each time.
      firstLane: Math.floor(random() * DELIVERY_LANES) % DELIVERY_LANES,
      busyLanes: lanes.filter(({ count }) => count >= laneShare),
    };
  }

  #count({ tenant, lane }: Delivery, more: 1 | -1): void {
    const key = `${tenant}:${lane}`;
    const inLane = (this.#byLane.get(key)?.count ?? 0) + more;
    if (inLane === 0) this.#byLane.delete(key);
    else this.#byLane.set(key, { tenant, lane, count: inLane });
    const count = (this.#byTenant.get(tenant) ?? 0) + more;
    if (count === 0) this.#byTenant.delete(tenant);
    else this.#byTenant.set(tenant, count);
  }

  #begin(delivery: Delivery): void {
    this.#count(delivery, 1);
    this.#lastTenant = delivery.tenant;
    const running = this.#deliver(delivery)
      // The lease of the row runs out and it is tried again: nothing is lost by a settlement that fails.
      .catch((error: unknown) => this.#options.telemetry.emit({ kind: 'internalError', where: 'deliveries', error }))
      .finally(() => {
        this.#underway.delete(running);
        this.#count(delivery, -1);
        // The next change of the same job may go now.
        this.#loop.wake();
      });
    this.#underway.add(running);
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const request = this.#renderers.get(delivery.origin?.dialect ?? 'native')?.(delivery) ?? null;
    const retryAt = request === null ? null : await this.#send(delivery, request);
    await this.#options.store.deliverySettle([{ number: delivery.number, fence: delivery.fence, retryAt }]);
    if (retryAt !== null) this.#nextTryAt = Math.min(this.#nextTryAt, retryAt);
  }

  /** When to try again; null when there is nothing more to try. */
  async #send(delivery: Delivery, request: DeliveryRequest): Promise<number | null> {
    const { telemetry, clock } = this.#options;
    const { jobId, attempt } = delivery;
    // Claimed while the stop began: left to whoever comes next.
    if (this.#closing.signal.aborted) return clock.now();
    try {
      const status = await this.#posted(delivery.url, request);
      if (status < 200 || status > 299) return this.#failed(delivery, `The receiver answered ${status}.`);
      telemetry.emit({ kind: 'delivered', jobId, status, attempt });
      return null;
    } catch (error) {
      // Cut off by our own shutdown: that is not the receiver's failure.
      if (this.#closing.signal.aborted) return clock.now();
      return this.#failed(delivery, error instanceof Error ? error.message : String(error));
    }
  }

  async #posted(url: string, request: DeliveryRequest): Promise<number> {
    const { clock, limits } = this.#options;
    const late = new AbortController();
    const message = `The receiver did not answer within ${limits.deliveryTimeoutMs} ms.`;
    const cancelTimer = clock.after(limits.deliveryTimeoutMs, () => late.abort(new Error(message)));
    try {
      return await this.#post(url, request, AbortSignal.any([late.signal, this.#closing.signal]));
    } catch (error) {
      throw late.signal.aborted ? late.signal.reason : error;
    } finally {
      cancelTimer();
    }
  }

  #failed({ jobId, attempt }: Delivery, reason: string): number | null {
    const { telemetry, clock, limits, random } = this.#options;
    const isGivenUp = attempt >= limits.deliveryTriesMax;
    telemetry.emit({ kind: 'deliveryFailed', jobId, reason, attempt, isGivenUp });
    return isGivenUp ? null : clock.now() + backoffMs(BACKOFF, attempt, random());
  }
}
