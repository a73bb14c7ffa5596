/** What an attempt's end means for its job: the one place where the reason to stop and the handler's answer become a command. */
import type { Command } from '../../core/decide.ts';
import type { Job } from '../../core/job.ts';
import type { Limits } from '../../core/limits.ts';
import type { ResultContent } from '../../store/contract.ts';
import type { AbortReason, AttemptOutcome } from '../api.ts';
import { boundedFailure, failureOf } from './failure.ts';

/** What is recorded of an attempt; null: nothing, the job is not this worker's any more. */
export type Verdict = { readonly command: Command; readonly result: ResultContent | null } | null;

export interface Ending {
  readonly job: Job;
  /** Why the handler was told to stop; null where it was not. */
  readonly reason: AbortReason | null;
  readonly outcome: AttemptOutcome;
  /** In [0, 1): spreads the retries. */
  readonly random: number;
  readonly limits: Limits;
}

export function verdictOf(ending: Ending): Verdict {
  const { job, reason, outcome, random } = ending;
  const { fence } = job;
  switch (reason) {
    case 'lost':
      return null;
    case 'timeout':
      // Also when the handler brings a result after its time: whether a job timed out must not depend on how it reacts.
      return plain({ kind: 'timeOut', fence, random });
    case 'cancel':
      return outcome.kind === 'succeeded' ? finished(ending) : plain({ kind: 'stop', fence });
    case 'shutdown':
      // A failure now is most likely the echo of the signal. The attempt is given back, so a real one shows next time.
      return outcome.kind === 'succeeded' || outcome.kind === 'parked' || outcome.kind === 'later'
        ? finished(ending)
        : plain({ kind: 'release', fence });
    case null:
      return finished(ending);
  }
}

/** The verdict on a handler that ended by itself. */
function finished({ limits, job: { fence }, outcome, random }: Ending): Verdict {
  switch (outcome.kind) {
    case 'released':
    case 'notStarted':
      return plain({ kind: 'release', fence });
    case 'later':
      return plain({ kind: 'release', fence, waitMs: outcome.waitMs });
    case 'parked': {
      const { signal, timeoutMs } = outcome;
      return plain({ kind: 'park', fence, signal, timeoutMs });
    }
    case 'aborted': {
      const failure = failureOf('The handler stopped although nobody had asked it to.');
      return plain({ kind: 'fail', fence, failure, isRetryable: true, random });
    }
    case 'failed': {
      const { isRetryable, retryAfterMs } = outcome;
      const failure = boundedFailure(outcome.failure, limits);
      return plain({
        kind: 'fail',
        fence,
        failure,
        isRetryable,
        random,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      });
    }
    case 'succeeded':
      return succeeded(limits, fence, outcome.result, random);
  }
}

function succeeded(limits: Limits, fence: number, result: ResultContent | null, random: number): Verdict {
  if (result === null) return plain({ kind: 'succeed', fence, result: null });
  const bytes = result.bytes.byteLength;
  if (bytes <= limits.resultBytesMax)
    return { command: { kind: 'succeed', fence, result: { contentType: result.contentType, bytes } }, result };
  const message = `The result has ${bytes} bytes; the limit is ${limits.resultBytesMax}.`;
  const details = { limit: 'resultBytesMax', value: limits.resultBytesMax, bytes };
  const failure = { code: 'RESULT_TOO_LARGE', message, details };
  return plain({ kind: 'fail', fence, failure, isRetryable: false, random });
}

function plain(command: Command): Verdict {
  return { command, result: null };
}
