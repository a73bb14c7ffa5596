/**
 * Jobs that come after others: see `contract-links.ts`. What keeps a child from being forgotten, or freed early, when several processes write at once:
 *
 * 1. Whoever links a child first holds the rows of its parents that have not ended, and marks them (`parentHold`), then links it (`linkInsert`), which
 *    holds them once more: an end either is there by then, and is told again, or comes after the commit, and finds link and mark.
 *    A parent that was on its way from one room to another is in none that can be held: its number is null then, which the table
 *    refuses, and all is tried again.
 * 2. Whoever closes links first holds the rows of the children that wait (`linkHold`), in a statement of its own: what frees them (`linkFree`) sees
 *    every link that another one has closed before.
 *
 * Both go by id, as all that holds rows of several jobs.
 *
 *    A retry is told in `ended` by its own statement, until the child has been linked anew (`linkLooked`): nobody frees it before, whenever they
 *    have read of the end that they act on.
 *
 * 3. An end that frees its children itself (`familyFree`) is one statement, and sees the moment before it has them: it takes only those that had no
 *    other link open then, and passes over those that anybody else holds. What it leaves is told, and freed as by 2.
 *
 * differs: SQLite has one writer, and does it job by job.
 */
import { FINAL_STATES } from '../../../core/state.ts';
import { BLOCKED_BY } from '../../blocks.ts';
import { FAMILY_MAX } from '../../contract-links.ts';
import { ROOM_COLUMNS } from '../../job-rooms.ts';
import { columnType, FIXED_COLUMNS, JOB_COLUMNS, type JobColumn } from '../../job-row.ts';
import { awaitedSql, freedSql, isAwaitedSql, isHeldSql } from '../../mark-text.ts';
import { writeEnds } from './ended-statements.ts';
import { writeEvents } from './event-statements.ts';
import { finishedRow, keyIn } from './rooms.ts';
import { unnestOf } from './statement-parts.ts';

/** What a job with these marks is blocked by when it begins to wait. */
export const PARENTS_BIT = `CASE WHEN ${isHeldSql('marks')} THEN ${BLOCKED_BY.parents} ELSE 0 END`;

const FINALS = FINAL_STATES.map((state) => `'${state}'`).join(', ');

/** The rooms in which the job \`j\` may be held. */
const heldRows = (s: string) =>
  (['waiting', 'running'] as const)
    .map(
      (room) => `SELECT * FROM (
      SELECT '${room}' AS state, revision, marks FROM ${s}.${room} WHERE ${keyIn(room, 'j')} FOR NO KEY UPDATE) ${room}`,
    )
    .join(' UNION ALL ');

/** $1 ids of parents, sorted, each once. */
function parentHold(s: string): string {
  const mark = (room: 'waiting' | 'running') => `
  UPDATE ${s}.${room} p SET marks = ${awaitedSql('p.marks')}, revision = p.revision + 1
  FROM held h WHERE h.state = '${room}' AND ${keyIn(room, 'h', 'p')} AND (${isAwaitedSql('h.marks')}) IS NOT TRUE`;
  return `
WITH held AS MATERIALIZED (
  SELECT j.*, r.state, r.marks FROM unnest($1::uuid[]) WITH ORDINALITY AS g(id, ord)
  CROSS JOIN LATERAL (SELECT number, tenant, type FROM ${s}.jobs WHERE id = g.id LIMIT 1) j
  CROSS JOIN LATERAL (${heldRows(s)}) r
), waiting_marked AS (${mark('waiting')}
), running_marked AS (${mark('running')}
)
SELECT number FROM held`;
}

const LINKS = [
  ['child_id', 'uuid'],
  ['parent_id', 'uuid'],
  ['policy', 'text'],
] as const;

const CHILD = (s: string) =>
  `CROSS JOIN LATERAL (SELECT number, tenant FROM ${s}.jobs WHERE id = g.child_id LIMIT 1) c`;
const PARENT = (s: string) =>
  `LATERAL (SELECT number, tenant, type, id FROM ${s}.jobs WHERE id = g.parent_id AND tenant = c.tenant LIMIT 1) j`;

/**
 * By parent, then child. A parent that is not there any more is refused too where the job is new, and left out where it is looked at anew. A job
 * that was not inserted, since another one has its idempotency key, has nothing to be linked.
 */
