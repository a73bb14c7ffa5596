/**
 * Every fixed statement of the PostgreSQL store, by name; those of sequences are in `sequence-statements.ts`, those beside the
 * jobs in `side-statements.ts`. SQLite has the same names where it has the same step.
 *
 * differs (all of them): one statement per batch. Parameters are arrays, one per column, and `WITH ORDINALITY` gives each row
 * back its place in the batch; SQLite executes one row at a time inside one transaction, since it has no network to save.
 *
 * How they are kept fast and free of deadlocks, whatever the planner knows about a table that has just grown from nothing:
 * - A batch meets the table through `CROSS JOIN LATERAL (… WHERE id = given.id …)`: one index probe per item. A plain join
 *   may be planned as a scan of all jobs while the table is small, and stay so after it has grown.
 * - Who changes existing rows locks them first, in the order of their ids (the caller sorts), so that no two batches can wait
 *   for each other. Claims skip what is locked and wait for nobody.
 * - No step of a statement is joined with another: they have no indexes, and 1,000 rows would be compared with 1,000.
 * - Conditions of partial indexes stand in the text, never in a parameter: a plan made for any parameter could not use them.
 */

import { columnType, JOB_COLUMNS, JOB_WIDTH, type JobColumn, NEW_JOB_COLUMNS } from '../../job-row.ts';
import { FOR_LISTS, FOR_TIMES } from '../schema/migrations.ts';
import { jobAmend } from './amend-statement.ts';
import { applyStatementsOf } from './apply-statements.ts';
import { claimStatementsOf } from './claim-statements.ts';
import { countStatementsOf } from './count-statements.ts';
import { deliveryStatementsOf } from './delivery-statements.ts';
import { endedStatementsOf } from './ended-statements.ts';
import { eventStatementsOf, writeEvents } from './event-statements.ts';
import { figureStatementsOf } from './figure-statements.ts';
import { groupStatementsOf } from './group-statements.ts';
import { LIMIT_BIT, limitStatementsOf } from './limit-statements.ts';
import { linkStatementsOf, PARENTS_BIT } from './link-statements.ts';
import { logRemoval } from './log-statements.ts';
import { restoreStatementsOf, WRITTEN_NOW } from './restore-statements.ts';
import { countChanges, finishedRow, HEADS, jobByNumber, jobRow, keyIn, roomRow } from './rooms.ts';
import { SEQUENCE_BIT, sequenceStatementsOf } from './sequence-statements.ts';
import { sideStatementsOf } from './side-statements.ts';
import { type Columns, TAG_ROWS, unnestOf } from './statement-parts.ts';

/** What a new job's rows are made of. Missing ones are constants, see `jobInsert`. */
const NEW_COLUMNS = [
  ...NEW_JOB_COLUMNS.map((column) => [column, columnType(column)] as const),
  ['input', 'text'] as const,
];
/** Those three change later, and stand in `waiting`. */
const NEW_NAMES = NEW_COLUMNS.map(([column]) => column)
  .filter((column) => !['run_at', 'deadline_at', 'marks'].includes(column))
  .join(', ');

/** What a new job has besides what it brings. */
const NEW_CELLS: Readonly<Partial<Record<JobColumn, string>>> = {
  state: `'waiting'`,
  attempt: '0',
  fence: '0',
  revision: '1',
  percent: '0',
};
const newCell = (column: JobColumn) =>
  column === 'number' || NEW_JOB_COLUMNS.includes(column) ? column : (NEW_CELLS[column] ?? 'NULL');

/**
 * differs: SQLite looks for an earlier job with the idempotency key, then inserts; here the unique index decides, since others
 * insert at the same time. What was not inserted is looked up by `jobFindEarlier`, with a snapshot that sees it.
 * The rows go in ordered by key, so that two batches that share keys wait for each other in one direction only.
 */
