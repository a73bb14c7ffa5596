/**
 * Claims: one statement over all wanted types that skips what others are taking.
 *
 * differs: SQLite does the same steps as statements of their own; it has one writer and nothing to skip.
 */
import { STEPS_MORE } from '../../claim-walk.ts';
import { ROOM_COLUMNS } from '../../job-rooms.ts';
import { columnType, FIXED_COLUMNS, JOB_COLUMNS, type JobColumn } from '../../job-row.ts';
import { FOR_TIMES } from '../schema/migrations.ts';
import { writeEvents } from './event-statements.ts';
import { countChanges, HEADS } from './rooms.ts';

/** What a claim writes, by column. $4 now, $5 worker, $6 lease end. */
const CLAIM_CELLS: Readonly<Partial<Record<JobColumn, string>>> = {
  attempt: 'attempt + 1',
  fence: 'fence + 1',
  revision: 'revision + 1',
  started_at: '$4::bigint',
  percent: '0::float8',
  message: 'NULL::text',
};
/** What comes with the room. */
const CLAIMED_CELLS: Readonly<Partial<Record<JobColumn, string>>> = {
  state: `'running'`,
  worker: '$5::text',
  lease_until: '$6::bigint',
};
const CLAIMED_ROW = JOB_COLUMNS.map((column) => {
  const isThere = FIXED_COLUMNS.includes(column) || ROOM_COLUMNS.waiting.includes(column);
  return isThere ? column : (CLAIMED_CELLS[column] ?? `NULL::${columnType(column)}`);
});

/** No tenant's name comes behind it. */
const LAST_NAME = `U&'\\+10FFFF'`;

/** The priorities that `w` has waiting jobs of, high to low, one probe each, as far as they are read. */
const levelsOf = (s: string, w: string, top: string) => `
  WITH RECURSIVE levels AS (
    SELECT ${top} AS priority
    UNION ALL
    SELECT p.priority FROM levels l CROSS JOIN LATERAL (
      SELECT priority FROM ${s}.waiting
      WHERE blocked = 0 AND type = ${w}.type AND tenant = ${w}.tenant AND priority < l.priority
      ORDER BY priority DESC LIMIT 1) p
  )`;
const dueOf = (w: string) =>
  `blocked = 0 AND type = ${w}.type AND tenant = ${w}.tenant AND priority = l.priority AND run_at <= $4::bigint`;

/** So many due jobs of `w`, in the order of claims. Jobs scheduled ahead are never read, whatever their priority. */
const pickPlain = (s: string, w: string) => `${levelsOf(s, w, `${w}.priority`)}
  SELECT one.place FROM levels l CROSS JOIN LATERAL (
    SELECT ctid AS place FROM ${s}.waiting WHERE ${dueOf(w)}
    ORDER BY run_at, number LIMIT ${w}.share FOR UPDATE SKIP LOCKED
  ) one LIMIT ${w}.share`;

/**
 * By age and priority together: a merge of the heads of the priorities. Locked afterwards, so that nothing is locked that is not taken; what
 * others have taken meanwhile is made up for by time. By their places alone: with a word of `blocked` it was planned as a walk through an index.
 */
const pickAged = (s: string, w: string) => `
  SELECT ctid AS place FROM ${s}.waiting WHERE ctid = ANY (ARRAY(
    ${levelsOf(s, w, `${w}.priority`)}
    SELECT one.place FROM levels l CROSS JOIN LATERAL (
      SELECT ctid AS place, run_at, number FROM ${s}.waiting WHERE ${dueOf(w)} ORDER BY run_at, number LIMIT ${w}.share
    ) one ORDER BY one.run_at - l.priority * ${w}.aging_ms, l.priority DESC, one.number LIMIT ${w}.share))
  FOR UPDATE SKIP LOCKED`;

type Pick = (s: string, w: string) => string;

