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
 * differs: SQLite has one writer, and does it job by job.
 */
import { FINAL_STATES } from '../../../core/state.ts';
import { BLOCKED_BY } from '../../blocks.ts';
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

/** $1 ids of children, $2 now. Only after \`linkHold\`. */
function linkFree(s: string): string {
  const cellOf = (column: JobColumn) => {
    if (FIXED_COLUMNS.includes(column)) return `j.${column}`;
    if (ROOM_COLUMNS.waiting.includes(column)) return `r.${column}`;
    return column === 'state' ? `'waiting'::text` : `NULL::${columnType(column)}`;
  };
  return `
WITH free AS MATERIALIZED (
  SELECT j.* FROM unnest($1::uuid[]) AS g(id)
  CROSS JOIN LATERAL (SELECT number, tenant, type FROM ${s}.jobs WHERE id = g.id LIMIT 1) j
  WHERE NOT EXISTS (SELECT 1 FROM ${s}.job_links WHERE child = j.number AND is_open OFFSET 0)
), room AS (
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
    job: JOB_COLUMNS.map(cellOf),
  })}
)
SELECT number FROM room`;
}

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
    linkFree: linkFree(s),
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