const jobInsert = (s: string, columns: Columns = NEW_COLUMNS, where = '') => `
WITH given AS MATERIALIZED (
  SELECT nextval('${s.replaceAll("'", "''")}.job_numbers') AS number, g.* FROM ${unnestOf(columns, 'g')} ${where}
), inserted AS (
  INSERT INTO ${s}.jobs (number, ${NEW_NAMES})
  SELECT number, ${NEW_NAMES} FROM given ORDER BY idempotency_key, tenant, ord
  ON CONFLICT (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
  RETURNING id, number, tenant, type, tags, octet_length(input) AS bytes
), came AS (
  INSERT INTO ${s}.waiting (${HEADS.waiting.join(', ')}, blocked, run_at, deadline_at, marks, percent, attempt, fence, revision)
  SELECT ${HEADS.waiting.join(', ')}, ${SEQUENCE_BIT} + ${LIMIT_BIT} + ${PARENTS_BIT}, run_at, deadline_at, marks, 0, 0, 0, 1 FROM given
  -- Looked up in a hash: as a plain condition it would be a join, and perhaps compare each with each.
  WHERE (number IN (SELECT number FROM inserted)) IS TRUE
), tagged AS (
  INSERT INTO ${s}.job_tags (tenant, name, value, number) ${TAG_ROWS}
), told AS (${writeEvents(s, {
  from: 'given g',
  tenant: 'g.tenant',
  hasCallback: 'callback_url IS NOT NULL',
  at: 'created_at',
  number: 'number',
  kind: 'waiting',
  job: JOB_COLUMNS.map(newCell),
  where: '(number IN (SELECT number FROM inserted)) IS TRUE',
})}
), counted AS (
  ${countChanges(s, `SELECT tenant, type, 'waiting' AS state, 1 AS jobs, bytes FROM inserted`)}
)
SELECT id, number FROM inserted`;

/**
 * New jobs with a unique key, under `uniqueLock`: stored only where the newest job with the key is the one that was decided on, or where there still
 * is none (0). differs: SQLite decides in the transaction of the insert.
 */
const jobInsertUnique = (s: string) => jobInsert(s, HELD_COLUMNS, `WHERE ${isHeldAsRead(s)}`);

const HELD_COLUMNS: Columns = [...NEW_COLUMNS, ['holder', 'bigint']];
const isHeldAsRead = (s: string) => `g.holder = coalesce((${newestOf(s)}), 0)`;

/** The newest job with the unique key of `g`. */
const newestOf = (s: string, cells = 'number') => `
  SELECT ${cells} FROM ${s}.jobs WHERE tenant = g.tenant AND type = g.type AND unique_key = g.unique_key AND unique_key IS NOT NULL
  ORDER BY number DESC LIMIT 1`;

/** $1 tenants, $2 types, $3 keys: one more column per row, as in `jobReadBy`. */
const jobUniqueHolder = (s: string) => `
SELECT g.ord, ${jobRow()}
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS g(tenant, type, unique_key, ord)
CROSS JOIN LATERAL (${newestOf(s, '*')}) j CROSS JOIN LATERAL ${roomRow(s)} r`;

/** Behind the columns the place of a document: without a write of it in this transaction nothing is inserted. */
function jobInsertStepped(s: string, columns: Columns = NEW_COLUMNS, also = ''): string {
  const place = [1, 2, 3].map((at) => `$${columns.length + at}`).join(', ');
  const written = `SELECT 1 FROM ${s}.documents WHERE (tenant, kind, name) = (${place}) AND ${WRITTEN_NOW}`;
  return jobInsert(s, columns, `WHERE EXISTS (${written}) ${also}`);
}

const jobFindEarlier = (s: string) => `
SELECT g.ord, ${jobRow()}
FROM ${unnestOf(
  [
    ['id', 'uuid'],
    ['tenant', 'text'],
    ['idempotency_key', 'text'],
  ],
  'g',
)}
CROSS JOIN LATERAL (
  SELECT * FROM ${s}.jobs WHERE id = g.id
  UNION ALL
  SELECT * FROM ${s}.jobs WHERE tenant = g.tenant AND idempotency_key = g.idempotency_key AND id <> g.id
  LIMIT 1
) j CROSS JOIN LATERAL ${roomRow(s)} r`;

