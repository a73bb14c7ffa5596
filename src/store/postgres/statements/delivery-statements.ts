/** The statements of deliveries: pending ones, and the log of those that are settled. How they are written stands in `statements.ts`. */
import { DELIVERY_LANES, TRIES_KEPT } from '../../contract.ts';
import { type Columns, isOne, unnestOf } from './statement-parts.ts';

/** As a new one brings it. The first array has an element per row. */
export const NEW_DELIVERY: Columns = [
  ['tenant', 'text'],
  ['job_id', 'uuid'],
  ['revision', 'bigint'],
  ['event', 'text'],
  ['endpoint_id', 'text'],
  ['url', 'text'],
  ['lane', 'int'],
  ['origin', 'text'],
  ['headers', 'text'],
  ['body', 'text'],
  ['at', 'bigint'],
  ['due_at', 'bigint'],
];
const NEW_NAMES = NEW_DELIVERY.map(([name]) => name);
/** What stays the same, pending or in the log, but for the number. */
const FIXED_NAMES = NEW_NAMES.filter((name) => name !== 'due_at');

/** As it is handed out. */
export const HANDED = ['number', ...FIXED_NAMES, 'attempt', 'fence', 'first_tried_at'];

export const TRIES = 'array_to_json(tries)::text';
const LISTED = 'number, tenant, job_id, revision, event, endpoint_id, url, at, attempt';
/** As lists show it, from both tables. */
export const PENDING_ROW = `${LISTED}, 'pending' AS state, due_at, NULL::bigint AS keep_until, ${TRIES} AS tries`;
export const LOGGED_ROW = `${LISTED}, state, NULL::bigint AS due_at, keep_until, ${TRIES} AS tries`;

const add = (s: string, condition: string) => `
INSERT INTO ${s}.deliveries (${NEW_NAMES.join(', ')}, attempt, fence, tries)
SELECT ${NEW_NAMES.join(', ')}, 0, 0, '{}' FROM ${unnestOf(NEW_DELIVERY, 'g')} WHERE ${condition} ORDER BY ord
RETURNING number`;

/** So many due ones are looked at before all tenants are walked. */
const LOOK = 500;

/** A walk over what a column has, one probe each; `within` says which rows count. It goes as far as it is read. */
const walk = (s: string, column: string, within: string, name: string) => `${name} AS (
  SELECT min(${column}) AS ${column} FROM ${s}.deliveries d WHERE ${within}
  UNION ALL
  SELECT (SELECT min(d.${column}) FROM ${s}.deliveries d WHERE ${within} AND d.${column} > p.${column})
  FROM ${name} p WHERE p.${column} IS NOT NULL)`;

/**
 * $1 now, $2 lease end, $3 max, $4 max of each tenant, $5 the tenant who had the last turn, $6 tenants to leave out, $7 max of
 * each lane, $8 the first lane, $9 lanes to leave out, each as tenant:lane.
 *
 * Tenants are those of all that is due; only where that is much, all who have any, from the one behind $5 on and around, until there are enough. So tenants
 * whose receivers are down cost nobody's claim anything while they wait for their next try.
 * differs: SQLite marks the deliveries behind an unsettled one. Here a mark could be missed: who settles the first does not see
 * a second one that is not committed yet. So the order is looked up with each claim.
 */
