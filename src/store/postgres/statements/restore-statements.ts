/**
 * The statements that write records of a dump, one per kind, and those that look at what was in their way. How they are written
 * stands in `statements.ts`.
 *
 * `ON CONFLICT DO NOTHING` without a target: whatever is taken (id, number, idempotency key), the row is not written, and is looked
 * at afterwards, with a snapshot that sees it.
 */

import { GROUP_COLUMNS } from '../../group-row.ts';
import { ROOM_COLUMNS } from '../../job-rooms.ts';
import { columnType, FIXED_COLUMNS, type Room } from '../../job-row.ts';
import { isAwaitedSql, isHeldSql } from '../../mark-text.ts';
import { writeEnds } from './ended-statements.ts';
import { mark } from './event-statements.ts';
import { LIMIT_BIT } from './limit-statements.ts';
import { PARENTS_BIT } from './link-statements.ts';
import { logStatementsOf } from './log-statements.ts';
import { countChanges, HEADS, roomRow } from './rooms.ts';
import { SEQUENCE_BIT } from './sequence-statements.ts';
import { type Columns, LAST_NUMBER, TAG_ROWS, unnestOf } from './statement-parts.ts';

const counter = (s: string) => ({
  /** The last job number, the newest position. */
  counterRead: `SELECT ${LAST_NUMBER}, ${mark(s, 'newest')} FROM ${s}.job_numbers`,
  /**
   * Changes nothing, and keeps everybody else from taking a number until the transaction ends. `setval` alone would be a race: numbers
   * that others take between the look at the sequence and the write would be given out a second time.
   */
  jobNumberLock: `ALTER SEQUENCE ${s}.job_numbers NO CYCLE`,
  /** $1 the last number given out, at least. */
  jobNumberRaise: `SELECT setval('${s.replaceAll("'", "''")}.job_numbers', $1::bigint)
    FROM ${s}.job_numbers WHERE ${LAST_NUMBER} < $1::bigint`,
});

const KEY_COLUMNS: Columns = [
  ['id', 'text'],
  ['tenant', 'text'],
  ['name', 'text'],
  ['scopes', 'text'],
  ['hash', 'text'],
  ['created_at', 'bigint'],
  ['revoked_at', 'bigint'],
  ['expires_at', 'bigint'],
];
const DOCUMENT_COLUMNS: Columns = [
  ['tenant', 'text'],
  ['kind', 'text'],
  ['name', 'text'],
  ['data', 'text'],
  ['revision', 'bigint'],
  ['created_at', 'bigint'],
  ['due_at', 'bigint'],
];
const MEMBER_COLUMNS: Columns = [
  ['number', 'bigint'],
  ['group_id', 'uuid'],
  ['state', 'text'],
];
const TOMBSTONE_COLUMNS: Columns = [
  ['id', 'uuid'],
  ['number', 'bigint'],
  ['tenant', 'text'],
  ['gone_at', 'bigint'],
  ['gone_until', 'bigint'],
];
const EVENT_COLUMNS: Columns = [
  ['position', 'bigint'],
  ['at', 'bigint'],
  ['tenant', 'text'],
  ['kind', 'text'],
  ['job', 'text'],
];
/** After the columns of finished jobs; then one parameter with the bytes of all results. */
const RESULT_COLUMNS: Columns = [
  ['content_type', 'text'],
  ['bytes_start', 'int'],
  ['bytes_length', 'int'],
];

const namesOf = (columns: Columns) => columns.map(([name]) => name).join(', ');

/** All columns of a batch into a table; the first ones come back for the rows that were written. */
function insertAll(s: string, table: string, columns: Columns, condition = 'true'): string {
  return `INSERT INTO ${s}.${table} (${namesOf(columns)})
    SELECT ${namesOf(columns)} FROM ${unnestOf(columns, 'g')} WHERE ${condition} ORDER BY ord`;
}

/** The offset leaves no choice but to probe: without it the planner may as well read the whole table for each batch. */
const hasNone = (s: string, table: string) =>
  ['id', 'number']
    .map((key) => `NOT EXISTS (SELECT 1 FROM ${s}.${table} WHERE ${key} = g.${key} OFFSET 0)`)
    .join(' AND ');

/** Rows go in by key, in the order of `jobInsert`, so that two batches that share keys wait for each other in one direction only. */
function jobRestore(s: string): string {
  const columns = [...FIXED_COLUMNS.map((column) => [column, columnType(column)] as const), ['input', 'text'] as const];
  return `
WITH inserted AS (
  INSERT INTO ${s}.jobs (${namesOf(columns)})
  SELECT ${namesOf(columns)} FROM ${unnestOf(columns, 'g')}
  WHERE ${hasNone(s, 'tombstones')} ORDER BY idempotency_key, tenant, ord
  ON CONFLICT DO NOTHING
  RETURNING id, number, tenant, tags
), tagged AS (
  INSERT INTO ${s}.job_tags (tenant, name, value, number) ${TAG_ROWS}
)
SELECT id FROM inserted`;
}

/** A job that this very transaction has written: not one that was there before, which is in a room already. */
export const WRITTEN_NOW = 'xmin = pg_current_xact_id()::xid';

/** Who waits for the ends of these jobs is told again, and who waits looks at its parents again. */
function endsOf(s: string, isFinished: boolean): string {
  const [state, isTold] = isFinished ? ['state', isAwaitedSql('marks')] : [`'waiting'`, isHeldSql('marks')];
  return `, ended AS (${writeEnds(s, `SELECT number, revision, id, tenant, ${state} FROM given WHERE ${isTold}`)})`;
}

