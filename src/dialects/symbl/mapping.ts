/** Between Bide and the vendor, purely: states, errors, webhooks. */
import { type Static, Type } from 'typebox';
import type { ErrorKind } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import { workingState } from '../../core/signals.ts';
import type { ShownState } from '../../core/state.ts';
import type { RenderedEvent, ToldEvent } from '../../engine/api.ts';
import { CORS_HEADERS } from '../cors.ts';
import { HTTP_STATUS, type StatusTable } from '../http-status.ts';
import { originReader } from '../origin-reader.ts';
import type { JobBody, StatusWord } from './wire.ts';

export const DIALECT = 'symbl';
/** On every job of a conversation. */
export const CONVERSATION_TAG = 'symbl.conversationId';
/** On every job of this dialect: what the limit on concurrent jobs counts. */
export const KIND_TAG = 'symbl.kind';
export const ASYNC_KIND = 'async';

export const WORDS: Readonly<Record<ShownState, StatusWord>> = {
  scheduled: 'scheduled',
  queued: 'scheduled',
  retrying: 'in_progress',
  running: 'in_progress',
  succeeded: 'completed',
  failed: 'failed',
  cancelled: 'failed',
  expired: 'failed',
};

/** What this dialect remembers of the request that made a job. */
const Remembered = Type.Object({
  conversationId: Type.String(),
  /** What was uploaded, and where it is kept; null where nothing was. */
  upload: Type.Union([
    Type.Object({ name: Type.String(), file: Type.String(), bytes: Type.Number(), sha256: Type.String() }),
    Type.Null(),
  ]),
});
export type Remembered = Readonly<Static<typeof Remembered>>;

export const remembered = originReader(DIALECT, Remembered);

export function jobBody(job: Job, now: number): JobBody {
  return { id: job.id, status: WORDS[workingState(job, now)] };
}

/** A job is announced as scheduled when it is submitted, not each time that it waits for another attempt. */
export function renderDelivery({ kind, job: { id, revision } }: ToldEvent): RenderedEvent | null {
  if (kind === 'changed' || (kind === 'waiting' && revision > 1)) return null;
  const status = WORDS[kind === 'waiting' ? 'queued' : kind];
  // The reference says jobId, the vendor's own article says id: whoever reads either one finds it.
  const body = JSON.stringify({ jobId: id, id, status });
  return { event: status, headers: { 'content-type': 'application/json' }, body };
}

const STATUSES: StatusTable = { ...HTTP_STATUS, gone: 404, conflict: 400, unprocessable: 400, media_type: 400 };

/** The refusal of too many jobs carries its code once more in the body; all others are a message alone. */
export function errorBody(kind: ErrorKind, message: string) {
  const status = STATUSES[kind];
  return { status, headers: CORS_HEADERS, body: kind === 'quota' ? { statusCode: status, message } : { message } };
}

export const UNKNOWN_CONVERSATION = 'The conversationId is either invalid or does not exist.';
export const INVALID_TOKEN = 'Token validation failed for provided token.';

export function unknownJob(id: string): string {
  return `Job with id ${id} not found`;
}

export function tooManyJobs(limit: number): string {
  return `This API has a limit of maximum of \`${limit}\` number of concurrent jobs per account. If you are looking to scale, and need more concurrent jobs than this limit, please ask whoever runs this server`;
}
