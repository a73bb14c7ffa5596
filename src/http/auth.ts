/**
 * Who is calling: API keys and tokens, checked against the store and remembered for a moment.
 *
 * A key is `bide_<id>_<secret>`: the id finds it, and SHA-256 of the whole is compared in constant time with what the store keeps.
 * A checked key is trusted for `limits.keyCacheMs`, so a status read costs one map lookup and no hash. A revocation is
 * immediate in the process that makes it (`forget`), and takes `keyCacheMs` at most in others. What is wrong is remembered too, in a map
 * of its own, so that guesses push out no good key; keys and tokens have separate memories, so that a token never passes for a key and
 * cannot be exchanged for another token. The maps hold keys in clear: so does every request that carries one.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { keyIdOf } from '../core/api-key.ts';
import { BideError } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import type { Scope } from '../core/scopes.ts';
import type { Documents, KeyStore, StoredKey } from '../engine/api.ts';
import type { Clock } from '../engine/clock.ts';
import type { Authenticator, Principal } from './dialect.ts';
import { createExpiringMap } from './expiring-map.ts';
import { createJobTokens, isJobToken, type JobToken } from './job-tokens.ts';
import { createJobIds } from './number-cipher.ts';
import { createPasses } from './passes.ts';
import { createPlaceSeal } from './place-seal.ts';
import { createSeal } from './seal.ts';
import { createSecret, derivedKey } from './secret.ts';
import { createTokens } from './token.ts';

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

/** Neither revoked nor expired. */
export function isInForce({ revokedAt, expiresAt }: StoredKey, now: number): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt > now);
}

export function createAuthenticator(options: AuthenticatorOptions): KeyAuthenticator {
  const { store, clock } = options;
  const keys = createMemory(options);
  const ofTokens = createMemory(options);
  const secret = createSecret({ store, clock });
  const tokens = createTokens({ secret, clock });
  const passes = createPasses(secret);
  const ofJobs = createMemory(options);
  const jobTokens = createJobTokens(secret);

  async function liveKey(id: string): Promise<StoredKey | null> {
    const key = await store.keyRead(id);
    return key !== null && isInForce(key, clock.now()) ? key : null;
  }

  return {
    byKey(key) {
      if (isJobToken(key)) return Promise.reject(new BideError('JOB_TOKEN_ELSEWHERE'));
      const hit = keys.known(key);
      if (hit !== undefined) return hit;
      const id = keyIdOf(key);
      if (id === null) return null;
      return keys.ask(key, async () => {
        const stored = await liveKey(id);
        return stored !== null && isSameHash(stored.hash, keyHash(key)) ? known(stored) : null;
      });
    },
    byToken(token) {
      const hit = ofTokens.known(token);
      if (hit !== undefined) return hit;
      return ofTokens.ask(token, async () => {
        const claims = await tokens.verify(token);
        // Forged ones are as many and as long as somebody likes; the signature is checked again instead.
        if (claims === null) return undefined;
        const stored = await liveKey(claims.keyId);
        return stored === null || stored.tenant !== claims.tenant ? null : known(stored, claims.expiresAt);
      });
    },
    byJobToken(token) {
      const hit = ofJobs.known(token);
      if (hit !== undefined) return hit;
      return ofJobs.ask(token, async () => {
        const read = await jobTokens.read(token, clock.now());
        if (read === null) return undefined;
        const stored = await liveKey(read.keyId);
        return stored === null ? null : ofJob(stored, read);
      });
    },
    async issueJobToken(wanted) {
      const endsAt = Math.min(wanted.endsAt, (await store.keyRead(wanted.keyId))?.expiresAt ?? wanted.endsAt);
      return { token: await jobTokens.write({ ...wanted, endsAt }), endsAt };
    },
    issueToken: (principal, lifeMs) => tokens.issue(principal, lifeMs),
    csrfOf: async ({ keyId }) =>
      createHmac('sha256', derivedKey(await secret(), 'csrf'))
        .update(keyId)
        .digest('base64url'),
    passFor: ({ keyId }, jobId) => passes.write({ keyId, jobId }),
    async byPass(pass) {
      const read = await passes.read(pass);
      const key = read === null ? null : await liveKey(read.keyId);
      return read === null || key === null ? null : { principal: known(key).principal, jobId: read.jobId };
    },
    numbers: createSeal(secret),
    places: createPlaceSeal(secret),
    jobIds: createJobIds(secret),
    forget(keyId) {
      keys.forget(keyId);
      ofTokens.forget(keyId);
      ofJobs.forget(keyId);
    },
  };
}

