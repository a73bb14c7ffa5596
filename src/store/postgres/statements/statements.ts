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

import { AT, columnType, JOB_COLUMNS, NEW_JOB_COLUMNS, PATCH_COLUMNS, patchBit } from '../../job-row.ts';
import { restoreStatementsOf } from './restore-statements.ts';
import { sequenceStatementsOf } from './sequence-statements.ts';
import { sideStatementsOf } from './side-statements.ts';
import { TAG_ROWS, unnestOf } from './statement-parts.ts';

/** The job row of the table called `alias` there. */
export function jobRowOf(alias: string): string {
  return JOB_COLUMNS.map((column) => `${alias}.${column}`).join(', ');
}

/** What a new job's row is made of. Missing ones are constants, see `jobInsert`. */
const NEW_COLUMNS = [
  ...NEW_JOB_COLUMNS.map((column) => [column, columnType(column)] as const),
  ['input', 'text'] as const,
];
const NEW_NAMES = NEW_COLUMNS.map(([column]) => column).join(', ');

/**
 * differs: SQLite looks for an earlier job with the idempotency key, then inserts; here the unique index decides, since others
 * insert at the same time. What was not inserted is looked up by `jobFindEarlier`, with a snapshot that sees it.
 * The rows go in ordered by key, so that two batches that share keys wait for each other in one direction only.
 */
const jobInsert = (s: string) => `
WITH given AS MATERIALIZED (
  SELECT nextval('${s.replaceAll("'", "''")}.job_numbers') AS number, g.* FROM ${unnestOf(NEW_COLUMNS, 'g')}
), inserted AS (
  INSERT INTO ${s}.jobs (number, ${NEW_NAMES}, blocked, state, percent, attempt, fence, revision)
  SELECT number, ${NEW_NAMES}, sequence_key IS NOT NULL, 'waiting', 0, 0, 0, 1 FROM given ORDER BY idempotency_key, tenant, ord
  ON CONFLICT (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
  RETURNING id, number, tenant, tags, callback_url, origin, created_at
), tagged AS (
  INSERT INTO ${s}.job_tags (tenant, name, value, number) ${TAG_ROWS}
), announced AS (
  INSERT INTO ${s}.deliveries (job_id, tenant, revision, state, url, origin, attempt, at, fence, due_at)
  SELECT id, tenant, 1, 'waiting', callback_url, origin, 0, created_at, 0, created_at
  FROM inserted WHERE callback_url IS NOT NULL ORDER BY number
)
SELECT id, number FROM inserted`;

const jobFindEarlier = (s: string) => `
SELECT g.ord, ${jobRowOf('j')}
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
) j`;

/**
 * $1 types, $2 their slots, $3 max, $4 now, $5 worker, $6 lease end, $7 tenant where there is one.
 *
 * `levels` steps through the priorities that each type has waiting jobs of, high to low, one index probe each; `picked` then
 * reads due jobs of one level after another and stops when it has enough. So jobs scheduled ahead are never scanned, whatever
 * their priority.
 * differs: SQLite does the same steps as statements of their own; it has one writer and nothing to skip.
 */
