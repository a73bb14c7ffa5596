/** What starts jobs, and waits for them where the caller does: run, describe, analyze; and saving what is run. */
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { isObject, textOf } from '../../core/json-object.ts';
import { workingState } from '../../core/signals.ts';
import { isFinal } from '../../core/state.ts';
import type { Snapshot } from '../../engine/api.ts';
import { jobDone } from '../job-done.ts';
import { jsonValueOf, resultOf } from '../result-of.ts';
import { exampleAt } from '../schema-check.ts';
import { type Answer, type Call, ok, refusal } from './call.ts';
import { resultsOf, timeOf, vendorId, WORDS } from './mapping.ts';
import type { Dataset } from './options.ts';
import { startJob, startStatement } from './submission.ts';
import { AnalyzeRequest, type QueryBody, QueryRequest, type Results, SaveRequest } from './wire.ts';

const PREVIEW_ROWS = 20;
const TOO_LATE = 504;

export async function saveQuery(call: Call, body: Json | undefined): Promise<Answer> {
  if (call.context.options.phase1) return refusal(501, 'Not implemented');
  const invalid = complaint(SaveRequest, body);
  if (invalid !== null) return invalid;
  const { name, query, description = null, dataset_id: datasetId = null } = body as unknown as SaveRequest;
  const { tenant } = call.principal;
  if (datasetId !== null && (await call.library.dataset(tenant, datasetId)) === null)
    return refusal(404, 'Dataset not found');
  const saved = await call.library.saveQuery(tenant, { name, query, description, datasetId });
  return ok({ query_id: saved.id, name, created_at: timeOf(saved.createdAt), status: 'saved' });
}

export async function runQuery(call: Call, queryId: string, body: Json | undefined): Promise<Answer> {
  const invalid = complaint(QueryRequest, body ?? {});
  if (invalid !== null) return invalid;
  const request = (body ?? {}) as unknown as QueryRequest;
  const { tenant } = call.principal;
  const saved = await call.library.query(tenant, queryId);
  if (saved === null) return refusal(404, 'Query not found');
  const datasetId = request.dataset_id ?? saved.datasetId;
  const dataset = datasetId === null ? null : await call.library.dataset(tenant, datasetId);
  if (datasetId !== null && dataset === null) return refusal(404, 'Dataset not found');
  const mode = request.execution_mode ?? 'sync';
  const snapshot = await startStatement(call, {
    query: saved.query,
    parameters: (request.parameters ?? {}) as Readonly<Record<string, Json>>,
    dataset,
    memory: { queryId, datasetId },
  });
  const base = { query_id: queryId, dataset_id: datasetId, execution_mode: mode };
  if (mode === 'async') return ok(started(call, snapshot, base));
  return answered(await waited(call, snapshot), ({ job }, results) => ({
    ...base,
    status: 'succeeded',
    results,
    job_id: null,
    created_at: timeOf(job.createdAt),
  }));
}

/** Columns with their types and how many of their values are missing. */
export async function datasetSchema(call: Call, datasetId: string): Promise<Answer> {
  const dataset = await call.library.dataset(call.principal.tenant, datasetId);
  if (dataset === null) return refusal(404, 'Dataset not found');
  const described = await runInside(call, datasetId, dataset, 'DESCRIBE SELECT * FROM dataset');
  if (described.kind !== 'done') return answered(described, () => ({}));
  const columns = (described.results?.rows ?? []).map((row) => {
    const [name = null, dtype = null] = listOf(row);
    return { name: textOf(name), dtype: textOf(dtype) };
  });
  const counts = columns.map(({ name }) => `count(*) - count("${name.replaceAll('"', '""')}")`);
  const counted = await runInside(
    call,
    datasetId,
    dataset,
    `SELECT ${['count(*)', ...counts].join(', ')} FROM dataset`,
  );
  return answered(counted, (_snapshot, results) => {
    const [rowCount, ...nulls] = listOf(results?.rows[0] ?? []);
    const described = columns.map((column, index) => ({ ...column, null_count: countOf(nulls[index]) }));
    return { dataset_id: datasetId, columns: described, row_count: countOf(rowCount) };
  });
}

/** Rows come from the job type that the config names, which may be another than SQL. */
function listOf(row: Json): readonly Json[] {
  return Array.isArray(row) ? row : [];
}

/** The SQL type leaves a count beyond 2^53 as text. */
function countOf(value: Json | undefined): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : 0;
}

/** Registers the data, then answers the prompt with the configured type, or with a look at the data where there is none. */
export async function analyze(call: Call, body: Json | undefined): Promise<Answer> {
  const invalid = complaint(AnalyzeRequest, body);
  if (invalid !== null) return invalid;
  const request = body as unknown as AnalyzeRequest;
  if (request.file_type === 'excel') return refusal(400, 'Excel files are not supported on this server.');
  const datasetId = await call.library.saveDataset(call.principal.tenant, datasetOf(request));
  const snapshot = await startAnalysis(call, request, datasetId);
  if (request.execution_mode === 'async') {
    return ok(started(call, snapshot, { query_id: null, dataset_id: datasetId, execution_mode: 'async' }));
  }
  if (call.context.options.analyzeType === null) return profile(await waited(call, snapshot), request, datasetId);
  return analysis(call, snapshot, datasetId);
}

