/**
 * Brings deliveries to their receivers.
 *
 * The rows come from the store, which hands them out in order per receiver and job. A delivery that fails is tried again on the schedule of
 * `core/webhooks/schedule.ts`, `limits.deliveryTriesMax` times, then given up; the next one of the same job waits for that. Tenants and
 * lanes have their shares: see `lanes.ts`. Delivering runs beside the jobs and never holds one up. A receiver may see a delivery twice:
 * when this process ends between its answer and the settlement.
 */
import { pauseMs } from '../../core/webhooks/schedule.ts';
import type { Delivery, DeliverySettlement, DeliveryTry } from '../../store/contract.ts';
import type { EngineBase } from '../engine-base.ts';
import { createLoop, type Loop } from '../loop.ts';
import { deliveryEnd, openDelivery } from '../tracing/delivery-span.ts';
import type { Books } from '../webhooks/books.ts';
import type { EndpointHealth } from '../webhooks/endpoint-health.ts';
import type { KeptCallbacks } from '../webhooks/job-callbacks.ts';
import { signedHeaders, type Target, targetOf } from './delivery-target.ts';
import { Lanes, type Outcome } from './lanes.ts';
import type { Answer, PostDelivery, Posting } from './post-delivery.ts';
import { retryAfterMs } from './retry-after.ts';

export interface DeliveriesOptions extends EngineBase {
  readonly books: Books;
  readonly callbacks: Pick<KeptCallbacks, 'list'>;
  readonly health: EndpointHealth;
  readonly post: PostDelivery;
}

/** How often to look without a reason: finds what another process, or this one before its restart, left to be tried again. */
const LOOK_MS = 5_000;
const GONE = 410;
const ERROR_LENGTH_MAX = 500;

export function createDeliveries(options: DeliveriesOptions): Loop {
  return new DeliveryRound(options);
}

interface Tried extends DeliveryTry {
  readonly isDelivered: boolean;
  readonly askedMs: number;
}