/** $1 ids (sorted, each once), $2 fences, $3 lease ends. */
const jobExtend = (s: string) => `
WITH locked AS MATERIALIZED (
  SELECT g.ord, g.lease_until, r.number
  FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS g(id, fence, lease_until, ord)
  CROSS JOIN LATERAL (SELECT number FROM ${s}.jobs WHERE id = g.id LIMIT 1) j
  CROSS JOIN LATERAL (
    SELECT number FROM ${s}.running WHERE number = j.number AND fence = g.fence FOR NO KEY UPDATE) r
)
UPDATE ${s}.running r SET lease_until = l.lease_until FROM locked l WHERE ${keyIn('running', 'l', 'r')}
RETURNING l.ord, r.cancel_requested_at`;

/**
 * $1 ids (sorted, each once), $2 revisions, $3 now, $4 tombstone ends, $5 now of the call, $6 tombstones dropped at most. Only what
 * was removed comes back; the rest is looked at afterwards.
 */
const jobRemove = (s: string) => `
WITH gone AS MATERIALIZED (
  SELECT g.*, j.number, j.tenant, j.type, j.tags, j.has_terms, f.state, j.bytes + coalesce(f.bytes, 0) AS bytes
  FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[])
    WITH ORDINALITY AS g(id, revision, gone_at, gone_until, ord)
  CROSS JOIN LATERAL (
    SELECT number, tenant, type, tags, terms IS NOT NULL AS has_terms, octet_length(input) AS bytes
    FROM ${s}.jobs WHERE id = g.id LIMIT 1) j
  CROSS JOIN LATERAL (
    ${finishedRow(s, 'j', 'state, octet_length(result) AS bytes', 'AND revision = g.revision FOR UPDATE')}) f
), left_finished AS (
  DELETE FROM ${s}.finished f USING gone g WHERE ${keyIn('finished', 'g', 'f')}
), job_gone AS (
  DELETE FROM ${s}.jobs WHERE number = ANY (ARRAY(SELECT number FROM gone))
), tag_gone AS (
  DELETE FROM ${s}.job_tags WHERE ctid = ANY (ARRAY(
    SELECT t.ctid FROM gone g CROSS JOIN LATERAL jsonb_each_text(g.tags::jsonb) AS pair(name, value)
    CROSS JOIN LATERAL (
      SELECT ctid FROM ${s}.job_tags
      WHERE tenant = g.tenant AND name = pair.name AND value = pair.value AND number = g.number LIMIT 1) t
    WHERE g.tags IS NOT NULL))
), link_gone AS (
  DELETE FROM ${s}.job_links WHERE ctid = ANY (ARRAY(
    SELECT l.ctid FROM gone g CROSS JOIN LATERAL (SELECT ctid FROM ${s}.job_links WHERE child = g.number OFFSET 0) l
    WHERE g.has_terms))
), ${logRemoval(s)}, buried AS (
  INSERT INTO ${s}.tombstones (id, number, tenant, gone_at, gone_until)
  -- One that is over already would outlive this statement, whose deletion does not see what it inserts.
  SELECT id, number, tenant, gone_at, gone_until FROM gone WHERE gone_until > $5::bigint
  ON CONFLICT (id) DO UPDATE SET gone_at = excluded.gone_at, gone_until = excluded.gone_until
), over AS (
  DELETE FROM ${s}.tombstones WHERE id = ANY (ARRAY(
    SELECT id FROM ${s}.tombstones WHERE gone_until <= $5::bigint ORDER BY gone_until LIMIT $6::bigint
    FOR UPDATE SKIP LOCKED))
), counted AS (
  ${countChanges(s, `SELECT tenant, type, state, -1 AS jobs, -bytes AS bytes FROM gone UNION ALL SELECT tenant, type, 'log', 0, -bytes FROM logged`)}
)
SELECT ord FROM gone`;

/** One more column per row: its place in the batch, from 1. */
const jobReadBy = (s: string, column: 'id' | 'number', type: string) => `
SELECT g.ord, ${jobRow()}
FROM unnest($1::${type}[]) WITH ORDINALITY AS g(ref, ord)
CROSS JOIN LATERAL (SELECT * FROM ${s}.jobs WHERE ${column} = g.ref LIMIT 1) j CROSS JOIN LATERAL ${roomRow(s)} r`;

const tombstoneBy = (s: string, column: 'id' | 'number', type: string) => `
SELECT g.ord, t.tenant, t.gone_at, t.gone_until
FROM unnest($1::${type}[]) WITH ORDINALITY AS g(ref, ord)
CROSS JOIN LATERAL (SELECT tenant, gone_at, gone_until FROM ${s}.tombstones WHERE ${column} = g.ref LIMIT 1) t`;

