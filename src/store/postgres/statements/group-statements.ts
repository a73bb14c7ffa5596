/**
 * Groups and their members.
 *
 * - A call that adds is several statements of one transaction. Each says by `REFUSED` what it was to find and has not: an error, which takes back all of the
 *   transaction. Who called looks then what it was, and perhaps tries again.
 * - Who counts holds the group's row first, in a statement of its own: what comes after sees all that was counted before.
 *
 * differs: SQLite looks first and writes then, in its one writer.
 */
import { FINAL_STATES } from '../../../core/state.ts';
import { GROUP_COLUMNS, GROUP_ROW, GROUP_WIDTH, IS_DUE } from '../../group-row.ts';
import { finishedRow, roomRow } from './rooms.ts';
import { isOne } from './statement-parts.ts';

/** SQL that ends the transaction where the condition does not hold: `isRefused` of driver-errors.ts knows it. */
function required(condition: string): string {
  return `1 / (CASE WHEN ${condition} THEN 1 ELSE 0 END)`;
}

const CELLS = GROUP_COLUMNS.map(([, type], at) => `$${at + 1}::${type}`);
/** What changes after the making. $1 is the id, $2 the tenant. */
const WRITTEN = GROUP_COLUMNS.map(([name], at) => `${name} = ${CELLS[at]}`).slice(2);
const REVISION = CELLS[GROUP_COLUMNS.findIndex(([name]) => name === 'revision')];
const ROW = (alias: string) => GROUP_COLUMNS.map(([name]) => `${alias}.${name}`).join(', ');
const FINALS = FINAL_STATES.map((state) => `'${state}'`).join(', ');

/** The cells, then the follow-ups, then how many groups the tenant may have. */
const groupInsert = (s: string) => `
WITH made AS (
  INSERT INTO ${s}.job_groups (${GROUP_ROW}, follow_ups)
  SELECT ${CELLS.join(', ')}, $${GROUP_WIDTH + 1}::text
  WHERE (SELECT count(*) FROM (SELECT 1 FROM ${s}.job_groups WHERE tenant = $2 LIMIT $${GROUP_WIDTH + 2}::bigint) t)
    < $${GROUP_WIDTH + 2}::bigint
  ON CONFLICT DO NOTHING RETURNING id
)
SELECT ${required('EXISTS (SELECT 1 FROM made)')}`;

/** $1 id, $2 tenant, $3 members to be added, $4 members at most. */
const groupHold = (s: string) => `
SELECT ${required('count(*) = 1')} FROM (
  SELECT 1 FROM ${s}.job_groups
  WHERE id = $1 AND tenant = $2 AND is_open = 1 AND finished_at IS NULL AND remove_at IS NULL AND total + $3::bigint <= $4::bigint
  FOR UPDATE) g`;

/**
 * $1 group, $2 ids of jobs that this transaction has inserted, with their marks, $3 ids of those that it has marked, $4 what the mark of these has,
 * $5 by how much the revision grows, $6 now where the group is closed with it.
 */
const groupJoin = (s: string) => `
WITH fresh AS MATERIALIZED (
  SELECT j.* FROM unnest($2::uuid[]) AS g(id)
  CROSS JOIN LATERAL (SELECT number FROM ${s}.jobs WHERE id = g.id LIMIT 1) j
), joined AS MATERIALIZED (
  SELECT j.number, r.state FROM unnest($3::uuid[]) AS g(id)
  CROSS JOIN LATERAL (SELECT number, tenant, type FROM ${s}.jobs WHERE id = g.id LIMIT 1) j
  CROSS JOIN LATERAL ${roomRow(s)} r WHERE r.marks ^@ ANY ($4::text[])
), members AS (
  INSERT INTO ${s}.group_members (number, group_id, state)
  SELECT number, $1::uuid, CASE WHEN state IN (${FINALS}) THEN state END
  FROM (SELECT number, NULL AS state FROM fresh UNION ALL SELECT number, state FROM joined) m ORDER BY number
  ON CONFLICT DO NOTHING RETURNING state
), added AS MATERIALIZED (
  SELECT count(*) AS total, ${FINAL_STATES.map((state) => `count(*) FILTER (WHERE state = '${state}') AS ${state}`).join(', ')}
  FROM members
)
UPDATE ${s}.job_groups g SET total = g.total + a.total, ${FINAL_STATES.map((state) => `${state} = g.${state} + a.${state}`).join(', ')},
  revision = g.revision + $5::bigint * ${required('a.total = coalesce(cardinality($2::uuid[]), 0) + coalesce(cardinality($3::uuid[]), 0)')},
  is_open = CASE WHEN $6::bigint IS NULL THEN g.is_open ELSE 0 END, closed_at = coalesce($6::bigint, g.closed_at)
FROM added a WHERE g.id = $1
RETURNING ${ROW('g')}`;

/** $1 numbers: the groups that they are in, held. */
const groupHoldOf = (s: string) => `
WITH wanted AS MATERIALIZED (
  SELECT DISTINCT m.group_id FROM unnest($1::bigint[]) AS n(number)
  CROSS JOIN LATERAL (SELECT group_id FROM ${s}.group_members WHERE number = n.number LIMIT 1) m ORDER BY m.group_id
)
SELECT count(*) FROM wanted w CROSS JOIN LATERAL (SELECT 1 FROM ${s}.job_groups WHERE id = w.group_id FOR UPDATE) g`;

