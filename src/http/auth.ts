/**
 * Who is calling: API keys and tokens, checked against the store and remembered for a moment.
 *
 * A key is `bide_<id>_<secret>`: the id finds it, and SHA-256 of the whole is compared in constant time with what the store keeps.
 * A checked key is trusted for `limits.keyCacheMs`, so a status read costs one map lookup and no hash. A revocation is
 * immediate in the process that makes it (`forget`), and takes `keyCacheMs` at most in others. What is wrong is remembered too, in a map
 * of its own, so that guesses push out no good key. The maps hold keys in clear: so does every request that carries one.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Limits } from '../core/limits.ts';
import type { Documents, KeyStore, StoredKey } from '../engine/api.ts';
import type { Clock } from '../engine/clock.ts';
import type { Authenticator, Principal } from './dialect.ts';
import { createExpiringMap } from './expiring-map.ts';
import { createTokens } from './token.ts';

/** The id between the first two underscores, then the secret. */
const KEY = /^bide_([0-9a-z]{4,32})_[0-9A-Za-z]{16,128}$/;

export interface KeyAuthenticator extends Authenticator {
  /** Drops what is remembered of a key that was revoked. */
  forget(keyId: string): void;
}

export interface AuthenticatorOptions {
  readonly store: Pick<KeyStore, 'keyRead'> & Pick<Documents, 'documentRead' | 'documentWrite'>;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'keyCacheMs' | 'keyCacheMax'>;
}

export function keyHash(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

export function createAuthenticator(options: AuthenticatorOptions): KeyAuthenticator {
  const { store, clock, limits } = options;
  const bounds = { sizeMax: limits.keyCacheMax, lifeMs: limits.keyCacheMs };
  const good = createExpiringMap<Principal>(bounds);
  const bad = createExpiringMap<null>(bounds);
  /** When tokens end that were verified. */
  const expiries = createExpiringMap<number>(bounds);
  const asked = new Map<string, Promise<Principal | null>>();
  const tokens = createTokens({ store, clock });
  /** Grows at every revocation: an answer that was under way meanwhile may be the old one, and is not remembered. */
  let generation = 0;

  async function check(credential: string, ask: () => Promise<Principal | null>): Promise<Principal | null> {
    const begun = generation;
    const principal = await ask();
    if (begun !== generation) return principal;
    if (principal === null) bad.set(credential, null, clock.now());
    else good.set(credential, principal, clock.now());
    return principal;
  }

  /** Callers that come with the same credential while it is being checked share one look at the store. */
  function checkOnce(credential: string, ask: () => Promise<Principal | null>): Promise<Principal | null> {
    const running = asked.get(credential);
    if (running !== undefined) return running;
    const answer = check(credential, ask).finally(() => asked.delete(credential));
    asked.set(credential, answer);
    return answer;
  }

  function known(credential: string): Principal | null | undefined {
    const now = clock.now();
    return good.get(credential, now) ?? bad.get(credential, now);
  }

  async function verified(token: string): Promise<Principal | null> {
    const claims = await tokens.verify(token);
    if (claims === null) return null;
    expiries.set(token, claims.expiresAt, clock.now());
    const hit = known(token);
    if (hit !== undefined) return hit;
    return checkOnce(token, async () => {
      const stored = await liveKey(claims.keyId);
      return stored === null || stored.tenant !== claims.tenant ? null : principalOf(stored);
    });
  }

  async function liveKey(id: string): Promise<StoredKey | null> {
    const key = await store.keyRead(id);
    return key === null || key.revokedAt !== null ? null : key;
  }

  return {
    byKey(key) {
      const hit = known(key);
      if (hit !== undefined) return hit;
      const id = KEY.exec(key)?.[1];
      if (id === undefined) return null;
      return checkOnce(key, async () => {
        const stored = await liveKey(id);
        return stored !== null && isSameHash(stored.hash, keyHash(key)) ? principalOf(stored) : null;
      });
    },
    byToken(token) {
      // Both memories must hold: a token may end while its principal is still remembered.
      const now = clock.now();
      const isAlive = (expiries.get(token, now) ?? 0) > now;
      return (isAlive ? known(token) : undefined) ?? verified(token);
    },
    issueToken: (principal, lifeMs) => tokens.issue(principal, lifeMs),
    forget(keyId) {
      generation += 1;
      good.forget((principal) => principal.keyId === keyId);
    },
  };
}

function principalOf(key: StoredKey): Principal {
  return Object.freeze({ tenant: key.tenant, keyId: key.id, scopes: new Set(key.scopes) });
}

function isSameHash(stored: string, actual: string): boolean {
  const a = Buffer.from(stored, 'hex');
  const b = Buffer.from(actual, 'hex');
  return a.length === b.length && timingSafeEqual(a, b);
}
