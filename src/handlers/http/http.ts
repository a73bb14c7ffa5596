/**
 * The `http` handler: forwards a job to a configured upstream and stores the answer, so that a slow HTTP API becomes
 * asynchronous. What may pass (429, 5xx, a lost connection) is tried again, no sooner than the upstream asks for; every other
 * refusal of the upstream is final. Where a job has a limit key, "not now" (429 or 503 with Retry-After) closes the key for so long.
 */
import type { Json } from '../../core/job.ts';
import type { Limits } from '../../core/limits.ts';
import { charsetOf } from '../../core/media-type.ts';
import { traceHeaders } from '../../core/trace-context.ts';
import type { Attempt, AttemptOutcome, Handler } from '../../engine/api.ts';
import type { Clock } from '../../engine/clock.ts';
import { resultComplaint } from '../../engine/json-check.ts';
import { PrivateAddressError } from '../../net/guarded-lookup.ts';
import { permanentFailure, resultTooLarge, retryableFailure } from '../failed.ts';
import { answerComplaint } from './answer-fields.ts';
import { EncodingError, type ExchangeAnswer, type Exchanger, exchanger, RedirectError, readBody } from './exchange.ts';
import type { HttpOptions } from './options.ts';
import { retryAfterMsOf } from './retry-after.ts';
import { inputIssues, sendOf, targetOf } from './target.ts';

export interface HttpEnvironment {
  readonly limits: Pick<Limits, 'resultBytesMax' | 'timeoutMsMax' | 'jsonDepthMax' | 'upstreamCloseMsMax'>;
  readonly clock: Clock;
}

const REDIRECTS_MAX = 5;
/** Enough to recognise an error by; job errors are read with every status. */
const ERROR_BODY_LENGTH_MAX = 1_000;

export function httpHandler(options: HttpOptions, environment: HttpEnvironment): Handler {
  const upstream = exchanger({ allowPrivateAddresses: options.allowPrivateAddresses === true });
  return {
    kind: 'http',
    run: (attempt) => forward(options, environment, upstream, attempt),
    close: async () => upstream.close(),
  };
}

async function forward(
  options: HttpOptions,
  environment: HttpEnvironment,
  upstream: Exchanger,
  attempt: Attempt,
): Promise<AttemptOutcome> {
  const input = JSON.parse(attempt.input) as Json;
  const [issue] = inputIssues(options, input);
  if (issue !== undefined) return permanentFailure('INPUT_INVALID', `${issue.path || 'The input'} ${issue.message}.`);
  try {
    const answer = await upstream.exchange({
      ...requestOf(options, attempt, input),
      signal: attempt.signal,
      redirectsMax: options.redirectsMax ?? REDIRECTS_MAX,
    });
    const outcome = await outcomeOf(
      answer,
      await readBody(answer.body, environment.limits.resultBytesMax),
      environment,
      options.answerFields,
    );
    return laterOf(attempt, answer, outcome, environment.limits.upstreamCloseMsMax) ?? outcome;
  } catch (error) {
    return attempt.signal.aborted ? { kind: 'aborted' } : unreachable(error, new URL(options.url).host);
  }
}

function requestOf(options: HttpOptions, { job, input: text, trace }: Attempt, input: Json) {
  const method = options.method ?? 'POST';
  const body = sendOf(options) === 'body' ? Buffer.from(text) : null;
  const headers: Record<string, string> = {
    accept: '*/*',
    'accept-encoding': 'identity',
    'user-agent': 'bide',
    // A job may be run more than once (a lost connection, a crash): an upstream that keeps these keys acts once.
    'idempotency-key': job.id,
    ...traceHeaders(trace),
    ...(body === null ? {} : { 'content-type': 'application/json', 'content-length': String(body.byteLength) }),
  };
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = value;
  return { url: targetOf(options, input), method, headers, body };
}

