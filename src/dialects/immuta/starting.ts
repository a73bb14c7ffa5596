/** Starting jobs in the vendor's ways: a bulk, a bare id, something created, a plan of changes. */
import { randomUUID } from 'node:crypto';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
import { isFinal } from '../../core/state.ts';
import type { Snapshot } from '../../engine/api.ts';
import { jobDone } from '../job-done.ts';
import { resultOf } from '../result-of.ts';
import { submitOne, submitted } from '../submit-one.ts';
import type { Call } from './call.ts';
import { invalid, one, type RawQuery } from './query.ts';
import {
  connectionStringOf,
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
  if (endpoint.answer === 'bulk' || Array.isArray(body)) return startBulk(call, options.type, started);
  const snapshot = await startOne(call, options.type, started);
  if (endpoint.answer === 'id') return snapshot.job.id;
  return endpoint.answer === 'plan' ? plan(call, snapshot) : created(call, snapshot, started.body);
}

function startOne(call: Call, type: string, started: Started): Promise<Snapshot> {
  const context = { tenant: call.principal.tenant, type, bulkId: null };
  return submitOne(call.context.engine, submission(context, started));
}

/** A job per item; a body that is no list is one item. All of them are submitted, or the first that is refused says why. */
async function startBulk(call: Call, type: string, started: Started): Promise<Json> {
  const items = Array.isArray(started.body) ? started.body : [started.body];
  const { jobsPerCallMax } = call.context.engine.limits;
  if (items.length === 0) throw invalid('"value" must contain at least 1 items');
  if (items.length > jobsPerCallMax)
    throw invalid(`"value" must contain less than or equal to ${jobsPerCallMax} items`);
  const bulkId = randomUUID();
  const context = { tenant: call.principal.tenant, type, bulkId };
  const outcomes = await call.context.engine.submit(items.map((body) => submission(context, { ...started, body })));
  outcomes.forEach(submitted);
  return { bulkId, connectionString: connectionStringOf(items[0] ?? null), jobsCreated: outcomes.length };
}

/** The job is waited for: whoever creates one thing expects it to be there. What the handler returns is laid over the defaults. */
async function created(call: Call, snapshot: Snapshot, body: Json): Promise<Json> {
  const { waitMsMax } = call.context.engine.limits;
  const done = await finished(call, snapshot, waitMsMax);
  requireSuccess(done);
  // Ids are numbers here; that of the job would tell how many jobs all tenants have.
  const id = (await call.context.auth.jobIds()).seal(done.job.number);
  const made = {
    id,
    dataSourceId: id,
    warnings: [],
    connectionString: connectionStringOf(body),
  };
  return { ...made, ...fieldsOf(await resultJson(call, done)) };
}

async function plan(call: Call, snapshot: Snapshot): Promise<Json> {
  const query = call.request.query as RawQuery;
  const done = await finished(call, snapshot, waitMsOf(one(query, 'wait')));
  if (isFinal(done.job.state)) requireSuccess(done);
  const nothing = {
    creating: [],
    updating: [],
    deleting: [],
    noChange: [],
    detectionRunning: false,
    tagsUpdated: false,
  };
  return {
    dryRun: one(query, 'dryRun') === 'true',
    ...nothing,
    ...fieldsOf(await resultJson(call, done)),
    jobId: done.job.id,
  };
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
  const result = await resultOf(call.context.engine, snapshot);
  return result.kind === 'json' ? (JSON.parse(result.text) as Json) : null;
}

function waitMsOf(text: string | undefined): number {
  if (text === undefined) return 0;
  if (!/^-?\d+$/.test(text)) throw invalid('"wait" must be an integer');
  return Number(text) < 0 ? Number.POSITIVE_INFINITY : Number(text) * 1_000;
}

function flat(query: RawQuery): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(query).map((name) => [name, one(query, name) ?? '']));
}
