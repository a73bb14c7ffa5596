/** What a failed write leaves behind: the question whether it landed all the same. */
import { BideError } from '../core/errors.ts';
import type { Changes } from './changes.ts';

/**
 * Makes everybody look anew after a write failed, and `forget` what memory holds of its jobs. A write that was refused because
 * too much waits (`busy`) never reached the store: looking anew would only add to what waits.
 */
export function doubtAfter(error: unknown, changes: Changes, forget: () => void): void {
  if (error instanceof BideError && error.kind === 'busy') return;
  forget();
  changes.announce({ kind: 'unsure' });
}
