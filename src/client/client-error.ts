/**
 * The one error that the client throws: what the server refused, or why it could not be asked.
 *
 * `code` is the stable code of the server's problem body (docs/reference/errors.md), or one of the client's own: `UNREACHABLE` (no
 * connection), `TIMED_OUT` (no answer in time), `BAD_ANSWER` (something answered that is not Bide).
 */
import type { ProblemBody } from './wire.ts';

/** Answers that say "not now": the same request may do later. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const UNANSWERED_CODES: ReadonlySet<string> = new Set(['UNREACHABLE', 'TIMED_OUT']);

export interface ClientErrorFacts {
  /** HTTP status; null where there was no answer. */
  readonly status: number | null;
  /** The other fields of the problem body: `errors`, `limit`, `types`, `requestId`. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** The server's sentence about this very case, or what to do about it; null where it sent none. */
  readonly detail?: string | null;
  /** How long the server asked to stay away; null where it did not say. */
  readonly retryAfterMs?: number | null;
  readonly cause?: unknown;
}

export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: string;
  readonly status: number | null;
  readonly detail: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryAfterMs: number | null;

  constructor(code: string, message: string, facts: ClientErrorFacts) {
    super(message, { cause: facts.cause });
    this.code = code;
    this.status = facts.status;
    this.detail = facts.detail ?? null;
    this.details = facts.details ?? {};
    this.retryAfterMs = facts.retryAfterMs ?? null;
  }

  /** Nobody answered: the server is down, the address is wrong, or the network is. */
  get isUnreachable(): boolean {
    return UNANSWERED_CODES.has(this.code);
  }

  /** Trying the same request again later may do. */
  get isPassing(): boolean {
    return this.isUnreachable || (this.status !== null && PASSING_STATUSES.has(this.status));
  }
}

/** The error of an answer that is not a success. Bodies that are no problem+json (a proxy's page) become `BAD_ANSWER`. */
export function errorOfAnswer(status: number, bodyText: string, retryAfterMs: number | null): ClientError {
  const problem = problemOf(bodyText);
  if (problem === null) {
    return new ClientError('BAD_ANSWER', `The server answered ${status} without saying why.`, { status, retryAfterMs });
  }
  const { code, title, status: _status, detail, type: _type, ...details } = problem;
  const sentences = [title, detail].filter((sentence) => sentence !== undefined && sentence !== '');
  return new ClientError(code, sentences.join(' ') || code, { status, detail: detail ?? null, details, retryAfterMs });
}

function problemOf(text: string): ProblemBody | null {
  try {
    const value: unknown = JSON.parse(text);
    const isProblem = typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string';
    return isProblem ? (value as ProblemBody) : null;
  } catch {
    return null;
  }
}
