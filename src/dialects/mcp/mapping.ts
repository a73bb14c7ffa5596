/** Between Bide and MCP, purely: states, tasks, errors. Total: any job, any error. */
import type { BideError, ErrorKind } from '../../core/errors.ts';
import { ERRORS } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import { isFinal, type ShownState } from '../../core/state.ts';
import type { ErrorAnswer } from '../../http/dialect.ts';
import { HTTP_STATUS, type StatusTable } from '../http-status.ts';
import { errorMessage, INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR, type RequestId } from './rpc.ts';
import type { TaskFacts, TaskWord } from './wire.ts';

export const DIALECT = 'mcp';

export const WORDS: Readonly<Record<ShownState, TaskWord>> = {
  scheduled: 'working',
  queued: 'working',
  retrying: 'working',
  running: 'working',
  succeeded: 'completed',
  // The tool has answered, with an error: `failed` is for calls that were never answered.
  failed: 'completed',
  cancelled: 'cancelled',
  expired: 'failed',
};

/** Failures of the server, not of the tool. */
const UNANSWERED: ReadonlySet<string> = new Set([
  'ATTEMPT_TIMED_OUT',
  'COMMAND_NOT_STARTED',
  'DEADLINE_PASSED',
  'INTERNAL',
  'PARENT_FAILED',
  'RESULT_NOT_JSON',
  'WORKER_LOST',
]);

export function wordOf({ state, error }: Pick<Job, 'state' | 'error'>, hasInputs: boolean): TaskWord {
  if (state === 'failed' && UNANSWERED.has(error?.code ?? '')) return 'failed';
  if (!isFinal(state)) return hasInputs ? 'input_required' : 'working';
  return WORDS[state];
}

/** A task that has ended never changes: a job that is run again is another task. */
export function taskIdOf({ id, marks }: Pick<Job, 'id' | 'marks'>): string {
  const run = runOf({ marks });
  return run === 0 ? id : `${id}.${run}`;
}

/** How often it was run again. */
export function runOf({ marks }: Pick<Job, 'marks'>): number {
  return marks?.retries ?? 0;
}

/** @param asks the signals that a person is asked for */
export function taskFacts(job: Job, asks: readonly string[]): TaskFacts {
  const status = wordOf(job, asks.length > 0);
  const statusMessage = statusMessageOf(job, asks);
  return {
    taskId: taskIdOf(job),
    status,
    ...(statusMessage === null ? {} : { statusMessage }),
    createdAt: isoTime(job.createdAt),
    lastUpdatedAt: isoTime(job.finishedAt ?? job.startedAt ?? job.createdAt),
  };
}

/**
 * From its creation, in ms; null while nobody can say how long it will be kept: the time that Bide keeps a job counts from its end.
 */
export function ttlOf({ createdAt, finishedAt, deadlineMs, retainMs }: Job): number | null {
  if (finishedAt !== null) return Math.max(1, finishedAt - createdAt + retainMs);
  return deadlineMs === null ? null : deadlineMs + retainMs;
}

function statusMessageOf(job: Job, asks: readonly string[]): string | null {
  if (job.state === 'failed' || job.state === 'expired') return failureText(job);
  if (job.state === 'cancelled') return 'The job was cancelled.';
  if (isFinal(job.state)) return null;
  if (asks.length > 0) return `Waits for an answer: ${asks.join(', ')}.`;
  const awaited = job.state === 'waiting' ? job.marks?.signal?.name : undefined;
  if (awaited !== undefined) return `Waits for the signal ${awaited}.`;
  if (job.cancelRequestedAt !== null) return 'Is being cancelled.';
  const { percent, message } = job.progress;
  return message ?? (percent > 0 ? `${percent} %` : null);
}

/** What went wrong, for people and models: the code where it says more than that the tool failed. */
export function failureText({ state, error }: Pick<Job, 'state' | 'error'>): string {
  const code = error?.code ?? (state === 'expired' ? 'DEADLINE_PASSED' : 'HANDLER_FAILED');
  const title = Object.hasOwn(ERRORS, code) ? ERRORS[code as keyof typeof ERRORS].title : code;
  const message = error?.message || title;
  return code === 'HANDLER_FAILED' ? message : `${message} (${code})`;
}

/** The JSON-RPC error that stands for the answer of a job that has none. */
export function failureOf(job: Pick<Job, 'state' | 'error'>): { readonly code: number; readonly message: string } {
  return { code: INTERNAL_ERROR, message: failureText(job) };
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

// --- Refusals -------------------------------------------------------------------------------------------------------------

/** Whoever must not know that there was a job is told the same as whoever had one that is gone. */
const STATUSES: StatusTable = { ...HTTP_STATUS, gone: 404 };

/** The protocol has codes for messages that are wrong; what is wrong with a request of HTTP has the status of HTTP as its code. */
const CODES: Partial<Readonly<Record<ErrorKind, number>>> = {
  invalid: INVALID_REQUEST,
  unprocessable: INVALID_PARAMS,
  internal: INTERNAL_ERROR,
};

export function errorBody(kind: ErrorKind, message: string): ErrorAnswer {
  return answerOf(null, { kind, message: message || kind });
}

/** @param id of the request, where it was read */
export function refusal(error: BideError, id: RequestId | null): ErrorAnswer {
  const message = error.kind === 'internal' ? ERRORS.INTERNAL.title : error.message;
  const code = error.code === 'MALFORMED_JSON' ? PARSE_ERROR : undefined;
  return answerOf(id, {
    kind: error.kind,
    message,
    code,
    ...(error.kind === 'internal' ? {} : { data: { ...error.details, code: error.code } }),
  });
}

interface Refused {
  readonly kind: ErrorKind;
  readonly message: string;
  readonly code?: number | undefined;
  readonly data?: object;
}

function answerOf(id: RequestId | null, { kind, message, code, data }: Refused): ErrorAnswer {
  const status = STATUSES[kind];
  const error = { code: code ?? CODES[kind] ?? status, message, ...(data === undefined ? {} : { data }) };
  return { status, body: errorMessage(id, error) };
}
