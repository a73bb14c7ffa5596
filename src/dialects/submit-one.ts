/** What came of a submit, for a dialect: the job, or an error that the frame says in the dialect's own shape. */
import { BideError } from '../core/errors.ts';
import { quotaError } from '../core/quota-error.ts';
import type { Engine, Snapshot, SubmitOutcome, SubmitRequest } from '../engine/api.ts';

/** What the caller calls the field at a path of the input: where a dialect makes the input itself, its paths say nothing to them. */
export type NameOf = (path: string) => string;

export async function submitOne(
  engine: Pick<Engine, 'submit'>,
  request: SubmitRequest,
  nameOf?: NameOf,
): Promise<Snapshot> {
  const [outcome] = await engine.submit([request]);
  return submitted(outcome, nameOf);
}

/** The snapshot of the submitted job. INPUT_INVALID, INVALID_REQUEST, QUOTA_EXCEEDED, TYPE_UNKNOWN or IDEMPOTENCY_MISMATCH otherwise. */
export function submitted(outcome: SubmitOutcome | undefined, nameOf: NameOf = (path) => path): Snapshot {
  switch (outcome?.kind) {
    case 'created':
    case 'existing':
      return outcome.snapshot;
    case 'invalidInput':
      throw new BideError('INPUT_INVALID', sentenceOf(outcome.issues, nameOf));
    case 'invalidRequest':
      throw new BideError('INVALID_REQUEST', sentenceOf(outcome.issues, nameOf));
    case 'refused':
      throw outcome.error;
    case 'noParent':
      throw new BideError('PARENT_UNKNOWN', undefined, { id: outcome.id });
    case 'overQuota':
      throw quotaError(outcome);
    case 'unknownType':
      throw new BideError('TYPE_UNKNOWN');
    case 'held':
      throw new BideError('UNIQUE_HELD', undefined, { jobId: outcome.snapshot.job.id });
    case 'conflict':
      throw new BideError('IDEMPOTENCY_MISMATCH');
    default:
      throw new BideError('INTERNAL', 'A submit came back without an outcome.');
  }
}

function sentenceOf(issues: readonly { readonly path: string; readonly message: string }[], nameOf: NameOf): string {
  return issues.map(({ path, message }) => (path === '' ? message : `${nameOf(path)}: ${message}`)).join('; ');
}