/** Of one tenant. $7 the tenant, $8 agingMs per type. */
const pickedOfTenant = (s: string, pick: Pick) => `wants AS (
  SELECT w.*, w.max AS share, $7::text AS tenant
  FROM unnest($1::text[], $2::bigint[], $8::bigint[]) WITH ORDINALITY AS w(type, max, aging_ms, ord)
), picked AS MATERIALIZED (
  SELECT due.place FROM wants w CROSS JOIN LATERAL (
    SELECT priority FROM ${s}.waiting WHERE blocked = 0 AND type = w.type AND tenant = w.tenant
    ORDER BY priority DESC LIMIT 1) head
  CROSS JOIN LATERAL (SELECT w.type, w.tenant, w.share, w.aging_ms, head.priority) own
  CROSS JOIN LATERAL (${pick(s, 'own')}) due
  LIMIT $3::bigint
)`;

/** The next tenant of the round of `w`, and its first job in the order of claims: one probe, and one more where the round begins anew. */
const nextTenant = (s: string, w: string) => `(
    SELECT tenant, priority, run_at, ${w}.until FROM ${s}.waiting
    WHERE blocked = 0 AND type = ${w}.type AND tenant >= ${w}.next AND tenant < ${w}.until
    ORDER BY tenant, priority DESC, run_at LIMIT 1
  ) UNION ALL (
    SELECT tenant, priority, run_at, ${w}.start FROM ${s}.waiting
    WHERE blocked = 0 AND type = ${w}.type AND ${w}.until <> ${w}.start AND tenant < ${w}.start
    ORDER BY tenant, priority DESC, run_at LIMIT 1
  ) LIMIT 1`;
/** No name stands between the two. */
const behind = (tenant: string) => `${tenant} || U&'\\0001'`;

/**
 * Round the tenants. $7 agingMs, $8 where the round begins and $9 the credit of the tenant there, per type; $10 tenants and $11 their weights, where they do not weigh 1; $12
 * due jobs that are counted in all.
 *
 * `walk` goes from tenant to tenant until it has found one with a due job for each slot; `counted` counts due jobs where more than one
 * competes; `shares` is `sharesOf` of core: the n-th job of a tenant is taken in round n / weight. `late` takes what has been due the longest,
 * where slots are left: what others have locked was counted too, and a walk may have ended early.
 */
const pickedOfRound = (s: string, pick: Pick) => `wants AS (
  SELECT * FROM unnest($1::text[], $2::bigint[], $7::bigint[], $8::text[], $9::bigint[])
    WITH ORDINALITY AS w(type, max, aging_ms, start, credit, ord)
), walk AS (
  SELECT w.ord, w.type, w.max, w.aging_ms, w.start, w.credit, n.tenant, n.priority, n.until, ${behind('n.tenant')} AS next, 1 AS step,
    (n.run_at <= $4::bigint)::int AS found
  FROM (SELECT *, start AS next, ${LAST_NAME} COLLATE "C" AS until FROM wants WHERE max > 0) w
  CROSS JOIN LATERAL (${nextTenant(s, 'w')}) n
  UNION ALL
  SELECT w.ord, w.type, w.max, w.aging_ms, w.start, w.credit, n.tenant, n.priority, n.until, ${behind('n.tenant')} AS next, w.step + 1,
    w.found + (n.run_at <= $4::bigint)::int
  FROM walk w CROSS JOIN LATERAL (${nextTenant(s, 'w')}) n
  WHERE w.found < w.max AND w.step < w.max + ${STEPS_MORE}
), counted AS MATERIALIZED (
  SELECT w.*, coalesce((SELECT weight FROM unnest($10::text[], $11::bigint[]) AS g(tenant, weight)
      WHERE g.tenant = w.tenant LIMIT 1), 1) AS weight,
    CASE WHEN w.tenants = 1 THEN 0 ELSE (
      SELECT count(*) FROM (${levelsOf(s, 'w', 'w.priority')}
        SELECT 1 FROM levels l CROSS JOIN LATERAL (
          SELECT 1 FROM ${s}.waiting WHERE ${dueOf('w')} LIMIT w.max) one
        LIMIT least(w.max, 1 + $12::bigint / w.tenants)) c) END AS due
  FROM (SELECT *, count(*) OVER (PARTITION BY ord) AS tenants FROM walk) w
), shares AS MATERIALIZED (
  SELECT ord, step, type, tenant, priority, aging_ms, max AS share FROM counted WHERE tenants = 1
  UNION ALL
  SELECT ord, step, type, tenant, priority, aging_ms, count(*) FROM (
    SELECT c.ord, c.step, c.type, c.tenant, c.priority, c.aging_ms, c.max, row_number() OVER (
      PARTITION BY c.ord ORDER BY CASE WHEN c.credit = 0 OR c.tenant <> c.start THEN (r - 1) / c.weight
        WHEN r <= c.credit THEN 0 ELSE 1 + (r - 1 - c.credit) / c.weight END, c.step) AS place
    FROM counted c CROSS JOIN LATERAL generate_series(1, c.due) r
  ) each WHERE place <= max GROUP BY ord, step, type, tenant, priority, aging_ms
), first_picked AS MATERIALIZED (
  SELECT w.ord, due.place FROM (SELECT * FROM shares ORDER BY ord, step) w CROSS JOIN LATERAL (${pick(s, 'w')}) due
  LIMIT $3::bigint
), late AS MATERIALIZED (
  SELECT due.place FROM (
    SELECT w.type, w.max - (SELECT count(*) FROM first_picked p WHERE p.ord = w.ord) AS share FROM wants w
  ) w CROSS JOIN LATERAL (
    SELECT ctid AS place FROM ${s}.waiting
    WHERE blocked = 0 AND ${FOR_TIMES} AND type = w.type AND run_at <= $4::bigint
      AND ctid <> ALL (ARRAY(SELECT place FROM first_picked))
    ORDER BY run_at LIMIT w.share FOR UPDATE SKIP LOCKED
  ) due LIMIT $3::bigint - (SELECT count(*) FROM first_picked)
), picked AS MATERIALIZED (
  SELECT place FROM first_picked UNION ALL SELECT place FROM late
)`;

