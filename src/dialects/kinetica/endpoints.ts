/** The job endpoints: create, get, alter, show. */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { isFinal } from '../../core/state.ts';
import type { Lookup, Snapshot } from '../../engine/api.ts';
import { type JobResult, jsonValueOf, resultAtHand, resultOf } from '../result-of.ts';
import type { Call } from './call.ts';
import { type Encoding, jsonOf, wrapped } from './encoding.ts';
import {
  endpointOf,
  infoWithTag,
  jobBody,
  NO_RESULT,
  type ResultPart,
  remembered,
  TAG_NAME,
  wordOf,
} from './mapping.ts';
import { sqlAnswer } from './sql-answer.ts';
import { type SqlTable, sqlTableOf } from './sql-columns.ts';
import { startJob } from './starting.ts';
import { keptTable, tableOf } from './statement.ts';
import { targetRequest } from './submission.ts';
import {
  type AlterJobsRequest,
  type AlterJobsResponse,
  type CreateJobRequest,
  type CreateJobResponse,
  type ExecuteSqlResponse,
  executeSqlResponse,
  type GetJobRequest,
  type GetJobResponse,
  getJobResponse,
  type Long,
  type OptionsRequest,
  type ShowJobsResponse,
} from './wire.ts';

const TAG = /^[A-Za-z0-9_-]+$/;

export async function createJob(call: Call, request: CreateJobRequest): Promise<CreateJobResponse> {
  const tag = tagOf(request.options.job_tag);
  const target = targetRequest(call.context, request);
  const { job } = await startJob(call, target, {
    isAsync: true,
    removeOnComplete: request.options.remove_job_on_complete === 'true',
    tag,
  });
  return { job_id: call.ids.seal(job.number), info: infoWithTag(job.tags[TAG_NAME] ?? tag ?? '', job.id) };
}

export async function getJob(call: Call, request: GetJobRequest): Promise<GetJobResponse> {
  const snapshot = await wanted(call, request.job_id, tagOf(request.options.job_tag));
  if (snapshot === null) throw unknownJob(request.job_id);
  const { engine } = call.context;
  const body = jobBody(snapshot.job, engine.clock.now(), await resultPart(call, snapshot));
  if (goesWithItsAnswer(snapshot.job) && mayChange(call.principal)) {
    await engine.remove(call.principal.tenant, snapshot.job.id);
  }
  return body;
}

function goesWithItsAnswer(job: Snapshot['job']): boolean {
  const memory = remembered(job);
  // Further pages are cut from a job that names a paging table: retention takes it away.
  return isFinal(job.state) && memory?.removeOnComplete === true && memory.pagingTable === '';
}

/** Who may only read gets the answer, and leaves the job to those who may remove it. */
function mayChange({ scopes }: Call['principal']): boolean {
  return scopes.has('submit') || scopes.has('admin');
}

/** The whole answer to a poll in JSON, where the snapshot alone says it and the job stays; undefined otherwise. */
export function polledText({ options, engine }: Call['context'], snapshot: Snapshot): string | undefined {
  const { job } = snapshot;
  const memory = remembered(job);
  if (memory?.removeOnComplete === true) return undefined;
  if (memory !== null && (memory.encoding === 'binary' || memory.pageOf !== null)) return undefined;
  const said = job.state === 'succeeded' ? resultAtHand(snapshot) : null;
  if (said === undefined) return undefined;
  const result = said === null ? NO_RESULT : inlineResult(options, job, said);
  const body = jobBody(job, engine.clock.now(), result);
  return jsonOf(wrapped('json', 'get_job_response', getJobResponse, body));
}

export async function alterJobs(call: Call, request: AlterJobsRequest): Promise<AlterJobsResponse> {
  if (request.action !== 'cancel') {
    throw new BideError('INVALID_REQUEST', `Action ${request.action} is not known: the only one is cancel.`);
  }
  const { idsPerCallMax } = call.context.engine.limits;
  if (request.job_ids.length > idsPerCallMax) {
    throw new BideError('INVALID_REQUEST', `At most ${idsPerCallMax} jobs are altered in one call.`);
  }
  const status = await Promise.all(request.job_ids.map((number) => cancel(call, number)));
  return { job_ids: request.job_ids, action: request.action, status, info: {} };
}

export async function showJobs(call: Call, request: OptionsRequest): Promise<ShowJobsResponse> {
  const { engine } = call.context;
  const { tenant } = call.principal;
  const states = request.options.show_async_jobs === 'true' ? {} : { states: LIVE };
  const limit = engine.limits.listPageMax;
  const { snapshots } = await engine.list({ tenant, ...states, limit, hasResults: false });
  return shown(call, snapshots.map(({ job }) => job).filter(isListed));
}

const LIVE = ['scheduled', 'queued', 'retrying', 'running'] as const;

