/** What is wrong with a submit before its input is looked at: every field against its limit, each issue naming that limit. */
import type { RetryPolicy } from '../core/job.ts';
import type { Limits } from '../core/limits.ts';
import type { Issue, SubmitRequest } from './api.ts';

/** The issues of `request`; an empty array when all is well. The usual request allocates nothing else here. */
export function requestIssues(request: SubmitRequest, limits: Limits): readonly Issue[] {
  const issues: Issue[] = [];
  const add = (path: string, message: string) => issues.push({ path, message });

  whole(request.priority, -limits.priorityMax, limits.priorityMax, '/priority', add);
  whole(request.delayMs, 0, limits.delayMsMax, '/delayMs', add);
  whole(request.timeoutMs, 1, limits.timeoutMsMax, '/timeoutMs', add);
  whole(request.deadlineMs, 1, limits.timeoutMsMax, '/deadlineMs', add);
  whole(request.retainMs, 0, limits.retainMsMax, '/retainMs', add);
  text(request.idempotencyKey, limits.idempotencyKeyLengthMax, '/idempotencyKey', add);
  text(request.sequenceKey, limits.sequenceKeyLengthMax, '/sequenceKey', add);
  if (request.type.length > limits.typeLengthMax) add('/type', `must have at most ${limits.typeLengthMax} characters`);
  if (request.retry) retryIssues(request.retry, limits, add);
  if (request.tags) tagIssues(request.tags, limits, add);
  if (request.callbackUrl != null) callbackIssues(request.callbackUrl, limits, add);
  if (request.runAt != null && request.delayMs != null) add('/delayMs', 'must not be given together with runAt');
  return issues;
}

/** `runAt` has no place above: its range depends on the time. */
export function runAtIssues(runAt: number, now: number, limits: Limits): readonly Issue[] {
  if (!Number.isFinite(runAt)) return [{ path: '/runAt', message: 'must be a point in time' }];
  if (runAt - now <= limits.delayMsMax) return [];
  return [{ path: '/runAt', message: `must be at most ${limits.delayMsMax} ms ahead` }];
}

type Add = (path: string, message: string) => void;

function whole(value: number | null | undefined, min: number, max: number, path: string, add: Add): void {
  if (value == null || (Number.isSafeInteger(value) && value >= min && value <= max)) return;
  add(path, `must be a whole number from ${min} to ${max}`);
}

function text(value: string | null | undefined, lengthMax: number, path: string, add: Add): void {
  if (value == null || (value.length > 0 && value.length <= lengthMax)) return;
  add(path, `must have 1 to ${lengthMax} characters`);
}

function retryIssues(retry: Partial<RetryPolicy>, limits: Limits, add: Add): void {
  whole(retry.attempts, 1, limits.attemptsMax, '/retry/attempts', add);
  whole(retry.backoffMs, 0, limits.timeoutMsMax, '/retry/backoffMs', add);
  whole(retry.maxMs, 0, limits.timeoutMsMax, '/retry/maxMs', add);
  const { factor } = retry;
  // Ten is a wait of a day after six tries from 100 ms; more is a mistake, not a policy.
  if (factor !== undefined && !(factor >= 1 && factor <= 10)) add('/retry/factor', 'must be a number from 1 to 10');
}

function tagIssues(tags: Readonly<Record<string, string>>, limits: Limits, add: Add): void {
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

function callbackIssues(url: string, limits: Limits, add: Add): void {
  if (url.length > limits.callbackUrlLengthMax)
    add('/callbackUrl', `must have at most ${limits.callbackUrlLengthMax} characters`);
  const protocol = URL.parse(url)?.protocol;
  if (protocol !== 'http:' && protocol !== 'https:') add('/callbackUrl', 'must be an absolute http or https URL');
}

function pointerPart(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