/**
 * Of one tenant per type, where no other one waits. $7 the tenants. Ends before the first type that has others, so that the order of the types
 * holds. For nearly all claims: the round costs 50 µs more, most of it to set up a statement of so many steps.
 */
const pickedAlone = (s: string) => {
  const other = (than: string) => `(SELECT 1 FROM ${s}.waiting
      WHERE blocked = 0 AND type = w.type AND tenant ${than} w.tenant ORDER BY tenant, priority DESC, run_at LIMIT 1)`;
  return `wants AS (
  SELECT w.*, w.max AS share FROM unnest($1::text[], $2::bigint[], $7::text[]) WITH ORDINALITY AS w(type, max, tenant, ord)
), others AS MATERIALIZED (
  SELECT min(w.ord) AS ord FROM wants w WHERE coalesce(${other('<')}, ${other('>')}) IS NOT NULL
), picked AS MATERIALIZED (
  SELECT due.place FROM wants w CROSS JOIN LATERAL (
    SELECT priority FROM ${s}.waiting WHERE blocked = 0 AND type = w.type AND tenant = w.tenant
    ORDER BY priority DESC LIMIT 1) head
  CROSS JOIN LATERAL (SELECT w.type, w.tenant, w.share, head.priority) own
  CROSS JOIN LATERAL (${pickPlain(s, 'own')}) due
  WHERE w.ord < coalesce((SELECT ord FROM others), ${ORDINAL_TOP})
  LIMIT $3::bigint
)`;
};
const ORDINAL_TOP = 1_000_000_000;

/** By type, where the walk ended early: how far it came. */
const CUT = `(
  SELECT json_object_agg(type, tenant)::text FROM walk WHERE found < max AND step = max + ${STEPS_MORE})`;

/**
 * $1 types, $2 their slots, $3 max, $4 now, $5 worker, $6 lease end.
 *
 * `taken` finds the picked ones by their place in the table, as they were locked: one that was changed while this statement
 * began has another place, and is left for the next claim.
 */
