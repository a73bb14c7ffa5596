/** The calls of a library about jobs: those of the client, on an engine of the same process. */
import { idOf, type JobRef } from '../client/job-ref.ts';
import type { JobShapes } from '../client/job-types.ts';
import { requireKnown } from '../client/known-options.ts';
import type { LogsOptions, OutputOptions } from '../client/logging.ts';
import { isJson, JobFailed } from '../client/running.ts';
import type { ChunkBody, JobBody, LogLineBody, LogsBody, OutputBody } from '../client/wire.ts';
import { BideError } from '../core/errors.ts';
import type { Json } from '../core/job.ts';
import { quotaError } from '../core/quota-error.ts';
import { shownState } from '../core/state.ts';
import { logLineBody } from '../dialects/native/log-text.ts';
import { jobBody } from '../dialects/native/mapping.ts';
import { chunkBody } from '../dialects/native/output-text.ts';
import type { CommandOutcome, Lookup, RunningEngine, Snapshot, SubmitOutcome } from '../engine/index.ts';
import type { Calls, RunOptions, SubmitOptions, WaitOptions } from './library-face.ts';
import { libraryGroups } from './library-groups.ts';
import { libraryLimits } from './library-limits.ts';
import { librarySchedules } from './library-schedules.ts';

const SUBMIT_OPTIONS = [
  ...(['tags', 'priority', 'runAt', 'delayMs', 'timeoutMs', 'deadlineMs', 'retry', 'retainMs'] as const),
  ...(['idempotencyKey', 'callback', 'sequenceKey', 'limit', 'unique', 'after', 'afterPolicy'] as const),
];

/** As they are without the types of a config. */
interface PlainCalls extends Omit<Calls<JobShapes>, 'submit' | 'run' | 'get' | 'wait'> {
  submit(type: string, input?: unknown, options?: SubmitOptions): Promise<JobBody>;
  run(type: string, input?: unknown, options?: RunOptions): Promise<unknown>;
  get(job: JobRef): Promise<JobBody>;
  wait(job: JobRef, options?: WaitOptions): Promise<JobBody>;
}

export function callsOf(engine: RunningEngine, tenant: string): PlainCalls {
  const body = ({ job, resultText }: Snapshot): JobBody =>
    JSON.parse(jobBody('', { job, resultText }, shownState(job, engine.clock.now()))) as JobBody;
  const get = async (job: JobRef) => body(foundOf(idOf(job), (await engine.read(tenant, [idOf(job)]))[0]));
  const commanded = (id: string, outcome: CommandOutcome) => commandedOf(id, outcome, engine.clock.now());
  const submit = async (type: string, input?: unknown, options: SubmitOptions = {}) => {
    requireKnown('submit', options, SUBMIT_OPTIONS);
    const [outcome] = await engine.submit([{ ...options, tenant, type, input: input as Json }]);
    return body(submittedOf(type, outcome));
  };
  const wait = async (job: JobRef, options: WaitOptions = {}) => {
    requireKnown('wait', options, ['timeoutMs', 'signal']);
    const { timeoutMs = Number.POSITIVE_INFINITY, signal = new AbortController().signal } = options;
    const [id, until] = [idOf(job), { kind: 'done' } as const];
    const { lookups } = await engine.wait({ tenant, ids: [id], for: 'all', until, timeoutMs, signal });
    return body(foundOf(id, lookups[0]));
  };
  return {
    submit,
    async run(type, input, { waitMs, signal, ...options } = {}) {
      const { id } = await submit(type, input, options);
      const job = await wait(id, {
        ...(waitMs === undefined ? {} : { timeoutMs: waitMs }),
        ...(signal === undefined ? {} : { signal }),
      });
      return resultValue(engine, tenant, job);
    },
    get,
    wait,
    async result(job) {
      const id = idOf(job);
      const outcome = await engine.readResult(tenant, id);
      if (outcome.kind === 'missing' || outcome.kind === 'gone') throw absent(id, outcome.kind);
      return outcome.kind === 'found' ? outcome.result : null;
    },
    async output(job, options = {}) {
      requireKnown('output', options, ['after', 'attempt', 'limit', 'waitMs', 'signal']);
      return outputOf(engine, tenant, idOf(job), options);
    },
    async logs(job, options = {}) {
      requireKnown('logs', options, ['after', 'attempt', 'level', 'limit', 'waitMs', 'signal']);
      return logsOf(engine, tenant, idOf(job), options);
    },
    groups: libraryGroups(engine, tenant),
    schedules: librarySchedules(engine, tenant, get),
    limits: libraryLimits(engine, tenant),
    cancel: async (job) => body(commanded(idOf(job), await engine.cancel(tenant, idOf(job)))),
    retry: async (job) => body(commanded(idOf(job), await engine.retry(tenant, idOf(job)))),
    signal: async (job, name, value = null) => {
      const id = idOf(job);
      const outcome = await engine.signal({ tenant, id, name, value });
      if (outcome.kind === 'invalidRequest')
        throw new BideError('INVALID_REQUEST', undefined, { errors: outcome.issues });
      if (outcome.kind === 'full') throw new BideError('SIGNALS_FULL', undefined, { id });
      return body(commanded(id, outcome));
    },
    remove: async (job) => body(commanded(idOf(job), await engine.remove(tenant, idOf(job)))),
  };
}

