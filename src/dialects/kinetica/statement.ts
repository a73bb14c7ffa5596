/** `/execute/sql`: a statement that is waited for. Pages of one are cut from one kept result (`paging.ts`). */
import { BideError } from '../../core/errors.ts';
import { isObject } from '../../core/json-object.ts';
import { isFinal } from '../../core/state.ts';
import type { Snapshot } from '../../engine/api.ts';
import { jobDone } from '../job-done.ts';
import { jsonValueOf, resultOf } from '../result-of.ts';
import { submitOne } from '../submit-one.ts';
import type { Call } from './call.ts';
import { jsonOf } from './encoding.ts';
import { keptJob, type Paging } from './paging.ts';
import { sqlAnswer } from './sql-answer.ts';
import { type SqlTable, sqlTableOf } from './sql-columns.ts';
import { requestOf } from './starting.ts';
import { type Target, targetRequest } from './submission.ts';
import { END_OF_SET, type ExecuteSqlRequest, type ExecuteSqlResponse } from './wire.ts';

/** How often a kept result is looked for that others take away meanwhile; then the statement runs for this caller alone. */
const TRIES = 3;

const WAITED_FOR = { isAsync: false, removeOnComplete: false, tag: null } as const;

export async function executeSql(call: Call, request: ExecuteSqlRequest): Promise<ExecuteSqlResponse> {
  const target = targetRequest(call.context, {
    endpoint: '/execute/sql',
    request_encoding: 'json',
    data: Buffer.alloc(0),
    data_str: jsonOf(request),
    options: {},
  });
  const kept = target.paging === null ? null : await keptRows(call, target, target.paging);
  return sqlAnswer(kept ?? (await ownRows(call, target)), target.remembered, target.remembered.rowEncoding);
}

/** Null where nothing is there to be read, not even what a statement without rows leaves. */
export async function tableOf(call: Call, snapshot: Snapshot): Promise<SqlTable | null> {
  const result = await resultOf(call.context.engine, snapshot);
  if (result.kind === 'none' && snapshot.job.result !== null) return null;
  return sqlTableOf(jsonValueOf(result));
}

/** `tableOf` for what pages are cut from. */
export async function keptTable(call: Call, snapshot: Snapshot): Promise<SqlTable | null> {
  const known = call.tables.get(snapshot.job);
  if (known !== undefined) return known;
  const table = await tableOf(call, snapshot);
  if (table !== null) call.tables.put(snapshot.job, table);
  return table;
}

async function ownRows(call: Call, target: Target): Promise<SqlTable> {
  const { job } = await submitOne(call.context.engine, requestOf(call, target, WAITED_FOR));
  return succeeded(await ownEnd(call, job.id), (snapshot) => tableOf(call, snapshot));
}

/** Null where this caller is to run the statement alone. */
async function keptRows(call: Call, target: Target, paging: Paging): Promise<SqlTable | null> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const { snapshot, isOwn } = await keptJob(call, requestOf(call, target, WAITED_FOR), paging);
    if (isOwn) {
      const ended = await ownEnd(call, snapshot.job.id);
      const first = isTooMuch(ended) && !paging.isNamed ? firstPage(target) : null;
      return first === null ? succeeded(ended, (whole) => keptTable(call, whole)) : ownRows(call, first);
    }
    const rows = await othersRows(call, snapshot);
    if (rows === null) continue;
    return isOver(target, paging, rows) ? null : rows;
  }
  return null;
}

/** The whole of it is more than may be kept, which says nothing against its first page. */
function isTooMuch({ job }: Snapshot): boolean {
  return job.error?.code === 'SQL_TOO_MANY_ROWS' || job.error?.code === 'RESULT_TOO_LARGE';
}

/** The statement for the rows of a first page and one more, which tells that there are more. Null for any other page. */
function firstPage(target: Target): Target | null {
  const { offset, limit } = target.remembered;
  if (offset !== 0 || limit === END_OF_SET || !isObject(target.input)) return null;
  return { ...target, input: { ...target.input, limit: limit + 1 } };
}

/** Of a job that another call started. Null where it left none, and then it is gone: it failed, or its caller went away. */
async function othersRows(call: Call, { job }: Snapshot): Promise<SqlTable | null> {
  const { options, engine } = call.context;
  const lookup = await jobDone(call, job.id, options.syncTimeoutMs);
  if (lookup.kind !== 'found') return null;
  const { snapshot } = lookup;
  if (!isFinal(snapshot.job.state)) throw outOfTime(call, 'was not ended by then');
  if (snapshot.job.state === 'succeeded') return keptTable(call, snapshot);
  await engine.remove(call.principal.tenant, job.id);
  return null;
}

/** A first page that is the whole result belongs to no paging: whoever asks again without a name means the rows of now. */
function isOver({ remembered: { offset, limit } }: Target, { isNamed }: Paging, { rows }: SqlTable): boolean {
  return !isNamed && offset === 0 && (limit === END_OF_SET || rows.length <= limit);
}

/** The job once it is final. A caller that goes away takes the statement along, and so does the end of the time for it. */
async function ownEnd(call: Call, id: string): Promise<Snapshot> {
  const { engine, options } = call.context;
  const lookup = await jobDone(call, id, options.syncTimeoutMs);
  if (lookup.kind === 'found' && isFinal(lookup.snapshot.job.state)) return lookup.snapshot;
  await engine.cancel(call.principal.tenant, id);
  throw outOfTime(call, 'was cancelled');
}

type Read = (snapshot: Snapshot) => Promise<SqlTable | null>;

async function succeeded(snapshot: Snapshot, read: Read): Promise<SqlTable> {
  const table = snapshot.job.state === 'succeeded' ? await read(snapshot) : null;
  if (table !== null) return table;
  throw new BideError('INVALID_REQUEST', snapshot.job.error?.message ?? 'The statement was cancelled.');
}

function outOfTime({ context: { engine, options } }: Call, how: string): BideError {
  if (engine.closing.aborted) return new BideError('SHUTTING_DOWN', 'The statement was not run to its end.');
  const message = `The statement took longer than ${options.syncTimeoutMs} ms and ${how}.`;
  return new BideError('INVALID_REQUEST', message);
}