async function startAnalysis(call: Call, request: AnalyzeRequest, datasetId: string): Promise<Snapshot> {
  const { analyzeType } = call.context.options;
  const memory = { queryId: null, datasetId };
  if (analyzeType === null) {
    return startStatement(call, { query: previewQuery(), dataset: datasetOf(request), memory });
  }
  return startJob(call, { type: analyzeType, input: { ...request, dataset_id: datasetId } as Json, memory });
}

function previewQuery(): string {
  return `SELECT * FROM dataset LIMIT ${PREVIEW_ROWS}`;
}

/** What can be said of data without a model: what it looks like. */
function profile(outcome: Waited, request: AnalyzeRequest, datasetId: string): Answer {
  return answered(outcome, (_snapshot, results) => ({
    dataset_id: datasetId,
    summary: `The data has ${results?.columns.length ?? 0} columns: ${(results?.columns ?? []).join(', ')}. No handler answers prompts on this server, so these are its first ${results?.row_count ?? 0} rows.`,
    result_preview: results,
    ...(request.include_debug === true ? { sql: previewQuery() } : {}),
  }));
}

async function analysis(call: Call, snapshot: Snapshot, datasetId: string): Promise<Answer> {
  const outcome = await waited(call, snapshot);
  if (outcome.kind !== 'done') return answered(outcome, () => ({}));
  const result = await resultOf(call.context.engine, outcome.snapshot);
  const said = jsonValueOf(result);
  const fields = isObject(said) ? said : { summary: said };
  return ok({ dataset_id: datasetId, summary: null, result_preview: null, ...fields });
}

async function runInside(call: Call, datasetId: string, dataset: Dataset, query: string): Promise<Waited> {
  return waited(call, await startStatement(call, { query, dataset, memory: { queryId: null, datasetId } }));
}

/** Rows, or why there are none. The job of a caller who has stopped waiting is cancelled. */
type Waited =
  | { readonly kind: 'done'; readonly snapshot: Snapshot; readonly results: Results | null }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'late' };

async function waited(call: Call, { job }: Snapshot): Promise<Waited> {
  const { engine, options } = call.context;
  const lookup = await jobDone(call, job.id, options.syncTimeoutMs);
  if (lookup.kind !== 'found' || !isFinal(lookup.snapshot.job.state)) {
    await engine.cancel(call.principal.tenant, job.id);
    return { kind: 'late' };
  }
  const { snapshot } = lookup;
  if (snapshot.job.state === 'succeeded') {
    return { kind: 'done', snapshot, results: resultsOf(await resultOf(engine, snapshot)) };
  }
  return { kind: 'failed', message: snapshot.job.error?.message ?? `The job was ${snapshot.job.state}.` };
}

function datasetOf({ data_url: url, file_type: type }: AnalyzeRequest): Dataset {
  return type === 'csv' || type === 'json' || type === 'parquet' ? { url, format: type } : { url };
}

function started(
  call: Call,
  { job }: Snapshot,
  base: Pick<QueryBody, 'dataset_id' | 'execution_mode'> & { readonly query_id: string | null },
) {
  return {
    ...base,
    status: WORDS[workingState(job, call.context.engine.clock.now())],
    results: null,
    job_id: vendorId(job.id),
    created_at: timeOf(job.createdAt),
  };
}

function answered(
  outcome: Waited,
  body: (snapshot: Snapshot, results: Extract<Waited, { kind: 'done' }>['results']) => object,
): Answer {
  switch (outcome.kind) {
    case 'done':
      return ok(body(outcome.snapshot, outcome.results));
    case 'failed':
      return refusal(400, outcome.message);
    case 'late':
      return refusal(
        TOO_LATE,
        'The query took too long for a synchronous answer and was cancelled; use execution_mode async.',
      );
  }
}

/** The vendor's 422, which names each field; null where the body fits. */
function complaint(schema: TSchema, body: Json | undefined): Answer | null {
  if (body === undefined) throw new BideError('INVALID_REQUEST', 'The body is missing: send a JSON object.');
  const errors = [...Value.Errors(schema, body)];
  if (errors.length === 0) return null;
  const fields = new Map(
    errors.map(({ keyword, schemaPath, instancePath, message }) => {
      const example = keyword === 'pattern' ? exampleAt(schema, schemaPath) : null;
      const said = example === null ? message : `must be written like ${example}`;
      return [instancePath.split('/')[1] ?? missingField(message), said];
    }),
  );
  const listed = [...fields].map(([field, message]) => ({ field, message: sentence(field, message) }));
  return { status: 422, body: { detail: 'Validation error', errors: listed } };
}

function missingField(message: string): string {
  return /propert(?:y|ies) '?([a-z_]+)/.exec(message)?.[1] ?? 'body';
}

function sentence(field: string, message: string): string {
  if (field === 'execution_mode') return 'Must be sync or async';
  if (missingField(message) === field) return 'Field required';
  return message.charAt(0).toUpperCase() + message.slice(1);
}
