/** Why the job of a schedule is not taken, as an error: what its submit would have been told, with places as they are in the schedule. */
import { BideError } from '../../core/errors.ts';
import { quotaError } from '../../core/quota-error.ts';
import type { Issue, SubmitOutcome } from '../api.ts';

export type Refused = Exclude<SubmitOutcome, { kind: 'created' | 'existing' }>;

/** @param type of the job */
export function refusalOf(refused: Refused, type: string): BideError {
  switch (refused.kind) {
    case 'unknownType':
      return new BideError('TYPE_UNKNOWN', `There is no job type ${JSON.stringify(type)}.`, { types: refused.types });
    case 'invalidInput':
      return of('INPUT_INVALID', '/job/input', refused.issues);
    case 'invalidRequest':
      return of('INVALID_REQUEST', '/job', refused.issues);
    case 'refused':
      return refused.error;
    case 'overQuota':
      return quotaError(refused);
    case 'noParent':
      return new BideError('PARENT_UNKNOWN', undefined, { id: refused.id });
    case 'held':
      return new BideError('UNIQUE_HELD', undefined, { jobId: refused.snapshot.job.id });
    case 'conflict':
      return new BideError('IDEMPOTENCY_MISMATCH', undefined, { jobId: refused.snapshot.job.id });
  }
}

function of(code: 'INPUT_INVALID' | 'INVALID_REQUEST', at: string, issues: readonly Issue[]): BideError {
  const errors = issues.map(({ path, message }) => ({ path: `${at}${path}`, message }));
  const [first] = errors;
  return new BideError(code, first && `${first.path} ${first.message}.`, { errors });
}
