/**
 * Limits per key when several processes write at once: at most `concurrency` jobs of a key run or have a ticket, whoever looks and whenever.
 *
 * 1. Only a settlement gives tickets. A job comes into `waiting` without one; claims and ends only make tickets fewer.
 * 2. A settlement reads the key and its jobs in one statement (`limitView`), `core/limit-tickets.ts` decides, and `limitSettle` writes where
 *    the row of the key has still the revision that was read. So of two that saw the same, one looks again. What happened in
 *    between (claims, ends) has made room, never taken any.
 * 3. Whoever puts a job into `waiting` moves the revision in the same transaction (`limitCome`), as its last step: no settlement that has not
 *    seen the job can say that nobody waits, or that the key can be forgotten.
 * 4. Settlements follow the commit of the change. One that got lost with its process is made up for: a key that somebody waits for always
 *    has a `look_at`, and whoever finds it past looks.
 * 5. A settlement waits for no lock of a job, it passes over what is locked: whoever has it settles after it.
 *
 * Jobs without a key pay nothing.
 *
 * differs: SQLite settles in the transaction of the change.
 */
import { BLOCKED_BY } from '../../blocks.ts';
import { LIMIT_COUNT_MAX } from '../../contract-limits.ts';
import { KINDS_MAX } from '../../limit-row.ts';
import { isOne, unnestOf } from './statement-parts.ts';

/** What a job under a limit is blocked by until it gets a ticket. */
export const LIMIT_BIT = `CASE WHEN limit_key IS NULL THEN 0 ELSE ${BLOCKED_BY.limit} END`;

const ROW = 'tenant, key, concurrency, rate_count, rate_per_ms, is_kept, state';
const of = (alias: string) => `tenant = ${alias}.tenant AND limit_key = ${alias}.key AND limit_key IS NOT NULL`;

/** Rows of tenant, key, concurrency, rate_count, rate_per_ms, says (whether it says bounds at all), is_bare. $N now. */
const come = (s: string, rows: string, now: string) => `
INSERT INTO ${s}.limit_keys AS k (${ROW}, is_bare, revision, look_at)
SELECT tenant, key, concurrency, rate_count, rate_per_ms, false, '{}', is_bare, CASE WHEN says THEN 2 ELSE 1 END, ${now}::bigint + 1000
FROM (${rows}) c ORDER BY tenant, key
-- A new row of revision 2 says bounds: the one that is there takes them, unless a call has set it.
ON CONFLICT (tenant, key) DO UPDATE SET revision = k.revision + 1, look_at = least(k.look_at, excluded.look_at),
  is_bare = k.is_bare AND (k.is_kept OR excluded.revision = 1),
  concurrency = CASE WHEN excluded.revision = 1 OR k.is_kept THEN k.concurrency ELSE excluded.concurrency END,
  rate_count = CASE WHEN excluded.revision = 1 OR k.is_kept THEN k.rate_count ELSE excluded.rate_count END,
  rate_per_ms = CASE WHEN excluded.revision = 1 OR k.is_kept THEN k.rate_per_ms ELSE excluded.rate_per_ms END`;

/** The first of each kind (type and priority) that waits for a ticket, then the kind after it. */
const kinds = (s: string) => {
  const next = (condition: string) => `(SELECT type, priority FROM ${s}.waiting
      WHERE ${of('k')} AND blocked = ${BLOCKED_BY.limit} ${condition} ORDER BY type, priority DESC LIMIT 1)`;
  return `kinds AS (
    SELECT p.* FROM ${next('')} p WHERE want.n > 0
    UNION ALL
    SELECT p.* FROM kinds c CROSS JOIN LATERAL (
      SELECT * FROM (${next('AND type = c.type AND priority < c.priority')} UNION ALL ${next('AND type > c.type')}) n LIMIT 1) p
  )`;
};

