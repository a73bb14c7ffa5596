/**
 * All records of a schema as of one moment: one transaction on a connection of its own, page by page.
 *
 * - REPEATABLE READ shows all pages the snapshot of the first one. Like that of `pg_dump` it keeps vacuum from removing what dies
 *   meanwhile, for as long as it is open. That is right here: a dump that shows several moments would have jobs twice, or
 *   none of both, and whoever moves a store has stopped its servers. A reader who does not go on for `IDLE_MS_MAX` loses it.
 * - One transaction is one server connection behind any pooler; settings are made `LOCAL`, for it alone.
 * - Pages go by key, not by OFFSET, and end before they are too large: the answer to a statement comes as a whole.
 */
import pg from 'pg';
import { BideError } from '../../core/errors.ts';
import type { LimitRecord, LogLine, StoreRecord } from '../contract.ts';
import { GROUP_ROW } from '../group-row.ts';
import { JOB_COLUMNS, JOB_WIDTH } from '../job-row.ts';
import { limitRecordOf } from '../limit-row.ts';
import { BATCH_BYTES_MAX, BATCH_RECORDS_MAX, recordBatches } from '../record-batches.ts';
import { connect } from './connection/connect.ts';
import { type ConnectionOptions, destroy, endWithin, lossOf, within } from './connection/connection.ts';
import { storeErrorOf } from './connection/driver-errors.ts';
import type { Row, Rows } from './connection/lane.ts';
import { pendingOf } from './deliveries.ts';
import { documentOf } from './documents.ts';
import { eventOf } from './events.ts';
import { dueGroupOf, memberOf } from './groups.ts';
import { keyOf } from './keys.ts';
import { storedOf } from './limits.ts';
import { logLineOf } from './logs.ts';
import { jobAt } from './rows.ts';
import { refuseNewer, versionOf } from './schema/migrate.ts';
import { SCHEMA_VERSION } from './schema/migrations.ts';
import { HANDED, TRIES } from './statements/delivery-statements.ts';
import { mark } from './statements/event-statements.ts';
import { LOG_ROW } from './statements/log-statements.ts';
import { finishedRow, jobRow, roomRow } from './statements/rooms.ts';
import { LAST_NUMBER } from './statements/statement-parts.ts';
import { givenText, plainArray } from './wire-text.ts';

/** How long whoever reads a dump may rest between two pages. */
const IDLE_MS_MAX = 10 * 60_000;

/** @param closing ends the dump when the store closes */
export async function* dumpStore(
  options: ConnectionOptions,
  schema: string,
  closing: AbortSignal,
): AsyncGenerator<readonly StoreRecord[], void> {
  const client = await connect(options).catch((error: unknown) => {
    throw storeErrorOf(error);
  });
  const lostOr = lossOf(client);
  const drop = () => destroy(client);
  closing.addEventListener('abort', drop);
  try {
    closing.throwIfAborted();
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await client.query(`SET LOCAL idle_in_transaction_session_timeout = ${IDLE_MS_MAX}`);
    // Takes the snapshot, too.
    requireCurrent(await versionOf(client, schema));
    const read: Read = async (text, values = []) => {
      const answer = client.query({ text, values: [...values], rowMode: 'array' });
      return (await within(answer, options.answerMs)).rows as Rows;
    };
    for await (const batch of recordBatches(recordsOf(read, pg.escapeIdentifier(schema)))) {
      yield batch;
      closing.throwIfAborted();
    }
    await client.query('COMMIT');
  } catch (error) {
    if (closing.aborted) throw new BideError('SHUTTING_DOWN');
    throw storeErrorOf(lostOr(error));
  } finally {
    closing.removeEventListener('abort', drop);
    // The end of the connection is the end of its transaction.
    await endWithin(client, options.connectMs);
  }
}

/** What a newer schema has besides would be left out. */
function requireCurrent(version: number): void {
  refuseNewer(version);
  if (version === SCHEMA_VERSION) return;
  throw new BideError('STORE_UNAVAILABLE', `The schema has version ${version}: run \`bide migrate\` first.`);
}

type Read = (text: string, values?: readonly unknown[]) => Promise<Rows>;