/** $1 tenant, $2 types, $3 now: of each priority the first in the order of claims. */
const jobOldest = (s: string) => `
WITH RECURSIVE wants AS (
  SELECT DISTINCT type FROM unnest($2::text[]) AS w(type)
), levels AS (
  SELECT w.type, p.priority FROM wants w CROSS JOIN LATERAL (
    SELECT priority FROM ${s}.waiting WHERE blocked = 0 AND tenant = $1 AND type = w.type
    ORDER BY priority DESC LIMIT 1) p
  UNION ALL
  SELECT l.type, p.priority FROM levels l CROSS JOIN LATERAL (
    SELECT priority FROM ${s}.waiting
    WHERE blocked = 0 AND tenant = $1 AND type = l.type AND priority < l.priority
    ORDER BY priority DESC LIMIT 1) p
)
SELECT l.type, min(due.run_at) FROM levels l CROSS JOIN LATERAL (
  SELECT run_at FROM ${s}.waiting
  WHERE blocked = 0 AND tenant = $1 AND type = l.type AND priority = l.priority AND run_at <= $3::bigint
  ORDER BY run_at LIMIT 1) due GROUP BY l.type`;

/** $1 types, $2 now. */
const jobNextRunAt = (s: string) => `
SELECT min(ahead.run_at) FROM unnest($1::text[]) AS w(type) CROSS JOIN LATERAL (
  SELECT run_at FROM ${s}.waiting
  WHERE blocked = 0 AND ${FOR_TIMES} AND type = w.type AND run_at > $2::bigint ORDER BY run_at LIMIT 1) ahead`;

/** $1 types, $2 now. */
const jobOldestOfAll = (s: string) => `
SELECT w.type, due.run_at FROM unnest($1::text[]) AS w(type) CROSS JOIN LATERAL (
  SELECT run_at FROM ${s}.waiting
  WHERE blocked = 0 AND ${FOR_TIMES} AND type = w.type AND run_at <= $2::bigint ORDER BY run_at LIMIT 1) due`;

const sweeps = (s: string) => ({
  // The few running jobs are all looked at: an index over lease_until would make every heartbeat write to every index.
  jobLost: `SELECT ${jobRow('j', 'r')} FROM (
      SELECT number, lease_until FROM ${s}.running WHERE lease_until <= $1::bigint ORDER BY lease_until, number LIMIT $2::bigint) w
    ${jobByNumber(s, 'w.number')} ORDER BY w.lease_until, w.number`,
  jobOverrun: `SELECT ${jobRow()} FROM (
      SELECT w.number, least(w.started_at + j.timeout_ms, w.deadline_at) AS end_at FROM ${s}.running w
      CROSS JOIN LATERAL (SELECT timeout_ms FROM ${s}.jobs WHERE number = w.number LIMIT 1) j
      WHERE w.lease_until > $1::bigint AND (w.started_at + j.timeout_ms <= $1::bigint OR w.deadline_at <= $1::bigint)
      ORDER BY end_at, w.number LIMIT $2::bigint) w
    ${jobByNumber(s, 'w.number')} ORDER BY w.end_at, w.number`,
  jobOverdue: `SELECT ${jobRow()} FROM (
      SELECT number, deadline_at FROM ${s}.waiting WHERE deadline_at IS NOT NULL AND deadline_at <= $1::bigint
      ORDER BY deadline_at, number LIMIT $2::bigint) w
    ${jobByNumber(s, 'w.number')} ORDER BY w.deadline_at, w.number`,
  jobPrunable: `SELECT ${jobRow()} FROM (
      SELECT number, retain_until FROM ${s}.finished WHERE ${FOR_LISTS} AND retain_until <= $1::bigint
      ORDER BY retain_until, number LIMIT $2::bigint) w
    ${jobByNumber(s, 'w.number')} ORDER BY w.retain_until, w.number`,
});

/** Everything that a job is written to. */
const TABLES = [
  ...['jobs', 'waiting', 'running', 'finished', 'job_count_changes'],
  ...['job_lines', 'job_tags', 'tombstones', 'event_arrivals'],
];

