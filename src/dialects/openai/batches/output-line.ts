/** Lines of the files that a batch makes: the answer to each request, or why there is none. */
import { type Static, Type } from 'typebox';
import type { Job } from '../../../core/job.ts';
import { fieldsOf, isObject } from '../../../core/json-object.ts';
import type { Engine, FileBatch, NoJob, OutputLine, Snapshot } from '../../../engine/api.ts';
import { originReader } from '../../origin-reader.ts';
import { resultOf } from '../../result-of.ts';
import { seconds } from '../files/mapping.ts';
import { digitsOf } from '../named-ids.ts';
import { answerIn } from '../responses/bodies.ts';
import { isCompletion } from '../responses/chat-answer.ts';
import { DIALECT, remembered, responseBody } from '../responses/mapping.ts';
import type { JobAnswer } from '../responses/wire.ts';
import { keptOf } from './mapping.ts';

const readOrigin = originReader(DIALECT, Type.Object({ customId: Type.String() }));

const REQUEST_FAILED = 500;

export async function outputLine(engine: Engine, batch: FileBatch, snapshot: Snapshot): Promise<OutputLine> {
  const { job } = snapshot;
  const head = { id: `batch_req_${digitsOf(job.id)}`, custom_id: readOrigin(job)?.customId ?? '' };
  if (job.state === 'succeeded') {
    const body = await answerBody(engine, batch, snapshot);
    return { isError: false, text: JSON.stringify({ ...head, response: answered(job, 200, body), error: null }) };
  }
  if (job.state === 'failed') {
    const { status, body } = failure(job);
    return { isError: true, text: JSON.stringify({ ...head, response: answered(job, status, body), error: null }) };
  }
  const why = whyNone(job, batch);
  return { isError: true, text: JSON.stringify({ ...head, response: null, error: WHY[why] }) };
}

function answered({ id }: Job, status: number, body: object) {
  return { status_code: status, request_id: `req_${digitsOf(id)}`, body };
}

/** A job that was cancelled because the time of its batch was over has expired, whatever ended it. */
function whyNone({ state }: Job, { ending }: FileBatch): NoJob {
  if (state === 'expired' || ending === 'expired') return 'expired';
  return ending === 'failed' ? 'failed' : 'cancelled';
}

/** Said of lines that have no answer. The first two are the vendor's. */
const WHY: Readonly<Record<NoJob, { readonly code: string; readonly message: string }>> = {
  expired: {
    code: 'batch_expired',
    message: 'This request could not be executed before the completion window expired.',
  },
  cancelled: { code: 'batch_cancelled', message: 'This request was cancelled before it had been executed.' },
  failed: { code: 'batch_failed', message: 'The batch failed before this request had been executed: see its errors.' },
  removed: { code: 'request_removed', message: 'The job of this request was removed before the batch had ended.' },
};

export function missingLine(text: string, why: NoJob, id: string): string {
  return JSON.stringify({
    id: `batch_req_${digitsOf(id)}`,
    custom_id: customIdIn(text),
    response: null,
    error: WHY[why],
  });
}

/** The line was read before: what is no JSON any more has no id. */
function customIdIn(text: string): string | null {
  try {
    const { custom_id: id } = fieldsOf(JSON.parse(text));
    return typeof id === 'string' ? id : null;
  } catch {
    return null;
  }
}

function failure({ error }: Job): { readonly status: number; readonly body: object } {
  const { status: given } = fieldsOf(error?.details ?? null);
  const status = typeof given === 'number' && given >= 400 && given <= 599 ? given : REQUEST_FAILED;
  const type = status === 429 ? 'rate_limit_error' : status < 500 ? 'invalid_request_error' : 'server_error';
  const message = error?.message ?? 'The job failed.';
  return { status, body: { error: { message, type, param: null, code: error?.code ?? null } } };
}

async function answerBody(engine: Engine, batch: FileBatch, snapshot: Snapshot): Promise<object> {
  const { job } = snapshot;
  if (keptOf(batch).endpoint === '/v1/responses') {
    return responseBody(job, 'completed', await answerIn(engine, snapshot));
  }
  const result = await resultOf(engine, snapshot);
  if (result.kind === 'json' && isObject(result.value) && isCompletion(result.value)) return result.value;
  return completion(job, (await answerIn(engine, snapshot)) ?? { output: [], fields: {} });
}

/** What a type that knows no chats has brought, as an answer to one. */
function completion(job: Job, { output, fields }: JobAnswer): object {
  const content = output.flatMap((item) => textsOf(item as Static<typeof AnyItem>)).join('');
  const { input_tokens: input = 0, output_tokens: made = 0, total_tokens: total = 0 } = fieldsOf(fields.usage ?? null);
  return {
    id: `chatcmpl-${digitsOf(job.id)}`,
    object: 'chat.completion',
    created: seconds(job.createdAt),
    model: remembered(job)?.model ?? job.type,
    choices: [
      { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' },
    ],
    usage: { prompt_tokens: input, completion_tokens: made, total_tokens: total },
  };
}

const AnyItem = Type.Object({
  content: Type.Optional(Type.Array(Type.Object({ text: Type.Optional(Type.String()) }))),
});

function textsOf({ content }: Static<typeof AnyItem>): readonly string[] {
  return Array.isArray(content) ? content.flatMap(({ text }) => text ?? []) : [];
}
