/**
 * The statements of events: written by those that change jobs, put in one order by those who read.
 *
 * - `event_arrivals` has what was written. Its numbers are no order that a reader could go by: who took the lower one may commit later.
 * - Whoever reads and finds arrivals moves them to `events` first, under the lock of the mark `newest`, and gives them the next
 *   positions. So positions become visible in their order: a reader who has seen one never meets a smaller one later.
 * - Those of one job come by revision. Their numbers do, since who changes a job holds its row; and when the later of two is visible,
 *   so is the earlier.
 *
 * differs: SQLite writes positions at once, in its one writer, which has the followers in memory.
 */
import type { StoredState } from '../../../core/state.ts';
import type { EventKind } from '../../contract.ts';
import { kindBit } from '../../event-row.ts';

/** The rows of a step that changes jobs, as events. */
export interface Changed {
  /** What stands behind FROM. */
  readonly from: string;
  /** SQL of its cells. */
  readonly tenant: string;
  readonly hasCallback: string;
  readonly at: string;
  readonly number: string;
  /** SQL of the kind and its bit; one kind where all rows have the same. */
  readonly kind: EventKind | { readonly word: string; readonly bit: string };
  /** SQL of all cells of the job, in the order of `JOB_COLUMNS`. */
  readonly job: readonly string[];
  readonly where?: string;
}

/** The kind of a row that may have changed its state, and may not have. */
export function kindOfChange(states: readonly StoredState[], state: string, before: string): Changed['kind'] {
  const bits = states.map((word) => `WHEN '${word}' THEN ${kindBit(word)}`);
  return {
    word: `CASE WHEN ${state} = ${before} THEN 'changed' ELSE ${state} END`,
    bit: `CASE WHEN ${state} = ${before} THEN ${kindBit('changed')} ELSE CASE ${state} ${bits.join(' ')} END END`,
  };
}

/**
 * Writes the events of those rows that somebody wants. Without any follower that costs one look at an empty table per statement, and nothing per
 * row: the first EXISTS is asked once.
 */
export function writeEvents(s: string, { from, tenant, hasCallback, at, number, kind, job, where }: Changed): string {
  const { word, bit } = typeof kind === 'string' ? { word: `'${kind}'`, bit: `${kindBit(kind)}` } : kind;
  const isWanted = `(${hasCallback} OR (EXISTS (SELECT 1 FROM ${s}.followers) AND EXISTS (
    SELECT 1 FROM ${s}.followers w
    WHERE w.tenant = ${tenant} AND w.wants & ${bit} <> 0 AND (w.until IS NULL OR w.until > ${at}))))`;
  return `
  INSERT INTO ${s}.event_arrivals (at, tenant, kind, job)
  SELECT ${at}, ${tenant}, ${word}, json_build_array(${job.join(', ')})::text FROM ${from}
  -- CASE, since a planner may ask the costly one of two conditions first.
  WHERE ${where === undefined ? isWanted : `CASE WHEN ${isWanted} THEN ${where} END`}
  ORDER BY ${number}`;
}

export const mark = (s: string, name: 'newest' | 'fanned out' | 'pruned') =>
  `(SELECT position FROM ${s}.event_marks WHERE name = '${name}')`;

/** One row at least: the marks, whether there are arrivals, and the event beside them. */
const reading = (s: string, events: string) => `
SELECT m.newest, m.fanned_out, m.pruned, m.has_arrivals, e.position, e.kind, e.at, e.job
FROM (SELECT ${mark(s, 'newest')} AS newest, ${mark(s, 'fanned out')} AS fanned_out, ${mark(s, 'pruned')} AS pruned,
    EXISTS (SELECT 1 FROM ${s}.event_arrivals) AS has_arrivals) m
LEFT JOIN LATERAL (SELECT position, kind, at, job FROM ${s}.events e WHERE ${events}) e ON true
ORDER BY e.position`;

