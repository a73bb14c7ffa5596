/**
 * Tokens that stand for a key for a while: JWTs (HS256), signed with a secret that all nodes of a store share.
 *
 * Scopes are not in the token: they are read with the key, so that a revoked key ends its tokens.
 */
import { randomBytes } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { Clock } from '../engine/clock.ts';
import type { Principal } from './dialect.ts';
import { createExpiringMap } from './expiring-map.ts';
import type { Secret } from './secret.ts';

const ISSUER = 'bide';
/** Longer than any token that is issued here; what is longer is not worth a signature check. */
const TOKEN_LENGTH_MAX = 2_000;
/** A checked signature stays good; only the expiry, which is looked at every time, and the key, which is read anew, can end it. */
const CHECKED = { sizeMax: 10_000, lifeMs: 60_000 };

export interface TokenClaims {
  readonly keyId: string;
  readonly tenant: string;
  readonly expiresAt: number;
}

export interface Tokens {
  issue(principal: Principal, lifeMs: number): Promise<{ readonly token: string; readonly expiresAt: number }>;
  /** Null when the token is forged, expired, or none at all. */
  verify(token: string): Promise<TokenClaims | null>;
}

export interface TokenOptions {
  readonly secret: Secret;
  readonly clock: Clock;
}

export function createTokens({ secret, clock }: TokenOptions): Tokens {
  const checked = createExpiringMap<TokenClaims>(CHECKED);

  return {
    async issue(principal, lifeMs) {
      const issuedAt = Math.floor(clock.now() / 1_000);
      const expires = issuedAt + Math.max(1, Math.ceil(lifeMs / 1_000));
      const token = await new SignJWT({ tenant: principal.tenant })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setIssuer(ISSUER)
        .setSubject(principal.keyId)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expires)
        .setJti(randomBytes(8).toString('hex'))
        .sign(await secret());
      return { token, expiresAt: expires * 1_000 };
    },
    async verify(token) {
      const now = clock.now();
      if (token.length > TOKEN_LENGTH_MAX || !token.startsWith('ey')) return null;
      const claims = checked.get(token, now) ?? (await claimsOf(token, await secret(), now));
      if (claims === null || claims.expiresAt <= now) return null;
      checked.set(token, claims, now);
      return claims;
    },
  };
}

/** `jwtVerify` rejects for every kind of bad token; none of them is worth telling apart to whoever sent it. */
async function claimsOf(token: string, secret: Uint8Array, now: number): Promise<TokenClaims | null> {
  const verified = await jwtVerify(token, secret, {
    issuer: ISSUER,
    algorithms: ['HS256'],
    requiredClaims: ['sub', 'exp'],
    currentDate: new Date(now),
  }).catch(() => null);
  if (verified === null) return null;
  const { sub, exp, tenant } = verified.payload;
  if (sub === undefined || exp === undefined || typeof tenant !== 'string') return null;
  return { keyId: sub, tenant, expiresAt: exp * 1_000 };
}
