/**
 * Who calls the native API: a key in `Authorization: Bearer KEY` or `X-API-Key: KEY`, checked before the body is read; without one, the session
 * of a page of the dashboard.
 *
 * Scopes: `submit` submits, cancels, retries and removes; `read` reads, lists and waits; `work` claims and reports; `priority` gives
 * submits priorities above 0, which go before the other jobs of its tenant; `operate` changes many jobs at once and pauses types; `metrics` sees the
 * metrics, which count all tenants, and nothing else; `admin` does all of it and manages keys.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { jobIdOf } from '../../core/id.ts';
import type { Scope } from '../../core/scopes.ts';
import { noteCaller } from '../../http/caller.ts';
import type { Authenticator, Principal } from '../../http/dialect.ts';
import { isJobToken } from '../../http/job-tokens.ts';
import { principalOfSession } from '../../http/session.ts';

/** Finds the caller of a request; null where nobody valid is named. `ofJob` says that the token of the job in the path will do. */
export type Identify = (request: FastifyRequest, ofJob: boolean) => Principal | null | Promise<Principal | null>;

/** A symbol, so that no other plugin's decorator can be in the way where the routes are part of somebody's app. */
export const PRINCIPAL = Symbol('bide.principal');
type Carrier = { [PRINCIPAL]: Principal | null };

const BEARER = /^bearer {1,8}(\S+) {0,8}$/i;

export function identifyByKey(auth: Authenticator): Identify {
  return ({ raw }, ofJob) => {
    const { headers } = raw;
    const key = keyOf(headers.authorization, headers['x-api-key']);
    if (key !== undefined) return ofJob && isJobToken(key) ? bearerOf(auth, key) : auth.byKey(key);
    return headers.cookie === undefined ? null : principalOfSession(auth, raw);
  };
}

/** Whoever shows a page says more of its token than that it is no key. */
function bearerOf(auth: Authenticator, token: string): Principal | Promise<Principal> {
  const found = auth.byJobToken(token);
  const over = () =>
    new BideError('UNAUTHENTICATED', 'This token of a job is over, or its key is, or it was never one.');
  if (found === null) return Promise.reject(over());
  if (!(found instanceof Promise)) return found;
  return found.then((principal) => {
    if (principal === null) throw over();
    return principal;
  });
}

function keyOf(authorization: string | undefined, apiKey: string | readonly string[] | undefined): string | undefined {
  if (authorization !== undefined) {
    // The common spelling costs no regular expression.
    if (authorization.startsWith('Bearer bide_')) return authorization.slice(7);
    const bearer = BEARER.exec(authorization)?.[1];
    if (bearer !== undefined) return bearer;
  }
  return typeof apiKey === 'string' ? apiKey : apiKey?.[0];
}

interface Guard {
  (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void;
  /** For the reference. */
  readonly scope: Scope;
  readonly isOpenToTokens: boolean;
}

/**
 * A hook that lets only callers with `scope` pass, and where `of` says so those with the token of the job in the path. It answers without a promise
 * where the caller is known already.
 */
export function createGuard(identify: Identify): (scope: Scope, of?: 'job') => Guard {
  return (scope, of) => {
    const guard = (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void) => {
      const principal = identify(request, of === 'job');
      if (principal instanceof Promise) principal.then((found) => done(admit(request, found, scope)), done);
      else done(admit(request, principal, scope));
    };
    return Object.assign(guard, { scope, isOpenToTokens: of === 'job' });
  };
}

/** What the guard of a route asks for; null where it has none. */
export function needOf(onRequest: unknown): Pick<Guard, 'scope' | 'isOpenToTokens'> | null {
  const guard = onRequest as Guard | undefined;
  return guard?.scope === undefined ? null : guard;
}

function admit(request: FastifyRequest, principal: Principal | null, scope: Scope): BideError | undefined {
  if (principal === null) return new BideError('UNAUTHENTICATED');
  if (!may(principal, scope)) return scopeMissing(scope);
  if (principal.job !== undefined && !isOfPath(request, principal.job.id)) return new BideError('JOB_NOT_FOUND');
  (request as unknown as Carrier)[PRINCIPAL] = principal;
  noteCaller(request, principal.tenant);
  return undefined;
}

/** Other jobs are not there for the bearer of a token, as those of other tenants are not. */
function isOfPath({ params }: FastifyRequest, id: string): boolean {
  return jobIdOf(String((params as { readonly id?: string }).id)) === id;
}

function may({ scopes }: Principal, scope: Scope): boolean {
  return scopes.has(scope) || scopes.has('admin');
}

function scopeMissing(scope: Scope, why = ''): BideError {
  return new BideError('SCOPE_MISSING', `This needs a key with the scope ${scope}. ${why}`.trimEnd(), { scope });
}

/** For a part of a request that needs more than its route does. */
export function requireScope(request: FastifyRequest, scope: Scope, why = ''): void {
  if (!may(principalOf(request), scope)) throw scopeMissing(scope, why);
}

/** The caller that the guard of this route let pass. */
export function principalOf(request: FastifyRequest): Principal {
  const principal = (request as unknown as Carrier)[PRINCIPAL];
  if (principal === null) throw new BideError('INTERNAL', 'A route without a guard asked for its caller.');
  return principal;
}

/**
 * Why this caller may not give this priority; null where they may. High priorities go before the jobs of all tenants, so they need a scope of their own;
 * to let others go first is everybody's right.
 */
export function priorityError({ scopes }: Principal, priority = 0): BideError | null {
  if (priority <= 0 || scopes.has('priority') || scopes.has('admin')) return null;
  const message =
    'A priority above 0 needs a key with the scope priority: it goes before the other jobs of the tenant.';
  return new BideError('SCOPE_MISSING', message, { scope: 'priority' });
}