function jobClaim(s: string, isOfTenant: boolean): string {
  const owner = isOfTenant ? 'AND tenant = $7' : '';
  const next = (type: string, below: string) => `(
    SELECT priority FROM ${s}.jobs WHERE state = 'waiting' AND NOT blocked AND type = ${type} ${owner} ${below}
    ORDER BY priority DESC LIMIT 1)`;
  return `
WITH RECURSIVE wants AS (
  SELECT * FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS w(type, max, ord)
), levels AS (
  SELECT w.ord, w.type, p.priority FROM wants w CROSS JOIN LATERAL ${next('w.type', '')} p
  UNION ALL
  SELECT l.ord, l.type, p.priority FROM levels l CROSS JOIN LATERAL ${next('l.type', 'AND priority < l.priority')} p
), picked AS MATERIALIZED (
  SELECT due.id FROM wants w CROSS JOIN LATERAL (
    SELECT one.id FROM levels l CROSS JOIN LATERAL (
      SELECT j.id FROM ${s}.jobs j
      WHERE state = 'waiting' AND NOT blocked AND type = l.type AND priority = l.priority
        AND run_at <= $4::bigint ${owner}
      ORDER BY run_at, number LIMIT w.max
      FOR NO KEY UPDATE SKIP LOCKED
    ) one WHERE l.ord = w.ord LIMIT w.max
  ) due LIMIT $3::bigint
), claimed AS (
  UPDATE ${s}.jobs j SET state = 'running', attempt = attempt + 1, fence = fence + 1, revision = revision + 1,
    worker = $5::text, lease_until = $6::bigint, started_at = $4::bigint, percent = 0, message = NULL
  FROM picked p WHERE j.id = p.id
  RETURNING ${jobRowOf('j')}, j.input
), announced AS (
  INSERT INTO ${s}.deliveries (job_id, tenant, revision, state, url, origin, attempt, at, fence, due_at)
  SELECT id, tenant, revision, state, callback_url, origin, 0, started_at, 0, started_at
  FROM claimed WHERE callback_url IS NOT NULL ORDER BY number
)
SELECT * FROM claimed`;
}

const APPLY_HEAD = [
  ['id', 'uuid'],
  ['states', 'text'],
  ['expected_fence', 'bigint'],
  ['expected_revision', 'bigint'],
  ['mask', 'int'],
  ['happened_at', 'bigint'],
  ['seen_revision', 'bigint'],
] as const;
/** After the columns of the patch; then one parameter with the bytes of all results. */
const RESULT_COLUMNS = [
  ['content_type', 'text'],
  ['bytes_start', 'int'],
  ['bytes_length', 'int'],
] as const;
const APPLY_COLUMNS = [...APPLY_HEAD, ...PATCH_COLUMNS.map((column) => [`new_${column}`, columnType(column)] as const)];

/**
 * One array per entry of `APPLY_COLUMNS`, sorted by id, each id once; with results those of `RESULT_COLUMNS` too, and the bytes
 * of all results one after another in one parameter (as an array they would travel as hex, twice the size).
 *
 * `locked` waits for whoever has a row, then decides the guard on its newest version, and nobody can come between that and the
 * write. What later steps need rides along through each of them: joined again, a batch of 1,000 would be compared with
 * itself, row by row. Only written jobs come back, whole where the caller has not seen them (`seen-jobs.ts`); the few others are read afterwards (`jobById`), since this statement's own
 * snapshot may be older than what made them stale.
 */