function linkInsert(s: string, isNew: boolean): string {
  return `
WITH placed AS MATERIALIZED (
  SELECT c.number AS child, g.policy, j.id, j.tenant, r.revision, r.state,
    CASE WHEN r.state IN (${FINALS}) OR (${isAwaitedSql('r.marks')}) THEN j.number END AS number
  FROM ${unnestOf(LINKS, 'g')} ${CHILD(s)}
  ${isNew ? `LEFT JOIN ${PARENT(s)} ON true` : `CROSS JOIN ${PARENT(s)}`}
  LEFT JOIN LATERAL (${heldRows(s)} UNION ALL SELECT * FROM (
    ${finishedRow(s, 'j', 'state, revision, NULL::text AS marks')}) finished) r ON true
), ended AS (
  ${writeEnds(s, `SELECT DISTINCT number, revision, id, tenant, state FROM placed WHERE state IN (${FINALS})`)}
)
INSERT INTO ${s}.job_links (child, parent, policy, is_open) SELECT child, number, policy, true FROM placed
ON CONFLICT (child, parent) DO UPDATE SET is_open = true`;
}

/** $1 ids of children, sorted. */
const linkHold = (s: string) => `
SELECT w.number FROM unnest($1::uuid[]) WITH ORDINALITY AS g(id, ord)
CROSS JOIN LATERAL (SELECT number, tenant, type FROM ${s}.jobs WHERE id = g.id LIMIT 1) j
CROSS JOIN LATERAL (SELECT number FROM ${s}.waiting WHERE ${keyIn('waiting', 'j')} FOR NO KEY UPDATE) w`;

/** Whether the child has looked at its parents since it was last retried or restored. */
const hasLooked = (s: string, child: string) =>
  `NOT EXISTS (SELECT 1 FROM ${s}.ended WHERE number = ${child} AND state = 'waiting' OFFSET 0)`;

/** $1 ids of children, $2 now. Only after \`linkHold\`. */
const linkFree = (s: string) => `
WITH free AS MATERIALIZED (
  SELECT j.* FROM unnest($1::uuid[]) AS g(id)
  CROSS JOIN LATERAL (SELECT number, tenant, type FROM ${s}.jobs WHERE id = g.id LIMIT 1) j
  WHERE NOT EXISTS (SELECT 1 FROM ${s}.job_links WHERE child = j.number AND is_open OFFSET 0)
    AND ${hasLooked(s, 'j.number')}
), ${freeing(s)}
SELECT number FROM room`;

/** A column of a waiting job, of its rows \`j\` in \`jobs\` and \`r\` in its room. */
function waitingCell(column: JobColumn): string {
  if (FIXED_COLUMNS.includes(column)) return `j.${column}`;
  if (ROOM_COLUMNS.waiting.includes(column)) return `r.${column}`;
  return column === 'state' ? `'waiting'::text` : `NULL::${columnType(column)}`;
}

/** The children in \`free\` wait for nobody any more: \`room\` has those that did. $2 now. */
function freeing(s: string): string {
  return `room AS (
  UPDATE ${s}.waiting w SET blocked = w.blocked & ~${BLOCKED_BY.parents}, marks = ${freedSql('w.marks')},
    revision = w.revision + 1
  FROM free f WHERE ${keyIn('waiting', 'f', 'w')} AND ${isHeldSql('w.marks')}
  RETURNING w.number, ${ROOM_COLUMNS.waiting.map((column) => `w.${column}`).join(', ')}
), told AS (${writeEvents(s, {
    from: `room r CROSS JOIN LATERAL (SELECT * FROM ${s}.jobs WHERE number = r.number LIMIT 1) j`,
    tenant: 'j.tenant',
    hasCallback: 'j.callback_url IS NOT NULL',
    at: '$2::bigint',
    number: 'r.number',
    kind: 'changed',
    job: JOB_COLUMNS.map(waitingCell),
  })}
)`;
}

/**
 * $1 ids of jobs that may have succeeded by a statement before, $2 now. Rows of the id, whether all that follows is done, and a child that is free as
 * JSON, or null. Those under a limit are left: they would want a ticket. So is one that was retried, until it has looked at its parents anew.
 */
