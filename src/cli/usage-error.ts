/** What a command throws when the line that called it makes no sense: shown as one line, exit code 2. */
import { BideError } from '../core/errors.ts';

export function usageError(message: string): BideError {
  return new BideError('USAGE', message);
}
