/**
 * Who may have how many deliveries under way: tenants and lanes have shares, and a lane that only fails is tried one at a time.
 *
 * The circuit: after `FAILURES` failures in a row a lane rests, from a second up to a minute, and then has a single delivery under way, which
 * tries it. One that comes through opens it again. Kept in memory: each process finds out by itself.
 */
import type { Limits } from '../../core/limits.ts';
import { DELIVERY_LANES, type DeliveryClaim, type DeliveryLane } from '../../store/contract.ts';

export type Outcome = 'delivered' | 'failed' | 'untried';

const FAILURES = 5;
const REST_MS = 1_000;
const REST_MS_MAX = 60_000;
/** Lanes that are left out are named in each claim: of more the oldest are forgotten, and found to be failing again. */
const CIRCUITS_MAX = 1_000;
/** Beyond the timeout of the POST: for the settlement to be stored. */
const LEASE_SLACK_MS = 10_000;

type LaneLimits = Pick<
  Limits,
  'deliveriesMax' | 'deliveriesPerTenantMax' | 'deliveriesPerEndpointMax' | 'deliveryTimeoutMs'
>;

interface Circuit extends DeliveryLane {
  failures: number;
  restsUntil: number;
}

export class Lanes {
  readonly #limits: LaneLimits;
  readonly #byTenant = new Map<string, number>();
  readonly #byLane = new Map<string, DeliveryLane & { count: number }>();
  readonly #circuits = new Map<string, Circuit>();
  #lastTenant = '';
  #count = 0;

  constructor(limits: LaneLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#count;
  }

  begin({ tenant, lane }: DeliveryLane): void {
    this.#add({ tenant, lane }, 1);
    this.#lastTenant = tenant;
  }

  end({ tenant, lane }: DeliveryLane, outcome: Outcome, now: number): void {
    this.#add({ tenant, lane }, -1);
    const key = keyOf({ tenant, lane });
    if (outcome === 'delivered') this.#circuits.delete(key);
    if (outcome === 'failed') this.#fail(key, { tenant, lane }, now);
  }

  /** When the next lane that rests may be tried; Infinity where none rests. */
  restsUntil(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { restsUntil } of this.#circuits.values()) if (restsUntil > now) next = Math.min(next, restsUntil);
    return next;
  }

  /** Never more of a tenant, or a lane, than its share: what the fullest one that may be claimed from still lacks is what each gets at the most. */
  nextClaim(now: number, random: number): DeliveryClaim {
    const { deliveriesMax, deliveriesPerTenantMax: share, deliveriesPerEndpointMax, deliveryTimeoutMs } = this.#limits;
    const counts = [...this.#byTenant];
    const fullest = Math.max(0, ...counts.map(([, count]) => count).filter((count) => count < share));
    const lanes = [...this.#byLane.values()].filter((lane) => !this.#isFull(lane, lane.count, now));
    const failing = [...this.#circuits.values()].filter(({ failures }) => failures >= FAILURES);
    const isTrying = failing.some((circuit) => !this.#isFull(circuit, this.#countOf(circuit), now));
    const fullestLane = Math.max(0, ...lanes.map(({ count }) => count));
    return {
      now,
      leaseMs: deliveryTimeoutMs + LEASE_SLACK_MS,
      max: deliveriesMax - this.#count,
      eachMax: share - fullest,
      after: this.#lastTenant,
      busy: counts.flatMap(([tenant, count]) => (count >= share ? [tenant] : [])),
      laneMax: isTrying ? 1 : deliveriesPerEndpointMax - fullestLane,
      // Any start is as good as another: no lane comes first each time.
      firstLane: Math.floor(random * DELIVERY_LANES) % DELIVERY_LANES,
      busyLanes: this.#fullLanes(failing, now),
    };
  }

  #fullLanes(failing: readonly Circuit[], now: number): readonly DeliveryLane[] {
    const full = new Map<string, DeliveryLane>();
    for (const { tenant, lane, count } of this.#byLane.values()) {
      if (this.#isFull({ tenant, lane }, count, now)) full.set(keyOf({ tenant, lane }), { tenant, lane });
    }
    for (const { tenant, lane, restsUntil } of failing) {
      if (restsUntil > now) full.set(keyOf({ tenant, lane }), { tenant, lane });
    }
    return [...full.values()];
  }

  #isFull(lane: DeliveryLane, count: number, now: number): boolean {
    const circuit = this.#circuits.get(keyOf(lane));
    if (circuit === undefined || circuit.failures < FAILURES) return count >= this.#limits.deliveriesPerEndpointMax;
    return circuit.restsUntil > now || count >= 1;
  }

  #countOf(lane: DeliveryLane): number {
    return this.#byLane.get(keyOf(lane))?.count ?? 0;
  }

  #fail(key: string, lane: DeliveryLane, now: number): void {
    const circuit = this.#circuits.get(key) ?? { ...lane, failures: 0, restsUntil: 0 };
    circuit.failures += 1;
    const over = circuit.failures - FAILURES;
    if (over >= 0) circuit.restsUntil = now + Math.min(REST_MS_MAX, REST_MS * 2 ** over);
    if (!this.#circuits.has(key) && this.#circuits.size >= CIRCUITS_MAX) {
      for (const oldest of this.#circuits.keys()) {
        this.#circuits.delete(oldest);
        break;
      }
    }
    this.#circuits.set(key, circuit);
  }

  #add({ tenant, lane }: DeliveryLane, more: 1 | -1): void {
    const key = keyOf({ tenant, lane });
    this.#count += more;
    const inLane = (this.#byLane.get(key)?.count ?? 0) + more;
    if (inLane === 0) this.#byLane.delete(key);
    else this.#byLane.set(key, { tenant, lane, count: inLane });
    const count = (this.#byTenant.get(tenant) ?? 0) + more;
    if (count === 0) this.#byTenant.delete(tenant);
    else this.#byTenant.set(tenant, count);
  }
}

function keyOf({ tenant, lane }: DeliveryLane): string {
  return `${tenant}:${lane}`;
}