async function outcomeOf(
  answer: ExchangeAnswer,
  body: Buffer | null,
  { limits, clock }: HttpEnvironment,
  answerFields: HttpOptions['answerFields'],
): Promise<AttemptOutcome> {
  const { status, headers, url } = answer;
  if (status < 200 || status > 299) {
    const retryAfterMs = retryAfterMsOf(headers['retry-after'], clock.now(), limits.timeoutMsMax);
    return refusedBy(answer, body, retryAfterMs);
  }
  if (body === null) return resultTooLarge(`The answer of ${url.host} is too large`, limits.resultBytesMax);
  const complaint = answerFields === undefined ? null : answerComplaint(answerFields, headers['content-type'], body);
  if (complaint !== null) return wrongAnswer(answer, body, complaint);
  if (status === 204 || (body.byteLength === 0 && headers['content-type'] === undefined)) {
    return { kind: 'succeeded', result: null };
  }
  const contentType = headers['content-type'] ?? 'application/octet-stream';
  const isHonest = (await resultComplaint({ contentType, bytes: body }, limits)) === null;
  return { kind: 'succeeded', result: { contentType: isHonest ? contentType : asText(contentType), bytes: body } };
}

/** What calls itself JSON and is not, is text, in the charset that it named: readers need that as before. */
function asText(contentType: string): string {
  const charset = charsetOf(contentType);
  return charset === null ? 'text/plain' : `text/plain; charset=${charset}`;
}

/** In the charset that the upstream names, where it is one that is known. */
function decodedText(bytes: Buffer, contentType: string | undefined): string {
  try {
    return new TextDecoder(charsetOf(contentType) ?? 'utf-8').decode(bytes);
  } catch {
    return bytes.toString('utf8');
  }
}

const NOT_NOW: readonly number[] = [429, 503];
/** An upstream that says 0 is not asked again at once: no attempts end that. */
const CLOSE_MS_MIN = 1_000;

/** Null where the outcome stands: the job has no key to close, or the upstream did not say "not now" and until when. */
function laterOf(
  attempt: Attempt,
  { status, url }: ExchangeAnswer,
  outcome: AttemptOutcome,
  msMax: number,
): AttemptOutcome | null {
  if (attempt.job.terms?.limit === undefined || !NOT_NOW.includes(status)) return null;
  if (outcome.kind !== 'failed' || outcome.retryAfterMs === undefined) return null;
  const waitMs = Math.min(msMax, Math.max(CLOSE_MS_MIN, outcome.retryAfterMs));
  attempt.log(`${url.host} answered ${status}: the key is closed for ${waitMs} ms.`, 'warn');
  return { kind: 'later', waitMs };
}

function refusedBy(answer: ExchangeAnswer, body: Buffer | null, retryAfterMs: number | undefined): AttemptOutcome {
  const { status, url } = answer;
  const mayPass = status >= 500 || status === 408 || status === 425 || status === 429;
  const failed = mayPass ? retryableFailure : permanentFailure;
  const outcome = failed('UPSTREAM_FAILED', `${url.host} answered ${status}.`, detailsOf(answer, body));
  return mayPass && retryAfterMs !== undefined ? { ...outcome, retryAfterMs } : outcome;
}

/** Most often an error page of something between, which passes. */
function wrongAnswer(answer: ExchangeAnswer, body: Buffer, complaint: string): AttemptOutcome {
  const message = `${answer.url.host} answered ${answer.status} with a body ${complaint}.`;
  return retryableFailure('UPSTREAM_FAILED', message, detailsOf(answer, body));
}

function detailsOf({ status, headers }: ExchangeAnswer, body: Buffer | null) {
  const contentType = headers['content-type'];
  const beginning = body === null ? null : decodedText(body.subarray(0, ERROR_BODY_LENGTH_MAX), contentType);
  return { status, contentType: contentType ?? null, body: beginning };
}

function unreachable(error: unknown, host: string): AttemptOutcome {
  if (error instanceof PrivateAddressError) return permanentFailure('UPSTREAM_REFUSED', error.message);
  if (error instanceof RedirectError || error instanceof EncodingError)
    return permanentFailure('UPSTREAM_FAILED', error.message);
  const { code, message } = error as NodeJS.ErrnoException;
  return retryableFailure('UPSTREAM_UNREACHABLE', `${host} could not be reached: ${code ?? message}.`);
}
