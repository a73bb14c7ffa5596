/** Why a member or a follow-up was refused, said of the call that it was part of. */
import { BideError } from '../../core/errors.ts';
import type { Issue } from '../api-handlers.ts';
import type { SubmitRefusal } from '../submitting/submit.ts';

export function invalidAt(issues: readonly Issue[]): BideError {
  const [first] = issues;
  const detail = first === undefined ? undefined : `${first.path} ${first.message}.`;
  return new BideError('INVALID_REQUEST', detail, { errors: issues });
}

/** @param path where it stands in the request */
export function refusalAt(path: string, refusal: SubmitRefusal, type: string): BideError {
  const at = (issues: readonly Issue[], inner = '') => ({
    errors: issues.map((issue) => ({ ...issue, path: `${path}${inner}${issue.path}` })),
  });
  switch (refusal.kind) {
    case 'unknownType': {
      const message = `There is no job type named ${JSON.stringify(type.slice(0, 100))}: see ${path}/type.`;
      return new BideError('TYPE_UNKNOWN', message, { types: refusal.types, path: `${path}/type` });
    }
    case 'invalidInput':
      return new BideError('INPUT_INVALID', undefined, at(refusal.issues, '/input'));
    case 'invalidRequest':
      return invalidAt(at(refusal.issues).errors);
    case 'refused':
      return new BideError(refusal.error.code, refusal.error.message, {
        ...refusal.error.details,
        path: `${path}${refusal.path}`,
      });
  }
}

/** @param noRoom what a replay without an earlier job is told */
export function refusalOf(error: unknown, noRoom: BideError | null): unknown {
  return error instanceof BideError && error.code === 'QUOTA_EXCEEDED' && noRoom !== null ? noRoom : error;
}
