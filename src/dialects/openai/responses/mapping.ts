/** Between Bide and the vendor, purely: states, and jobs as responses. Total: any result, any origin. */
import { type Static, Type } from 'typebox';
import type { Job } from '../../../core/job.ts';
import { isObject } from '../../../core/json-object.ts';
import { workingState } from '../../../core/signals.ts';
import type { ShownState } from '../../../core/state.ts';
import { originReader } from '../../origin-reader.ts';
import { WIRES, type Wire } from '../options.ts';
import type { StatusWord } from '../wire.ts';
import { responseId } from './ids.ts';
import type { Echo, JobAnswer } from './wire.ts';

export const DIALECT = 'openai';

export const WORDS: Readonly<Record<ShownState, StatusWord>> = {
  scheduled: 'queued',
  queued: 'queued',
  retrying: 'queued',
  running: 'in_progress',
  succeeded: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  expired: 'incomplete',
};

/** What this dialect remembers of the request that made a job. */
const Remembered = Type.Object({
  /** As the client has it. */
  model: Type.String(),
  /** What the job was given, by `speaks` of the model's option. */
  speaks: Type.Union([Type.Unsafe<Wire>(Type.Enum([...WIRES])), Type.Null()]),
  background: Type.Boolean(),
  /** Whether the first message of a chat is instructions: those are no item. */
  hasInstructions: Type.Boolean(),
  echo: Type.Record(Type.String(), Type.Unknown()),
});
export type Remembered = Readonly<Static<typeof Remembered>>;

export const remembered = originReader(DIALECT, Remembered);

export function statusOf(job: Job, now: number): StatusWord {
  return WORDS[workingState(job, now)];
}

const NOTHING: JobAnswer = { output: [], fields: {} };

/** The whole response. What an upstream says of itself stands, but for what is of this job: its id, its times, its state. */
export type ResponseBody = Readonly<Record<string, unknown>> & { readonly status: StatusWord };

export function responseBody(job: Job, status: StatusWord, answer: JobAnswer = NOTHING): ResponseBody {
  const { model, background, echo } = remembered(job) ?? { model: job.type, background: true, echo: {} };
  const { fields, output } = answer;
  const own = {
    id: responseId(job.id),
    object: 'response',
    created_at: seconds(job.createdAt),
    status: job.state === 'succeeded' ? ownStatus(fields.status) : status,
    background,
    completed_at: job.state === 'succeeded' ? seconds(job.finishedAt ?? job.createdAt) : null,
    error: errorOf(job) ?? fields.error ?? null,
    incomplete_details: job.state === 'expired' ? EXPIRED : (fields.incomplete_details ?? null),
    metadata: job.tags,
    output,
    usage: isObject(fields.usage) ? fields.usage : null,
  };
  return { ...own, ...DEFAULTS, ...(echo as Echo), model, ...fields, ...own };
}

/** What is said where nobody said otherwise. */
const DEFAULTS = Object.freeze({
  instructions: null,
  max_output_tokens: null,
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null },
  store: true,
  temperature: null,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_p: null,
  truncation: 'disabled',
  user: null,
});

/** The job's time was over: what it had emitted by then is the output. */
const EXPIRED = Object.freeze({ reason: 'deadline_exceeded' });

/** An upstream may have answered well that its answer is not whole, or that it failed. */
function ownStatus(status: unknown): StatusWord {
  return status === 'incomplete' || status === 'failed' ? status : 'completed';
}

/** Set exactly when the job failed. */
function errorOf({ state, error }: Job): { readonly code: string; readonly message: string } | null {
  if (state !== 'failed') return null;
  return { code: errorCode(error), message: error?.message ?? 'The job failed.' };
}

/** The vendor's own words: clients have a list of them. */
function errorCode(error: Job['error']): string {
  if (error?.code === 'INPUT_INVALID') return 'invalid_prompt';
  const status = isObject(error?.details) ? error.details.status : null;
  return status === 429 ? 'rate_limit_exceeded' : 'server_error';
}

function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}
