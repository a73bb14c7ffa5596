/**
 * Every fixed statement of the SQLite store, by name. PostgreSQL has the same names where it has the same step.
 *
 * differs (all of them): one row per execution inside one transaction of the writer, where PostgreSQL sends one statement per
 * batch. A prepared statement costs 2 µs here and there is no network to save; the transaction is the batch.
 *
 * Limits are written `LIMIT +?`: of a bare `LIMIT ?` the planner takes the value into account, so that SQLite compiles the
 * statement again whenever it is bound (15 to 70 µs per call, more than most of these take).
 */
import { JOB_COLUMNS, type JobColumn, NEW_JOB_COLUMNS } from '../job-row.ts';

export const JOB_ROW = JOB_COLUMNS.join(', ');
/** The same for a query that joins: `j` is the job. */
export const JOB_ROW_OF_J = JOB_COLUMNS.map((column) => `j.${column}`).join(', ');

const DELIVERY_ROW = 'number, job_id, tenant, revision, state, url, lane, origin, attempt, at, fence';
/** What a dump has of a delivery; job and tenant are those of the job that it belongs to. */
const PENDING_ROW = 'revision, state, url, origin, attempt, at, fence, due_at';
const KEY_ROW = 'id, tenant, name, scopes, hash, created_at, revoked_at, expires_at';
const DOCUMENT_ROW = 'tenant, kind, name, data, revision, created_at';

/** An earlier job of the same tenant and key that is not final, or any that runs. */
const EARLIER_UNFINISHED = `SELECT 1 FROM jobs WHERE tenant = ?1 AND sequence_key = ?2 AND number < ?3
  AND sequence_key IS NOT NULL AND state IN ('waiting', 'running')`;
const RUNNING_OF_SEQUENCE = `SELECT 1 FROM jobs WHERE tenant = ?1 AND sequence_key = ?2
  AND sequence_key IS NOT NULL AND state = 'running'`;
const IS_TAKEN = `EXISTS (${EARLIER_UNFINISHED}) OR EXISTS (${RUNNING_OF_SEQUENCE})`;

// differs: PostgreSQL claims with SKIP LOCKED in one statement over all wanted types. One writer has nothing to skip: it reads
// what is first, then takes each row, which costs less than UPDATE … RETURNING over a subquery with its two temporary tables. It
// steps through the priorities itself, so that jobs scheduled far ahead with a high priority are never scanned.
const claimable = (owner: string) => `
SELECT ${JOB_ROW_OF_J}, i.input FROM jobs j JOIN job_inputs i ON i.number = j.number
WHERE j.state = 'waiting' AND j.blocked = 0 AND j.type = ?1 AND j.priority = ?2 AND j.run_at <= ?3 ${owner}
ORDER BY j.run_at, j.number LIMIT +?4`;

const nextPriority = (owner: string) => `
SELECT priority FROM jobs
WHERE state = 'waiting' AND blocked = 0 AND type = ?1 AND priority < ?2 ${owner}
ORDER BY priority DESC LIMIT 1`;

