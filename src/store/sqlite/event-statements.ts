/** The statements of followers, events and deliveries, as part of `STATEMENTS`. */

/** As `NewDelivery` brings them, in the order of `deliveryRow`. */
const NEW_DELIVERY = 'tenant, job_id, revision, event, endpoint_id, url, lane, origin, at, due_at, headers, body';
const CLAIMED = `number, attempt, fence, first_tried_at, ${NEW_DELIVERY}`;
const LISTED = `number, tenant, job_id, revision, event, endpoint_id, url, at, attempt, state, due_at, keep_until, tries`;

/** Another one of the same endpoint and job, that is to be sent before. Of no job there is none. */
const isBehind = (smaller: string) => `EXISTS (SELECT 1 FROM deliveries
  WHERE tenant = ?1 AND job_id = ?2 AND endpoint_id IS ?5 AND state = 'pending' ${smaller})`;

/** The page of one state, newest first: a list of several is made of theirs. */
const listOf = (where: string) => `SELECT ${LISTED} FROM deliveries
  WHERE tenant = ?1 AND ${where} AND number < ?3 ORDER BY number DESC LIMIT +?4`;

const IN_TURN = `state = 'pending' AND blocked = 0`;
/** The first one that is in turn of those that come next by tenant and lane. */
const firstOf = (where: string) =>
  `(SELECT number FROM deliveries WHERE ${IN_TURN} AND ${where} ORDER BY tenant, lane LIMIT 1)`;

