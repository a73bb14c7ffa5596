/**
 * How much of something may run: so many at once, and so many starts in a time. The words are the same wherever a limit is said: for a key
 * at a submit, for a key by an operator, for a type as a whole.
 */
import type { Limits } from './limits.ts';

/** In no stretch of `perMs` do more than `count` start, whenever it begins. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

export interface LimitBounds {
  /** Running at once; null or left out: as many as there are slots. */
  readonly concurrency?: number | null;
  /** Null or left out: as fast as it goes. */
  readonly rate?: Rate | null;
}

/** The limit of one key of a tenant, as a job is submitted with it. Without bounds the key keeps those that it has. */
export interface KeyLimit extends LimitBounds {
  readonly key: string;
}

/** The limit that a type gives its jobs: each has the key that is made of its input. */
export interface LimitPerKey<Input = unknown> extends LimitBounds {
  /** Null: this job has no limit. A method, so that a function of any input may be said where nothing is known of it. */
  key(input: Input): string | null;
}

/** Closed without an end: the last moment that a date can have. */
export const UNTIL_OPENED = 8_640_000_000_000_000;

export type AddIssue = (path: string, message: string) => void;

/** What is wrong with bounds; callers of the library may pass anything. @param path of the limit, as a JSON pointer */
export function boundsIssues({ concurrency, rate }: LimitBounds, limits: Limits, path: string, add: AddIssue): void {
  if (concurrency != null) whole(`${path}/concurrency`, concurrency, limits.limitConcurrencyMax, add);
  if (rate == null) return;
  if (typeof rate !== 'object') add(`${path}/rate`, 'must be an object with count and perMs');
  else {
    whole(`${path}/rate/count`, rate.count, limits.limitRateCountMax, add);
    whole(`${path}/rate/perMs`, rate.perMs, limits.limitRateMsMax, add);
  }
}

export function keyIssues(key: unknown, limits: Limits, path: string, add: AddIssue): void {
  const lengthMax = limits.limitKeyLengthMax;
  if (typeof key !== 'string' || key.length === 0 || key.length > lengthMax) {
    add(path, `must have 1 to ${lengthMax} characters`);
  } else if (!key.isWellFormed()) add(path, 'must be text without lone surrogates');
  else if (key === '.' || key === '..') add(path, 'must not be "." or "..", which no path of a URL can end with');
}

/** What is wrong with the limit of a submit. */
export function keyLimitIssues(limit: KeyLimit, limits: Limits, path: string, add: AddIssue): void {
  if (typeof limit !== 'object') add(path, 'must be an object with a key');
  else {
    keyIssues(limit.key, limits, `${path}/key`, add);
    boundsIssues(limit, limits, path, add);
  }
}

function whole(path: string, value: unknown, max: number, add: AddIssue): void {
  if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= max) return;
  const advice = value === 0 ? '; to let nothing start, close the key' : '';
  add(path, `must be a whole number from 1 to ${max}${advice}`);
}
