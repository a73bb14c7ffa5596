/** State changes on their way out: handed out to whoever delivers them, each job's in order, and settled under their fence. */
import type { Origin } from '../../core/job.ts';
import type { StoredState } from '../../core/state.ts';
import type { Delivery, DeliverySettlement } from '../contract.ts';
import type { Row } from './lane.ts';
import { repeated } from './repeat.ts';
import { jsonOf } from './rows.ts';
import type { Session } from './session.ts';
import { givenText, plainArray } from './wire-text.ts';

export interface DeliveryClaim {
  readonly now: number;
  readonly leaseMs: number;
  readonly max: number;
}

/** A claim whose answer was lost is not searched for: its rows come up again when their lease is over. */
export async function claimDeliveries(session: Session, { now, leaseMs, max }: DeliveryClaim) {
  const rows = await repeated(() => session.run('deliveryClaim', [now, now + leaseMs, Math.max(0, max)]));
  return rows.map(deliveryOf).sort((a, b) => a.number - b.number);
}

/** Of several settlements of one delivery the first counts: it moves the fence on. */
export async function settleDeliveries(
  session: Session,
  batch: readonly DeliverySettlement[],
): Promise<readonly boolean[]> {
  const settled = new Array<boolean>(batch.length).fill(false);
  const first = new Map<number, number>();
  for (const [index, { number }] of batch.entries()) if (!first.has(number)) first.set(number, index);
  const order = [...first.values()].sort((a, b) => numberAt(batch, a) - numberAt(batch, b));
  const items = order.map((index) => batch[index] as DeliverySettlement);
  if (items.length === 0) return settled;
  const values = [
    plainArray(items.map(({ number }) => number)),
    plainArray(items.map(({ fence }) => fence)),
    plainArray(items.map(({ retryAt }) => retryAt)),
  ];
  const rows = await repeated(() => session.run('deliverySettle', values));
  for (const [ord] of rows) settled[order[(ord as number) - 1] as number] = true;
  return settled;
}

function numberAt(batch: readonly DeliverySettlement[], index: number): number {
  return batch[index]?.number ?? 0;
}

function deliveryOf(row: Row): Delivery {
  const [number, jobId, tenant, revision, state, url, origin, attempt, at, fence] = row;
  return {
    number: number as number,
    jobId: jobId as string,
    tenant: givenText(tenant as string),
    revision: revision as number,
    state: state as StoredState,
    url: givenText(url as string),
    origin: jsonOf<Origin>(origin as string | null),
    attempt: attempt as number,
    at: at as number,
    fence: fence as number,
  };
}
