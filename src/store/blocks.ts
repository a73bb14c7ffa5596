/**
 * Why a waiting job cannot be claimed, as bits of `waiting.blocked`. A claim takes those with 0, and its index has no others, so that it steps
 * over none of them, however many there are. Each mechanism sets and clears its own bit, and leaves the others alone.
 */
export const BLOCKED_BY = Object.freeze({
  /** An earlier job of the same tenant and sequence key is unfinished, or any of them runs. */
  sequence: 1,
  /** A job that it comes after has not ended. */
  parents: 2,
  /** Its limit has no room for it. */
  limit: 4,
});
