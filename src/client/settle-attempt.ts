/**
 * Reports how a job ended, as long as its lease lasts: a finished result outlives a server that restarts.
 *
 * - Nobody answers, or the server says "not now": tried again until the lease is over. Then the job belongs to whoever claims it next.
 * - The server refuses the result itself (too large, not the JSON that it says): that is how the job failed, and is reported as such.
 * - The job was lost, finished otherwise or removed: nothing that this worker says about it counts.
 */
import type { Client } from './client.ts';
import { ClientError } from './client-error.ts';
import type { WorkBody } from './wire.ts';
import { failed, type Outcome } from './work-outcome.ts';
import type { AttemptOptions } from './worker-options.ts';

export const LOST_STATUSES: ReadonlySet<number> = new Set([404, 409, 410]);
const REFUSED_STATUSES: ReadonlySet<number> = new Set([400, 413, 415, 422]);
const PAUSE_MS = 1_000;

export interface SettleOptions extends Pick<AttemptOptions, 'pause' | 'now' | 'onTrouble'> {
  readonly leaseUntil: number;
}

/** Never rejects; what went wrong is told to `onTrouble`. */
export async function settle(client: Client, job: WorkBody, outcome: Outcome, options: SettleOptions): Promise<void> {
  const refusal = await reported(client, job, outcome, options);
  if (refusal === null) return;
  options.onTrouble(refusal);
  // A proxy that refuses a large body has no code of ours.
  const code = refusal.status === 413 ? 'RESULT_TOO_LARGE' : refusal.code;
  const again = await reported(client, job, instead(outcome, code, refusal.message), options);
  if (again !== null) options.onTrouble(again);
}

function instead(outcome: Outcome, code: string, message: string): Outcome {
  switch (outcome.kind) {
    case 'succeeded':
      return failed(code, `The server does not take the result: ${message}`, { isRetryable: false });
    case 'parked':
      return failed('HANDLER_FAILED', `The server does not take the wait: ${message}`, { isRetryable: false });
    case 'later':
      return failed('HANDLER_FAILED', `The server does not take RetryLater: ${message}`, { isRetryable: true });
    case 'failed':
      return failed('HANDLER_FAILED', outcome.failure.message, { isRetryable: outcome.isRetryable });
  }
}

/** The refusal, where the server will not have the report as it is; null where it is settled or no longer worth a word. */
async function reported(
  client: Client,
  job: WorkBody,
  outcome: Outcome,
  { pause, now, onTrouble, leaseUntil }: SettleOptions,
): Promise<ClientError | null> {
  for (;;) {
    try {
      await send(client, job, outcome);
      return null;
    } catch (error) {
      if (error instanceof ClientError && error.status !== null && REFUSED_STATUSES.has(error.status)) return error;
      onTrouble(error);
      const isPassing = error instanceof ClientError && error.isPassing;
      const pauseMs = error instanceof ClientError ? (error.retryAfterMs ?? PAUSE_MS) : PAUSE_MS;
      if (!isPassing || now() + pauseMs >= leaseUntil) return null;
      await pause(pauseMs, undefined);
    }
  }
}

async function send(client: Client, job: WorkBody, outcome: Outcome): Promise<void> {
  if (outcome.kind === 'failed') await client.work.fail(job, outcome.failure, { isRetryable: outcome.isRetryable });
  else if (outcome.kind === 'later') await client.work.later(job, outcome.closeMs);
  else if (outcome.kind === 'parked') await client.work.park(job, outcome.reason);
  // As the body itself: a result such as {"bytes":…,"contentType":…} means something else inside of the envelope.
  else await client.work.succeedWithBytes(job, outcome.result);
}
