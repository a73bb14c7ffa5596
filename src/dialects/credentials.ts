/** Reading what a client sends to prove who it is, and the principal behind it. Which headers count is the dialect's business. */
import { BideError } from '../core/errors.ts';
import type { Scope } from '../core/scopes.ts';
import type { Authenticator, Principal } from '../http/dialect.ts';

/** The value of an Authorization header, or of a header that vendors use like one. */
export type Credential =
  | { readonly scheme: 'bearer'; readonly secret: string }
  | { readonly scheme: 'basic'; readonly user: string; readonly secret: string }
  /** No scheme that is known here: the whole value. */
  | { readonly scheme: 'bare'; readonly secret: string };

/** Null where the header is missing or empty. A header that came twice counts as the first of them. */
export function credentialOf(header: string | readonly string[] | undefined): Credential | null {
  const value = (typeof header === 'string' ? header : header?.[0])?.trim() ?? '';
  if (value === '') return null;
  // The common spelling costs no regular expression.
  if (value.startsWith('Bearer ') && value[7] !== ' ') return { scheme: 'bearer', secret: value.slice(7) };
  const bearer = /^bearer\s{1,8}(\S.*)$/i.exec(value)?.[1];
  if (bearer !== undefined) return { scheme: 'bearer', secret: bearer };
  const basic = /^basic\s+([A-Za-z0-9+/_=-]+)$/i.exec(value)?.[1];
  return basic === undefined ? { scheme: 'bare', secret: value } : basicOf(basic);
}

/**
 * Who this secret stands for, be it a key or a token issued by this service; null when neither. At once where they are known already.
 *
 * A path that has no time for a promise may drop it, and leave the caller to one that asks again: when the store is away, a
 * rejection that nobody waits for would end the process.
 */
export function principalOf(auth: Authenticator, secret: string): Principal | null | Promise<Principal | null> {
  const found = lookUp(auth, secret);
  if (found instanceof Promise) found.catch(() => {});
  return found;
}

function lookUp(auth: Authenticator, secret: string): Principal | null | Promise<Principal | null> {
  const byKey = auth.byKey(secret);
  if (byKey === null) return auth.byToken(secret);
  return byKey instanceof Promise ? byKey.then((principal) => principal ?? auth.byToken(secret)) : byKey;
}

export function hasScope({ scopes }: Principal, scope: Scope): boolean {
  return scopes.has(scope) || scopes.has('admin');
}

/** Throws SCOPE_MISSING unless the key carries the scope. */
export function requireScope(principal: Principal, scope: Scope): void {
  if (hasScope(principal, scope)) return;
  throw new BideError('SCOPE_MISSING', `Forbidden: the key needs the scope ${scope}.`, { scope });
}

function basicOf(encoded: string): Credential {
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon === -1) return { scheme: 'basic', user: '', secret: text };
  return { scheme: 'basic', user: text.slice(0, colon), secret: text.slice(colon + 1) };
}