/** The job by its id; where there is none and a tag is given, the newest one with that tag. */
async function wanted(call: Call, number: Long, tag: string | null): Promise<Snapshot | null> {
  const { engine } = call.context;
  const { tenant } = call.principal;
  const lookup = await byNumber(call, number);
  if (lookup.kind === 'found') {
    call.context.holds.look(call.principal, lookup.snapshot.job);
    return lookup.snapshot;
  }
  if (tag === null) return null;
  const { snapshots } = await engine.list({ tenant, tags: { [TAG_NAME]: tag }, limit: 1 });
  return snapshots[0] ?? null;
}

/** @param number as the caller was told it */
async function byNumber(call: Call, number: Long): Promise<Lookup> {
  if (typeof number === 'bigint' || !Number.isSafeInteger(number) || number < 0) return { kind: 'missing' };
  const [lookup] = await call.context.engine.readByNumber(call.principal.tenant, [call.ids.open(number)]);
  return lookup ?? { kind: 'missing' };
}

async function cancel(call: Call, number: Long): Promise<string> {
  const lookup = await byNumber(call, number);
  if (lookup.kind !== 'found') return unknownJob(number).message;
  const outcome = await call.context.engine.cancel(call.principal.tenant, lookup.snapshot.job.id);
  switch (outcome.kind) {
    case 'done':
    case 'unchanged':
      return 'OK';
    case 'wrongState':
      return `Job ${number} is not running`;
    default:
      return unknownJob(number).message;
  }
}

function inlineResult(options: Call['context']['options'], job: Snapshot['job'], result: JobResult): ResultPart {
  const memory = remembered(job);
  const isSql = options.endpoints[endpointOf(job)]?.kind === 'sql';
  if (memory === null || !isSql) return { ...NO_RESULT, job_response_str: plainText(result) };
  return encoded(memory.encoding, sqlAnswer(sqlTableOf(jsonValueOf(result)), memory, memory.rowEncoding));
}

async function resultPart(call: Call, snapshot: Snapshot): Promise<ResultPart> {
  if (snapshot.job.state !== 'succeeded') return NO_RESULT;
  const memory = remembered(snapshot.job);
  const isSql = call.context.options.endpoints[endpointOf(snapshot.job)]?.kind === 'sql';
  if (memory === null || !isSql)
    return { ...NO_RESULT, job_response_str: plainText(await resultOf(call.context.engine, snapshot)) };
  return encoded(memory.encoding, sqlAnswer(await pageRows(call, snapshot, memory.pageOf), memory, memory.rowEncoding));
}

function encoded(encoding: Encoding, answer: ExecuteSqlResponse): ResultPart {
  if (encoding === 'json') return { ...NO_RESULT, job_response_str: jsonOf(answer) };
  return { job_response: executeSqlResponse.binary.encode(answer), job_response_str: '' };
}

/** JSON text in any case: a poller that is told DONE parses it. Bytes that are no JSON travel as base64. */
function plainText(result: JobResult): string {
  if (result.kind === 'json') return result.text;
  if (result.kind === 'none') return '{}';
  const base64 = Buffer.from(result.bytes).toString('base64');
  return JSON.stringify({ content_type: result.contentType, content_base64: base64 } satisfies Json);
}

/** Rows of the job that the page is cut from, and those of its own where that one is gone. */
async function pageRows(call: Call, snapshot: Snapshot, pageOf: string | null): Promise<SqlTable> {
  const [first] = pageOf === null ? [] : await call.context.engine.read(call.principal.tenant, [pageOf]);
  const isKept = first?.kind === 'found' && first.snapshot.job.state === 'succeeded';
  const kept = isKept ? await keptTable(call, first.snapshot) : null;
  return kept ?? (await tableOf(call, snapshot)) ?? sqlTableOf(null);
}

/** Statements that ran synchronously are nobody's jobs: they show only while they run. */
function isListed(job: Snapshot['job']): boolean {
  return !isFinal(job.state) || remembered(job)?.isAsync !== false;
}

function shown({ ids, context }: Call, jobs: readonly Snapshot['job'][]): ShowJobsResponse {
  const now = context.engine.clock.now();
  const tags = jobs.map((job) => job.tags[TAG_NAME] ?? '');
  return {
    job_id: jobs.map((job) => ids.seal(job.number)),
    status: jobs.map((job) => wordOf(job, now)),
    endpoint_name: jobs.map(endpointOf),
    time_received: jobs.map((job) => job.createdAt),
    auth_id: jobs.map((job) => remembered(job)?.authId ?? ''),
    source_ip: jobs.map((job) => remembered(job)?.sourceIp ?? ''),
    query_text: jobs.map((job) => remembered(job)?.queryText ?? ''),
    user_data: jobs.map(() => ''),
    flags: jobs.map(() => ''),
    info: { job_tag: JSON.stringify(tags) },
  };
}

function tagOf(tag: string | undefined): string | null {
  if (tag === undefined || tag === '') return null;
  if (!TAG.test(tag))
    throw new BideError('INVALID_REQUEST', 'A job_tag has letters, digits, underscores and hyphens only.');
  return tag;
}

function unknownJob(number: Long): BideError {
  return new BideError('INVALID_REQUEST', `Job ${number} not found`);
}
