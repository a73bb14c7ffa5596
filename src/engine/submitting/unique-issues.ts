/** What is wrong with the unique key of a submit, each issue naming the limit. */
import type { Limits } from '../../core/limits.ts';
import { UNIQUE_MODES, type Unique } from '../../core/unique.ts';
import type { SubmitRequest } from '../api.ts';

type Add = (path: string, message: string) => void;

export function uniqueIssues(request: SubmitRequest, limits: Limits, add: Add): void {
  const { unique } = request;
  if (unique == null) return;
  const { key, mode } = unique;
  const lengthMax = limits.uniqueKeyLengthMax;
  if (typeof key !== 'string' || key.length === 0 || key.length > lengthMax)
    add('/unique/key', `must have 1 to ${lengthMax} characters (uniqueKeyLengthMax)`);
  else if (!key.isWellFormed()) add('/unique/key', 'must be text without lone surrogates');
  if (!(UNIQUE_MODES as readonly string[]).includes(mode))
    add('/unique/mode', `must be one of ${UNIQUE_MODES.join(', ')}`);
  times(unique, limits, add);
  if (mode === 'debounce' && (request.runAt != null || request.delayMs != null))
    add('/unique/mode', 'debounce sets the time of the job itself: leave out runAt and delayMs');
  if (mode === 'rerun' && request.after != null && request.after.length > 0)
    add('/unique/mode', 'rerun comes after the job that runs: leave out after');
}

function times({ mode, forMs, maxMs }: Unique, { delayMsMax }: Limits, add: Add): void {
  whole(add, '/unique/forMs', forMs, delayMsMax);
  whole(add, '/unique/maxMs', maxMs, delayMsMax);
  if (mode === 'debounce' && forMs === undefined) add('/unique/forMs', 'must be given with debounce: its quiet time');
  if (forMs !== undefined && (mode === 'replace' || mode === 'rerun'))
    add('/unique/forMs', `does not go with ${mode}: the key is held while the job waits`);
  if (maxMs === undefined) return;
  if (mode !== 'debounce') add('/unique/maxMs', 'goes with debounce alone');
  else if (forMs !== undefined && maxMs < forMs) add('/unique/maxMs', 'must not be less than forMs');
}

function whole(add: Add, path: string, value: number | undefined, max: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 1 && value <= max)) return;
  add(path, `must be a whole number from 1 to ${max} (delayMsMax)`);
}
