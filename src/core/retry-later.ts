/**
 * The error that a handler throws when now is not the time: an upstream said "too many". The attempt is given back, and counts as none.
 *
 * Recognised by a registered symbol, as PermanentError is: the config may import this module from another path than the server did.
 */

const RETRY_LATER = Symbol.for('bide.retryLater');

/** The key of the job starts nothing for so long; a job without a key waits alone. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater';
  readonly [RETRY_LATER]: number;

  /** @param ms rounded up to a whole number from 1 on */
  constructor(ms: number, message?: string) {
    if (!(ms >= 0)) throw new RangeError(`RetryLater takes milliseconds from 0 on, not ${String(ms)}.`);
    super(message ?? `Not for another ${ms} ms.`);
    this[RETRY_LATER] = Math.max(1, Math.ceil(ms));
  }
}

/** How long what was thrown asks to wait; null where it asks for nothing. Total: a thrown value may be anything. */
export function retryLaterMs(thrown: unknown, msMax: number): number | null {
  try {
    const ms =
      typeof thrown === 'object' && thrown !== null ? (thrown as { [RETRY_LATER]?: unknown })[RETRY_LATER] : null;
    return typeof ms === 'number' && ms >= 1 ? Math.min(msMax, ms) : null;
  } catch {
    return null;
  }
}
