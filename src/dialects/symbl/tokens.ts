/**
 * Access tokens: the same one again while it is valid, with the seconds that are left of it.
 *
 * Kept in memory, per key and app: another node, or this one after a restart, gives out another token, which is just as good.
 */
import type { Authenticator, Principal } from '../../http/dialect.ts';

export interface AccessToken {
  readonly accessToken: string;
  /** Seconds. */
  readonly expiresIn: number;
}

/** A token with less than this left is replaced: a client needs some time to use it. */
const REMAINING_MS_MIN = 30_000;
/** Callers whose token is remembered; past it the one that was asked for longest ago is forgotten, and gets a new one. */
const REMEMBERED_MAX = 10_000;

interface Issued {
  readonly token: string;
  readonly expiresAt: number;
}

export function createTokens(options: {
  readonly auth: Pick<Authenticator, 'issueToken'>;
  readonly lifeMs: number;
  now(): number;
}) {
  const { auth, lifeMs, now } = options;
  const issued = new Map<string, Promise<Issued>>();

  async function fresh(name: string, principal: Principal): Promise<Issued> {
    const known = await issued.get(name);
    if (known !== undefined && known.expiresAt - now() > REMAINING_MS_MIN) return known;
    const next = auth.issueToken(principal, lifeMs);
    issued.delete(name);
    issued.set(name, next);
    next.catch(() => issued.delete(name));
    if (issued.size > REMEMBERED_MAX) issued.delete(issued.keys().next().value ?? name);
    return next;
  }

  return async (principal: Principal, appId: string): Promise<AccessToken> => {
    const { token, expiresAt } = await fresh(`${principal.keyId} ${appId}`, principal);
    return { accessToken: token, expiresIn: Math.ceil((expiresAt - now()) / 1_000) };
  };
}
