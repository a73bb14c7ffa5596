/** Chance that can be repeated: the same seed gives the same numbers. */

export interface Chance {
  readonly seed: number;
  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number;
  /** True once in `times`. */
  onceIn(times: number): boolean;
}

/** The seed is taken from BIDE_SEED where it is set, so that a failed run can be played again. */
export function seededChance(seed = Number(process.env.BIDE_SEED ?? Math.floor(Math.random() * 2 ** 31))): Chance {
  let state = seed >>> 0;
  // Mulberry32: four operations, 2^32 numbers before it repeats, good enough to pick moments with.
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return { seed, between, onceIn: (times) => between(1, times) === 1 };
}
