/** Whatever a handler threw, as a failed attempt. Total: a thrown value may be anything, hostile getters included. */
import type { Json } from '../../core/job.ts';
import type { Limits } from '../../core/limits.ts';
import type { FailedOutcome } from '../failed.ts';
import { isPermanentError } from './permanent-error.ts';

export function failedBy(thrown: unknown, limits: Pick<Limits, 'errorMessageLengthMax'>): FailedOutcome {
  const isPermanent = attemptTo(() => isPermanentError(thrown)) === true;
  const message = describeThrown(thrown).slice(0, limits.errorMessageLengthMax);
  return {
    kind: 'failed',
    failure: { code: codeOf(thrown, isPermanent), message, details: detailsOf(thrown, isPermanent) },
    isRetryable: !isPermanent,
    ...stackOf(thrown, limits.errorMessageLengthMax),
  };
}

/** One sentence for people. */
export function describeThrown(thrown: unknown): string {
  if (thrown instanceof Error) {
    return (
      attemptTo(() => (thrown.message === '' ? `${thrown.name} without a message` : String(thrown.message))) ??
      'An error'
    );
  }
  return `The handler threw ${shown(thrown)}, which is not an Error.`;
}

/** For the log; nothing for what has no stack, since the message says all that there is. */
function stackOf(thrown: unknown, lengthMax: number): { readonly stack?: string } {
  const stack = attemptTo(() => (thrown instanceof Error && thrown.stack !== undefined ? String(thrown.stack) : null));
  return typeof stack === 'string' ? { stack: stack.slice(0, lengthMax) } : {};
}

function codeOf(thrown: unknown, isPermanent: boolean): string {
  const code = isPermanent ? attemptTo(() => (thrown as { code?: unknown }).code) : undefined;
  return typeof code === 'string' && /^[A-Za-z0-9_.-]{1,100}$/.test(code) ? code : 'HANDLER_FAILED';
}

/** The stack is left out: it names paths of the server, and details are shown to callers. */
function detailsOf(thrown: unknown, isPermanent: boolean): Json {
  const own = isPermanent ? attemptTo(() => jsonCopy((thrown as { details?: unknown }).details)) : undefined;
  if (own !== undefined) return own;
  const name = attemptTo(() => (thrown instanceof Error ? String(thrown.name) : null));
  return name === undefined || name === null ? null : { name };
}

function jsonCopy(value: unknown): Json | undefined {
  const text = JSON.stringify(value);
  return text === undefined ? undefined : (JSON.parse(text) as Json);
}

function shown(thrown: unknown): string {
  if (typeof thrown === 'string') return JSON.stringify(thrown.slice(0, 500));
  return (
    attemptTo(() =>
      `${typeof thrown === 'object' ? (JSON.stringify(thrown) ?? 'an object') : String(thrown)}`.slice(0, 500),
    ) ?? 'an object'
  );
}

function attemptTo<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
