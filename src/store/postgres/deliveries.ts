/** State changes on their way out: handed out to whoever delivers them, each job's in order, and settled under their fence. */
import type { Origin } from '../../core/job.ts';
import type { StoredState } from '../../core/state.ts';
import type { Delivery, DeliveryClaim, DeliverySettlement } from '../contract.ts';
import type { Row } from './connection/lane.ts';
import { repeated } from './connection/repeat.ts';
import type { Session, Step } from './connection/session.ts';
import { type Placed, placedAt, roundsOf } from './rounds.ts';
import { jsonOf } from './rows.ts';
import { givenText, plainArray, storedText, storedTextArray } from './wire-text.ts';

/** A claim whose answer was lost is not searched for: its rows come up again when their lease is over. */
export async function claimDeliveries(session: Session, claim: DeliveryClaim) {
  const { now, leaseMs, max, eachMax = max, after = '', busy = [] } = claim;
  const { laneMax = max, firstLane = 0, busyLanes = [] } = claim;
  const lanes = busyLanes.map(({ tenant, lane }) => `${tenant}:${lane}`);
  const bounds = [Math.max(0, max), Math.max(0, eachMax)];
  const values = [now, now + leaseMs, ...bounds, storedText(after), storedTextArray(busy)];
  values.push(Math.max(0, laneMax), firstLane, storedTextArray(lanes));
  const rows = await repeated(() => session.run('deliveryClaim', values));
  return rows.map(deliveryOf).sort((a, b) => a.number - b.number);
}

export async function settleDeliveries(
  session: Session,
  batch: readonly DeliverySettlement[],
): Promise<readonly boolean[]> {
  const settled = new Array<boolean>(batch.length).fill(false);
  const rounds = roundsOf(batch, ({ number }) => number);
  if (rounds.length === 0) return settled;
  const results = await repeated(() => session.runAll(rounds.map(settleStep)));
  for (const [at, rows] of results.entries()) {
    for (const [ord] of rows) settled[placedAt(rounds, at, ord).index] = true;
  }
  return settled;
}

function settleStep(round: readonly Placed<DeliverySettlement>[]): Step {
  return {
    name: 'deliverySettle',
    values: [
      plainArray(round.map(({ item }) => item.number)),
      plainArray(round.map(({ item }) => item.fence)),
      plainArray(round.map(({ item }) => item.retryAt)),
    ],
  };
}

function deliveryOf(row: Row): Delivery {
  const [number, jobId, tenant, revision, state, url, lane, origin, attempt, at, fence] = row;
  return {
    number: number as number,
    jobId: jobId as string,
    tenant: givenText(tenant as string),
    revision: revision as number,
    state: state as StoredState,
    url: givenText(url as string),
    lane: lane as number,
    origin: jsonOf<Origin>(origin as string | null),
    attempt: attempt as number,
    at: at as number,
    fence: fence as number,
  };
}