/** $1 tenants, $2 keys, $3 now. What `KeyView` has, beside the row of the key. */
const view = (s: string) => `
SELECT g.ord, k.revision, k.look_at, k.concurrency, k.rate_count, k.rate_per_ms, k.is_kept, k.state, k.is_bare,
  CASE WHEN k.is_bare THEN (
    SELECT terms FROM ${s}.jobs WHERE number = (
      SELECT max(number) FROM (
        SELECT number FROM ${s}.waiting WHERE ${of('k')}
        UNION ALL SELECT number FROM ${s}.running WHERE ${of('k')} OFFSET 0) w) LIMIT 1) END,
  (extract(epoch FROM clock_timestamp()) * 1000)::bigint, r.n, f.jobs, b.jobs, b.next_run_at, a.number IS NOT NULL
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS g(tenant, key, ord)
CROSS JOIN LATERAL (SELECT * FROM ${s}.limit_keys WHERE tenant = g.tenant AND key = g.key LIMIT 1) k
CROSS JOIN LATERAL (
  SELECT count(*)::int AS n FROM ${s}.running
  WHERE ${isOne('tenant', 'k.tenant')} AND limit_key = k.key AND limit_key IS NOT NULL) r
CROSS JOIN LATERAL (
  SELECT count(*)::int AS n, json_agg(json_build_array(number, type, run_at <= $3::bigint)) AS jobs
  -- Not "= 0": planned for an empty table, an index of the claims would look as good.
  FROM ${s}.waiting WHERE ${of('k')} AND blocked < 1) f
CROSS JOIN LATERAL (
  SELECT least(100, greatest(0, coalesce(k.concurrency, 1000000) - r.n - f.n) + least(f.n, 16)) AS n) want
CROSS JOIN LATERAL (
  WITH RECURSIVE ${kinds(s)}
  SELECT json_agg(json_build_array(due.number, due.type) ORDER BY due.priority DESC, due.run_at, due.number)
      FILTER (WHERE due.number IS NOT NULL) AS jobs, min(ahead.run_at) AS next_run_at
  FROM (SELECT * FROM kinds LIMIT ${KINDS_MAX}) c
  LEFT JOIN LATERAL (
    SELECT number, type, priority, run_at FROM ${s}.waiting
    WHERE ${of('k')} AND blocked = ${BLOCKED_BY.limit} AND type = c.type AND priority = c.priority AND run_at <= $3::bigint
    ORDER BY run_at, number LIMIT want.n) due ON true
  LEFT JOIN LATERAL (
    SELECT run_at FROM ${s}.waiting
    WHERE ${of('k')} AND blocked = ${BLOCKED_BY.limit} AND type = c.type AND priority = c.priority AND run_at > $3::bigint
    ORDER BY run_at LIMIT 1) ahead ON true) b
LEFT JOIN LATERAL (SELECT number FROM ${s}.waiting WHERE ${of('k')} AND blocked > 0 LIMIT 1) a ON true`;

/** The jobs of a settled key among those given, where they are as they were seen, by their place. */
const places = (s: string, first: number, blocked: number, keys: string) => `
  SELECT t.ord, w.place FROM unnest($${first}::int[], $${first + 1}::bigint[], $${first + 2}::text[]) AS t(ord, number, type)
  CROSS JOIN LATERAL (SELECT tenant FROM ${keys} WHERE ord = t.ord LIMIT 1) l
  CROSS JOIN LATERAL (
    SELECT ctid AS place FROM ${s}.waiting
    WHERE tenant = l.tenant AND type = t.type AND number = t.number AND blocked = ${blocked} LIMIT 1 FOR UPDATE SKIP LOCKED) w`;

const turned = (s: string, blocked: number, from: string) => `
  UPDATE ${s}.waiting SET blocked = ${blocked} WHERE ctid = ANY (ARRAY(SELECT place FROM ${from}))`;

/**
 * The keys, sorted: tenant, key, revision, how many tickets it takes back, whether it is forgotten, and what stands in its row afterwards. Then
 * tickets to take, and to give: place of the key from 1, number, type. A key is settled as a whole or not at all: a ticket that
 * became a running job meanwhile has to be counted first.
 */
