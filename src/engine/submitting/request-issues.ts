/** What is wrong with a submit before its input is looked at: every field against its limit, each issue naming that limit. */
import { AFTER_POLICIES } from '../../core/after/after.ts';
import type { RetryPolicy } from '../../core/job.ts';
import { keyLimitIssues } from '../../core/limit-spec.ts';
import type { Limits } from '../../core/limits.ts';
import { isContradiction } from '../../core/retry.ts';
import type { Issue, SubmitRequest } from '../api.ts';
import { urlProblem } from '../webhooks/callback.ts';
import { uniqueIssues } from './unique-issues.ts';

/** The issues of `request`; an empty array when all is well. The usual request allocates nothing else here. */
export function requestIssues(
  request: SubmitRequest,
  now: number,
  limits: Limits,
  allowsPrivateCallbacks = false,
): readonly Issue[] {
  const issues: Issue[] = [];
  const add = (path: string, message: string) => issues.push({ path, message });

  whole(add, '/priority', request.priority, [-limits.priorityMax, limits.priorityMax]);
  whole(add, '/delayMs', request.delayMs, [0, limits.delayMsMax]);
  whole(add, '/timeoutMs', request.timeoutMs, [1, limits.timeoutMsMax]);
  whole(add, '/deadlineMs', request.deadlineMs, [1, limits.timeoutMsMax]);
  whole(add, '/retainMs', request.retainMs, [0, limits.retainMsMax]);
  text(add, '/idempotencyKey', request.idempotencyKey, limits.idempotencyKeyLengthMax);
  text(add, '/sequenceKey', request.sequenceKey, limits.sequenceKeyLengthMax);
  uniqueIssues(request, limits, add);
  if (request.limit != null) keyLimitIssues(request.limit, limits, '/limit', add);
  if (request.type.length > limits.typeLengthMax) add('/type', `must have at most ${limits.typeLengthMax} characters`);
  if (request.retry) retryIssues(request.retry, limits, add);
  if (request.tags) tagIssues(request.tags, limits, add);
  if (request.callback != null) {
    const problem = urlProblem(request.callback.url, limits, allowsPrivateCallbacks);
    if (problem !== null) add('/callback/url', problem);
  }
  if (request.runAt != null) runAtIssues(request.runAt, now, limits, add);
  if (request.after != null) afterIssues(request, limits, add);
  if (request.runAt != null && request.delayMs != null) add('/delayMs', 'must not be given together with runAt');
  return issues;
}

export type TagLimits = Pick<Limits, 'tagsMax' | 'tagKeyLengthMax' | 'tagValueLengthMax'>;
type Add = (path: string, message: string) => void;

function whole(add: Add, path: string, value: number | null | undefined, [min, max]: readonly [number, number]): void {
  if (value == null || (Number.isSafeInteger(value) && value >= min && value <= max)) return;
  add(path, `must be a whole number from ${min} to ${max}`);
}

function text(add: Add, path: string, value: string | null | undefined, lengthMax: number): void {
  if (value == null) return;
  if (value.length === 0 || value.length > lengthMax) add(path, `must have 1 to ${lengthMax} characters`);
  // UTF-8 makes them U+FFFD: two keys would be one.
  else if (!value.isWellFormed()) add(path, 'must be text without lone surrogates');
}

function afterIssues({ after, afterPolicy }: SubmitRequest, { parentsMax }: Limits, add: Add): void {
  if (!Array.isArray(after) || after.some((id) => typeof id !== 'string')) add('/after', 'must be a list of job ids');
  else if (after.length > parentsMax)
    add(
      '/after',
      `must have at most ${parentsMax} ids, not ${after.length}; of more, submit a job after each ${parentsMax} and one after those`,
    );
  if (afterPolicy != null && !AFTER_POLICIES.includes(afterPolicy))
    add('/afterPolicy', `must be one of ${AFTER_POLICIES.join(', ')}`);
}

function runAtIssues(runAt: number, now: number, { delayMsMax }: Limits, add: Add): void {
  if (!Number.isFinite(runAt)) add('/runAt', 'must be a point in time');
  else if (runAt - now > delayMsMax) add('/runAt', `must be at most ${delayMsMax} ms ahead`);
}

function retryIssues(retry: Partial<RetryPolicy>, limits: Limits, add: Add): void {
  whole(add, '/retry/attempts', retry.attempts, [1, limits.attemptsMax]);
  whole(add, '/retry/backoffMs', retry.backoffMs, [0, limits.timeoutMsMax]);
  whole(add, '/retry/maxMs', retry.maxMs, [0, limits.timeoutMsMax]);
  if (isContradiction(retry)) add('/retry/maxMs', 'must not be less than backoffMs, which is the first wait');
  const { factor } = retry;
  // Ten is a wait of a day after six tries from 100 ms; more is a mistake, not a policy.
  if (factor !== undefined && !(factor >= 1 && factor <= 10)) add('/retry/factor', 'must be a number from 1 to 10');
}

export function tagIssues(tags: Readonly<Record<string, string>>, limits: TagLimits, add: Add): void {
  const entries = Object.entries(tags);
  if (entries.length > limits.tagsMax) add('/tags', `must have at most ${limits.tagsMax} tags`);
  for (const [key, value] of entries) {
    const path = `/tags/${pointerPart(key.slice(0, limits.tagKeyLengthMax))}`;
    if (key.length === 0 || key.length > limits.tagKeyLengthMax)
      add(path, `must have a name of 1 to ${limits.tagKeyLengthMax} characters`);
    if (typeof value !== 'string' || value.length > limits.tagValueLengthMax)
      add(path, `must be a text of at most ${limits.tagValueLengthMax} characters`);
  }
}

function pointerPart(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
