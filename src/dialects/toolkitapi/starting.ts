/** Running a query as a job of the configured SQL type, and waiting for it where the caller does. */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { isFinal } from '../../core/state.ts';
import type { Snapshot } from '../../engine/api.ts';
import { jobDone } from '../job-done.ts';
import { resultOf } from '../result-of.ts';
import { submitOne } from '../submit-one.ts';
import type { Call } from './call.ts';
import { DIALECT, type Remembered, resultsOf } from './mapping.ts';
import type { Dataset } from './options.ts';
import type { Results } from './wire.ts';

export interface Statement {
  readonly query: string;
  readonly parameters?: Readonly<Record<string, Json>>;
  readonly dataset: Dataset | null;
  readonly memory: Remembered;
}

/** How a query speaks of its data set, whatever that is called where it lies. */
const ALIAS = 'dataset';
const ALIAS_WORD = /\bdataset\b/i;

export async function startStatement(call: Call, statement: Statement): Promise<Snapshot> {
  const { sqlType } = call.context.options;
  if (sqlType === null) throw new BideError('INVALID_REQUEST', 'Queries are not configured on this server.');
  return startJob(call, { type: sqlType, input: inputOf(statement), memory: statement.memory });
}

export function startJob(
  call: Call,
  job: { readonly type: string; readonly input: Json; readonly memory: Remembered },
): Promise<Snapshot> {
  return submitOne(call.context.engine, {
    tenant: call.principal.tenant,
    type: job.type,
    input: job.input,
    origin: { dialect: DIALECT, data: { ...job.memory } },
  });
}

/** Rows, or why there are none. The job of a caller who has stopped waiting is cancelled. */
export type Waited =
  | { readonly kind: 'done'; readonly snapshot: Snapshot; readonly results: Results | null }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'late' };

export async function waited(call: Call, { job }: Snapshot): Promise<Waited> {
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

/** Parameters go to the engine as values, never into the text. */
function inputOf({ query, parameters, dataset }: Statement): Json {
  const named = parameters === undefined || Object.keys(parameters).length === 0 ? {} : { parameters };
  if (dataset === null) return { query, ...named };
  if ('table' in dataset) return { query: aliased(query, dataset.table), ...named };
  const { url, format } = dataset;
  return { query, ...named, datasets: { [ALIAS]: format === undefined ? { url } : { url, format } } };
}

/**
 * A configured table under the alias. The query becomes a subquery, so that one which brings its own WITH still may; a line of its
 * own keeps a comment at its end from swallowing the bracket.
 */
function aliased(query: string, table: string): string {
  if (table === ALIAS || !ALIAS_WORD.test(query)) return query;
  const bare = query.replace(/(?<![;\s])[;\s]+$/, '');
  return `WITH ${ALIAS} AS (SELECT * FROM "${table.replaceAll('"', '""')}")\nSELECT * FROM (\n${bare}\n)`;
}