function jobApply(s: string, hasResults: boolean): string {
  const assignments = PATCH_COLUMNS.map(
    (column) => `${column} = CASE WHEN l.mask & ${patchBit(column)} <> 0 THEN l.new_${column} ELSE j.${column} END`,
  );
  const columns = [...APPLY_COLUMNS, ...(hasResults ? RESULT_COLUMNS : [])];
  const resultNames = hasResults ? RESULT_COLUMNS.map(([name]) => name) : [];
  const stored = `, stored AS (
  INSERT INTO ${s}.job_results (number, content_type, bytes)
  SELECT number, content_type, substr($${columns.length + 1}::bytea, bytes_start, bytes_length)
  FROM changed WHERE content_type IS NOT NULL
  ON CONFLICT (number) DO UPDATE SET content_type = excluded.content_type, bytes = excluded.bytes
)`;
  const carried = [
    'mask',
    'happened_at',
    'seen_revision',
    ...resultNames,
    ...PATCH_COLUMNS.map((column) => `new_${column}`),
  ];
  return `
WITH locked AS MATERIALIZED (
  SELECT j.id, j.state, g.ord, ${carried.map((name) => `g.${name}`).join(', ')}
  FROM ${unnestOf(columns, 'g')} CROSS JOIN LATERAL (
    SELECT id, state FROM ${s}.jobs
    WHERE id = g.id AND state = ANY (string_to_array(g.states, ' '))
      AND (g.expected_fence IS NULL OR g.expected_fence = fence)
      AND (g.expected_revision IS NULL OR g.expected_revision = revision)
    FOR NO KEY UPDATE) j
), changed AS (
  UPDATE ${s}.jobs j SET revision = j.revision + 1, ${assignments.join(', ')}
  FROM locked l WHERE j.id = l.id
  RETURNING ${['ord', 'happened_at', 'seen_revision', ...resultNames].map((name) => `l.${name}`).join(', ')},
    l.state AS state_before, ${jobRowOf('j')}
), announced AS (
  INSERT INTO ${s}.deliveries (job_id, tenant, revision, state, url, origin, attempt, at, fence, due_at)
  SELECT id, tenant, revision, state, callback_url, origin, 0, at, 0, at
  FROM changed CROSS JOIN LATERAL (
    SELECT coalesce(happened_at, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) AS at) t
  WHERE callback_url IS NOT NULL AND state <> state_before ORDER BY number
)${hasResults ? stored : ''}
SELECT ord, is_seen, lease_until, ${JOB_COLUMNS.map((column) => `CASE WHEN NOT is_seen THEN ${column} END`).join(', ')}
FROM changed CROSS JOIN LATERAL (SELECT coalesce(revision = seen_revision + 1, false) AS is_seen) t`;
}

/** $1 ids (sorted, each once), $2 fences, $3 lease ends. */
const jobExtend = (s: string) => `
WITH locked AS MATERIALIZED (
  SELECT g.ord, g.lease_until, j.id
  FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS g(id, fence, lease_until, ord)
  CROSS JOIN LATERAL (
    SELECT id FROM ${s}.jobs WHERE id = g.id AND state = 'running' AND fence = g.fence FOR NO KEY UPDATE) j
)
UPDATE ${s}.jobs j SET lease_until = l.lease_until FROM locked l WHERE j.id = l.id
RETURNING l.ord, j.cancel_requested_at`;

/** $1 ids (sorted, each once), $2 revisions, $3 now, $4 tombstone ends, $5 now of the call, $6 tombstones dropped at most. */
const jobRemove = (s: string) => `
WITH locked AS MATERIALIZED (
  SELECT g.*, j.number, j.tenant, j.tags, j.callback_url, j.result_type,
    g.revision = j.job_revision AND j.finished_at IS NOT NULL AS holds
  FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[])
    WITH ORDINALITY AS g(id, revision, gone_at, gone_until, ord)
  CROSS JOIN LATERAL (
    SELECT number, tenant, tags, callback_url, result_type, finished_at, revision AS job_revision
    FROM ${s}.jobs WHERE id = g.id FOR UPDATE) j
), gone AS MATERIALIZED (
  SELECT * FROM locked WHERE holds
), job_gone AS (
  DELETE FROM ${s}.jobs WHERE id = ANY (ARRAY(SELECT id FROM gone))
), result_gone AS (
  DELETE FROM ${s}.job_results WHERE number = ANY (ARRAY(SELECT number FROM gone WHERE result_type IS NOT NULL))
), tag_gone AS (
  DELETE FROM ${s}.job_tags WHERE ctid = ANY (ARRAY(
    SELECT t.ctid FROM gone g CROSS JOIN LATERAL jsonb_each_text(g.tags::jsonb) AS pair(name, value)
    CROSS JOIN LATERAL (
      SELECT ctid FROM ${s}.job_tags
      WHERE tenant = g.tenant AND name = pair.name AND value = pair.value AND number = g.number LIMIT 1) t
    WHERE g.tags IS NOT NULL))
), delivery_gone AS (
  DELETE FROM ${s}.deliveries WHERE job_id = ANY (ARRAY(SELECT id FROM gone WHERE callback_url IS NOT NULL))
), buried AS (
  INSERT INTO ${s}.tombstones (id, number, tenant, gone_at, gone_until)
  -- One that is over already would outlive this statement, whose deletion does not see what it inserts.
  SELECT id, number, tenant, gone_at, gone_until FROM gone WHERE gone_until > $5::bigint
  ON CONFLICT (id) DO UPDATE SET gone_at = excluded.gone_at, gone_until = excluded.gone_until
), over AS (
  DELETE FROM ${s}.tombstones WHERE id IN (
    SELECT id FROM ${s}.tombstones WHERE gone_until <= $5::bigint ORDER BY gone_until LIMIT $6::bigint
    FOR UPDATE SKIP LOCKED)
)
SELECT ord, holds FROM locked`;

