/**
 * Every fixed statement of the SQLite store, by name. PostgreSQL has the same names where it has the same step.
 *
 * differs (all of them): one row per execution inside one transaction of the writer, where PostgreSQL sends one statement per
 * batch. A prepared statement costs 2 µs here and there is no network to save; the transaction is the batch.
 *
 * Limits are written `LIMIT +?`: of a bare `LIMIT ?` the planner takes the value into account, so that SQLite compiles the
 * statement again whenever it is bound (15 to 70 µs per call, more than most of these take).
 */

import { LOG_LINE_BYTES } from '../../core/log-line.ts';
import { BLOCKED_BY } from '../blocks.ts';
import { ROOM_COLUMNS, SNAPSHOT, snapshotIn } from '../job-rooms.ts';
import { FIXED_COLUMNS, JOB_COLUMNS, type JobColumn, type Room } from '../job-row.ts';
import { FIGURE_COLUMNS, FIGURE_SUMS } from '../stat-row.ts';
import { EVENT_STATEMENTS } from './event-statements.ts';
import { GROUP_STATEMENTS } from './group-statements.ts';
import { LIMIT_STATEMENTS } from './limit-statements.ts';

/** A job wherever it is: at most four index probes, and one moment, since it is one statement. */
export const EVERYWHERE = `jobs j LEFT JOIN waiting w ON w.number = j.number LEFT JOIN running r ON r.number = j.number
    LEFT JOIN finished f ON f.number = j.number`;
const JOB = `SELECT ${SNAPSHOT} FROM ${EVERYWHERE}`;

/** What each room repeats of `jobs`. */
export const COPIES: Readonly<Record<Room, readonly JobColumn[]>> = {
  waiting: ['number', 'tenant', 'type', 'priority', 'sequence_key', 'limit_key', 'timeout_ms'],
  running: ['number', 'tenant', 'sequence_key', 'limit_key', 'timeout_ms'],
  finished: ['number', 'tenant', 'retain_ms'],
};

/** The columns of a room that hold the job's own. */
export function columnsOf(room: Room): readonly JobColumn[] {
  return [...COPIES[room], ...ROOM_COLUMNS[room]];
}

const NULL = () => 'NULL';
/** A job whose room is known. */
export const ROOM_ROWS: Readonly<Record<Room, string>> = {
  waiting: snapshotIn('waiting', NULL),
  running: snapshotIn('running', NULL),
  finished: snapshotIn('finished', NULL),
};

const LOG_ROW = 'stream, position, fence, attempt, at, level, line, fields';
/** As positions count them. */
const LINE_BYTES = `${LOG_LINE_BYTES} + octet_length(line) + coalesce(octet_length(fields), 0)`;
const KEY_ROW = 'id, tenant, name, scopes, hash, created_at, revoked_at, expires_at';
const DOCUMENT_ROW = 'tenant, kind, name, data, revision, created_at, due_at';

/** A job of the tenant and key waits that was there before, or any of them runs. */
const IS_TAKEN = `EXISTS (SELECT 1 FROM waiting WHERE tenant = ?1 AND sequence_key = ?2 AND number < ?3)
  OR EXISTS (SELECT 1 FROM running WHERE tenant = ?1 AND sequence_key = ?2)`;
/** Whoever has to wait for others holds no ticket of a limit: those ahead might need it. */
const BEHIND = `blocked | CASE WHEN limit_key IS NULL THEN ${BLOCKED_BY.sequence} ELSE ${BLOCKED_BY.sequence | BLOCKED_BY.limit} END`;
const FIRST_WAITING = 'SELECT min(number) FROM waiting WHERE tenant = ?1 AND sequence_key = ?2';

// differs: PostgreSQL claims with SKIP LOCKED in one statement over all wanted types. One writer has nothing to skip: it goes round the
// tenants and steps through the priorities of each by itself, so that jobs scheduled far ahead with a high priority are never scanned. It reads
// what is first, then moves those rows by the same condition, in three statements for all of them.
const OF_TENANT = `w.blocked = 0 AND w.type = ?1 AND w.priority = ?2 AND w.run_at <= ?3 AND w.tenant = ?5
  ORDER BY w.run_at, w.number LIMIT +?4`;
/** Whoever's it is: ?2 and ?5 say nothing. */
const BY_TIME = 'w.blocked = 0 AND w.type = ?1 AND w.run_at <= ?3 ORDER BY w.run_at, w.number LIMIT +?4';

