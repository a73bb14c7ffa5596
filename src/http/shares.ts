/**
 * Counts of what tenants use at once, with a bound for each and one for all: nobody's share is another's to take.
 */
export interface Shares {
  /** False, and nothing taken, where the tenant or all together would have too much. */
  take(tenant: string, amount: number): boolean;
  giveBack(tenant: string, amount: number): void;
  readonly used: number;
}

export interface ShareBounds {
  readonly each: number;
  readonly all: number;
  /** Who uses nothing may always have one thing, however large it is and whatever others have: a large result must be fetchable. */
  readonly isOneFree?: boolean;
}

export function createShares({ each, all, isOneFree = false }: ShareBounds): Shares {
  const byTenant = new Map<string, number>();
  let used = 0;
  return {
    take(tenant, amount) {
      const own = byTenant.get(tenant) ?? 0;
      const isOver = own + amount > each || used + amount > all;
      if (isOver && !(isOneFree && own === 0)) return false;
      byTenant.set(tenant, own + amount);
      used += amount;
      return true;
    },
    giveBack(tenant, amount) {
      const own = (byTenant.get(tenant) ?? 0) - amount;
      if (own > 0) byTenant.set(tenant, own);
      else byTenant.delete(tenant);
      used -= amount;
    },
    get used() {
      return used;
    },
  };
}
