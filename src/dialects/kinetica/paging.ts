/**
 * Pages of one result: what is asked for in pages is evaluated once, and every page is cut from what that left.
 *
 * A query without an order gives its rows in another order each time, so pages that are evaluated each for itself lose some and
 * double others. The result that is kept is that of a finished job: it survives restarts, every node of a store finds it, and
 * retention takes it away. The job is found by an idempotency key over the paging table's name, the statement and its parameters, so
 * that of callers who come at once one evaluates it, and a name that is used again for another statement never gives its rows.
 */
import { hash } from 'node:crypto';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import type { Snapshot, SubmitRequest } from '../../engine/api.ts';
import { submitted } from '../submit-one.ts';
import type { Call } from './call.ts';
import { type ClearTableRequest, type ClearTableResponse, END_OF_SET, type StringMap } from './wire.ts';

export interface Paging {
  /** The name that the caller gave, or the one under which the next pages may be asked for. */
  readonly table: string;
  readonly isNamed: boolean;
  readonly key: string;
  /** From `paging_table_ttl`; null where none is given. */
  readonly ttlMs: number | null;
}

export interface Page {
  readonly offset: number;
  readonly limit: number;
}

const PAGING_TAG = 'kinetica.paging_table';
const NAME_LENGTH_MAX = 200;
const MINUTE_MS = 60_000;
/** How long a statement that is paged without a name is not evaluated anew: long enough to page, short enough for changed data. */
const UNNAMED_MS = 5 * MINUTE_MS;
const ENDLESS = -1;

/** Null for a request of the whole result that names no paging table: nothing is kept for it. */
export function pagingOf(asked: { readonly [name: string]: Json }, page: Page, options: StringMap): Paging | null {
  const given = options.paging_table ?? '';
  if (given.length > NAME_LENGTH_MAX) {
    throw new BideError('INVALID_REQUEST', `paging_table must have at most ${NAME_LENGTH_MAX} characters.`);
  }
  if (given === '' && page.offset === 0 && page.limit === END_OF_SET) return null;
  const unnamed = `page_${digest(['', asked])}`;
  const isNamed = given !== '' && given !== unnamed;
  const table = isNamed ? given : unnamed;
  const key = `kinetica.${isNamed ? digest([given, asked]) : unnamed}`;
  return { table, isNamed, key, ttlMs: ttlOf(options.paging_table_ttl) };
}

/** Starts the job whose result is kept, or finds the one that is there: `isOwn` where this call started it. */
export async function keptJob(
  { context: { engine, options } }: Call,
  request: SubmitRequest,
  { table, key, isNamed, ttlMs }: Paging,
): Promise<{ readonly snapshot: Snapshot; readonly isOwn: boolean }> {
  const named = Math.min(Math.max(ttlMs ?? 0, options.retainMs), engine.limits.retainMsMax);
  const retainMs = isNamed ? named : Math.min(UNNAMED_MS, options.retainMs);
  const tags = { ...request.tags, [PAGING_TAG]: table };
  const [outcome] = await engine.submit([{ ...request, tags, retainMs, idempotencyKey: key, sequenceKey: key }]);
  // The tag is another each time, and so every further page is a conflict to the engine; the key alone says what it is.
  if (outcome?.kind === 'existing' || outcome?.kind === 'conflict') return { snapshot: outcome.snapshot, isOwn: false };
  return { snapshot: submitted(outcome), isOwn: true };
}

/**
 * A client that is done says so, and one that is not says so too: the Python DB-API clears its paging table after the first page and goes
 * on paging. So the kept result stays until its time is over.
 */
export async function clearTable(
  call: Call,
  { table_name: name, options }: ClearTableRequest,
): Promise<ClearTableResponse> {
  const { context, principal } = call;
  const tags = { [PAGING_TAG]: name };
  const isKnown =
    name !== '' &&
    name.length <= NAME_LENGTH_MAX &&
    (await context.engine.list({ tenant: principal.tenant, tags, limit: 1 })).snapshots.length > 0;
  if (!isKnown && options.no_error_if_not_exists !== 'true') {
    throw new BideError('INVALID_REQUEST', `Table '${name.slice(0, NAME_LENGTH_MAX)}' does not exist.`);
  }
  return { table_name: name, info: {} };
}

function digest(value: Json): string {
  return hash('sha256', JSON.stringify(value), 'base64url');
}

/** Minutes, as text. */
function ttlOf(text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  const minutes = Number(text);
  if (minutes === ENDLESS) return Number.MAX_SAFE_INTEGER;
  if (!Number.isFinite(minutes) || minutes < 0) {
    throw new BideError('INVALID_REQUEST', 'paging_table_ttl must be a number of minutes, or -1 for no end.');
  }
  return Math.round(minutes * MINUTE_MS);
}