export function eventStatementsOf(s: string) {
  return {
    /** Nobody else gives positions out until the transaction ends; the next statement sees all that they gave. */
    eventLock: `SELECT position FROM ${s}.event_marks WHERE name = 'newest' FOR UPDATE`,
    /** $1 how many at most. After `eventLock`. */
    eventPlace: `
WITH taken AS (
  DELETE FROM ${s}.event_arrivals WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ${s}.event_arrivals ORDER BY number LIMIT $1::bigint))
  RETURNING number, at, tenant, kind, job
), placed AS (
  INSERT INTO ${s}.events (position, at, tenant, kind, job)
  SELECT ${mark(s, 'newest')} + row_number() OVER (ORDER BY number), at, tenant, kind, job FROM taken
  RETURNING position
), counted AS (
  SELECT max(position) AS newest, count(*) AS count FROM placed
)
UPDATE ${s}.event_marks m SET position = c.newest FROM counted c WHERE m.name = 'newest' AND c.count > 0
RETURNING c.count`,
    /** $1 behind which position, $2 limit. */
    eventRead: reading(s, 'e.position > $1::bigint ORDER BY e.position LIMIT $2::bigint'),
    /** The same; $3 tenant. */
    eventReadOfTenant: reading(
      s,
      'e.tenant = $3::text AND e.position > $1::bigint ORDER BY e.position LIMIT $2::bigint',
    ),
    /** $1 limit. */
    fanOutRead: reading(s, 'e.position > m.fanned_out ORDER BY e.position LIMIT $1::bigint'),
    /**
     * $1 before when, $2 how many at most, $3 how many stay, whatever their age, $4 now: the oldest, up to the first one that is to stay, so
     * that everything behind the mark is there.
     */
    eventPrune: `
WITH oldest AS MATERIALIZED (
  SELECT ctid AS place, position, at FROM ${s}.events
  WHERE position <= ${mark(s, 'fanned out')} ORDER BY position LIMIT $2::bigint
), stay AS MATERIALIZED (
  SELECT min(position) AS position FROM oldest
  WHERE at >= $1::bigint AND position > ${mark(s, 'newest')} - $3::bigint
), over AS MATERIALIZED (
  SELECT place, position FROM oldest WHERE (position >= (SELECT position FROM stay)) IS NOT TRUE
), gone AS (
  DELETE FROM ${s}.events WHERE ctid = ANY (ARRAY(SELECT place FROM over))
), unfollowed AS (
  DELETE FROM ${s}.followers WHERE until <= $4::bigint
), moved AS (
  UPDATE ${s}.event_marks m SET position = greatest(m.position, o.position)
  FROM (SELECT max(position) AS position FROM over) o WHERE m.name = 'pruned' AND o.position IS NOT NULL
)
SELECT count(*) FROM over`,
    /** $1 tenant, $2 name, $3 wants, $4 until, $5 now: since when, null where that is to be found yet. */
    follow: `INSERT INTO ${s}.followers AS f (tenant, name, wants, until) VALUES ($1, $2, $3::int, $4::bigint)
      ON CONFLICT (tenant, name) DO UPDATE SET wants = excluded.wants, until = excluded.until, since = CASE
        WHEN excluded.wants & ~f.wants = 0 AND (f.until IS NULL OR f.until > $5::bigint) THEN f.since END
      RETURNING since`,
    /** Transactions that are changing jobs, and may have begun before a follower came. */
    eventWriters: `SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock'
      AND relation = to_regclass('${s.replaceAll("'", "''")}.event_arrivals')
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    /** $1 tenant, $2 name. After `eventLock` and `eventPlace`. */
    followSince: `UPDATE ${s}.followers SET since = coalesce(since, ${mark(s, 'newest')}) WHERE tenant = $1 AND name = $2
      RETURNING since`,
    /** $1 to which position, $2 from which. */
    fanOutMove: `UPDATE ${s}.event_marks SET position = $1::bigint WHERE name = 'fanned out' AND position = $2::bigint
      RETURNING position`,
    /**
     * $1 a position that another store has come to: new ones are behind it, and those up to it are not here. After `eventLock`. Events of this store
     * that have not been fanned out are so yet.
     */
    eventRaise: `UPDATE ${s}.event_marks m SET position = $1::bigint WHERE position < $1::bigint
      AND (name <> 'fanned out' OR NOT EXISTS (SELECT 1 FROM ${s}.events e WHERE e.position > m.position))`,
    unfollow: `DELETE FROM ${s}.followers WHERE tenant = $1 AND name = $2`,
  };
}