/** $1 numbers, each once, $2 how each is counted where it is there no more. */
const groupSettle = (s: string) => `
WITH members AS MATERIALIZED (
  SELECT m.number, m.group_id, m.state AS before, CASE WHEN j.number IS NULL THEN g.told ELSE f.state END AS after
  FROM unnest($1::bigint[], $2::text[]) AS g(number, told)
  CROSS JOIN LATERAL (SELECT * FROM ${s}.group_members WHERE number = g.number LIMIT 1) m
  LEFT JOIN LATERAL (SELECT number, tenant, type FROM ${s}.jobs WHERE number = g.number LIMIT 1) j ON true
  LEFT JOIN LATERAL (${finishedRow(s, 'j', 'state')}) f ON true
), moved AS (
  UPDATE ${s}.group_members m SET state = x.after FROM members x
  WHERE ${isOne('m.number', 'x.number')} AND x.before IS DISTINCT FROM x.after
  RETURNING x.group_id, x.before, x.after
), sums AS MATERIALIZED (
  SELECT group_id, ${FINAL_STATES.map((state) => `count(*) FILTER (WHERE after = '${state}') - count(*) FILTER (WHERE before = '${state}') AS ${state}`).join(', ')}
  FROM moved GROUP BY group_id
)
UPDATE ${s}.job_groups g SET revision = g.revision + 1, ${FINAL_STATES.map((state) => `${state} = g.${state} + d.${state}`).join(', ')}
FROM sums d WHERE ${isOne('g.id', 'd.group_id')}
RETURNING ${ROW('g')}`;

/** The cells: only where the group is complete, at the revision before. */
const groupFire = (s: string) => `
WITH ended AS (
  UPDATE ${s}.job_groups SET ${WRITTEN.join(', ')}
  WHERE id = $1 AND tenant = $2 AND revision = ${REVISION} - 1 AND ${IS_DUE} RETURNING id
)
SELECT ${required('EXISTS (SELECT 1 FROM ended)')}`;

/** Groups over at $1, a few at a time. */
const over = (s: string) =>
  `SELECT id FROM ${s}.job_groups WHERE remove_at IS NOT NULL AND remove_at <= $1::bigint ORDER BY remove_at LIMIT 100 FOR UPDATE SKIP LOCKED`;

export function groupStatementsOf(s: string) {
  const one = `FROM ${s}.job_groups WHERE id = $1 AND tenant = $2`;
  const there = '(remove_at IS NULL OR remove_at > $3::bigint)';
  return {
    groupInsert: groupInsert(s),
    groupHold: groupHold(s),
    groupJoin: groupJoin(s),
    groupHoldOf: groupHoldOf(s),
    groupSettle: groupSettle(s),
    groupFire: groupFire(s),
    /** $1 ids, $2 tenants. */
    groupRead: `SELECT g.ord, ${ROW('r')} FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS g(id, tenant, ord)
      CROSS JOIN LATERAL (SELECT * FROM ${s}.job_groups WHERE id = g.id AND tenant = g.tenant LIMIT 1) r`,
    groupByKey: `SELECT ${GROUP_ROW} FROM ${s}.job_groups WHERE tenant = $1 AND idempotency_key = $2`,
    groupKeyFree: `UPDATE ${s}.job_groups SET idempotency_key = NULL
      WHERE tenant = $1 AND idempotency_key = $2 AND remove_at IS NOT NULL AND remove_at <= $3::bigint`,
    groupCount: `SELECT count(*) FROM (SELECT 1 FROM ${s}.job_groups WHERE tenant = $1 LIMIT $2::bigint) t`,
    /** $1 tenant, $2 the last one seen, $3 now, $4 how many. */
    groupList: `SELECT ${GROUP_ROW} FROM ${s}.job_groups WHERE tenant = $1 AND id < $2::uuid AND ${there} ORDER BY id DESC LIMIT $4::bigint`,
    groupDue: `SELECT ${GROUP_ROW}, follow_ups FROM ${s}.job_groups WHERE ${IS_DUE} ORDER BY id LIMIT $1::bigint`,
    groupClose: `UPDATE ${s}.job_groups SET is_open = 0, closed_at = $3::bigint, revision = revision + 1
      WHERE id = $1 AND tenant = $2 AND is_open = 1 AND ${there} RETURNING ${GROUP_ROW}`,
    groupRemove: `UPDATE ${s}.job_groups SET remove_at = $3::bigint, idempotency_key = NULL, revision = revision + 1
      WHERE id = $1 AND tenant = $2 AND ${there} RETURNING id`,
    groupStanding: `SELECT ${GROUP_ROW} ${one}`,
    /** $1 numbers. */
    memberRead: `SELECT m.number, m.group_id FROM unnest($1::bigint[]) AS n(number)
      CROSS JOIN LATERAL (SELECT number, group_id FROM ${s}.group_members WHERE number = n.number LIMIT 1) m`,
    /** $1 now, $2 how many. */
    memberPrune: `WITH over AS MATERIALIZED (${over(s)})
      DELETE FROM ${s}.group_members WHERE ctid = ANY (ARRAY(
        SELECT m.ctid FROM over o CROSS JOIN LATERAL (
          SELECT ctid FROM ${s}.group_members WHERE group_id = o.id LIMIT $2::bigint) m LIMIT $2::bigint)) RETURNING 1`,
    /** Not by NOT EXISTS: as a join it may read the members of every group. */
    groupPrune: `WITH over AS MATERIALIZED (${over(s)})
      DELETE FROM ${s}.job_groups g WHERE id = ANY (ARRAY(SELECT id FROM over))
        AND (SELECT 1 FROM ${s}.group_members WHERE group_id = g.id LIMIT 1) IS NULL RETURNING 1`,
  };
}