export const EVENT_STATEMENTS = {
  // --- Followers ------------------------------------------------------------------------------------------------------------
  followerRead: 'SELECT wants, until, since FROM followers WHERE tenant = ? AND name = ?',
  followerPut: `INSERT INTO followers (tenant, name, wants, until, since) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (tenant, name) DO UPDATE SET wants = ?3, until = ?4, since = ?5`,
  followerDelete: 'DELETE FROM followers WHERE tenant = ? AND name = ?',
  followerDeleteOver: 'DELETE FROM followers WHERE until <= ? RETURNING tenant',
  followerWants: 'SELECT tenant, wants FROM followers',
  followerWantsOfTenant: 'SELECT tenant, wants FROM followers WHERE tenant = ?',

  // --- Events ---------------------------------------------------------------------------------------------------------------
  eventInsert: 'INSERT INTO events (position, tenant, kind, at, job) VALUES (?, ?, ?, ?, ?)',
  eventRead:
    'SELECT position, kind, at, job FROM events WHERE position > ?1 AND position <= ?2 ORDER BY position LIMIT +?3',
  eventReadOfTenant: `SELECT position, kind, at, job FROM events
    WHERE tenant = ?4 AND position > ?1 AND position <= ?2 ORDER BY position LIMIT +?3`,
  eventAt: 'SELECT job FROM events WHERE position = ?',
  eventAges: 'SELECT position, at FROM events WHERE position <= ? ORDER BY position LIMIT +?',
  eventDeleteTo: 'DELETE FROM events WHERE position <= ?',
  placeRead: 'SELECT last FROM sequences WHERE name = ?',
  placeWrite: 'UPDATE sequences SET last = ?2 WHERE name = ?1',

  // --- Deliveries -----------------------------------------------------------------------------------------------------------
  deliveryInsert: `INSERT INTO deliveries (${NEW_DELIVERY}, attempt, fence, first_tried_at, tries, state, blocked)
    VALUES (${'?, '.repeat(16)}'pending', ${isBehind('')}) RETURNING number`,
  deliveryClaim: `UPDATE deliveries SET attempt = attempt + 1, fence = fence + 1, due_at = ?1
    WHERE number IN (
      SELECT number FROM deliveries
      WHERE tenant = ?4 AND lane = ?5 AND ${IN_TURN} AND due_at <= ?2
      ORDER BY due_at, number LIMIT +?3)
    RETURNING ${CLAIMED}`,
  deliveryDue: `SELECT tenant, lane FROM deliveries WHERE ${IN_TURN} AND due_at <= ? ORDER BY due_at LIMIT +?`,
  /** Of the tenants behind this one: a walk over their lanes inside of SQLite, 1 µs each. */
  deliveryNextDueTenant: `WITH RECURSIVE place (tenant, lane) AS (
      SELECT tenant, lane FROM deliveries WHERE number = ${firstOf('tenant > ?1')}
      UNION ALL SELECT d.tenant, d.lane FROM place p JOIN deliveries d
        ON d.number = coalesce(${firstOf('tenant = p.tenant AND lane > p.lane')}, ${firstOf('tenant > p.tenant')}))
    SELECT tenant FROM place WHERE EXISTS (SELECT 1 FROM deliveries d
      WHERE ${IN_TURN} AND d.tenant = place.tenant AND d.lane = place.lane AND d.due_at <= ?2) LIMIT 1`,
  deliveryNextLane: `SELECT min(lane) FROM deliveries WHERE ${IN_TURN} AND tenant = ? AND lane > ?`,
  deliveryHeld: `SELECT tenant, job_id, endpoint_id, tries FROM deliveries
    WHERE number = ? AND fence = ? AND state = 'pending'`,
  /** The fence moves on, so that a second settlement under the same one finds nothing. */
  deliveryRetry: `UPDATE deliveries SET fence = fence + 1, due_at = ?2, attempt = attempt - ?3,
    first_tried_at = coalesce(first_tried_at, ?4), tries = ?5 WHERE number = ?1`,
  deliverySettle: `UPDATE deliveries SET fence = fence + 1, state = ?2, keep_until = ?3, tries = ?4 WHERE number = ?1`,
  /** The turn of the next one of the tenant, job and endpoint has come. */
  deliveryUnblock: `UPDATE deliveries SET blocked = 0 WHERE number = (SELECT min(number) FROM deliveries
    WHERE tenant = ? AND job_id = ? AND endpoint_id IS ? AND state = 'pending')`,
  deliveryRedeliver: `UPDATE deliveries AS d SET state = 'pending', keep_until = NULL, due_at = ?3, attempt = 0, first_tried_at = NULL,
      fence = fence + 1, blocked = EXISTS (SELECT 1 FROM deliveries o WHERE o.tenant = d.tenant AND o.job_id = d.job_id
        AND o.endpoint_id IS d.endpoint_id AND o.state = 'pending' AND o.number < d.number)
    WHERE number = ?1 AND tenant = ?2 AND state <> 'pending' RETURNING tenant, job_id, endpoint_id`,
  /** Those behind one that is sent again. */
  deliveryBlock: `UPDATE deliveries SET blocked = 1 WHERE tenant = ? AND job_id = ? AND endpoint_id IS ?
    AND state = 'pending' AND number > ? AND blocked = 0`,
  deliveryFailed: `SELECT number FROM deliveries WHERE tenant = ?1 AND endpoint_id = ?2 AND state = 'failed' AND at >= ?3
    ORDER BY number LIMIT +?4`,
  deliveryPending: `SELECT count(*) FROM deliveries WHERE tenant = ? AND endpoint_id = ? AND state = 'pending'`,
  deliveryDeleteOver: `DELETE FROM deliveries WHERE number IN (
    SELECT number FROM deliveries WHERE keep_until <= ?1 ORDER BY keep_until LIMIT +?2)`,
  deliveryList: listOf('state = ?2'),
  deliveryListOfEndpoint: listOf('state = ?2 AND endpoint_id = ?5'),
  /** The pluses: along the few of the job, never along all of the state or the endpoint. */
  deliveryListOfJob: listOf('+state = ?2 AND job_id = ?5'),
  deliveryListOfBoth: listOf('+state = ?2 AND job_id = ?5 AND +endpoint_id = ?6'),
  deliveryRead: `SELECT ${LISTED}, headers, body FROM deliveries WHERE tenant = ? AND number = ?`,
  /** As a record of a dump names it. */
  deliveryIsThere: `SELECT 1 FROM deliveries
    WHERE tenant = ? AND job_id = ? AND endpoint_id IS ? AND revision = ? AND event = ? LIMIT 1`,
  dumpDeliveries: `SELECT ${CLAIMED}, tries FROM deliveries WHERE state = 'pending' AND job_id IS NOT NULL ORDER BY number`,
} as const;