export const STATEMENTS = {
  // --- Jobs: writing -------------------------------------------------------------------------------------------------------
  jobInsert: `INSERT INTO jobs (${NEW_JOB_COLUMNS.join(', ')},
    number, blocked, state, percent, attempt, fence, revision)
    VALUES (${NEW_JOB_COLUMNS.map(() => '?').join(', ')}, ?, ?, 'waiting', 0, 0, 0, 1)`,
  jobRestore: `INSERT INTO jobs (${JOB_ROW}, blocked) VALUES (${JOB_COLUMNS.map(() => '?').join(', ')}, ?)`,
  jobInputInsert: 'INSERT INTO job_inputs (number, input) VALUES (?, ?)',
  jobTagInsert: 'INSERT INTO job_tags (tenant, name, value, number) VALUES (?, ?, ?, ?)',
  jobResultPut: 'INSERT OR REPLACE INTO job_results (number, content_type, bytes) VALUES (?, ?, ?)',
  jobResultDelete: 'DELETE FROM job_results WHERE number = ?',
  jobNumberRead: `SELECT last FROM sequences WHERE name = 'job'`,
  jobNumberWrite: `UPDATE sequences SET last = ? WHERE name = 'job'`,

  timeMarkRead: `SELECT last FROM sequences WHERE name = 'time'`,
  timeMarkWrite: `INSERT INTO sequences (name, last) VALUES ('time', ?1) ON CONFLICT (name) DO UPDATE SET last = ?1`,

  jobNextPriority: nextPriority(''),
  jobNextPriorityOfTenant: nextPriority('AND tenant = ?3'),
  jobClaimable: claimable(''),
  jobClaimableOfTenant: claimable('AND j.tenant = ?5'),
  jobClaim: `UPDATE jobs SET state = 'running', attempt = attempt + 1, fence = fence + 1, revision = revision + 1,
    worker = ?2, lease_until = ?3, started_at = ?4, percent = 0, message = NULL WHERE number = ?1 AND state = 'waiting'`,

  jobHeld: `SELECT number, cancel_requested_at FROM jobs WHERE id = ? AND state = 'running' AND fence = ?`,
  jobExtend: `UPDATE jobs SET lease_until = ? WHERE number = ?`,

  jobDelete: 'DELETE FROM jobs WHERE number = ?',
  jobInputDelete: 'DELETE FROM job_inputs WHERE number = ?',
  jobTagDelete: 'DELETE FROM job_tags WHERE tenant = ? AND name = ? AND value = ? AND number = ?',
  tombstonePut: 'INSERT OR REPLACE INTO tombstones (id, number, tenant, gone_at, gone_until) VALUES (?, ?, ?, ?, ?)',
  tombstonesOf: 'SELECT id, number FROM tombstones WHERE id = ?1 OR number = ?2',
  tombstoneDeleteOver: `DELETE FROM tombstones WHERE id IN (
    SELECT id FROM tombstones WHERE gone_until <= ?1 ORDER BY gone_until LIMIT +?2)`,

  countAdd: `INSERT INTO job_counts (tenant, type, state, jobs) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (tenant, type, state) DO UPDATE SET jobs = jobs + ?4`,
  countDeleteEmpty: 'DELETE FROM job_counts WHERE tenant = ? AND type = ? AND state = ? AND jobs = 0',

  // --- Sequences: jobs of one tenant and key, one after another -------------------------------------------------------------
  sequenceIsTaken: `SELECT ${IS_TAKEN}`,
  /** The job is waiting (again). */
  sequenceBlock: `UPDATE jobs SET blocked = (${IS_TAKEN}) WHERE number = ?3`,
  /** A final job is waiting again: whatever was first after it no longer is. */
  sequenceBlockNext: `UPDATE jobs SET blocked = 1 WHERE number = (
    SELECT min(number) FROM jobs WHERE tenant = ?1 AND sequence_key = ?2 AND number > ?3
      AND sequence_key IS NOT NULL AND state IN ('waiting', 'running'))`,
  /** A job no longer runs, or waits: whatever is first now may run, unless one is running. */
  sequenceUnblockFirst: `UPDATE jobs SET blocked = 0 WHERE blocked = 1 AND NOT EXISTS (${RUNNING_OF_SEQUENCE})
    AND number = (SELECT min(number) FROM jobs WHERE tenant = ?1 AND sequence_key = ?2
      AND sequence_key IS NOT NULL AND state IN ('waiting', 'running'))`,
  /** A running job came from elsewhere: whoever waits waits for it. */
  sequenceBlockFirst: `UPDATE jobs SET blocked = 1 WHERE state = 'waiting' AND number = (
    SELECT min(number) FROM jobs WHERE tenant = ?1 AND sequence_key = ?2
      AND sequence_key IS NOT NULL AND state IN ('waiting', 'running'))`,

  // --- Jobs: reading -------------------------------------------------------------------------------------------------------
  jobById: `SELECT ${JOB_ROW} FROM jobs WHERE id = ?`,
  jobByNumber: `SELECT ${JOB_ROW} FROM jobs WHERE number = ?`,
  jobByIdempotencyKey: `SELECT ${JOB_ROW} FROM jobs WHERE tenant = ? AND idempotency_key = ?`,
  tombstoneById: 'SELECT tenant, gone_at, gone_until FROM tombstones WHERE id = ?',
  tombstoneByNumber: 'SELECT tenant, gone_at, gone_until FROM tombstones WHERE number = ?',
  jobResult: `SELECT r.content_type, r.bytes FROM jobs j JOIN job_results r ON r.number = j.number WHERE j.id = ?`,
  // Of an empty blob SQLite cuts null.
  jobResultSlice: `SELECT r.content_type, coalesce(substr(r.bytes, ?2 + 1, ?3), x'')
    FROM jobs j JOIN job_results r ON r.number = j.number WHERE j.id = ?1`,
  jobInput: 'SELECT i.input FROM jobs j JOIN job_inputs i ON i.number = j.number WHERE j.id = ?',

  jobNextRunAt: `SELECT min(run_at) FROM jobs
    WHERE state = 'waiting' AND blocked = 0 AND type = ?1 AND priority = ?2 AND run_at > ?3`,

  jobLost: `SELECT ${JOB_ROW} FROM jobs WHERE state = 'running' AND lease_until <= ?1
    ORDER BY lease_until, number LIMIT +?2`,
  /** Only numbers at first: the index holds all that is asked, the rows of jobs that run well are not touched. */
  jobOverrun: `SELECT number FROM jobs WHERE state = 'running' AND lease_until > ?1
      AND (started_at + timeout_ms <= ?1 OR deadline_at <= ?1)
    ORDER BY min(coalesce(started_at + timeout_ms, deadline_at), coalesce(deadline_at, started_at + timeout_ms)), number
    LIMIT +?2`,
  jobOverdue: `SELECT ${JOB_ROW} FROM jobs
    WHERE state = 'waiting' AND deadline_at IS NOT NULL AND deadline_at <= ?1 ORDER BY deadline_at, number LIMIT +?2`,
  jobPrunable: `SELECT ${JOB_ROW} FROM jobs
    WHERE finished_at IS NOT NULL AND finished_at + retain_ms <= ?1 ORDER BY finished_at + retain_ms, number LIMIT +?2`,

  countAll: 'SELECT tenant, type, state, jobs FROM job_counts WHERE jobs > 0',
  countOfTenant: 'SELECT tenant, type, state, jobs FROM job_counts WHERE tenant = ? AND jobs > 0',

  // --- Deliveries -----------------------------------------------------------------------------------------------------------
  deliveryInsert: `INSERT INTO deliveries
    (job_number, job_id, tenant, revision, state, url, lane, origin, attempt, at, fence, due_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?10, ?7, 0, ?8, 0,
      CASE WHEN EXISTS (SELECT 1 FROM deliveries WHERE job_number = ?1) THEN NULL ELSE ?9 END)`,
  deliveryClaim: `UPDATE deliveries SET attempt = attempt + 1, fence = fence + 1, due_at = ?1
    WHERE number IN (
      SELECT number FROM deliveries WHERE tenant = ?4 AND lane = ?5 AND due_at IS NOT NULL AND due_at <= ?2
      ORDER BY due_at, number LIMIT +?3)
    RETURNING ${DELIVERY_ROW}`,
  deliveryNextTenant: 'SELECT min(tenant) FROM deliveries WHERE due_at IS NOT NULL AND tenant > ?',
  deliveryNextLane: 'SELECT min(lane) FROM deliveries WHERE due_at IS NOT NULL AND tenant = ? AND lane > ?',
  /** The fence moves on, so that a second settlement under the same one finds nothing. */
  deliveryRetry: 'UPDATE deliveries SET due_at = ?3, fence = fence + 1 WHERE number = ?1 AND fence = ?2',
  deliveryDelete: 'DELETE FROM deliveries WHERE number = ? AND fence = ? RETURNING job_number',
  /** Its turn has come, however late it is: ahead of every delivery that waits for a time. */
  deliveryPromote: `UPDATE deliveries SET due_at = 0
    WHERE number = (SELECT min(number) FROM deliveries WHERE job_number = ?)`,
  deliveryDeleteOfJob: 'DELETE FROM deliveries WHERE job_number = ?',

  /** After the job: revision to due time. Its order among those of its job is that of the inserts. */
  deliveryRestore: `INSERT INTO deliveries
    (job_number, job_id, tenant, lane, ${PENDING_ROW}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,

  // --- Keys -----------------------------------------------------------------------------------------------------------------
  keyInsert: `INSERT INTO keys (${KEY_ROW}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
  keyRead: `SELECT ${KEY_ROW} FROM keys WHERE id = ?`,
  keyListAll: `SELECT ${KEY_ROW} FROM keys ORDER BY created_at, id`,
  keyListOfTenant: `SELECT ${KEY_ROW} FROM keys WHERE tenant = ? ORDER BY created_at, id`,
  keyRevoke: 'UPDATE keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL',

  // --- Documents --------------------------------------------------------------------------------------------------------------
  documentRead: `SELECT ${DOCUMENT_ROW} FROM documents WHERE tenant = ? AND kind = ? AND name = ?`,
  documentPut: `INSERT INTO documents (${DOCUMENT_ROW}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (tenant, kind, name) DO UPDATE SET data = ?4, revision = ?5`,
  documentList: `SELECT ${DOCUMENT_ROW} FROM documents WHERE tenant = ?1 AND kind = ?2
    ORDER BY created_at DESC, name LIMIT +?3`,
  documentListAfter: `SELECT ${DOCUMENT_ROW} FROM documents WHERE tenant = ?1 AND kind = ?2
    AND (created_at < ?4 OR (created_at = ?4 AND name > ?5)) ORDER BY created_at DESC, name LIMIT +?3`,
  documentUsage: 'SELECT count(*), coalesce(sum(octet_length(data)), 0) FROM documents WHERE tenant = ?',
  documentDelete: 'DELETE FROM documents WHERE tenant = ? AND kind = ? AND name = ?',

  // --- Dumps: whole tables, row by row ---------------------------------------------------------------------------------------
  // differs: PostgreSQL reads page by page, since a result there comes as a whole; here a statement that runs hands out single rows.
  dumpDocuments: `SELECT ${DOCUMENT_ROW} FROM documents ORDER BY tenant, kind, name`,
  dumpTombstones: 'SELECT id, number, tenant, gone_at, gone_until FROM tombstones ORDER BY number',
  dumpJobs: `SELECT ${JOB_ROW_OF_J}, i.input, r.content_type, r.bytes
    FROM jobs j JOIN job_inputs i ON i.number = j.number LEFT JOIN job_results r ON r.number = j.number
    ORDER BY j.number`,
  dumpDeliveriesOfJob: `SELECT ${PENDING_ROW} FROM deliveries WHERE job_number = ? ORDER BY number`,
} satisfies Record<string, string>;

export type StatementName = keyof typeof STATEMENTS;

/**
 * Writes the given columns of one job and its next revision. Of each combination one text: a column that is not written is
 * not named, since SQLite touches every index over a named column whether or not its value changes.
 */
export function jobUpdate(columns: readonly JobColumn[]): string {
  const assignments = columns.map((column) => `${column} = ?`);
  return `UPDATE jobs SET ${['revision = revision + 1', ...assignments].join(', ')} WHERE number = ? AND revision = ?`;
}
