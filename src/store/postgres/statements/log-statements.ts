/** The statements of what jobs say, logs and output. How they are written stands in `statements.ts`. */
import { LOG_LINE_BYTES, STREAMS } from '../../../core/log-line.ts';
import { countChanges } from './rooms.ts';
import { type Columns, unnestOf } from './statement-parts.ts';

export const LOG_ROW = 'stream, position, fence, attempt, at, level, line, fields';
const LOG = STREAMS.indexOf('log');
const OUTPUT = STREAMS.indexOf('output');
/** As positions count them. */
const LINE_BYTES = `${LOG_LINE_BYTES} + octet_length(line) + coalesce(octet_length(fields), 0)`;

const RESTORED: Columns = [
  ['number', 'bigint'],
  ['stream', 'int'],
  ['position', 'bigint'],
  ['fence', 'bigint'],
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
 * $1 ids, $2 fences, $3 lines as JSON, each with the bytes up to its end, $4 bytes of all of them, $5 streams, $6 bytes that output may have. After `logLock`: with a snapshot of its own it sees what was
 * appended while that one waited. Each append brings its lines along, since a join of all lines with all jobs would compare each with each.
 * Output that is too long is not written. It begins behind its first line where that is of an earlier run: see `outputForget`.
 */
const logAppend = (s: string) => `
WITH held AS MATERIALIZED (
  SELECT g.ord, g.fence, g.lines, g.bytes, g.stream, j.number, j.tenant, j.type, r.attempt, coalesce(l.position, 0) AS start,
    g.stream = ${LOG} OR coalesce(l.position, 0) + g.bytes - coalesce(f.start, 0) <= g.room AS fits
  FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::int[], $6::bigint[])
    WITH ORDINALITY AS g(id, fence, lines, bytes, stream, room, ord)
  CROSS JOIN LATERAL (SELECT number, tenant, type FROM ${s}.jobs WHERE id = g.id LIMIT 1) j
  CROSS JOIN LATERAL (SELECT attempt FROM ${s}.running WHERE number = j.number AND fence = g.fence LIMIT 1) r
  LEFT JOIN LATERAL (
    SELECT position FROM ${s}.job_lines WHERE number = j.number AND stream = g.stream ORDER BY position DESC LIMIT 1) l ON true
  LEFT JOIN LATERAL (
    SELECT CASE WHEN fence = g.fence THEN position - (${LINE_BYTES}) ELSE position END AS start
    FROM ${s}.job_lines WHERE g.stream = ${OUTPUT} AND number = j.number AND stream = ${OUTPUT} ORDER BY position LIMIT 1) f ON true
), said AS (
  INSERT INTO ${s}.job_lines (number, ${LOG_ROW})
  SELECT h.number, h.stream, h.start + (e.line->>0)::bigint, h.fence, h.attempt, (e.line->>1)::bigint, (e.line->>2)::int, e.line->>3, e.line->>4
  FROM held h CROSS JOIN LATERAL jsonb_array_elements(h.lines::jsonb) AS e(line) WHERE h.fits
), counted AS (
  ${countChanges(s, `SELECT tenant, type, 'log' AS state, 0 AS jobs, bytes FROM held WHERE fits`)}
)
SELECT ord, number, start + bytes, fits FROM held`;

/** $1 number, $2 what is never cut: the first line behind it, its attempt, and the end of the last line within it. */
const logEdge = (s: string) => `SELECT l.position, l.attempt, (
    SELECT max(position) FROM ${s}.job_lines WHERE number = $1::bigint AND stream = ${LOG} AND position <= $2::bigint)
  FROM ${s}.job_lines l WHERE l.number = $1::bigint AND l.stream = ${LOG} AND l.position > $2::bigint ORDER BY l.position LIMIT 1`;

/** $1 number, $2 what is never cut, $3 up to where, $4 the line in their place, $5 its time, $6 the end of what is cut, $7 the fence. After `logLock`. */
const logCut = (s: string) => `
WITH cut AS (
  DELETE FROM ${s}.job_lines WHERE number = $1::bigint AND stream = ${LOG} AND position > $2::bigint AND position <= $3::bigint
    AND EXISTS (SELECT 1 FROM ${s}.running WHERE number = $1::bigint AND fence = $7::bigint)
  RETURNING ${LINE_BYTES} AS bytes
), sums AS MATERIALIZED (
  SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM cut
), spoken AS (
  INSERT INTO ${s}.job_lines (number, ${LOG_ROW})
  SELECT $1::bigint, ${LOG}, $6::bigint, 0, 0, $5::bigint, 2, $4::text, NULL FROM sums WHERE bytes > 0
  ON CONFLICT DO NOTHING
)
${countChanges(
  s,
  `SELECT j.tenant, j.type, 'log' AS state, 0 AS jobs, ${LOG_LINE_BYTES} + octet_length($4::text) - sums.bytes AS bytes
    FROM sums CROSS JOIN LATERAL (SELECT tenant, type FROM ${s}.jobs WHERE number = $1::bigint LIMIT 1) j WHERE sums.bytes > 0`,
)}`;

/**
 * $1 number, $2 fence: the output of earlier runs goes, but for its last line, since the next one is placed behind it. After `logLock`.
 */
const outputForget = (s: string) => `
WITH cut AS (
  DELETE FROM ${s}.job_lines WHERE number = $1::bigint AND stream = ${OUTPUT} AND position < (
      SELECT max(position) FROM ${s}.job_lines WHERE number = $1::bigint AND stream = ${OUTPUT} AND fence < $2::bigint)
    AND EXISTS (SELECT 1 FROM ${s}.running WHERE number = $1::bigint AND fence = $2::bigint)
  RETURNING ${LINE_BYTES} AS bytes
), sums AS MATERIALIZED (
  SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM cut
)
${countChanges(
  s,
  `SELECT j.tenant, j.type, 'log' AS state, 0 AS jobs, -sums.bytes AS bytes
    FROM sums CROSS JOIN LATERAL (SELECT tenant, type FROM ${s}.jobs WHERE number = $1::bigint LIMIT 1) j WHERE sums.bytes > 0`,
)}`;

/** $1 id, $2 behind which position, $3 level, $4 attempt or null, $5 limit, $6 stream, $7 bytes behind the end of the first or null. */
const logRead = (s: string) => `SELECT l.* FROM (SELECT number FROM ${s}.jobs WHERE id = $1::uuid LIMIT 1) j
  CROSS JOIN LATERAL (
    SELECT ${LOG_ROW} FROM ${s}.job_lines WHERE number = j.number AND stream = $6::int AND position > $2::bigint
      AND ($7::bigint IS NULL OR position <= $7::bigint + (
        SELECT min(position) FROM ${s}.job_lines WHERE number = j.number AND stream = $6::int AND position > $2::bigint))
      AND (attempt = 0 OR (level >= $3::int AND ($4::int IS NULL OR attempt = $4::int)))
    ORDER BY position LIMIT $5::bigint) l ORDER BY l.position`;

/** What jobs said that this very transaction has written. */
const logRestore = (s: string, isWrittenNow: string) => `
WITH given AS MATERIALIZED (
  SELECT g.*, j.tenant, j.type FROM ${unnestOf(RESTORED, 'g')} CROSS JOIN LATERAL (
    SELECT tenant, type FROM ${s}.jobs WHERE number = g.number AND ${isWrittenNow} LIMIT 1) j
), came AS (
  INSERT INTO ${s}.job_lines (${RESTORED_NAMES}) SELECT ${RESTORED_NAMES} FROM given ORDER BY ord
)
${countChanges(s, `SELECT tenant, type, 'log' AS state, 0 AS jobs, ${LINE_BYTES} AS bytes FROM given`)}`;

/**
 * Steps of a removal behind `gone`: what was said by those jobs go, and `logged` says by whom. One probe for all of them tells whether there is any: a
 * removal of jobs that said nothing looks for none.
 */
export const logRemoval = (s: string) => `logged AS MATERIALIZED (
  SELECT g.number, g.tenant, g.type, l.bytes FROM gone g
  CROSS JOIN LATERAL (SELECT sum(${LINE_BYTES})::bigint AS bytes FROM ${s}.job_lines WHERE number = g.number) l
  WHERE l.bytes IS NOT NULL AND EXISTS (
    SELECT 1 FROM ${s}.job_lines
    WHERE number BETWEEN (SELECT min(number) FROM gone) AND (SELECT max(number) FROM gone))
), log_gone AS (
  DELETE FROM ${s}.job_lines WHERE number = ANY (ARRAY(SELECT number FROM logged))
)`;

export function logStatementsOf(s: string, isWrittenNow: string) {
  return {
    logLock: logLock(s),
    logAppend: logAppend(s),
    logEdge: logEdge(s),
    logLastUpTo: `SELECT max(position) FROM ${s}.job_lines WHERE number = $1::bigint AND stream = ${LOG} AND position <= $2::bigint`,
    logCut: logCut(s),
    outputForget: outputForget(s),
    logRead: logRead(s),
    logRestore: logRestore(s, isWrittenNow),
  };
}