async function* recordsOf(read: Read, s: string): AsyncGenerator<StoreRecord, void> {
  // The sequence is not part of any snapshot, so it is read after the snapshot was taken: then it is past every job in it.
  const [counter] = await read(`SELECT ${LAST_NUMBER}, ${mark(s, 'fanned out')} FROM ${s}.job_numbers`);
  yield { kind: 'counter', number: counter?.[0] as number, position: counter?.[1] as number };
  for await (const row of pages(read, KEYS(s))) yield { kind: 'key', key: keyOf(row) };
  for await (const row of pages(read, DOCUMENTS(s))) yield { kind: 'document', document: documentOf(row) };
  for await (const row of pages(read, LIMITS(s))) yield { kind: 'limit', limit: limitOf(row) };
  for await (const row of pages(read, DELIVERIES(s))) yield { kind: 'delivery', delivery: pendingOf(row) };
  for await (const row of pages(read, EVENTS(s))) yield { kind: 'event', event: eventOf(row) };
  for await (const row of pages(read, GROUPS(s))) yield { kind: 'group', ...dueGroupOf(row) };
  for await (const row of pages(read, MEMBERS(s))) yield { kind: 'member', member: memberOf(row) };
  for await (const row of pages(read, TOMBSTONES(s))) yield tombstoneOf(row);
  yield* wholeJobs(read, s);
}

interface Pages {
  /** The rows beyond $1, $2, … in their order, without an end. */
  readonly from: string;
  /** What is selected of them. */
  readonly columns: string;
  /** What they are ordered by, and where that is in `columns`. */
  readonly keys: readonly string[];
  readonly keysAt: readonly number[];
  /** SQL: bytes of a row that has no narrow bound. */
  readonly weight: string;
  /** Before the first row. */
  readonly start: readonly unknown[];
}

/** The next page, which ends before it is heavier than a batch; its first row is in it in any case. */
function pageOf({ from, columns, keys, weight }: Pages): string {
  const order = `ORDER BY ${keys.join(', ')}`;
  return `SELECT ${columns} FROM (
      SELECT p.*, sum(${weight}) OVER (${order}) AS weight_so_far, row_number() OVER (${order}) AS place
      FROM (${from} ${order} LIMIT ${BATCH_RECORDS_MAX}) p) w
    WHERE place = 1 OR weight_so_far <= ${BATCH_BYTES_MAX} ${order}`;
}

async function* pages(read: Read, table: Pages): AsyncGenerator<Row, void> {
  for await (const page of wholePages(read, table)) yield* page;
}

async function* wholePages(read: Read, table: Pages): AsyncGenerator<Rows, void> {
  const text = pageOf(table);
  let after = table.start;
  for (;;) {
    const page = await read(text, after);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    after = table.keysAt.map((at) => last[at]);
  }
}

const KEYS = (s: string): Pages => ({
  from: `SELECT * FROM ${s}.keys WHERE (created_at, id) > ($1::bigint, $2::text)`,
  columns: 'id, tenant, name, scopes, hash, created_at, revoked_at, expires_at',
  keys: ['created_at', 'id'],
  keysAt: [5, 0],
  weight: '0',
  start: [Number.MIN_SAFE_INTEGER, ''],
});

const DOCUMENTS = (s: string): Pages => ({
  from: `SELECT * FROM ${s}.documents WHERE (tenant, kind, name) > ($1::text, $2::text, $3::text)`,
  columns: 'tenant, kind, name, data, revision, created_at, due_at',
  keys: ['tenant', 'kind', 'name'],
  keysAt: [0, 1, 2],
  weight: 'octet_length(data)',
  start: ['', '', ''],
});

const LIMITS = (s: string): Pages => ({
  from: `SELECT * FROM ${s}.limit_keys WHERE (tenant, key) > ($1::text, $2::text)`,
  columns: 'tenant, key, concurrency, rate_count, rate_per_ms, is_kept, state',
  keys: ['tenant', 'key'],
  keysAt: [0, 1],
  weight: '0',
  start: ['', ''],
});

const DELIVERIES = (s: string): Pages => ({
  from: `SELECT * FROM ${s}.deliveries WHERE number > $1::bigint AND job_id IS NOT NULL`,
  columns: `${HANDED.join(', ')}, due_at, ${TRIES}`,
  keys: ['number'],
  keysAt: [0],
  weight: 'octet_length(body)',
  start: [0],
});