const settle = (s: string) => {
  const given = unnestOf(
    [
      ['tenant', 'text'],
      ['key', 'text'],
      ['revision', 'bigint'],
      ['takes', 'int'],
      ['is_over', 'boolean'],
      ['concurrency', 'int'],
      ['rate_count', 'int'],
      ['rate_per_ms', 'bigint'],
      ['state', 'text'],
      ['look_at', 'bigint'],
    ],
    'g',
  );
  return `
WITH locked AS MATERIALIZED (
  SELECT g.* FROM ${given} CROSS JOIN LATERAL (
    SELECT 1 FROM ${s}.limit_keys WHERE tenant = g.tenant AND key = g.key AND revision = g.revision LIMIT 1 FOR UPDATE) k
), taken AS MATERIALIZED (${places(s, 11, 0, 'locked')}
), fit AS MATERIALIZED (
  SELECT l.* FROM locked l WHERE l.takes = (SELECT count(*) FROM taken WHERE ord = l.ord)
), given AS MATERIALIZED (${places(s, 14, BLOCKED_BY.limit, 'fit')}
), took AS (${turned(s, BLOCKED_BY.limit, 'taken WHERE ord IN (SELECT ord FROM fit)')}
), gave AS (${turned(s, 0, 'given')}
), over AS (
  DELETE FROM ${s}.limit_keys k USING fit f WHERE f.is_over AND ${isOne('k.tenant', 'f.tenant')} AND k.key = f.key
), kept AS (
  UPDATE ${s}.limit_keys k SET revision = k.revision + 1, is_bare = false, state = f.state, look_at = f.look_at,
    concurrency = f.concurrency, rate_count = f.rate_count, rate_per_ms = f.rate_per_ms
  FROM fit f WHERE NOT f.is_over AND ${isOne('k.tenant', 'f.tenant')} AND k.key = f.key
)
SELECT f.ord::int, (SELECT count(*) FROM given WHERE ord = f.ord)::int FROM fit f`;
};

const COUNTS = (s: string) => `
  (SELECT count(*)::int FROM ${s}.running WHERE ${isOne('tenant', 'k.tenant')} AND limit_key = k.key AND limit_key IS NOT NULL),
  (SELECT count(*)::int FROM (SELECT 1 FROM ${s}.waiting WHERE ${of('k')} LIMIT ${LIMIT_COUNT_MAX}) w)`;

/**
 * $1 tenant, $2 key, $3 to $5 bounds, $6 whether they are kept (null: as they are), $7 until when it is closed (0: open; null: as it is),
 * $8 now, $9 whether a later end stays. Says nothing of what it does not change: jobs that come in the same moment can neither keep it from landing nor be overwritten.
 */
const write = (s: string, room: string) => `INSERT INTO ${s}.limit_keys AS k (${ROW}, is_bare, look_at, revision)
  SELECT $1::text, $2::text, $3::int, $4::int, $5::bigint, $6::boolean IS TRUE,
    CASE WHEN $7::bigint > 0 THEN json_build_object('closedUntil', $7::bigint)::text ELSE '{}' END,
    $6::boolean IS FALSE, $8::bigint, 1 ${room}
  ON CONFLICT (tenant, key) DO UPDATE SET
    concurrency = CASE WHEN $6::boolean IS NULL THEN k.concurrency ELSE excluded.concurrency END,
    rate_count = CASE WHEN $6::boolean IS NULL THEN k.rate_count ELSE excluded.rate_count END,
    rate_per_ms = CASE WHEN $6::boolean IS NULL THEN k.rate_per_ms ELSE excluded.rate_per_ms END,
    is_kept = coalesce($6::boolean, k.is_kept),
    is_bare = CASE WHEN $6::boolean IS NULL THEN k.is_bare ELSE excluded.is_bare END,
    state = CASE WHEN $7::bigint IS NULL THEN k.state
      ELSE (k.state::jsonb || jsonb_build_object('closedUntil', CASE WHEN $9::boolean
        THEN greatest((k.state::jsonb ->> 'closedUntil')::bigint, $7::bigint) ELSE $7::bigint END))::text END,
    look_at = least(k.look_at, excluded.look_at), revision = k.revision + 1
  RETURNING 1`;