const familyFree = (s: string) => `
WITH over AS MATERIALIZED (
  SELECT j.number, j.id FROM unnest($1::uuid[]) AS g(id)
  CROSS JOIN LATERAL (SELECT number, id, tenant, type FROM ${s}.jobs WHERE id = g.id LIMIT 1) j
  CROSS JOIN LATERAL (SELECT 1 FROM ${s}.finished WHERE ${keyIn('finished', 'j', '', `'succeeded'`)} LIMIT 1) f
), family AS MATERIALIZED (
  SELECT o.number AS parent, l.child, l.place, count(*) OVER (PARTITION BY o.number) AS size
  FROM over o CROSS JOIN LATERAL (
    SELECT child, ctid AS place FROM ${s}.job_links WHERE parent = o.number AND is_open ORDER BY child LIMIT ${FAMILY_MAX + 1}) l
), free AS MATERIALIZED (
  SELECT f.parent, f.place, j.* FROM (SELECT * FROM family WHERE size <= ${FAMILY_MAX} AND NOT EXISTS (
    SELECT 1 FROM ${s}.job_links WHERE child = family.child AND is_open AND parent <> family.parent OFFSET 0)
    AND ${hasLooked(s, 'family.child')}) f
  CROSS JOIN LATERAL (SELECT number, tenant, type FROM ${s}.jobs WHERE number = f.child AND limit_key IS NULL LIMIT 1) j
  CROSS JOIN LATERAL (
    SELECT 1 FROM ${s}.waiting WHERE ${keyIn('waiting', 'j')} AND ${isHeldSql('marks')}
    LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) w
), closed AS (
  UPDATE ${s}.job_links SET is_open = false WHERE ctid = ANY (ARRAY(SELECT place FROM free))
), ${freeing(s)}, settled AS MATERIALIZED (
  SELECT o.number FROM over o
  WHERE (SELECT count(*) FROM free WHERE parent = o.number) = (SELECT max(size) FROM family WHERE parent = o.number)
    AND NOT EXISTS (SELECT 1 FROM ${s}.group_members WHERE number = o.number OFFSET 0)
), dropped AS (
  DELETE FROM ${s}.ended WHERE ctid = ANY (ARRAY(
    SELECT e.ctid FROM settled d CROSS JOIN LATERAL (SELECT ctid FROM ${s}.ended WHERE number = d.number LIMIT ${FAMILY_MAX}) e))
)
SELECT o.id, EXISTS (SELECT 1 FROM settled WHERE number = o.number), c.cells
FROM over o LEFT JOIN LATERAL (
  SELECT json_build_array(${JOB_COLUMNS.map(waitingCell).join(', ')})::text AS cells FROM free f JOIN room r ON r.number = f.number
  CROSS JOIN LATERAL (SELECT * FROM ${s}.jobs WHERE number = f.number LIMIT 1) j WHERE f.parent = o.number) c ON true`;

export function linkStatementsOf(s: string) {
  return {
    /** $1 ids of parents, $2 tenants: the places, from 1, of those that are there. */
    parentFind: `SELECT g.ord FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS g(id, tenant, ord)
      CROSS JOIN LATERAL (SELECT 1 FROM ${s}.jobs WHERE id = g.id AND tenant = g.tenant LIMIT 1) j`,
    parentHold: parentHold(s),
    linkInsert: linkInsert(s, true),
    linkJoin: linkInsert(s, false),
    linkHold: linkHold(s),
    /** $1 numbers of children, $2 of parents. */
    linkClose: `UPDATE ${s}.job_links SET is_open = false WHERE ctid = ANY (ARRAY(
      SELECT l.ctid FROM unnest($1::bigint[], $2::bigint[]) AS g(child, parent)
      CROSS JOIN LATERAL (SELECT ctid FROM ${s}.job_links WHERE child = g.child AND parent = g.parent AND is_open LIMIT 1) l))`,
    /** $1 numbers of children that have just been linked anew. */
    linkLooked: `DELETE FROM ${s}.ended WHERE ctid = ANY (ARRAY(
      SELECT e.ctid FROM unnest($1::bigint[]) AS g(number)
      CROSS JOIN LATERAL (SELECT ctid FROM ${s}.ended WHERE number = g.number AND state = 'waiting' OFFSET 0) e))`,
    linkFree: linkFree(s),
    familyFree: familyFree(s),
    /** $1 numbers of parents, $2 at most. */
    linkRead: `SELECT l.parent, l.child, j.id, l.policy FROM unnest($1::bigint[]) AS g(parent)
      CROSS JOIN LATERAL (
        SELECT * FROM ${s}.job_links WHERE parent = g.parent AND is_open ORDER BY child LIMIT $2::bigint) l
      CROSS JOIN LATERAL (SELECT id FROM ${s}.jobs WHERE number = l.child LIMIT 1) j
      ORDER BY l.parent, l.child LIMIT $2::bigint`,
    linkChildren: `SELECT child FROM ${s}.job_links WHERE parent = $1::bigint AND child > $2::bigint ORDER BY child LIMIT $3::bigint`,
    /** Of restored jobs, as far as their parents are there: closed, since whether they are open is looked at when they wait. */
    linkRestore: `INSERT INTO ${s}.job_links (child, parent, policy, is_open)
      SELECT c.number, j.number, g.policy, false FROM ${unnestOf(LINKS, 'g')} ${CHILD(s)} CROSS JOIN ${PARENT(s)}
      ON CONFLICT DO NOTHING`,
  };
}