const claim = (s: string) => `WITH RECURSIVE near AS MATERIALIZED (
  SELECT tenant FROM ${s}.deliveries WHERE due_at <= $1::bigint ORDER BY due_at LIMIT ${LOOK + 1}
), ${walk(s, 'tenant', `(SELECT count(*) FROM near) > ${LOOK} AND d.tenant > $5::text`, 'behind')},
${walk(s, 'tenant', `(SELECT count(*) FROM near) > ${LOOK} AND d.tenant <= $5::text`, 'around')},
due AS MATERIALIZED (
  SELECT d.number FROM (
    SELECT * FROM (
      SELECT tenant FROM near WHERE (SELECT count(*) FROM near) <= ${LOOK} GROUP BY tenant
      ORDER BY tenant COLLATE "C" <= $5::text, tenant COLLATE "C") n
    UNION ALL SELECT tenant FROM behind UNION ALL SELECT tenant FROM around) t
  CROSS JOIN LATERAL (
    SELECT d.number FROM (
      WITH RECURSIVE ${walk(s, 'lane', 'd.tenant = t.tenant', 'lanes')}
      SELECT lane FROM lanes WHERE lane IS NOT NULL AND t.tenant || ':' || lane <> ALL ($9::text[])
      ORDER BY (lane + ${DELIVERY_LANES} - $8::integer) % ${DELIVERY_LANES}) l
    CROSS JOIN LATERAL (
      SELECT d.number FROM ${s}.deliveries d WHERE d.tenant = t.tenant AND d.lane = l.lane AND d.due_at <= $1::bigint
        AND NOT EXISTS (
          -- By job alone, of which there are few: for a table that was found empty any other index with one of these columns looks as good.
          SELECT 1 FROM ${s}.deliveries e
          WHERE ${isOne('e.job_id', 'd.job_id')} AND e.endpoint_id || '' = d.endpoint_id AND e.number + 0 < d.number)
      ORDER BY d.due_at, d.number LIMIT $7::bigint FOR UPDATE SKIP LOCKED) d
    LIMIT $4::bigint) d
  WHERE t.tenant IS NOT NULL AND t.tenant <> ALL ($6::text[])
  LIMIT $3::bigint
)
UPDATE ${s}.deliveries d SET attempt = attempt + 1, fence = fence + 1, due_at = $2::bigint
FROM due WHERE ${isOne('d.number', 'due.number')}
RETURNING ${HANDED.map((column) => `d.${column}`).join(', ')}`;

const withTry = `CASE WHEN l.try IS NULL THEN d.tries
    ELSE (array_append(d.tries, l.try))[cardinality(d.tries) + ${2 - TRIES_KEPT}:] END`;

/**
 * $1 numbers (sorted), $2 fences, $3 the try as JSON, $4 when it was, $5 what the delivery is then (null: still pending), $6 until when it is kept
 * or when it is tried again. The fence moves on: a second settlement finds nothing.
 */
const settle = (s: string) => `
WITH locked AS MATERIALIZED (
  SELECT g.ord, g.number, g.try, g.tried_at, g.state, g.until
  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bigint[])
    WITH ORDINALITY AS g(number, fence, try, tried_at, state, until, ord)
  CROSS JOIN LATERAL (
    SELECT number FROM ${s}.deliveries WHERE number = g.number AND fence = g.fence FOR UPDATE) d
), retried AS (
  UPDATE ${s}.deliveries d SET due_at = l.until, fence = d.fence + 1, tries = ${withTry},
    attempt = CASE WHEN l.try IS NULL THEN d.attempt - 1 ELSE d.attempt END,
    first_tried_at = coalesce(d.first_tried_at, l.tried_at)
  FROM locked l WHERE ${isOne('d.number', 'l.number')} AND l.state IS NULL
), removed AS (
  DELETE FROM ${s}.deliveries d USING locked l WHERE ${isOne('d.number', 'l.number')} AND l.state IS NOT NULL
  RETURNING d.number, ${FIXED_NAMES.map((name) => `d.${name}`).join(', ')}, d.attempt, d.fence, l.state, l.until,
    coalesce(d.first_tried_at, l.tried_at) AS first_tried_at, ${withTry} AS tries
), logged AS (
  INSERT INTO ${s}.delivery_log (number, ${FIXED_NAMES.join(', ')}, attempt, fence, state, keep_until, first_tried_at, tries)
  SELECT number, ${FIXED_NAMES.join(', ')}, attempt, fence, state, until, first_tried_at, tries FROM removed
)
SELECT ord FROM locked`;

/** Out of the log: the fence goes on, so that whoever held it before finds nothing. @param numbers SQL that locks the rows */
const redeliver = (s: string, now: string, numbers: string) => `
WITH gone AS (
  DELETE FROM ${s}.delivery_log WHERE number = ANY (ARRAY(${numbers}))
  RETURNING *
)
INSERT INTO ${s}.deliveries (number, ${FIXED_NAMES.join(', ')}, due_at, attempt, fence, tries)
SELECT number, ${FIXED_NAMES.join(', ')}, ${now}::bigint, 0, fence + 1, tries FROM gone
RETURNING number`;