/** What `ping` does in one transaction: each step fails where writes would. */
const probesOf = (s: string) => ({
  /** Locked by somebody, or not ours to write to. */
  probeTables: `LOCK TABLE ${TABLES.map((table) => `${s}.${table}`).join(', ')} IN ROW EXCLUSIVE MODE`,
  /** Read only. */
  probeWrite: `UPDATE ${s}.running SET revision = revision WHERE false`,
  /** A record in the write-ahead log that nobody reads: the commit waits for the disk, and for a synchronous standby. */
  probeDisk: `SELECT pg_logical_emit_message(true, 'bide', '')`,
});

/** From the ids `g` to the rows `f` that have a result. */
const resultOf = (s: string, given: string) => `FROM ${given}
      CROSS JOIN LATERAL (SELECT number, tenant, type FROM ${s}.jobs WHERE id = g.id LIMIT 1) j
      CROSS JOIN LATERAL (${finishedRow(s, 'j', 'result_type, result', 'AND result IS NOT NULL')}) f`;

/** All texts, for a schema given as a quoted identifier. */
export function statementsOf(s: string) {
  return {
    jobInsert: jobInsert(s),
    jobInsertUnique: jobInsertUnique(s),
    jobUniqueHolder: jobUniqueHolder(s),
    jobInsertStepped: jobInsertStepped(s),
    jobInsertUniqueStepped: jobInsertStepped(s, HELD_COLUMNS, `AND ${isHeldAsRead(s)}`),
    jobFindEarlier: jobFindEarlier(s),
    ...claimStatementsOf(s),
    jobClaimOrphans: `SELECT ${jobRow()} FROM (
        SELECT number FROM ${s}.running WHERE worker = $1 AND started_at = $2::bigint LIMIT $3::bigint) w
      ${jobByNumber(s, 'w.number')}`,
    ...applyStatementsOf(s),
    jobExtend: jobExtend(s),
    jobRemove: jobRemove(s),
    jobAmend: jobAmend(s),
    jobById: jobReadBy(s, 'id', 'uuid'),
    jobByNumber: jobReadBy(s, 'number', 'bigint'),
    tombstoneById: tombstoneBy(s, 'id', 'uuid'),
    tombstoneByNumber: tombstoneBy(s, 'number', 'bigint'),
    jobResult: `SELECT g.ord, f.result_type, f.result ${resultOf(s, 'unnest($1::uuid[]) WITH ORDINALITY AS g(id, ord)')}`,
    // Out of line and uncompressed, a slice reads only its own pieces.
    jobResultSlice: `SELECT g.ord, f.result_type, substring(f.result FROM g.first + 1 FOR g.length)
      ${resultOf(s, 'unnest($1::uuid[], $2::int[], $3::int[]) WITH ORDINALITY AS g(id, first, length, ord)')}`,
    jobInput: `SELECT g.ord, j.input FROM unnest($1::uuid[]) WITH ORDINALITY AS g(id, ord)
      CROSS JOIN LATERAL (SELECT input FROM ${s}.jobs WHERE id = g.id LIMIT 1) j`,
    jobNextRunAt: jobNextRunAt(s),
    jobOldest: jobOldest(s),
    jobOldestOfAll: jobOldestOfAll(s),
    ...sweeps(s),
    ...countStatementsOf(s),
    ...sequenceStatementsOf(s),
    ...endedStatementsOf(s),
    ...groupStatementsOf(s),
    ...limitStatementsOf(s),
    ...linkStatementsOf(s),
    ...eventStatementsOf(s),
    ...deliveryStatementsOf(s),
    ...sideStatementsOf(s),
    ...figureStatementsOf(s),
    ...restoreStatementsOf(s),
    hint: 'SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS h(payload)',
    ...probesOf(s),
    time: 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint',
  };
}

export type Statements = ReturnType<typeof statementsOf>;
export type StatementName = keyof Statements;

/** In a row of `jobClaim`, after the job: its input. */
export const CLAIMED_INPUT_AT = JOB_WIDTH;
/** And, as JSON by type, how far the walk came where it ended early; of `jobClaimAlone` the place of the first type that has others, from 1. */
export const CLAIM_MORE_AT = JOB_WIDTH + 1;