class DeliveryRound implements Loop {
  readonly #options: DeliveriesOptions;
  readonly #closing = new AbortController();
  readonly #underway = new Set<Promise<void>>();
  readonly #lanes: Lanes;
  readonly #loop: Loop;
  #nextTryAt = Number.POSITIVE_INFINITY;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
    this.#lanes = new Lanes(options.limits);
    this.#loop = createLoop({ ...options, name: 'deliveries', run: () => this.#turn() });
  }

  start(): void {
    this.#loop.start();
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
    const { store, clock, limits, random } = this.#options;
    if (this.#lanes.count < limits.deliveriesMax && this.#nextTryAt <= clock.now()) {
      this.#nextTryAt = Number.POSITIVE_INFINITY;
    }
    // One claim may fill the share of a tenant; the next one leaves that tenant out and finds what others have.
    for (let claim = 0; claim < limits.deliveriesMax && this.#lanes.count < limits.deliveriesMax; claim += 1) {
      const due = await store.deliveryClaim(this.#lanes.nextClaim(clock.now(), random()));
      for (const delivery of due) this.#begin(delivery);
      if (due.length === 0) break;
    }
    const now = clock.now();
    return Math.max(1, Math.min(LOOK_MS, this.#nextTryAt - now, this.#lanes.restsUntil(now) - now));
  }

  #begin(delivery: Delivery): void {
    this.#lanes.begin(delivery);
    const running = this.#deliver(delivery)
      // The lease of the row runs out and it is tried again: nothing is lost by a settlement that fails.
      .catch((error: unknown): Outcome => {
        this.#options.telemetry.emit({ kind: 'internalError', where: 'deliveries', error });
        return 'untried';
      })
      .then((outcome) => {
        this.#underway.delete(running);
        this.#lanes.end(delivery, outcome, this.#options.clock.now());
        // The next change of the same job may go now.
        this.#loop.wake();
      });
    this.#underway.add(running);
  }

  async #deliver(delivery: Delivery): Promise<Outcome> {
    // Claimed while the stop began: left to whoever comes next.
    if (this.#closing.signal.aborted) return this.#leave(delivery);
    const target = await targetOf(this.#options, delivery);
    if (target.kind === 'closed') return this.#close(delivery, target.reason);
    const tried = await this.#try(delivery, target);
    // Cut off by our own shutdown: that is not the receiver's failure.
    if (tried === null) return this.#leave(delivery);
    const { isDelivered, askedMs, ...kept } = tried;
    await this.#settle(delivery, kept, this.#outcomeOf(delivery, tried));
    await this.#tellEndpoint(delivery, target, tried);
    return isDelivered ? 'delivered' : 'failed';
  }

  /** Null where it was cut off by a stop. */
  async #try(delivery: Delivery, { url, secrets }: Target & { kind: 'open' }): Promise<Tried | null> {
    const { clock } = this.#options;
    const at = clock.now();
    const { span, headers } = openDelivery(delivery, url);
    const posting = { headers: { ...signedHeaders(delivery, secrets, at), ...headers }, body: delivery.body };
    try {
      const posted = () => this.#posted(url, posting);
      const { status, text, retryAfter } = await (span === null ? posted() : span.run(posted));
      const now = clock.now();
      const isDelivered = status >= 200 && status <= 299;
      span?.end(deliveryEnd(status, isDelivered));
      const error = isDelivered ? null : `The receiver answered ${status}.`;
      const askedMs = isDelivered ? 0 : retryAfterMs(retryAfter, now);
      return { at, durationMs: now - at, status, error, answer: text, isDelivered, askedMs };
    } catch (cause) {
      span?.end(deliveryEnd(null, false));
      if (this.#closing.signal.aborted) return null;
      // Receivers can write into it: the names of a certificate are said when none fits.
      const error = (cause instanceof Error ? cause.message : String(cause)).slice(0, ERROR_LENGTH_MAX);
      return { at, durationMs: clock.now() - at, status: null, error, answer: null, isDelivered: false, askedMs: 0 };
    }
  }

  async #posted(url: string, posting: Posting): Promise<Answer> {
    const { clock, limits, post } = this.#options;
    const late = new AbortController();
    const message = `The receiver did not answer within ${limits.deliveryTimeoutMs} ms.`;
    const cancelTimer = clock.after(limits.deliveryTimeoutMs, () => late.abort(new Error(message)));
    try {
      return await post(url, posting, AbortSignal.any([late.signal, this.#closing.signal]));
    } catch (error) {
      throw late.signal.aborted ? late.signal.reason : error;
    } finally {
      cancelTimer();
    }
  }

  #outcomeOf({ jobId, attempt }: Delivery, tried: Tried): DeliverySettlement['outcome'] {
    const { telemetry, clock, limits, random } = this.#options;
    const keepUntil = clock.now() + limits.deliveriesKeptMs;
    if (tried.isDelivered) {
      telemetry.emit({ kind: 'delivered', jobId, status: tried.status ?? 0, attempt });
      return { kind: 'delivered', keepUntil };
    }
    const isGivenUp = attempt >= limits.deliveryTriesMax || tried.status === GONE;
    telemetry.emit({ kind: 'deliveryFailed', jobId, reason: tried.error ?? '', attempt, isGivenUp });
    if (isGivenUp) return { kind: 'failed', keepUntil };
    return { kind: 'retry', at: clock.now() + pauseMs({ attempt, askedMs: tried.askedMs }, limits, random()) };
  }

  async #close(delivery: Delivery, reason: string): Promise<Outcome> {
    const { clock, limits } = this.#options;
    const now = clock.now();
    const tried = { at: now, durationMs: 0, status: null, error: reason, answer: null };
    await this.#settle(delivery, tried, { kind: 'failed', keepUntil: now + limits.deliveriesKeptMs });
    return 'untried';
  }

  async #leave(delivery: Delivery): Promise<Outcome> {
    await this.#settle(delivery, null, { kind: 'retry', at: this.#options.clock.now() });
    return 'untried';
  }

  async #settle(
    { number, fence }: Delivery,
    tried: DeliveryTry | null,
    outcome: DeliverySettlement['outcome'],
  ): Promise<void> {
    await this.#options.store.deliverySettle([{ number, fence, tried, outcome }]);
    if (outcome.kind === 'retry') this.#nextTryAt = Math.min(this.#nextTryAt, outcome.at);
  }

  async #tellEndpoint({ tenant }: Delivery, { endpoint }: Target & { kind: 'open' }, tried: Tried): Promise<void> {
    if (endpoint === null) return;
    const { health } = this.#options;
    if (tried.isDelivered) return health.succeeded(tenant, endpoint);
    await health.failed(tenant, endpoint, { reason: tried.error ?? '', isGone: tried.status === GONE });
  }
}