function jobClaim(s: string, picked: string, more: string, from = 'claimed'): string {
  const moved = ROOM_COLUMNS.waiting.map((column) => `${CLAIM_CELLS[column] ?? column} AS ${column}`);
  const kept = ROOM_COLUMNS.waiting.map((column) => `t.${column}`);
  return `
WITH RECURSIVE ${picked}, taken AS (
  DELETE FROM ${s}.waiting WHERE ctid = ANY (ARRAY(SELECT place FROM picked)) RETURNING number, ${moved.join(', ')}
), claimed AS MATERIALIZED (
  SELECT ${FIXED_COLUMNS.map((column) => `j.${column}`).join(', ')}, j.input, ${kept.join(', ')}
  FROM taken t CROSS JOIN LATERAL (SELECT * FROM ${s}.jobs WHERE number = t.number LIMIT 1) j
), came AS (
  INSERT INTO ${s}.running (${[...HEADS.running, ...ROOM_COLUMNS.waiting].join(', ')}, worker, lease_until)
  SELECT ${[...HEADS.running, ...ROOM_COLUMNS.waiting].join(', ')}, $5::text, $6::bigint FROM claimed
), told AS (${writeEvents(s, {
    from: 'claimed',
    tenant: 'claimed.tenant',
    hasCallback: 'callback_url IS NOT NULL',
    at: 'started_at',
    number: 'number',
    kind: 'running',
    job: CLAIMED_ROW,
  })}
), counted_changes AS (
  ${countChanges(
    s,
    `SELECT tenant, type, d.state, d.sign * c.jobs AS jobs, d.sign * c.bytes AS bytes
    FROM (SELECT tenant, type, count(*) AS jobs, sum(octet_length(input)) AS bytes FROM claimed GROUP BY tenant, type) c
    CROSS JOIN (VALUES ('waiting', -1), ('running', 1)) d(state, sign)`,
  )}
)
SELECT ${CLAIMED_ROW.join(', ')}, input, ${more} FROM ${from}`;
}

/** Types that are limited as a whole: how `claim-jobs.ts` uses them stands there. */
const typeLimitsOf = (s: string) => ({
  /** $1 types: revision, starts, and how many run, as of one moment. All that runs is looked at: slots bound it. */
  typeLimitRead: `SELECT w.type, coalesce(l.revision, 0), coalesce(l.starts, '[]'),
      (SELECT count(*) FROM ${s}.running r WHERE r.type = w.type)
    FROM unnest($1::text[]) AS w(type)
    LEFT JOIN LATERAL (SELECT revision, starts FROM ${s}.type_limits WHERE type = w.type LIMIT 1) l ON true`,
  /** $1 type, $2 the revision that was read: an error (division by zero) where somebody has claimed of the type since. */
  typeLimitTake: `WITH taken AS (
      INSERT INTO ${s}.type_limits AS l (type, revision, starts) VALUES ($1, 1, '[]')
      ON CONFLICT (type) DO UPDATE SET revision = l.revision + 1 WHERE l.revision = $2::bigint RETURNING 1)
    SELECT 1 / count(*) FROM taken`,
  /** $1 type, $2 earlier starts without the closing bracket, $3 the moment of these: after the claim, in the transaction that has written what it took. */
  typeLimitSettle: `UPDATE ${s}.type_limits SET starts = $2::text || CASE WHEN n.count = 0 THEN ''
      ELSE (CASE WHEN $2::text = '[' THEN '' ELSE ',' END) || '[' || $3::bigint || ',' || n.count || ']' END || ']'
    FROM (SELECT count(*) FROM ${s}.running WHERE type = $1 AND xmin = pg_current_xact_id()::xid) n
    WHERE type_limits.type = $1`,
});

export function claimStatementsOf(s: string) {
  return {
    ...typeLimitsOf(s),
    jobClaim: jobClaim(s, pickedOfRound(s, pickPlain), CUT),
    /** A row without a job where there is none, for the sake of the place of the first type that has others. */
    jobClaimAlone: jobClaim(s, pickedAlone(s), 'others.ord', 'others LEFT JOIN claimed ON true'),
    jobClaimAged: jobClaim(s, pickedOfRound(s, pickAged), CUT),
    jobClaimOfTenant: jobClaim(s, pickedOfTenant(s, pickPlain), 'NULL'),
    jobClaimAgedOfTenant: jobClaim(s, pickedOfTenant(s, pickAged), 'NULL'),
  };
}
