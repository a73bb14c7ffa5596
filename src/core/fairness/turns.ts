/**
 * Whose turn it is among the tenants that have due jobs of one type.
 *
 * Weighted round robin: a turn goes round the tenants by name; each takes as many jobs as it weighs, then the next one is served.
 * So whoever has one job waits for one round at most, however many jobs another one has.
 */

/** Where the round stands: the tenant that was served last, and how many more it may take before its turn ends. */
export interface Turn {
  readonly tenant: string;
  readonly credit: number;
}

/**
 * The first name of the round: the tenant whose turn goes on, or the next name behind it.
 * No tenant's name has such a character, so there is none between the two.
 */
export function startOf({ tenant, credit }: Turn): string {
  return credit > 0 || tenant === '' ? tenant : `${tenant}\u0001`;
}

/** Tenants have names: the round begins with the first one. */
export const FIRST_TURN: Turn = Object.freeze({ tenant: '', credit: 0 });

/** By tenant; those that are not named weigh 1. */
export type Weights = Readonly<Record<string, number>>;

export function weightOf(weights: Weights | undefined, tenant: string): number {
  return weights !== undefined && Object.hasOwn(weights, tenant) ? (weights[tenant] as number) : 1;
}

export interface Contender {
  readonly tenant: string;
  readonly weight: number;
  /** Its due jobs; more than there are slots is as good as all. */
  readonly due: number;
}

/**
 * How many of the slots each gets. Slots that one has no jobs for go to the others, round by round.
 * @param contenders in the order of the round: by name from `startOf` on, then the others from the first name on
 */
export function sharesOf(contenders: readonly Contender[], turn: Turn, slots: number): readonly number[] {
  const shares = contenders.map(() => 0);
  let left = slots;
  for (let round = 1, isGiven = true; isGiven && left > 0; round += 1) {
    isGiven = false;
    for (const [index, { tenant, weight, due }] of contenders.entries()) {
      const most = round === 1 ? firstWeight(turn, tenant, weight) : weight;
      const given = Math.min(most, left, due - (shares[index] as number));
      shares[index] = (shares[index] as number) + given;
      left -= given;
      if (given > 0) isGiven = true;
    }
  }
  return shares;
}

/** What a tenant may take in the first round: the one whose turn goes on has had some of it. */
function firstWeight(turn: Turn, tenant: string, weight: number): number {
  return tenant === turn.tenant && turn.credit > 0 ? turn.credit : weight;
}

/** Where the round stands after a claim. @param taken how many jobs each tenant got, those with none left out */
export function turnAfter(turn: Turn, taken: ReadonlyMap<string, number>, weights: Weights | undefined): Turn {
  let best: (Turn & { readonly round: number }) | null = null;
  for (const [tenant, count] of taken) {
    const weight = weightOf(weights, tenant);
    const behind = count - firstWeight(turn, tenant, weight);
    const more = Math.max(0, Math.ceil(behind / weight));
    const next = { tenant, round: 1 + more, credit: more * weight - behind };
    const isLater = best === null || next.round > best.round;
    if (isLater || (next.round === best?.round && isBehind(startOf(turn), best.tenant, tenant))) best = next;
  }
  return best === null ? turn : { tenant: best.tenant, credit: best.credit };
}

/** Whether `b` comes after `a` in a round that begins at `start`. */
function isBehind(start: string, a: string, b: string): boolean {
  const isAWrapped = a < start;
  const isBWrapped = b < start;
  return isAWrapped === isBWrapped ? b > a : isBWrapped;
}