async function outputOf(
  engine: RunningEngine,
  tenant: string,
  id: string,
  options: OutputOptions,
): Promise<OutputBody> {
  const { after = 0, attempt, limit = engine.limits.logPageMax, waitMs = 0 } = options;
  const { signal = new AbortController().signal } = options;
  const asked = { tenant, id, stream: 'output', after, attempt, limit, timeoutMs: waitMs, signal } as const;
  const page = await engine.readLogs(asked);
  if (page.kind !== 'found') throw absent(id, page.kind);
  const chunks = page.lines.map((line) => JSON.parse(chunkBody(line)) as ChunkBody);
  return { chunks, next: page.next, done: page.isDone };
}

async function logsOf(engine: RunningEngine, tenant: string, id: string, options: LogsOptions): Promise<LogsBody> {
  const { after = 0, attempt, level, limit = engine.limits.logPageMax, waitMs = 0 } = options;
  const { signal = new AbortController().signal } = options;
  const asked = { tenant, id, after, attempt, levelMin: level, limit, timeoutMs: waitMs, signal };
  const page = await engine.readLogs({ ...asked, stream: 'log' });
  if (page.kind !== 'found') throw absent(id, page.kind);
  const lines = page.lines.map((line) => JSON.parse(logLineBody(line)) as LogLineBody);
  return { lines, next: page.next, done: page.isDone };
}

/** JSON as its value, all else as bytes. */
async function resultValue(engine: RunningEngine, tenant: string, job: JobBody): Promise<unknown> {
  if (job.finishedAt === null) throw new BideError('RESULT_NOT_READY', `Job ${job.id} is ${job.state}, and goes on.`);
  if (job.state !== 'succeeded') throw new JobFailed(job);
  if (job.result !== null) return job.result;
  const outcome = await engine.readResult(tenant, job.id);
  if (outcome.kind !== 'found') return null;
  const { contentType, bytes } = outcome.result;
  return isJson(contentType) ? (JSON.parse(Buffer.from(bytes).toString()) as unknown) : bytes;
}

function submittedOf(type: string, outcome: SubmitOutcome | undefined): Snapshot {
  switch (outcome?.kind) {
    case 'created':
    case 'existing':
      return outcome.snapshot;
    case 'unknownType':
      throw new BideError('TYPE_UNKNOWN', `There is no job type ${type}.`, { types: outcome.types });
    case 'invalidInput':
      throw new BideError('INPUT_INVALID', undefined, { errors: outcome.issues });
    case 'invalidRequest':
      throw new BideError('INVALID_REQUEST', undefined, { errors: outcome.issues });
    case 'held':
      throw new BideError('UNIQUE_HELD', undefined, { jobId: outcome.snapshot.job.id });
    case 'conflict':
      throw new BideError('IDEMPOTENCY_MISMATCH', undefined, { id: outcome.snapshot.job.id });
    case 'refused':
      throw outcome.error;
    case 'noParent':
      throw new BideError('PARENT_UNKNOWN', undefined, { id: outcome.id });
    case 'overQuota':
      throw quotaError(outcome);
    default:
      throw new BideError('INTERNAL', 'A submit came back without an outcome.');
  }
}

function commandedOf(id: string, outcome: CommandOutcome, now: number): Snapshot {
  if (outcome.kind === 'missing' || outcome.kind === 'gone') throw absent(id, outcome.kind);
  if (outcome.kind !== 'wrongState') return outcome.snapshot;
  throw new BideError('WRONG_STATE', `Job ${id} is ${shownState(outcome.snapshot.job, now)}.`, { id });
}

function foundOf(id: string, lookup: Lookup | undefined): Snapshot {
  if (lookup?.kind === 'found') return lookup.snapshot;
  throw absent(id, lookup?.kind ?? 'missing');
}

function absent(id: string, kind: 'missing' | 'gone'): BideError {
  return new BideError(kind === 'gone' ? 'JOB_GONE' : 'JOB_NOT_FOUND', undefined, { id });
}
