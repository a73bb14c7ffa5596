/**
 * Sessions of the dashboard: a cookie that stands for an API key for a while, and is out of reach of scripts.
 *
 * It is a token like any other (`token.ts`): every node takes it, and revoking its key ends it. A browser sends cookies along with whatever some
 * page makes it ask for, so a change also needs a word that only our own pages can read, and requests that another site began are
 * refused by what the browser says of them (Fetch Metadata). Where an API key is sent the cookie is not looked at.
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { BideError } from '../core/errors.ts';
import type { Authenticator, Principal } from './dialect.ts';

export const SESSION_COOKIE = 'bide_session';
export const CSRF_HEADER = 'x-bide-csrf';
/** Ended sooner by the revocation of the key, and later by each answer to `GET /dashboard/session`. */
export const SESSION_MS = 3_600_000;

/** Null where the request brings no session of ours that is in force. Throws CSRF_MISSING where it may come from somebody else's page. */
export async function principalOfSession(auth: Authenticator, request: IncomingMessage): Promise<Principal | null> {
  const token = sessionTokenOf(request.headers);
  if (token === null) return null;
  requireOwnSite(request.headers);
  const principal = await auth.byToken(token);
  if (principal === null || isRead(request.method)) return principal;
  const said = request.headers[CSRF_HEADER];
  if (typeof said !== 'string' || !isSame(said, await auth.csrfOf(principal))) throw new BideError('CSRF_MISSING');
  return principal;
}

/** The cookie's value, null where there is none. Others' cookies of the same host come in the same header. */
export function sessionTokenOf({ cookie }: IncomingHttpHeaders): string | null {
  if (cookie === undefined) return null;
  for (const part of cookie.split(';')) {
    const at = part.indexOf('=');
    if (part.slice(0, at).trim() === SESSION_COOKIE) return part.slice(at + 1).trim();
  }
  return null;
}

/** `Set-Cookie`. @param token null takes the cookie away */
export function sessionCookie(token: string | null, isSecure: boolean): string {
  const life = token === null ? 0 : SESSION_MS / 1_000;
  const secure = isSecure ? '; Secure' : '';
  return `${SESSION_COOKIE}=${token ?? ''}; Path=/; Max-Age=${life}; HttpOnly; SameSite=Strict${secure}`;
}

/** Browsers that are too old to say where a request comes from are held back by the cookie's SameSite alone. */
export function requireOwnSite(headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  throw new BideError('CSRF_MISSING', 'This request was begun by a page of another site.');
}

function isRead(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD';
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
