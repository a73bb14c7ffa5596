/** Failed attempts, as every kind of handler says them. */
import type { ErrorCode } from '../core/errors.ts';
import type { Json } from '../core/job.ts';
import type { AttemptOutcome } from '../engine/api.ts';

export type FailedOutcome = Extract<AttemptOutcome, { kind: 'failed' }>;

/** Tried again while attempts are left. */
export function retryableFailure(code: ErrorCode, message: string, details: Json = null): FailedOutcome {
  return { kind: 'failed', failure: { code, message, details }, isRetryable: true };
}

/** Another attempt would end the same way. */
export function permanentFailure(code: ErrorCode, message: string, details: Json = null): FailedOutcome {
  return { kind: 'failed', failure: { code, message, details }, isRetryable: false };
}

/** A result above `limits.resultBytesMax`; `what` says who made it. */
export function resultTooLarge(what: string, bytesMax: number): FailedOutcome {
  const message = `${what}; the limit is ${bytesMax} bytes (resultBytesMax).`;
  return permanentFailure('RESULT_TOO_LARGE', message, { limit: 'resultBytesMax', value: bytesMax });
}
