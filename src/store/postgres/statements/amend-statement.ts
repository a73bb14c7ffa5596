/**
 * Changes what waiting jobs were submitted with. The row of the room is held first: a claim skips it, or takes it as it is afterwards. A tag that
 * stays is left alone, since one statement cannot remove a row and bring it back.
 *
 * A claim that found the row before it was held, and locks it after, hands the job out with the tags of before: what is stored is right.
 */
import { AMENDED_COLUMNS } from '../../contract-amend.ts';
import { ROOM_COLUMNS } from '../../job-rooms.ts';
import { columnType, FIXED_COLUMNS, JOB_COLUMNS, type JobColumn } from '../../job-row.ts';
import { writeEvents } from './event-statements.ts';
import { countChanges, keyIn } from './rooms.ts';
import { isOne, unnestOf } from './statement-parts.ts';

const GIVEN = [
  ['id', 'uuid'],
  ['revision', 'bigint'],
  ...AMENDED_COLUMNS.map((column) => [column, columnType(column)] as const),
  /** Null leaves it, and the attempts, as they are. */
  ['input', 'text'],
  ['now', 'bigint'],
] as const;

/** The pairs of some tags that others have not. */
const pairsOf = (tags: string, others: string) =>
  `CROSS JOIN LATERAL jsonb_each_text(h.${tags}::jsonb) AS pair(name, value)` +
  ` WHERE h.${tags} IS NOT NULL AND (h.${others} IS NULL OR (h.${others}::jsonb ->> pair.name) IS DISTINCT FROM pair.value)`;

/** What the other steps write is not to be read here: it is given. */
function tell(s: string): string {
  const isGiven = (column: JobColumn) => (AMENDED_COLUMNS as readonly JobColumn[]).includes(column);
  const cellOf = (column: JobColumn) => {
    if (isGiven(column)) return `h.${column}`;
    if (FIXED_COLUMNS.includes(column)) return `j.${column}`;
    if (ROOM_COLUMNS.waiting.includes(column)) return `r.${column}`;
    return column === 'state' ? `'waiting'::text` : `NULL::${columnType(column)}`;
  };
  return writeEvents(s, {
    from: `room r JOIN held h ON h.number = r.number CROSS JOIN LATERAL (SELECT * FROM ${s}.jobs WHERE number = r.number LIMIT 1) j`,
    tenant: 'j.tenant',
    hasCallback: 'j.callback_url IS NOT NULL',
    at: 'h.now',
    number: 'r.number',
    kind: 'changed',
    job: JOB_COLUMNS.map(cellOf),
  });
}

export const jobAmend = (s: string) => `
WITH held AS MATERIALIZED (
  SELECT g.*, j.number, j.tenant, j.type, j.tags AS earlier,
    CASE WHEN g.input IS NULL THEN 0 ELSE octet_length(g.input) - j.bytes END AS more_bytes
  FROM ${unnestOf(GIVEN, 'g')}
  CROSS JOIN LATERAL (
    SELECT number, tenant, type, tags, octet_length(input) AS bytes FROM ${s}.jobs WHERE id = g.id LIMIT 1) j
  CROSS JOIN LATERAL (
    SELECT 1 FROM ${s}.waiting WHERE ${keyIn('waiting', 'j')} AND revision = g.revision FOR UPDATE) w
), room AS (
  UPDATE ${s}.waiting w SET priority = h.priority, run_at = h.run_at, deadline_at = h.deadline_at, revision = w.revision + 1,
    attempt = CASE WHEN h.input IS NULL THEN w.attempt ELSE 0 END
  FROM held h WHERE ${keyIn('waiting', 'h', 'w')}
  RETURNING ${ROOM_COLUMNS.waiting.map((column) => `w.${column}`).join(', ')}, h.number, h.now
), told AS (${tell(s)}
), submitted AS (
  UPDATE ${s}.jobs j SET priority = h.priority, tags = h.tags, deadline_ms = h.deadline_ms, input = coalesce(h.input, j.input)
  FROM held h WHERE ${isOne('j.number', 'h.number')}
), untagged AS (
  DELETE FROM ${s}.job_tags WHERE ctid = ANY (ARRAY(
    SELECT t.ctid FROM (SELECT h.tenant, h.number, pair.name, pair.value FROM held h ${pairsOf('earlier', 'tags')}) gone
    CROSS JOIN LATERAL (
      SELECT ctid FROM ${s}.job_tags
      WHERE tenant = gone.tenant AND name = gone.name AND value = gone.value AND number = gone.number LIMIT 1) t))
), tagged AS (
  INSERT INTO ${s}.job_tags (tenant, name, value, number)
  SELECT h.tenant, pair.name, pair.value, h.number FROM held h ${pairsOf('tags', 'earlier')}
), counted AS (
  ${countChanges(s, `SELECT tenant, type, 'waiting' AS state, 0 AS jobs, more_bytes AS bytes FROM held`)}
)
SELECT ord FROM held`;
