/** Starting jobs in the vendor's ways: a bulk, a bare id, something created, a plan of changes. */
import { randomUUID } from 'node:crypto';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
import { isFinal } from '../../core/state.ts';
import type { Snapshot } from '../../engine/api.ts';
import { jobDone } from '../job-done.ts';
import { jsonValueOf, resultOf } from '../result-of.ts';
import { submitOne, submitted } from '../submit-one.ts';
import type { Call } from './call.ts';
import { planOf } from './plans.ts';
import { invalid, one, type RawQuery } from './query.ts';
import {
  connectionStringOf,
  itemsOf,
  type Started,
  type StartingEndpoint,
  type StartingName,
  submission,
} from './submission.ts';

type Named = StartingEndpoint & { readonly name: StartingName };

export async function start(call: Call, endpoint: Named, body: Json | undefined): Promise<Json> {
  const options = call.context.options.endpoints[endpoint.name];
  if (options === undefined) throw new BideError('ROUTE_NOT_FOUND', 'Not Found');
  const started: Started = {
    endpoint: endpoint.name,
    params: call.request.params as Started['params'],
    query: flat(call.request.query as RawQuery),
    body: body ?? null,
  };
  if (endpoint.answer === 'plan') return planned(call, options.type, started);
  const items = itemsOf(started);
  const isList = items.length !== 1 || items[0] !== started.body;
  if (endpoint.answer === 'bulk' || isList) return startBulk(call, options.type, started, items);
  const snapshot = await startOne(call, options.type, started, null);
  return endpoint.answer === 'id' ? snapshot.job.id : created(call, snapshot);
}

function startOne(call: Call, type: string, started: Started, bulkId: string | null): Promise<Snapshot> {
  const context = { tenant: call.principal.tenant, type, bulkId };
  return submitOne(call.context.engine, submission(context, started));
}

/** A job per item. All of them are submitted, or the first that is refused says why. Nobody waits for them. */
async function startBulk(call: Call, type: string, started: Started, items: readonly Json[]): Promise<Json> {
  const { jobsPerCallMax } = call.context.engine.limits;
  if (items.length === 0) throw invalid('"value" must contain at least 1 items');
  if (items.length > jobsPerCallMax)
    throw invalid(`"value" must contain less than or equal to ${jobsPerCallMax} items`);
  const bulkId = randomUUID();
  const context = { tenant: call.principal.tenant, type, bulkId };
  const outcomes = await call.context.engine.submit(items.map((body) => submission(context, { ...started, body })));
  for (const outcome of outcomes) submitted(outcome);
  const made = { bulkId, connectionString: connectionStringOf(items[0] ?? null) };
  return started.endpoint === 'handler' ? made : { ...made, jobsCreated: outcomes.length };
}

/** The job is waited for: whoever creates one thing expects it to be there. What the handler returns is laid over the defaults. */
async function created(call: Call, snapshot: Snapshot): Promise<Json> {
  const { waitMsMax } = call.context.engine.limits;
  const done = await finished(call, snapshot, waitMsMax);
  requireSuccess(done);
  // Ids are numbers here; that of the job would tell how many jobs all tenants have.
  const id = (await call.context.auth.jobIds()).seal(done.job.number);
  const made = {
    id,
    dataSourceId: id,
    warnings: [],
  };
  return { ...made, ...fieldsOf(await resultJson(call, done)) };
}

/** What the handler returns is laid over the plan as far as it is known before. */
async function planned(call: Call, type: string, started: Started): Promise<Json> {
  const query = call.request.query as RawQuery;
  const waitMs = waitMsOf(one(query, 'wait'));
  const dryRun = isTrue(query, 'dryRun');
  const plan = await planOf(call, started, dryRun);
  if (dryRun) return { dryRun, ...plan };
  const bulkId = randomUUID();
  const done = await finished(call, await startOne(call, type, started, bulkId), waitMs);
  if (isFinal(done.job.state)) requireSuccess(done);
  return { dryRun, ...plan, ...fieldsOf(await resultJson(call, done)), bulkId, jobId: done.job.id };
}

async function finished(call: Call, snapshot: Snapshot, timeoutMs: number): Promise<Snapshot> {
  const lookup = await jobDone(call, snapshot.job.id, timeoutMs);
  return lookup.kind === 'found' ? lookup.snapshot : snapshot;
}

/** Clients read the `message` of a 400. */
function requireSuccess({ job }: Snapshot): void {
  if (!isFinal(job.state) || job.state === 'succeeded') return;
  throw invalid(job.error?.message ?? `The job was ${job.state}.`);
}

async function resultJson(call: Call, snapshot: Snapshot): Promise<Json> {
  return jsonValueOf(await resultOf(call.context.engine, snapshot));
}

function waitMsOf(text: string | undefined): number {
  if (text === undefined) return 0;
  if (!/^-?\d+$/.test(text)) throw invalid('"wait" must be an integer');
  return Number(text) < 0 ? Number.POSITIVE_INFINITY : Number(text) * 1_000;
}

function isTrue(query: RawQuery, name: string): boolean {
  const text = one(query, name) ?? 'false';
  if (text !== 'true' && text !== 'false') throw invalid(`"${name}" must be a boolean`);
  return text === 'true';
}

function flat(query: RawQuery): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(query).map((name) => [name, one(query, name) ?? '']));
}