/** One more column per row: its place in the batch, from 1. */
const jobReadBy = (s: string, column: 'id' | 'number', type: string) => `
SELECT g.ord, ${jobRowOf('j')}
FROM unnest($1::${type}[]) WITH ORDINALITY AS g(ref, ord)
CROSS JOIN LATERAL (SELECT * FROM ${s}.jobs WHERE ${column} = g.ref LIMIT 1) j`;

const tombstoneBy = (s: string, column: 'id' | 'number', type: string) => `
SELECT g.ord, t.tenant, t.gone_at, t.gone_until
FROM unnest($1::${type}[]) WITH ORDINALITY AS g(ref, ord)
CROSS JOIN LATERAL (SELECT tenant, gone_at, gone_until FROM ${s}.tombstones WHERE ${column} = g.ref LIMIT 1) t`;

/** $1 types, $2 now: the same steps through the priorities as a claim. */
const jobNextRunAt = (s: string) => `
WITH RECURSIVE wants AS (
  SELECT DISTINCT type FROM unnest($1::text[]) AS w(type)
), levels AS (
  SELECT w.type, p.priority FROM wants w CROSS JOIN LATERAL (
    SELECT priority FROM ${s}.jobs WHERE state = 'waiting' AND NOT blocked AND type = w.type
    ORDER BY priority DESC LIMIT 1) p
  UNION ALL
  SELECT l.type, p.priority FROM levels l CROSS JOIN LATERAL (
    SELECT priority FROM ${s}.jobs
    WHERE state = 'waiting' AND NOT blocked AND type = l.type AND priority < l.priority
    ORDER BY priority DESC LIMIT 1) p
)
SELECT min(ahead.run_at) FROM levels l CROSS JOIN LATERAL (
  SELECT run_at FROM ${s}.jobs
  WHERE state = 'waiting' AND NOT blocked AND type = l.type AND priority = l.priority AND run_at > $2::bigint
  ORDER BY run_at LIMIT 1) ahead`;

const sweeps = (s: string) => ({
  // The few running jobs are all looked at: an index over lease_until would make every heartbeat write to every index.
  jobLost: `SELECT ${jobRowOf('j')} FROM ${s}.jobs j WHERE state = 'running' AND lease_until <= $1::bigint
    ORDER BY lease_until, number LIMIT $2::bigint`,
  jobOverrun: `SELECT ${jobRowOf('j')} FROM ${s}.jobs j WHERE state = 'running' AND lease_until > $1::bigint
      AND (started_at + timeout_ms <= $1::bigint OR deadline_at <= $1::bigint)
    ORDER BY least(started_at + timeout_ms, deadline_at), number LIMIT $2::bigint`,
  jobOverdue: `SELECT ${jobRowOf('j')} FROM ${s}.jobs j
    WHERE state = 'waiting' AND deadline_at IS NOT NULL AND deadline_at <= $1::bigint
    ORDER BY deadline_at, number LIMIT $2::bigint`,
  jobPrunable: `SELECT ${jobRowOf('j')} FROM ${s}.jobs j
    WHERE finished_at IS NOT NULL AND finished_at + retain_ms <= $1::bigint
    ORDER BY finished_at + retain_ms, number LIMIT $2::bigint`,
});