/** What a pending one has besides when it is moved from another store; the tries as JSON texts in a JSON array. */
export const MOVED_DELIVERY: Columns = [
  ...NEW_DELIVERY,
  ['attempt', 'int'],
  ['fence', 'bigint'],
  ['first_tried_at', 'bigint'],
  ['tries', 'text'],
];
const MOVED_NAMES = MOVED_DELIVERY.map(([name]) => name).filter((name) => name !== 'tries');

const DELIVERY_KEY = ['job_id', 'revision', 'endpoint_id', 'event'];
/** By job alone, as in a claim. */
const sameIn = (s: string, table: string) => `SELECT 1 FROM ${s}.${table} d
  WHERE ${isOne('d.job_id', 'g.job_id')} AND d.revision = g.revision AND d.endpoint_id || '' = g.endpoint_id AND d.event = g.event`;

export function deliveryStatementsOf(s: string) {
  const whole = (row: string, table: string) =>
    `SELECT ${row}, headers, body FROM (SELECT * FROM ${s}.${table} WHERE number = $2::bigint LIMIT 1) d WHERE tenant = $1`;
  return {
    deliveryAdd: add(s, 'true'),
    /** After `fanOutMove`, and only where that moved the mark. */
    fanOutAdd: add(
      s,
      `EXISTS (SELECT 1 FROM ${s}.event_marks WHERE name = 'fanned out' AND xmin = pg_current_xact_id()::xid)`,
    ),
    /** After `eventLock`: two of these at once would both find none there. */
    deliveryRestore: `
INSERT INTO ${s}.deliveries (${MOVED_NAMES.join(', ')}, tries)
SELECT ${MOVED_NAMES.join(', ')}, ARRAY(SELECT json_array_elements_text(g.tries::json)) FROM ${unnestOf(MOVED_DELIVERY, 'g')}
WHERE NOT EXISTS (${sameIn(s, 'deliveries')}) AND NOT EXISTS (${sameIn(s, 'delivery_log')}) ORDER BY ord
RETURNING ${DELIVERY_KEY.join(', ')}`,
    /** $1 jobs, $2 revisions, $3 endpoints, $4 events. */
    deliveryStanding: `SELECT g.ord FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[])
      WITH ORDINALITY AS g(${DELIVERY_KEY.join(', ')}, ord)
      WHERE EXISTS (${sameIn(s, 'deliveries')}) OR EXISTS (${sameIn(s, 'delivery_log')})`,
    deliveryClaim: claim(s),
    deliverySettle: settle(s),
    deliveryRead: `${whole(PENDING_ROW, 'deliveries')} UNION ALL ${whole(LOGGED_ROW, 'delivery_log')} LIMIT 1`,
    /** $1 tenant, $2 number, $3 now. */
    deliveryRedeliver: redeliver(
      s,
      '$3',
      `SELECT number FROM (
        SELECT number, tenant FROM ${s}.delivery_log WHERE number = $2::bigint LIMIT 1 FOR UPDATE SKIP LOCKED) l WHERE tenant = $1`,
    ),
    /** $1 tenant, $2 endpoint, $3 now, $4 since when, $5 how many at most. */
    deliveryRedeliverFailed: redeliver(
      s,
      '$3',
      // As a stretch and in this order, so that only the index by endpoint will do.
      `SELECT number FROM ${s}.delivery_log WHERE (tenant, endpoint_id) >= ($1, $2) AND (tenant, endpoint_id) <= ($1, $2)
        AND state = 'failed' AND at >= $4::bigint
        ORDER BY tenant, endpoint_id, number LIMIT $5::bigint FOR UPDATE SKIP LOCKED`,
    ),
    deliveryPending: `SELECT count(*) FROM ${s}.deliveries WHERE tenant = $1 AND endpoint_id = $2`,
    /** $1 now, $2 how many at most. */
    deliveryPrune: `
WITH gone AS (
  DELETE FROM ${s}.delivery_log WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ${s}.delivery_log WHERE keep_until <= $1::bigint ORDER BY keep_until LIMIT $2::bigint FOR UPDATE SKIP LOCKED))
  RETURNING number
)
SELECT count(*) FROM gone`,
  };
}