/** What a claim writes; all else of a waiting job moves along. ?3 is now, ?6 the end of the lease, ?7 the worker. */
const CLAIMED: Partial<Record<JobColumn, string>> = {
  state: `'running'`,
  attempt: 'w.attempt + 1',
  fence: 'w.fence + 1',
  revision: 'w.revision + 1',
  started_at: '?3',
  percent: '0',
  message: 'NULL',
  lease_until: '?6',
  worker: '?7',
};
const claimedCell = (column: JobColumn) =>
  CLAIMED[column] ?? (ROOM_COLUMNS.waiting.includes(column) ? `w.${column}` : 'NULL');
const claimedRow = JOB_COLUMNS.map((column) => (FIXED_COLUMNS.includes(column) ? `j.${column}` : claimedCell(column)));

const claimable = (due: string) =>
  `SELECT ${claimedRow.join(', ')}, j.input FROM waiting w JOIN jobs j ON j.number = w.number WHERE ${due}`;
const claim = (due: string) => `INSERT INTO running (${columnsOf('running').join(', ')})
  SELECT ${[...COPIES.running.map((column) => `w.${column}`), ...ROOM_COLUMNS.running.map(claimedCell)].join(', ')}
  FROM waiting w WHERE ${due}`;
const leave = (due: string) => `DELETE FROM waiting WHERE number IN (SELECT w.number FROM waiting w WHERE ${due})`;