/** Ids, then the columns of the room: puts the jobs there that this transaction has written. */
function roomRestore(s: string, room: Room): string {
  const isFinished = room === 'finished';
  const own = ROOM_COLUMNS[room];
  const columns: Columns = [
    ['id', 'uuid'],
    ...own.map((column) => [column, columnType(column)] as const),
    ...(isFinished ? RESULT_COLUMNS : []),
  ];
  const content = `CASE WHEN content_type IS NOT NULL THEN substr($${columns.length + 1}::bytea, bytes_start, bytes_length) END`;
  const extra: Readonly<Record<Room, readonly (readonly [string, string])[]>> = {
    waiting: [['blocked', `${SEQUENCE_BIT} + ${LIMIT_BIT} + ${PARENTS_BIT}`]],
    running: [],
    finished: [
      ['retain_until', 'finished_at + retain_ms'],
      ['result', content],
    ],
  };
  const same = [...HEADS[room], ...own];
  return `
WITH given AS MATERIALIZED (
  SELECT g.*, j.* FROM ${unnestOf(columns, 'g')} CROSS JOIN LATERAL (
    SELECT ${[...HEADS.waiting, 'retain_ms'].join(', ')}, octet_length(input) AS input_bytes
    FROM ${s}.jobs WHERE id = g.id AND ${WRITTEN_NOW} LIMIT 1) j
), came AS (
  INSERT INTO ${s}.${room} (${[...same, ...extra[room].map(([name]) => name)].join(', ')})
  SELECT ${[...same, ...extra[room].map(([, cell]) => cell)].join(', ')} FROM given ORDER BY ord
)${room === 'running' ? '' : endsOf(s, isFinished)}
${countChanges(
  s,
  `SELECT tenant, type, ${isFinished ? 'state' : `'${room}' AS state`}, 1 AS jobs,
    input_bytes${isFinished ? ' + CASE WHEN content_type IS NULL THEN 0 ELSE bytes_length END' : ''} AS bytes FROM given`,
)}`;
}

const jobs = (s: string) => ({
  jobRestore: jobRestore(s),
  jobRestoreWaiting: roomRestore(s, 'waiting'),
  jobRestoreRunning: roomRestore(s, 'running'),
  jobRestoreFinished: roomRestore(s, 'finished'),
  /** $1 ids: number and revision of the job, number of the tombstone. */
  jobStanding: `SELECT g.ord, j.number, j.revision, t.number FROM unnest($1::uuid[]) WITH ORDINALITY AS g(id, ord)
    LEFT JOIN LATERAL (
      SELECT j.number, r.revision FROM (SELECT * FROM ${s}.jobs WHERE id = g.id LIMIT 1) j CROSS JOIN LATERAL ${roomRow(s)} r) j ON true
    LEFT JOIN LATERAL (SELECT number FROM ${s}.tombstones WHERE id = g.id LIMIT 1) t ON true`,
});

export function restoreStatementsOf(s: string) {
  return {
    ...counter(s),
    ...jobs(s),
    ...logStatementsOf(s, WRITTEN_NOW),
    keyRestore: `${insertAll(s, 'keys', KEY_COLUMNS)} ON CONFLICT DO NOTHING RETURNING id`,
    keyStanding: `SELECT g.ord, k.hash, k.revoked_at FROM unnest($1::text[]) WITH ORDINALITY AS g(id, ord)
      CROSS JOIN LATERAL (SELECT hash, revoked_at FROM ${s}.keys WHERE id = g.id LIMIT 1) k`,
    documentRestore: `${insertAll(s, 'documents', DOCUMENT_COLUMNS)} ON CONFLICT DO NOTHING RETURNING tenant, kind, name`,
    documentStanding: `SELECT g.ord, d.revision, d.created_at
      FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS g(tenant, kind, name, ord)
      CROSS JOIN LATERAL (
        SELECT revision, created_at FROM ${s}.documents WHERE tenant = g.tenant AND kind = g.kind AND name = g.name LIMIT 1) d`,
    groupRestore: `${insertAll(s, 'job_groups', [...GROUP_COLUMNS, ['follow_ups', 'text']])} ON CONFLICT DO NOTHING RETURNING id`,
    groupsStanding: `SELECT g.ord, r.revision FROM unnest($1::uuid[]) WITH ORDINALITY AS g(id, ord)
      CROSS JOIN LATERAL (SELECT revision FROM ${s}.job_groups WHERE id = g.id LIMIT 1) r`,
    memberRestore: `${insertAll(s, 'group_members', MEMBER_COLUMNS, `EXISTS (SELECT 1 FROM ${s}.job_groups r WHERE r.id = g.group_id OFFSET 0)`)}
      ON CONFLICT DO NOTHING RETURNING number`,
    membersStanding: `SELECT g.ord, m.group_id FROM unnest($1::bigint[]) WITH ORDINALITY AS g(number, ord)
      CROSS JOIN LATERAL (SELECT group_id FROM ${s}.group_members WHERE number = g.number LIMIT 1) m`,
    /** After `eventLock`. */
    eventRestore: `
WITH came AS (
  ${insertAll(s, 'events', EVENT_COLUMNS, `g.position > ${mark(s, 'fanned out')}`)} ON CONFLICT DO NOTHING RETURNING position
), raised AS (
  UPDATE ${s}.event_marks m SET position = c.position FROM (SELECT max(position) AS position FROM came) c
  WHERE m.name = 'newest' AND m.position < c.position
)
SELECT position FROM came`,
    /** $1 positions: what was not written is taken, or fanned out. */
    eventStanding: 'SELECT ord FROM unnest($1::bigint[]) WITH ORDINALITY AS g(position, ord)',
    tombstoneRestore: `${insertAll(s, 'tombstones', TOMBSTONE_COLUMNS, hasNone(s, 'jobs'))} ON CONFLICT DO NOTHING RETURNING id`,
  };
}
