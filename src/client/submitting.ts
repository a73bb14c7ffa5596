/** Submitting: one job, or many in one call. Retried only where an idempotency key makes a second try harmless. */
import type { Json } from '../core/job.ts';
import { jsonProblem } from '../core/json-problem.ts';
import type { CallOptions } from './commanding.ts';
import { requireKnown } from './known-options.ts';
import type { Transport } from './transport.ts';
import type { BulkItem, JobBody, SubmitBody } from './wire.ts';

export interface SubmitOptions {
  /** The same key with the same request answers with the job of the first time. */
  readonly idempotencyKey?: string | undefined;
  /** Answer with the finished job when it is done within this time. */
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export const SUBMIT_OPTIONS = ['idempotencyKey', 'waitMs', 'signal'] as const;

/** Jobs in one request of a bulk submit: the server's default `jobsPerCallMax`. */
const JOBS_PER_CALL = 1_000;
/** Three bytes each at the most, so below the server's default `bodyBytesMax` of 1 MiB. */
const CHARACTERS_PER_CALL = 300_000;

export function submitting(transport: Transport) {
  return {
    async submit(...given: SubmitArguments): Promise<JobBody> {
      const { job, options } = submitOf(given);
      requireKnown('submit', options, SUBMIT_OPTIONS);
      requireJson('submit', job);
      const { idempotencyKey, waitMs } = options;
      const headers = {
        ...transport.trace(),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        ...(waitMs === undefined ? {} : { prefer: `wait=${Math.ceil(waitMs / 1_000)}` }),
      };
      const answer = await transport.call({
        method: 'POST',
        path: '/v1/jobs',
        headers,
        json: job,
        isRepeatable: idempotencyKey !== undefined,
        holdMs: waitMs ?? 0,
        signal: options.signal,
      });
      return answer.body as JobBody;
    },

    /** One answer per job, in their order: a wrong one does not spoil the others. Tried again only when every job has an idempotency key. */
    async submitMany(jobs: readonly SubmitBody[], options: CallOptions = {}): Promise<readonly BulkItem[]> {
      requireKnown('submitMany', options, ['signal']);
      requireJson('submitMany', jobs);
      const items: BulkItem[] = [];
      for (const part of partsOf(jobs)) {
        const answer = await transport.call({
          method: 'POST',
          path: '/v1/jobs/bulk',
          headers: transport.trace(),
          json: { jobs: part },
          isRepeatable: part.every((job) => typeof job.idempotencyKey === 'string'),
          signal: options.signal,
        });
        items.push(...(answer.body as { items: readonly BulkItem[] }).items);
      }
      return items;
    },
  };
}

type SubmitArguments =
  | [type: string, input?: Json | undefined, options?: JobOptions | undefined]
  | [job: SubmitBody, options?: SubmitOptions | undefined];

function submitOf([first, second, third]: SubmitArguments): {
  readonly job: SubmitBody;
  readonly options: SubmitOptions;
} {
  if (typeof first !== 'string') return { job: first, options: (second as SubmitOptions | undefined) ?? {} };
  const { body, submit } = partedOptions((third as JobOptions | undefined) ?? {});
  const input = second as Json | undefined;
  return { job: { ...body, type: first, ...(input === undefined ? {} : { input }) }, options: submit };
}

/** What a submit says beside its type and its input. */
export type JobOptions = Omit<SubmitBody, 'type' | 'input' | 'idempotencyKey'> & SubmitOptions;

/** What goes into the body of a submit, and what beside it. */
export function partedOptions(options: Partial<JobOptions>): {
  readonly body: Omit<SubmitBody, 'type' | 'input'>;
  readonly submit: SubmitOptions;
} {
  const entries = Object.entries(options);
  const isBeside = ([name]: [string, unknown]) => (SUBMIT_OPTIONS as readonly string[]).includes(name);
  return {
    body: Object.fromEntries(entries.filter((entry) => !isBeside(entry))),
    submit: Object.fromEntries(entries.filter(isBeside)),
  };
}

/** A Map would arrive as `{}` without a word, and a BigInt look as if the server could not be reached. */
function requireJson(call: string, given: unknown): void {
  const problem = jsonProblem(given, { isStrict: false });
  if (problem === null) return;
  const where = problem.path === '' ? '' : ` at ${problem.path}`;
  throw new TypeError(`${call} was given ${problem.what}${where}, which JSON cannot carry.`);
}

/** As many requests as it takes; a job that is too large on its own goes on its own, for the server to refuse. */
function partsOf(jobs: readonly SubmitBody[]): readonly (readonly SubmitBody[])[] {
  const parts: SubmitBody[][] = [];
  let room = 0;
  for (const job of jobs) {
    const length = JSON.stringify(job).length;
    const last = parts.at(-1);
    if (last === undefined || last.length >= JOBS_PER_CALL || length > room) {
      parts.push([job]);
      room = CHARACTERS_PER_CALL - length;
    } else {
      last.push(job);
      room -= length;
    }
  }
  return parts;
}
