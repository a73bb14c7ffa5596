/** A limit of a key, as it travels. */
import { UNTIL_OPENED } from '../../core/limit-spec.ts';
import type { LimitRow } from '../../engine/api.ts';
import { isoTime } from './status.ts';

export function limitBody({ key, bounds, isKept, closedUntil, running, waiting }: LimitRow, now: number) {
  const closed = closedUntil !== null && closedUntil > now;
  const opens = closed && closedUntil < UNTIL_OPENED ? isoTime(closedUntil) : null;
  return { key, ...bounds, kept: isKept, closed, closedUntil: opens, running, waiting };
}
