/**
 * Brings state changes to the callback URLs of their jobs.
 *
 * The rows come from the store, which adds one in the transaction of each change and hands them out in order per job. A
 * delivery that fails is tried again with backoff, `limits.deliveryTriesMax` times, then given up; the next one of the same
 * job waits for that. Delivering runs beside the jobs and never holds one up. A receiver may see a delivery twice: when this process
 * ends between its answer and the settlement.
 */
import type { Limits } from '../core/limits.ts';
import { backoffMs } from '../core/retry.ts';
import type { Delivery, Store } from '../store/contract.ts';
import type { DeliveryRequest, RenderDelivery } from './api.ts';
import type { Changes } from './changes.ts';
import type { Clock } from './clock.ts';
import { createLoop, type Loop } from './loop.ts';
import { createPostDelivery, type PostDelivery } from './post-delivery.ts';
import type { Telemetry } from './telemetry.ts';

export interface DeliveriesOptions {
  readonly store: Store;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly random: () => number;
  readonly telemetry: Telemetry;
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
  const { store, changes, clock, limits, random, telemetry } = options;
  const renderers = options.renderDelivery ?? new Map<string, RenderDelivery>();
  const post = options.postDelivery ?? createPostDelivery({ allowsPrivate: options.allowsPrivateDeliveries === true });
  const closing = new AbortController();
  const underway = new Set<Promise<void>>();
  let nextTryAt = Number.POSITIVE_INFINITY;

  const loop = createLoop({ ...options, name: 'deliveries', run: turn });
  changes.listen((change) => {
    if (change.kind === 'changed' && change.job.callbackUrl !== null && change.before !== change.job.state) loop.wake();
  });

  return {
    start() {
      if (renderers.size > 0) loop.start();
    },
    wake: loop.wake,
    async stop() {
      closing.abort();
      await loop.stop();
      await Promise.all(underway);
    },
  };

  async function turn(): Promise<number> {
    const free = limits.deliveriesMax - underway.size;
    if (free > 0) {
      nextTryAt = Number.POSITIVE_INFINITY;
      const leaseMs = limits.deliveryTimeoutMs + LEASE_SLACK_MS;
      const due = await store.deliveryClaim({ now: clock.now(), leaseMs, max: free });
      for (const delivery of due) begin(delivery);
    }
    return Math.max(1, Math.min(LOOK_MS, nextTryAt - clock.now()));
  }
  function begin(delivery: Delivery): void {
    const running = deliver(delivery)
      // The lease of the row runs out and it is tried again: nothing is lost by a settlement that fails.
      .catch((error: unknown) => telemetry.emit({ kind: 'internalError', where: 'deliveries', error }))
      .finally(() => {
        underway.delete(running);
        // The next change of the same job may go now.
        loop.wake();
      });
    underway.add(running);
  }
  async function deliver(delivery: Delivery): Promise<void> {
    const request = renderers.get(delivery.origin?.dialect ?? 'native')?.(delivery) ?? null;
    const retryAt = request === null ? null : await send(delivery, request);
    await store.deliverySettle([{ number: delivery.number, fence: delivery.fence, retryAt }]);
    if (retryAt !== null) nextTryAt = Math.min(nextTryAt, retryAt);
  }
  /** When to try again; null when there is nothing more to try. */
  async function send(delivery: Delivery, request: DeliveryRequest): Promise<number | null> {
    const { jobId, attempt } = delivery;
    try {
      const status = await posted(delivery.url, request);
      if (status >= 200 && status < 300) {
        telemetry.emit({ kind: 'delivered', jobId, status, attempt });
        return null;
      }
      return failed(delivery, `The receiver answered ${status}.`);
    } catch (error) {
      // Cut off by our own shutdown: the try does not count against the receiver.
      if (closing.signal.aborted) return clock.now();
      return failed(delivery, error instanceof Error ? error.message : String(error));
    }
  }
  async function posted(url: string, request: DeliveryRequest): Promise<number> {
    const late = new AbortController();
    const message = `The receiver did not answer within ${limits.deliveryTimeoutMs} ms.`;
    const cancelTimer = clock.after(limits.deliveryTimeoutMs, () => late.abort(new Error(message)));
    try {
      return await post(url, request, AbortSignal.any([late.signal, closing.signal]));
    } catch (error) {
      throw late.signal.aborted ? late.signal.reason : error;
    } finally {
      cancelTimer();
    }
  }
  function failed({ jobId, attempt }: Delivery, reason: string): number | null {
    const isGivenUp = attempt >= limits.deliveryTriesMax;
    telemetry.emit({ kind: 'deliveryFailed', jobId, reason, attempt, isGivenUp });
    return isGivenUp ? null : clock.now() + backoffMs(BACKOFF, attempt, random());
  }
}
