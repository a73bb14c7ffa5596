/** The statements of jobs' logs. How they are written stands in `statements.ts`. */
import { LOG_LINE_BYTES } from '../../../core/log-line.ts';
import { countChanges } from './rooms.ts';
import { type Columns, unnestOf } from './statement-parts.ts';

const LOG_ROW = 'position, attempt, at, level, line, fields';
/** As positions count them. */
const LINE_BYTES = `${LOG_LINE_BYTES} + octet_length(line) + coalesce(octet_length(fields), 0)`;

const RESTORED: Columns = [
  ['number', 'bigint'],
  ['position', 'bigint'],
  ['attempt', 'int'],
  ['at', 'bigint'],
  ['level', 'int'],
  ['line', 'text'],
  ['fields', 'text'],
];
const RESTORED_NAMES = RESTORED.map(([name]) => name).join(', ');

/** $1 ids (sorted), $2 fences: nobody else appends to these jobs until the transaction ends, and they stay where they are. */
const logLock = (
  s: string,
) => `SELECT r.number FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS g(id, fence, ord)
  CROSS JOIN LATERAL (SELECT number FROM ${s}.jobs WHERE id = g.id LIMIT 1) j
  CROSS JOIN LATERAL (SELECT number FROM ${s}.running WHERE number = j.number AND fence = g.fence FOR UPDATE) r`;

/**
 * $1 ids, $2 fences, $3 lines as JSON, each with the bytes up to its end, $4 bytes of all of them. After `logLock`: with a snapshot of its own it sees what was
 * appended while that one waited. Each append brings its lines along, since a join of all lines with all jobs would compare each with each.
 */
const logAppend = (s: string) => `
WITH held AS MATERIALIZED (
  SELECT g.ord, g.lines, g.bytes, j.number, j.tenant, j.type, r.attempt, coalesce(l.position, 0) AS start
  FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[]) WITH ORDINALITY AS g(id, fence, lines, bytes, ord)
  CROSS JOIN LATERAL (SELECT number, tenant, type FROM ${s}.jobs WHERE id = g.id LIMIT 1) j
  CROSS JOIN LATERAL (SELECT attempt FROM ${s}.running WHERE number = j.number AND fence = g.fence LIMIT 1) r
  LEFT JOIN LATERAL (
    SELECT position FROM ${s}.job_logs WHERE number = j.number ORDER BY position DESC LIMIT 1) l ON true
), said AS (
  INSERT INTO ${s}.job_logs (number, ${LOG_ROW})
  SELECT h.number, h.start + (e.line->>0)::bigint, h.attempt, (e.line->>1)::bigint, (e.line->>2)::int, e.line->>3, e.line->>4
  FROM held h CROSS JOIN LATERAL jsonb_array_elements(h.lines::jsonb) AS e(line)
), counted AS (
  ${countChanges(s, `SELECT tenant, type, 'log' AS state, 0 AS jobs, bytes FROM held`)}
)
SELECT ord, number, start + bytes FROM held`;

/** $1 number, $2 what is never cut: the first line behind it, its attempt, and the end of the last line within it. */
const logEdge = (s: string) => `SELECT l.position, l.attempt, (
    SELECT max(position) FROM ${s}.job_logs WHERE number = $1::bigint AND position <= $2::bigint)
  FROM ${s}.job_logs l WHERE l.number = $1::bigint AND l.position > $2::bigint ORDER BY l.position LIMIT 1`;

/** $1 number, $2 what is never cut, $3 up to where, $4 the line in their place, $5 its time, $6 the end of what is cut, $7 the fence. After `logLock`. */
const logCut = (s: string) => `
WITH cut AS (
  DELETE FROM ${s}.job_logs WHERE number = $1::bigint AND position > $2::bigint AND position <= $3::bigint
    AND EXISTS (SELECT 1 FROM ${s}.running WHERE number = $1::bigint AND fence = $7::bigint)
  RETURNING ${LINE_BYTES} AS bytes
), sums AS MATERIALIZED (
  SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM cut
), spoken AS (
  INSERT INTO ${s}.job_logs (number, ${LOG_ROW})
  SELECT $1::bigint, $6::bigint, 0, $5::bigint, 2, $4::text, NULL FROM sums WHERE bytes > 0
  ON CONFLICT DO NOTHING
)
${countChanges(
  s,
  `SELECT j.tenant, j.type, 'log' AS state, 0 AS jobs, ${LOG_LINE_BYTES} + octet_length($4::text) - sums.bytes AS bytes
    FROM sums CROSS JOIN LATERAL (SELECT tenant, type FROM ${s}.jobs WHERE number = $1::bigint LIMIT 1) j WHERE sums.bytes > 0`,
)}`;

/** $1 id, $2 behind which position, $3 level, $4 attempt or null, $5 limit. */
const logRead = (s: string) => `SELECT l.* FROM (SELECT number FROM ${s}.jobs WHERE id = $1::uuid LIMIT 1) j
  CROSS JOIN LATERAL (
    SELECT ${LOG_ROW} FROM ${s}.job_logs WHERE number = j.number AND position > $2::bigint
      AND (attempt = 0 OR (level >= $3::int AND ($4::int IS NULL OR attempt = $4::int)))
    ORDER BY position LIMIT $5::bigint) l ORDER BY l.position`;

/** The logs of jobs that this very transaction has written. */
const logRestore = (s: string, isWrittenNow: string) => `
WITH given AS MATERIALIZED (
  SELECT g.*, j.tenant, j.type FROM ${unnestOf(RESTORED, 'g')} CROSS JOIN LATERAL (
    SELECT tenant, type FROM ${s}.jobs WHERE number = g.number AND ${isWrittenNow} LIMIT 1) j
), came AS (
  INSERT INTO ${s}.job_logs (${RESTORED_NAMES}) SELECT ${RESTORED_NAMES} FROM given ORDER BY ord
)
${countChanges(s, `SELECT tenant, type, 'log' AS state, 0 AS jobs, ${LINE_BYTES} AS bytes FROM given`)}`;

/**
 * Steps of a removal behind `gone`: the logs of those jobs go, and `logged` says whose there were. One probe for all of them tells whether there are any: a
 * removal of jobs without logs looks for none.
 */
export const logRemoval = (s: string) => `logged AS MATERIALIZED (
  SELECT g.number, g.tenant, g.type, l.bytes FROM gone g
  CROSS JOIN LATERAL (SELECT sum(${LINE_BYTES})::bigint AS bytes FROM ${s}.job_logs WHERE number = g.number) l
  WHERE l.bytes IS NOT NULL AND EXISTS (
    SELECT 1 FROM ${s}.job_logs
    WHERE number BETWEEN (SELECT min(number) FROM gone) AND (SELECT max(number) FROM gone))
), log_gone AS (
  DELETE FROM ${s}.job_logs WHERE number = ANY (ARRAY(SELECT number FROM logged))
)`;

export function logStatementsOf(s: string, isWrittenNow: string) {
  return {
    logLock: logLock(s),
    logAppend: logAppend(s),
    logEdge: logEdge(s),
    logLastUpTo: `SELECT max(position) FROM ${s}.job_logs WHERE number = $1::bigint AND position <= $2::bigint`,
    logCut: logCut(s),
    logRead: logRead(s),
    logRestore: logRestore(s, isWrittenNow),
  };
}