/** Everything that a job is written to. */
const TABLES = ['jobs', 'job_results', 'job_tags', 'tombstones', 'deliveries'];

/** What `ping` does in one transaction: each step fails where writes would. */
const probesOf = (s: string) => ({
  /** Locked by somebody, or not ours to write to. */
  probeTables: `LOCK TABLE ${TABLES.map((table) => `${s}.${table}`).join(', ')} IN ROW EXCLUSIVE MODE`,
  /** Read only. */
  probeWrite: `UPDATE ${s}.jobs SET revision = revision WHERE false`,
  /** A record in the write-ahead log that nobody reads: the commit waits for the disk, and for a synchronous standby. */
  probeDisk: `SELECT pg_logical_emit_message(true, 'bide', '')`,
});

/** All texts, for a schema given as a quoted identifier. */
export function statementsOf(s: string) {
  return {
    jobInsert: jobInsert(s),
    jobFindEarlier: jobFindEarlier(s),
    jobClaim: jobClaim(s, false),
    jobClaimOfTenant: jobClaim(s, true),
    jobClaimOrphans: `SELECT ${jobRowOf('j')} FROM ${s}.jobs j
      WHERE state = 'running' AND worker = $1 AND started_at = $2::bigint LIMIT $3::bigint`,
    jobApply: jobApply(s, false),
    jobApplyWithResults: jobApply(s, true),
    jobExtend: jobExtend(s),
    jobRemove: jobRemove(s),
    jobById: jobReadBy(s, 'id', 'uuid'),
    jobByNumber: jobReadBy(s, 'number', 'bigint'),
    tombstoneById: tombstoneBy(s, 'id', 'uuid'),
    tombstoneByNumber: tombstoneBy(s, 'number', 'bigint'),
    jobResult: `SELECT g.ord, r.content_type, r.bytes FROM unnest($1::uuid[]) WITH ORDINALITY AS g(id, ord)
      CROSS JOIN LATERAL (SELECT number FROM ${s}.jobs WHERE id = g.id AND result_type IS NOT NULL LIMIT 1) j
      CROSS JOIN LATERAL (SELECT content_type, bytes FROM ${s}.job_results WHERE number = j.number LIMIT 1) r`,
    // Out of line and uncompressed, a slice reads only its own pieces.
    jobResultSlice: `SELECT g.ord, r.content_type, substring(r.bytes FROM g.first + 1 FOR g.length)
      FROM unnest($1::uuid[], $2::int[], $3::int[]) WITH ORDINALITY AS g(id, first, length, ord)
      CROSS JOIN LATERAL (SELECT number FROM ${s}.jobs WHERE id = g.id AND result_type IS NOT NULL LIMIT 1) j
      CROSS JOIN LATERAL (SELECT content_type, bytes FROM ${s}.job_results WHERE number = j.number LIMIT 1) r`,
    jobInput: `SELECT g.ord, j.input FROM unnest($1::uuid[]) WITH ORDINALITY AS g(id, ord)
      CROSS JOIN LATERAL (SELECT input FROM ${s}.jobs WHERE id = g.id LIMIT 1) j`,
    jobNextRunAt: jobNextRunAt(s),
    ...sweeps(s),
    ...sequenceStatementsOf(s),
    ...sideStatementsOf(s),
    ...restoreStatementsOf(s),
    hint: 'SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS h(payload)',
    ...probesOf(s),
    time: 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint',
  };
}

export type Statements = ReturnType<typeof statementsOf>;
export type StatementName = keyof Statements;

/** In a row of `jobClaim`, after the job: its input. */
export const CLAIMED_INPUT_AT = Object.keys(AT).length;
