/**
 * How an API key is written: `bide_<id>_<secret>`. The id finds it in the store, the secret is known to its holder alone.
 *
 * Keys that Bide draws have an id of 12 and a secret of 48 hexadecimal digits; one that an operator chooses may be as the form allows.
 */

/** The id between the first two underscores, then the secret. */
const KEY = /^bide_([0-9a-z]{4,32})_[0-9A-Za-z]{16,128}$/;

export const KEY_ID_BYTES = 6;
export const KEY_SECRET_BYTES = 24;

/** Null for what is no key. */
export function keyIdOf(key: string): string | null {
  return KEY.exec(key)?.[1] ?? null;
}

/** @param id and secret, in digits and letters, as random as they come. */
export function keyOf(id: string, secret: string): string {
  return `bide_${id}_${secret}`;
}
