/** How a handler of a remote worker ended, as it is reported: by the rules that hold for functions on the server. */
import type { Json } from '../core/job.ts';
import { retryLaterMs } from '../core/retry-later.ts';
import { encodeReturned } from '../core/returned-value.ts';
import type { BytesResult, ParkReason, WorkFailure } from './working.ts';

export interface Failed {
  readonly kind: 'failed';
  readonly failure: WorkFailure;
  readonly isRetryable: boolean;
}

export type Outcome =
  | { readonly kind: 'succeeded'; readonly result: BytesResult }
  | { readonly kind: 'parked'; readonly reason: ParkReason }
  | { readonly kind: 'later'; readonly closeMs: number }
  | Failed;

/** As deep as any server's `jsonDepthMax` may be; the server refuses by its own. */
export const JSON_DEPTH_MAX = 1_000;
/** What a server keeps of a message by default. */
const MESSAGE_LENGTH_MAX = 4_000;
const CODE_LENGTH_MAX = 100;

/** Never rejects: a failure may have any shape. */
export async function outcomeOf(handle: () => unknown): Promise<Outcome> {
  try {
    const encoded = encodeReturned(await handle(), JSON_DEPTH_MAX);
    if (encoded.kind === 'refused') return failed('RESULT_NOT_JSON', encoded.message, { isRetryable: false });
    return { kind: 'succeeded', result: encoded.content as BytesResult };
  } catch (error) {
    const closeMs = retryLaterMs(error, Number.MAX_SAFE_INTEGER);
    return closeMs === null ? failureOf(error) : { kind: 'later', closeMs };
  }
}

export function failed(
  code: string,
  message: string,
  { isRetryable, details }: { readonly isRetryable: boolean; readonly details?: Json | undefined },
): Failed {
  const failure = {
    code,
    message: message.slice(0, MESSAGE_LENGTH_MAX),
    ...(details === undefined ? {} : { details }),
  };
  return { kind: 'failed', failure, isRetryable };
}

/** `WorkError` is told by its fields, so that a second copy of this package counts. */
function failureOf(error: unknown): Failed {
  try {
    const message = error instanceof Error ? error.message || error.name : String(error);
    if (!(error instanceof Error) || error.name !== 'WorkError') {
      return failed('HANDLER_FAILED', message, { isRetryable: true });
    }
    const facts = error as Error & { readonly code: unknown; readonly isRetryable: unknown; readonly details: unknown };
    const code = String(facts.code).slice(0, CODE_LENGTH_MAX) || 'HANDLER_FAILED';
    return failed(code, message, { isRetryable: facts.isRetryable !== false, details: jsonOf(facts.details) });
  } catch {
    return failed('HANDLER_FAILED', 'The handler threw something that cannot be shown.', { isRetryable: true });
  }
}

/** Details that JSON cannot carry must not keep the failure itself from being told. */
function jsonOf(details: unknown): Json | undefined {
  return details === undefined || encodeReturned(details, JSON_DEPTH_MAX).kind === 'refused'
    ? undefined
    : (details as Json);
}
