/** How far a claim goes round the tenants of a type: the same in both engines. */

/**
 * Tenants that are looked at beside one for each free slot: those that wait, and have nothing due. Beyond them slots go to what has been due for
 * the longest, and the next claim goes on from there. Two probes each: 0.2 ms.
 */
export const STEPS_MORE = 64;

/** Due jobs that are counted in one claim, of all tenants that compete for its slots: 3 ms. */
export const COUNTED_MAX = 10_000;

/** How many due jobs of each of the tenants are counted at most. */
export function countedMax(slots: number, tenants: number): number {
  return Math.min(slots, 1 + Math.floor(COUNTED_MAX / Math.max(1, tenants)));
}