export function limitStatementsOf(s: string) {
  return {
    /** $1 tenants, $2 keys, $3 to $5 the bounds, $6 whether there are any, $7 now. Each key once. */
    limitCome: come(
      s,
      `SELECT g.*, false AS is_bare FROM ${unnestOf(
        [
          ['tenant', 'text'],
          ['key', 'text'],
          ['concurrency', 'int'],
          ['rate_count', 'int'],
          ['rate_per_ms', 'bigint'],
          ['says', 'boolean'],
        ],
        'g',
      )}`,
      '$7',
    ),
    /** $1 ids of jobs that came back to `waiting`, $2 now. A key that is not known reads its bounds from its jobs at the next settlement. */
    limitComeBack: come(
      s,
      `SELECT DISTINCT j.tenant, j.limit_key AS key, NULL::int AS concurrency, NULL::int AS rate_count,
        NULL::bigint AS rate_per_ms, false AS says, true AS is_bare
      FROM unnest($1::uuid[]) AS g(id)
      CROSS JOIN LATERAL (SELECT tenant, limit_key FROM ${s}.jobs WHERE id = g.id AND limit_key IS NOT NULL LIMIT 1) j`,
      '$2',
    ),
    /** What a call has set stands above what is there by jobs alone. */
    limitRestore: `INSERT INTO ${s}.limit_keys AS k (${ROW}, look_at, is_bare, revision)
      SELECT ${ROW}, look_at, false, 1 FROM ${unnestOf(
        [
          ['tenant', 'text'],
          ['key', 'text'],
          ['concurrency', 'int'],
          ['rate_count', 'int'],
          ['rate_per_ms', 'bigint'],
          ['is_kept', 'boolean'],
          ['state', 'text'],
          ['look_at', 'bigint'],
        ],
        'g',
      )} ORDER BY tenant, key
      ON CONFLICT (tenant, key) DO UPDATE SET concurrency = excluded.concurrency, rate_count = excluded.rate_count,
        rate_per_ms = excluded.rate_per_ms, is_kept = true, is_bare = false, state = excluded.state,
        look_at = least(k.look_at, excluded.look_at), revision = k.revision + 1
      WHERE excluded.is_kept AND NOT k.is_kept
      RETURNING tenant, key`,
    limitStanding: `SELECT g.ord FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS g(tenant, key, ord)
      CROSS JOIN LATERAL (SELECT 1 FROM ${s}.limit_keys WHERE tenant = g.tenant AND key = g.key LIMIT 1) k`,
    limitView: view(s),
    limitSettle: settle(s),
    /** $1 now, $2 limit. */
    limitDue: `SELECT tenant, key FROM ${s}.limit_keys WHERE look_at IS NOT NULL AND look_at <= $1::bigint
      ORDER BY look_at LIMIT $2::bigint`,
    limitNext: `SELECT look_at FROM ${s}.limit_keys WHERE look_at IS NOT NULL AND look_at >= 0 ORDER BY look_at LIMIT 1`,
    limitRead: `SELECT ${ROW}, ${COUNTS(s)}, revision FROM ${s}.limit_keys k WHERE tenant = $1 AND key = $2`,
    limitList: `SELECT ${ROW}, ${COUNTS(s)}, revision FROM ${s}.limit_keys k WHERE tenant = $1 AND key > $2
      ORDER BY key LIMIT $3::bigint`,
    /** $1 tenants, $2 types, $3 numbers of jobs. */
    jobBlocks: `SELECT w.number, w.blocked, k.state
      FROM unnest($1::text[], $2::text[], $3::bigint[]) AS g(tenant, type, number)
      CROSS JOIN LATERAL (SELECT number, blocked, limit_key FROM ${s}.waiting
        WHERE tenant = g.tenant AND type = g.type AND number = g.number LIMIT 1) w
      LEFT JOIN LATERAL (SELECT state FROM ${s}.limit_keys WHERE tenant = g.tenant AND key = w.limit_key LIMIT 1) k ON true`,
    limitWrite: write(s, ''),
    /** Of a key that was not there, under `countLock`. $10 keys of the tenant at most. */
    limitAdd: write(
      s,
      `WHERE (SELECT count(*) FROM ${s}.limit_keys WHERE tenant = $1) < $10::bigint
        OR EXISTS (SELECT 1 FROM ${s}.limit_keys WHERE tenant = $1 AND key = $2)`,
    ),
  };
}
