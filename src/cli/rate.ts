/** A rate as it is typed: `100/1m` is at most 100 starts in any minute. */
import type { LimitBounds } from '../client/index.ts';
import { durationMsOf } from './terminal/duration.ts';
import { usageError } from './usage-error.ts';

/** @param option as it was typed, for the complaint */
export function rateOf(option: string, text: string): NonNullable<LimitBounds['rate']> {
  const [count = '', time = '', ...rest] = text.split('/');
  const perMs = durationMsOf(time);
  if (/^\d{1,15}$/.test(count) && perMs !== null && rest.length === 0) return { count: Number(count), perMs };
  throw usageError(`Option ${option} takes starts and a time, such as 100/1m or 5/1s, not ${text}.`);
}