/** A caller, and until when they may be taken for one without another look. */
interface Known {
  readonly principal: Principal;
  readonly until: number;
}

/** @param until the end of a token, which may come before that of its key. */
function known(key: StoredKey, until = Number.POSITIVE_INFINITY): Known {
  const principal = Object.freeze({
    tenant: key.tenant,
    keyId: key.id,
    keyName: key.name,
    scopes: new Set(key.scopes),
  });
  return { principal, until: Math.min(until, key.expiresAt ?? Number.POSITIVE_INFINITY) };
}

/** Its key may do more than read one job; a key that may not even read made no token that does. */
function ofJob(key: StoredKey, { jobId, endsAt }: JobToken): Known | null {
  const { principal, until } = known(key, endsAt);
  if (!principal.scopes.has('read') && !principal.scopes.has('admin')) return null;
  const job = Object.freeze({ id: jobId, endsAt: until });
  return { principal: Object.freeze({ ...principal, scopes: READING, job }), until };
}

const READING: ReadonlySet<Scope> = new Set<Scope>(['read']);

/** Null is remembered as a refusal, undefined is a refusal that is not remembered. */
type Ask = () => Promise<Known | null | undefined>;

interface Memory {
  /** What is remembered of a credential: its caller, null for a refusal, undefined where it has to be asked. */
  known(credential: string): Principal | null | undefined;
  /** What `ask` finds out. Callers that come meanwhile share one answer. */
  ask(credential: string, ask: Ask): Promise<Principal | null>;
  forget(keyId: string): void;
}

/** One per kind of credential: what was learned of a token must never answer for a key. */
function createMemory({ clock, limits }: AuthenticatorOptions): Memory {
  const bounds = { sizeMax: limits.keyCacheMax, lifeMs: limits.keyCacheMs };
  const good = createExpiringMap<Known>(bounds);
  const bad = createExpiringMap<null>(bounds);
  const asked = new Map<string, Promise<Principal | null>>();
  /** Grows at every revocation: an answer that was under way meanwhile may be the old one, and is not remembered. */
  let generation = 0;

  async function check(credential: string, ask: Ask): Promise<Principal | null> {
    const begun = generation;
    const found = await ask();
    if (begun !== generation || found === undefined) return found?.principal ?? null;
    if (found === null) bad.set(credential, null, clock.now());
    else good.set(credential, found, clock.now());
    return found?.principal ?? null;
  }

  return {
    known(credential) {
      const now = clock.now();
      const hit = good.get(credential, now);
      if (hit !== undefined && hit.until > now) return hit.principal;
      return bad.get(credential, now);
    },
    ask(credential, ask) {
      const running = asked.get(credential);
      if (running !== undefined) return running;
      const answer = check(credential, ask).finally(() => asked.delete(credential));
      asked.set(credential, answer);
      return answer;
    },
    forget(keyId) {
      generation += 1;
      good.forget(({ principal }) => principal.keyId === keyId);
    },
  };
}

function isSameHash(stored: string, actual: string): boolean {
  const a = Buffer.from(stored, 'hex');
  const b = Buffer.from(actual, 'hex');
  return a.length === b.length && timingSafeEqual(a, b);
}