/** Those without a position have the next ones: a dump writes nothing, and may come from a standby. */
const EVENTS = (s: string): Pages => ({
  from: `SELECT * FROM (
      SELECT position, kind, at, job FROM ${s}.events WHERE position > ${mark(s, 'fanned out')}
      UNION ALL
      SELECT ${mark(s, 'newest')} + row_number() OVER (ORDER BY number), kind, at, job FROM ${s}.event_arrivals) e
    WHERE position > $1::bigint`,
  columns: 'position, kind, at, job',
  keys: ['position'],
  keysAt: [0],
  weight: 'octet_length(job)',
  start: [0],
});

const GROUPS = (s: string): Pages => ({
  from: `SELECT * FROM ${s}.job_groups WHERE id > $1::uuid`,
  columns: `${GROUP_ROW}, follow_ups`,
  keys: ['id'],
  keysAt: [0],
  weight: 'octet_length(follow_ups)',
  start: ['00000000-0000-0000-0000-000000000000'],
});

const MEMBERS = (s: string): Pages => ({
  from: `SELECT m.* FROM ${s}.group_members m WHERE m.number > $1::bigint`,
  columns: 'group_id, number, state',
  keys: ['number'],
  keysAt: [1],
  weight: '0',
  start: [0],
});

const TOMBSTONES = (s: string): Pages => ({
  from: `SELECT * FROM ${s}.tombstones WHERE number > $1::bigint`,
  columns: 'number, id, tenant, gone_at, gone_until',
  keys: ['number'],
  keysAt: [0],
  weight: '0',
  start: [0],
});

/** After the columns of a job: its input, and the content of its result. */
const JOBS = (s: string): Pages => ({
  from: `SELECT ${jobRow()}, j.input, f.content_type, f.result FROM ${s}.jobs j CROSS JOIN LATERAL ${roomRow(s)} r
    LEFT JOIN LATERAL (${finishedRow(s, 'j', 'result_type AS content_type, result', 'AND result IS NOT NULL')}) f ON true
    WHERE j.number > $1::bigint`,
  columns: `${JOB_COLUMNS.join(', ')}, input, content_type, result`,
  keys: ['number'],
  keysAt: [0],
  // Neither length reads the value itself.
  weight: 'octet_length(input) + coalesce(octet_length(result), 0)',
  start: [0],
});

async function* wholeJobs(read: Read, s: string): AsyncGenerator<StoreRecord, void> {
  for await (const page of wholePages(read, JOBS(s))) {
    const jobs = page.map((row) => ({ job: jobAt(row), rest: row.slice(JOB_WIDTH) }));
    const logged = await loggedOf(
      read,
      s,
      jobs.map(({ job }) => job.number),
    );
    for (const { job, rest } of jobs) {
      const [input, contentType, bytes] = rest as [string, string | null, Uint8Array];
      const result = contentType === null ? null : { contentType: givenText(contentType), bytes };
      const logs = logged.has(job.number) ? await logsOf(read, s, job.number) : [];
      yield { kind: 'job', job, input: givenText(input), result, logs };
    }
  }
}

/** The numbers of those that have said something, which is read when its turn comes: a page of them would be 500 logs at once. */
async function loggedOf(read: Read, s: string, numbers: readonly number[]): Promise<ReadonlySet<unknown>> {
  const rows = await read(
    `SELECT n FROM unnest($1::bigint[]) AS n WHERE EXISTS (SELECT 1 FROM ${s}.job_lines WHERE number = n)`,
    [plainArray(numbers)],
  );
  return new Set(rows.map(([number]) => number));
}

async function logsOf(read: Read, s: string, number: number): Promise<readonly LogLine[]> {
  const rows = await read(`SELECT ${LOG_ROW} FROM ${s}.job_lines WHERE number = $1::bigint ORDER BY stream, position`, [
    number,
  ]);
  return rows.map(logLineOf);
}

function limitOf(row: Row): LimitRecord {
  const [tenant, key] = row as [string, string];
  return limitRecordOf({ tenant: givenText(tenant), key: givenText(key) }, storedOf(row));
}

function tombstoneOf([number, id, tenant, goneAt, goneUntil]: Row): StoreRecord {
  return {
    kind: 'tombstone',
    tombstone: {
      id: id as string,
      number: number as number,
      tenant: givenText(tenant as string),
      goneAt: goneAt as number,
      goneUntil: goneUntil as number,
    },
  };
}