export const STATEMENTS = {
  // --- Jobs: writing -------------------------------------------------------------------------------------------------------
  jobInsert: `INSERT INTO jobs (${FIXED_COLUMNS.join(', ')}, input) VALUES (${'?, '.repeat(FIXED_COLUMNS.length)}?)`,
  /** A job that was never claimed. */
  waitingInsert: `INSERT INTO waiting (${COPIES.waiting.join(', ')}, run_at, deadline_at, marks, blocked, attempt, fence, revision, percent)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 1, 0)`,
  /** The columns of the room, then `blocked`. */
  waitingEnter: enter('waiting', 'blocked'),
  runningEnter: enter('running'),
  /** The columns of the room, then the result. */
  finishedEnter: enter('finished', 'result'),
  /** What was submitted, of a job that waits; what else there is of it in other places follows. */
  jobAmend: 'UPDATE jobs SET priority = ?2, tags = ?3, deadline_ms = ?4 WHERE number = ?1',
  jobInputPut: 'UPDATE jobs SET input = ?2 WHERE number = ?1',
  waitingBegin: 'UPDATE waiting SET attempt = 0 WHERE number = ?1',
  waitingAmend:
    'UPDATE waiting SET priority = ?2, run_at = ?3, deadline_at = ?4, revision = revision + 1 WHERE number = ?1',
  waitingLeave: 'DELETE FROM waiting WHERE number = ?',
  runningLeave: 'DELETE FROM running WHERE number = ?',
  runningLeaveAt: 'DELETE FROM running WHERE number = ? AND revision = ?',
  finishedLeave: 'DELETE FROM finished WHERE number = ?',
  jobTagInsert: 'INSERT INTO job_tags (tenant, name, value, number) VALUES (?, ?, ?, ?)',
  resultPut: 'UPDATE finished SET result = ?2 WHERE number = ?1',
  resultPartInsert: 'INSERT INTO result_parts (number, part, bytes) VALUES (?, ?, ?)',
  resultPartsDelete: 'DELETE FROM result_parts WHERE number = ?',
  jobNumberRead: `SELECT last FROM sequences WHERE name = 'job'`,
  jobNumberWrite: `UPDATE sequences SET last = ? WHERE name = 'job'`,

  timeMarkRead: `SELECT last FROM sequences WHERE name = 'time'`,
  timeMarkWrite: `INSERT INTO sequences (name, last) VALUES ('time', ?1) ON CONFLICT (name) DO UPDATE SET last = ?1`,

  /** The first tenant from ?2 on that waits, and the first of its jobs in the order of claims, due or not. */
  jobNextTenant: `SELECT tenant, priority, run_at FROM waiting WHERE blocked = 0 AND type = ?1 AND tenant >= ?2
    ORDER BY tenant, priority DESC, run_at LIMIT 1`,
  jobNextPriority: `SELECT priority FROM waiting WHERE blocked = 0 AND type = ?1 AND priority < ?2 AND tenant = ?3
    ORDER BY priority DESC LIMIT 1`,
  jobDueCount: `SELECT count(*) FROM (SELECT 1 FROM waiting w WHERE ${OF_TENANT})`,
  jobDue: `SELECT w.run_at FROM waiting w WHERE ${OF_TENANT}`,
  jobClaimable: claimable(OF_TENANT),
  jobClaim: claim(OF_TENANT),
  jobClaimLeave: leave(OF_TENANT),
  jobClaimableByTime: claimable(BY_TIME),
  jobClaimByTime: claim(BY_TIME),
  jobClaimLeaveByTime: leave(BY_TIME),

  typeStarts: 'SELECT starts FROM type_limits WHERE type = ?',
  typeStartsPut: 'INSERT OR REPLACE INTO type_limits (type, starts) VALUES (?, ?)',
  /** All that runs is looked at, which slots bound: a copy of the type in the room would be paid by every claim. */
  typeRunning: 'SELECT count(*) FROM running r CROSS JOIN jobs j ON j.number = r.number WHERE j.type = ?',

  jobHeld: `SELECT r.number, r.cancel_requested_at FROM jobs j JOIN running r ON r.number = j.number
    WHERE j.id = ? AND r.fence = ?`,
  jobExtend: 'UPDATE running SET lease_until = ? WHERE number = ?',

  jobDelete: 'DELETE FROM jobs WHERE number = ?',
  jobTagDelete: 'DELETE FROM job_tags WHERE tenant = ? AND name = ? AND value = ? AND number = ?',
  tombstonePut: 'INSERT OR REPLACE INTO tombstones (id, number, tenant, gone_at, gone_until) VALUES (?, ?, ?, ?, ?)',
  tombstonesOf: 'SELECT id, number FROM tombstones WHERE id = ?1 OR number = ?2',
  tombstoneDeleteOver: `DELETE FROM tombstones WHERE id IN (
    SELECT id FROM tombstones WHERE gone_until <= ?1 ORDER BY gone_until LIMIT +?2)`,

  countAdd: `INSERT INTO job_counts (tenant, type, state, jobs) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (tenant, type, state) DO UPDATE SET jobs = jobs + ?4`,
  usageAdd: `INSERT INTO job_usage (tenant, jobs, bytes) VALUES (?1, ?2, ?3)
    ON CONFLICT (tenant) DO UPDATE SET jobs = jobs + ?2, bytes = bytes + ?3`,
  usageDeleteEmpty: 'DELETE FROM job_usage WHERE tenant = ? AND jobs = 0',
  countDeleteEmpty: 'DELETE FROM job_counts WHERE tenant = ? AND type = ? AND state = ? AND jobs = 0',

  // --- Sequences: jobs of one tenant and key, one after another -------------------------------------------------------------
  /** Whether the job ?3 has to wait for others. */
  sequenceIsTaken: `SELECT ${IS_TAKEN}`,
  /** A final job is waiting again: whatever was first after it no longer is. */
  sequenceBlockNext: `UPDATE waiting SET blocked = ${BEHIND} WHERE number = (${FIRST_WAITING} AND number > ?3)`,
  /** A job no longer runs, or waits: whatever is first now may run, unless one is running. */
  sequenceUnblockFirst: `UPDATE waiting SET blocked = blocked & ~${BLOCKED_BY.sequence} WHERE blocked & ${BLOCKED_BY.sequence} AND number = (${FIRST_WAITING})
    AND NOT EXISTS (SELECT 1 FROM running WHERE tenant = ?1 AND sequence_key = ?2) RETURNING limit_key`,
  /** A running job came from elsewhere: whoever waits waits for it. */
  sequenceBlockFirst: `UPDATE waiting SET blocked = ${BEHIND} WHERE number = (${FIRST_WAITING})`,

  // --- Ends that somebody waits for ----------------------------------------------------------------------------------------
  endedInsert: 'INSERT INTO ended (number, revision, id, tenant, state) VALUES (?, ?, ?, ?, ?)',
  endedRead: 'SELECT place, number, revision, id, tenant, state FROM ended ORDER BY place LIMIT +?1',
  /** A job that waits again, and has not looked at its parents since. */
  endedLooking: "SELECT 1 FROM ended WHERE number = ? AND state = 'waiting' LIMIT 1",
  endedLooked: "DELETE FROM ended WHERE number = ? AND state = 'waiting'",
  endedDelete: 'DELETE FROM ended WHERE place BETWEEN ?1 AND ?2',
  /** The newest, where it is of this job. */
  endedDeleteLast: 'DELETE FROM ended WHERE place = (SELECT max(place) FROM ended) AND number = ?',

  // --- Jobs that come after others -----------------------------------------------------------------------------------------
  linkOpen: `INSERT INTO job_links (child, parent, policy, is_open) VALUES (?, ?, ?, 1)
    ON CONFLICT (child, parent) DO UPDATE SET is_open = 1`,
  linkRestore: 'INSERT OR IGNORE INTO job_links (child, parent, policy, is_open) VALUES (?, ?, ?, 0)',
  linkClose: 'UPDATE job_links SET is_open = 0 WHERE child = ? AND parent = ?',
  linkIsOpen: 'SELECT 1 FROM job_links WHERE child = ? AND is_open = 1 LIMIT 1',
  linkDelete: 'DELETE FROM job_links WHERE child = ?',
  /** ?1 parents, as JSON. By parent in the order of their numbers: the index is walked, and nothing is sorted. */
  linkRead: `SELECT l.parent, l.child, j.id, l.policy FROM job_links l INDEXED BY job_links_by_parent
    JOIN jobs j ON j.number = l.child
    WHERE l.parent IN (SELECT value FROM json_each(?1)) AND l.is_open = 1 ORDER BY l.parent, l.child LIMIT +?2`,
  /** ?1 id of a job, ?2 at most. None where it has not succeeded. */
  familyRead: `SELECT l.parent, l.child FROM jobs j
    JOIN finished f ON f.number = j.number AND f.state = 'succeeded'
    JOIN job_links l ON l.parent = j.number AND l.is_open = 1
    WHERE j.id = ?1 ORDER BY l.child LIMIT +?2`,
  linkChildren: 'SELECT child FROM job_links WHERE parent = ?1 AND child > ?2 ORDER BY child LIMIT +?3',
  waitingFree: `UPDATE waiting SET marks = ?2, blocked = blocked & ~${BLOCKED_BY.parents}, revision = revision + 1 WHERE number = ?1`,

  // --- Jobs: reading -------------------------------------------------------------------------------------------------------
  jobById: `${JOB} WHERE j.id = ?`,
  jobByNumber: `${JOB} WHERE j.number = ?`,
  jobByIdempotencyKey: `${JOB} WHERE j.tenant = ? AND j.idempotency_key = ?`,
  /** The one that holds the key. */
  jobByUniqueKey: `${JOB} WHERE j.tenant = ? AND j.type = ? AND j.unique_key = ? ORDER BY j.number DESC LIMIT 1`,
  tombstoneById: 'SELECT tenant, gone_at, gone_until FROM tombstones WHERE id = ?',
  tombstoneByNumber: 'SELECT tenant, gone_at, gone_until FROM tombstones WHERE number = ?',
  /** Number, type and the first part. */
  jobResult: `SELECT f.number, f.result_type, f.result FROM jobs j JOIN finished f ON f.number = j.number
    WHERE j.id = ? AND f.result IS NOT NULL`,
  resultParts: 'SELECT bytes FROM result_parts WHERE number = ? AND part BETWEEN ? AND ? ORDER BY part',
  inputBytes: 'SELECT octet_length(input) FROM jobs WHERE number = ?',
  jobInput: 'SELECT input FROM jobs WHERE id = ?',

  jobNextRunAt: 'SELECT min(run_at) FROM waiting WHERE blocked = 0 AND type = ?1 AND run_at > ?2',

  jobOldest: `SELECT run_at FROM waiting
    WHERE blocked = 0 AND tenant = ?1 AND type = ?2 AND priority = ?3 ORDER BY run_at LIMIT 1`,

  jobLost: `SELECT ${ROOM_ROWS.running} FROM running r JOIN jobs j ON j.number = r.number WHERE r.ends_at <= ?1
    AND r.lease_until <= ?1 ORDER BY r.lease_until, r.number LIMIT +?2`,
  jobOverrun: `SELECT ${ROOM_ROWS.running} FROM running r JOIN jobs j ON j.number = r.number
    WHERE r.ends_at <= ?1 AND r.lease_until > ?1 ORDER BY r.ends_at, r.number LIMIT +?2`,
  jobOverdue: `SELECT ${ROOM_ROWS.waiting} FROM waiting w JOIN jobs j ON j.number = w.number
    WHERE w.deadline_at IS NOT NULL AND w.deadline_at <= ?1 ORDER BY w.deadline_at, w.number LIMIT +?2`,
  jobPrunable: `SELECT ${ROOM_ROWS.finished} FROM finished f JOIN jobs j ON j.number = f.number
    WHERE f.retain_until <= ?1 ORDER BY f.retain_until, f.number LIMIT +?2`,

  countAll: 'SELECT tenant, type, state, jobs FROM job_counts WHERE jobs > 0',
  countOfTenant: 'SELECT tenant, type, state, jobs FROM job_counts WHERE tenant = ? AND jobs > 0',
  /** Jobs of all tenants. */
  countOfState: 'SELECT coalesce(sum(jobs), 0) FROM job_counts WHERE state = ?',
  usage: 'SELECT jobs, bytes FROM job_usage WHERE tenant = ?',

  // --- Logs and output -----------------------------------------------------------------------------------------------------------------
  logHolder: `SELECT r.number, r.attempt, j.tenant FROM jobs j JOIN running r ON r.number = j.number
    WHERE j.id = ? AND r.fence = ?`,
  logEnd: 'SELECT max(position) FROM job_lines WHERE number = ? AND stream = ?',
  logInsert: `INSERT INTO job_lines (number, ${LOG_ROW}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  logFirstBehind: `SELECT position, attempt, fence, ${LINE_BYTES} FROM job_lines
    WHERE number = ? AND stream = ? AND position > ? ORDER BY position LIMIT 1`,
  logLastUpTo: 'SELECT max(position) FROM job_lines WHERE number = ? AND stream = ? AND position <= ?',
  logLastBefore: 'SELECT max(position) FROM job_lines WHERE number = ? AND stream = ? AND fence < ?',
  /** Bytes as positions count them. */
  logBytesBetween: `SELECT coalesce(sum(${LINE_BYTES}), 0)
    FROM job_lines WHERE number = ? AND stream = ? AND position > ? AND position <= ?`,
  logDeleteBetween: 'DELETE FROM job_lines WHERE number = ? AND stream = ? AND position > ? AND position <= ?',
  logBytes: `SELECT sum(${LINE_BYTES}) FROM job_lines WHERE number = ?`,
  logDelete: 'DELETE FROM job_lines WHERE number = ?',
  /** Whether any of the jobs with these numbers has a line. */
  logIsAny: 'SELECT 1 FROM job_lines WHERE number BETWEEN ? AND ? LIMIT 1',
  logRead: `SELECT ${LOG_ROW.split(', ')
    .map((column) => `l.${column}`)
    .join(', ')} FROM jobs j JOIN job_lines l ON l.number = j.number
    WHERE j.id = ?1 AND l.stream = ?6 AND l.position > ?2 AND l.position <= ?7 + (
      SELECT min(position) FROM job_lines WHERE number = j.number AND stream = ?6 AND position > ?2)
      AND (l.attempt = 0 OR (l.level >= ?3 AND (?4 IS NULL OR l.attempt = ?4)))
    ORDER BY l.position LIMIT +?5`,

  ...LIMIT_STATEMENTS,
  ...EVENT_STATEMENTS,
  ...GROUP_STATEMENTS,

  // --- Figures --------------------------------------------------------------------------------------------------------------
  statPut: `INSERT OR REPLACE INTO minute_stats (tenant, type, minute, node, errors, ${FIGURE_COLUMNS.join(', ')})
    VALUES (?, ?, ?, ?, ?, ${FIGURE_COLUMNS.map(() => '?').join(', ')})`,
  /** Most minutes of a type say the same. */
  statErrors: `SELECT type, errors, count(*) FROM minute_stats WHERE tenant = ? AND minute >= ? AND errors IS NOT NULL
    GROUP BY type, errors`,
  statDrop: `DELETE FROM minute_stats WHERE (tenant, minute, type, node) IN (
    SELECT tenant, minute, type, node FROM minute_stats WHERE minute < ?1 ORDER BY minute LIMIT +?2)`,
  /** ?3 the end, ?4 the step, ?5 the type or null. */
  statRead: `SELECT minute - (minute - ?2) % ?4 AS at, type, ${FIGURE_SUMS.join(', ')} FROM minute_stats
    WHERE tenant = ?1 AND minute >= ?2 AND minute < ?3 AND (?5 IS NULL OR type = ?5) GROUP BY 1, 2 ORDER BY 1, 2`,

  // --- Workers --------------------------------------------------------------------------------------------------------------
  workerPut: `INSERT INTO workers (tenant, name, seen_at, facts) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (tenant, name) DO UPDATE SET seen_at = ?3, facts = ?4 WHERE ?3 >= seen_at`,
  workerList: `SELECT tenant, name, seen_at, facts FROM workers WHERE tenant = ?1 AND seen_at >= ?2 ORDER BY name LIMIT +?3`,
  workerRemove: 'DELETE FROM workers WHERE tenant = ? AND name = ?',
  workerDrop: 'DELETE FROM workers WHERE seen_at < ?',
  workerLoads: `SELECT tenant, worker, count(*) FROM running
    WHERE worker IS NOT NULL AND (?1 IS NULL OR tenant = ?1) GROUP BY tenant, worker ORDER BY tenant, worker`,

  // --- Keys -----------------------------------------------------------------------------------------------------------------
  keyInsert: `INSERT INTO keys (${KEY_ROW}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
  keyRead: `SELECT ${KEY_ROW} FROM keys WHERE id = ?`,
  keyListAll: `SELECT ${KEY_ROW} FROM keys ORDER BY created_at, id`,
  keyListOfTenant: `SELECT ${KEY_ROW} FROM keys WHERE tenant = ? ORDER BY created_at, id`,
  keyRevoke: 'UPDATE keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL',

  // --- Documents --------------------------------------------------------------------------------------------------------------
  documentRead: `SELECT ${DOCUMENT_ROW} FROM documents WHERE tenant = ? AND kind = ? AND name = ?`,
  documentPut: `INSERT INTO documents (${DOCUMENT_ROW}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (tenant, kind, name) DO UPDATE SET data = ?4, revision = ?5, due_at = ?7`,
  documentList: `SELECT ${DOCUMENT_ROW} FROM documents WHERE tenant = ?1 AND kind = ?2
    ORDER BY created_at DESC, name LIMIT +?3`,
  documentListAfter: `SELECT ${DOCUMENT_ROW} FROM documents WHERE tenant = ?1 AND kind = ?2
    AND (created_at < ?4 OR (created_at = ?4 AND name > ?5)) ORDER BY created_at DESC, name LIMIT +?3`,
  documentUsage: 'SELECT count(*), coalesce(sum(octet_length(data)), 0) FROM documents WHERE tenant = ?',
  documentUsageOfKind: `SELECT count(*), coalesce(sum(octet_length(data)), 0) FROM documents
    WHERE tenant = ? AND kind = ?`,
  documentDue: `SELECT ${DOCUMENT_ROW} FROM documents WHERE kind = ?1 AND due_at <= ?2
    AND (due_at, tenant, name) > (?3, ?4, ?5) ORDER BY due_at, tenant, name LIMIT +?6`,
  documentNextDue: 'SELECT min(due_at) FROM documents WHERE kind = ?1 AND due_at > ?2',
  documentDelete: 'DELETE FROM documents WHERE tenant = ? AND kind = ? AND name = ?',

  // --- Dumps: whole tables, row by row ---------------------------------------------------------------------------------------
  // differs: PostgreSQL reads page by page, since a result there comes as a whole; here a statement that runs hands out single rows.
  dumpDocuments: `SELECT ${DOCUMENT_ROW} FROM documents ORDER BY tenant, kind, name`,
  dumpTombstones: 'SELECT id, number, tenant, gone_at, gone_until FROM tombstones ORDER BY number',
  dumpJobs: `SELECT ${SNAPSHOT}, j.input, f.result FROM ${EVERYWHERE} ORDER BY j.number`,
  dumpLogs: `SELECT number, ${LOG_ROW} FROM job_lines ORDER BY number, stream, position`,
} satisfies Record<string, string>;

export type StatementName = keyof typeof STATEMENTS;

/**
 * Writes the given columns of one job in the room that it stays in, and its next revision. Of each combination one text: a column that
 * is not written is not named, since SQLite touches every index over a named column whether or not its value changes.
 */
export function jobUpdate(room: Room, columns: readonly JobColumn[]): string {
  const assignments = columns.map((column) => `${column} = ?`);
  return `UPDATE ${room} SET ${['revision = revision + 1', ...assignments].join(', ')} WHERE number = ? AND revision = ?`;
}

function enter(room: Room, ...more: readonly string[]): string {
  const columns = [...columnsOf(room), ...more];
  return `INSERT INTO ${room} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
}
