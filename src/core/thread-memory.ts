/**
 * The heap of a thread that runs what others wrote, so that a greedy one is ended and nobody else with it.
 *
 * When such a heap is full, Node gives it 16 MiB more to stop in. A young generation of its usual size (up to 32 MiB a half) can bring more
 * than that into the old one at once, and V8 then ends the whole process: 19 of 20 processes with greedy threads died so, four at a time on two
 * cores. With 24 MiB, that is 8 a half, none of 20 did.
 */
const YOUNG_MIB = 24;

/** The `resourceLimits` of a `Worker`. */
export function threadMemory(mib: number): {
  readonly maxOldGenerationSizeMb: number;
  readonly maxYoungGenerationSizeMb: number;
} {
  return { maxOldGenerationSizeMb: mib, maxYoungGenerationSizeMb: YOUNG_MIB };
}
