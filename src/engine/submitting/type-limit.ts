/**
 * The limit that a type gives a job by its function of the input. It runs before anything is stored, on a copy of what is: it sees what the
 * job will be run with, and can change nothing. What it throws, or gives that is no key, is a refusal of the submit and never of the process.
 */
import { BideError } from '../../core/errors.ts';
import { type KeyLimit, keyIssues, type LimitPerKey } from '../../core/limit-spec.ts';
import type { Limits } from '../../core/limits.ts';
import type { JobType } from '../api.ts';
import { failureOf } from '../running/failure.ts';

/** Of what the function throws: enough for a sentence or two. */
const MESSAGE_LENGTH_MAX = 500;

/** Null for a job that has none. @param input as JSON */
export function limitOfType(type: JobType, input: string, limits: Limits): KeyLimit | BideError | null {
  const perKey = type.limitPerKey ?? null;
  if (perKey === null) return null;
  try {
    const key: unknown = perKey.key(JSON.parse(input));
    return key === null ? null : limitWith(perKey, key, type, limits);
  } catch (error) {
    return refused(type, `failed: ${failureOf(error).message}`);
  }
}

function limitWith(
  { concurrency, rate }: LimitPerKey,
  key: unknown,
  type: JobType,
  limits: Limits,
): KeyLimit | BideError {
  // Nobody waits for it: without this, one that is rejected would end the process.
  if (key instanceof Promise) key.catch(() => {});
  const problems: string[] = [];
  keyIssues(key, limits, 'key', (_path, message) => problems.push(message));
  if (problems.length > 0) return refused(type, `gave ${kindOf(key)} that is no key: it ${problems.join(', ')}`);
  const bounds = { ...(concurrency == null ? {} : { concurrency }), ...(rate == null ? {} : { rate }) };
  return { key: key as string, ...bounds };
}

function kindOf(value: unknown): string {
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  return value instanceof Promise ? 'a promise (it must not be async)' : `a value (${typeof value})`;
}

function refused({ name }: JobType, what: string): BideError {
  const sentence = `limit.key of the type ${name} ${what}`.slice(0, MESSAGE_LENGTH_MAX);
  return new BideError('LIMIT_KEY_INVALID', sentence.endsWith('.') ? sentence : `${sentence}.`, { type: name });
}
