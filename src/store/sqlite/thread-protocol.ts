/**
 * How the main thread talks with the writer and the scanner: many requests in one message, many replies in one message.
 *
 * A message costs 20 to 40 µs whatever is in it, a request in it a few, so both sides send what has gathered. Payloads are flat
 * arrays of numbers, texts and bytes wherever there are many of them: structured cloning of an object costs three times as much.
 */
import { BideError, type ErrorCode, type ErrorDetails } from '../../core/errors.ts';

/** Id, operation, payload, and how many items the payload holds. */
export type WireRequest<Operation extends string = string> = readonly [
  id: number,
  operation: Operation,
  payload: unknown,
  items: number,
];

/** Id and answer; where there is an error the answer is of no meaning. */
export type WireReply = readonly [id: number, answer: unknown, error?: WireError];

export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
  /** For the log: what the driver said, with its stack. */
  readonly cause: string | null;
}

/** The first message of a thread: it is ready, or why it is not. Then replies only. */
export type Greeting = { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly error: WireError };

/** In place of replies, once: the thread answers nothing any more, and its file must not be used on. */
export interface Farewell {
  readonly kind: 'unsafe';
  readonly error: WireError;
}

/** In place of requests: finish and end. */
export const CLOSE = 'close';

export function wireError(error: BideError): WireError {
  const { cause } = error;
  return {
    code: error.code,
    message: error.message,
    details: error.details,
    cause: cause instanceof Error ? (cause.stack ?? cause.message) : null,
  };
}

export function errorOfWire({ code, message, details, cause }: WireError): BideError {
  return new BideError(code, message, details, cause === null ? undefined : { cause: new Error(cause) });
}
