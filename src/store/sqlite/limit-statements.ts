/** Statements of limits per key: the row of a key, and what the store sees of its jobs. See `contract-limits.ts`. */
import { BLOCKED_BY } from '../blocks.ts';
import { LIMIT_COUNT_MAX } from '../contract-limits.ts';

/** A job of the key that waits for a ticket and nothing else. */
const BEHIND = `tenant = ?1 AND limit_key = ?2 AND limit_key IS NOT NULL AND blocked = ${BLOCKED_BY.limit}`;
const OF_KEY = 'tenant = ?1 AND limit_key = ?2 AND limit_key IS NOT NULL';
const ROW = 'tenant, key, concurrency, rate_count, rate_per_ms, is_kept, state, look_at';
const COUNTS = `(SELECT count(*) FROM running WHERE tenant = k.tenant AND limit_key = k.key AND limit_key IS NOT NULL),
    (SELECT count(*) FROM (SELECT 1 FROM waiting WHERE tenant = k.tenant AND limit_key = k.key AND limit_key IS NOT NULL
      LIMIT ${LIMIT_COUNT_MAX}))`;

export const LIMIT_STATEMENTS = {
  limitKey: `SELECT ${ROW} FROM limit_keys WHERE tenant = ? AND key = ?`,
  limitKeyPut: `INSERT OR REPLACE INTO limit_keys (${ROW}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  limitKeyDelete: 'DELETE FROM limit_keys WHERE tenant = ? AND key = ?',
  limitKeysDue:
    'SELECT tenant, key FROM limit_keys WHERE look_at IS NOT NULL AND look_at <= ?1 ORDER BY look_at LIMIT +?2',
  limitKeysNext: 'SELECT min(look_at) FROM limit_keys WHERE look_at IS NOT NULL',
  limitKeysCount: 'SELECT count(*) FROM (SELECT 1 FROM limit_keys WHERE tenant = ?1 LIMIT +?2)',
  limitRead: `SELECT ${ROW}, ${COUNTS} FROM limit_keys k WHERE tenant = ?1 AND key = ?2`,
  limitList: `SELECT ${ROW}, ${COUNTS} FROM limit_keys k WHERE tenant = ?1 AND key > ?2 ORDER BY key LIMIT +?3`,
  jobBlocks: `SELECT w.number, w.blocked, k.state FROM waiting w
    LEFT JOIN limit_keys k ON k.tenant = w.tenant AND k.key = w.limit_key WHERE w.number = ?`,
  dumpLimits: `SELECT ${ROW} FROM limit_keys ORDER BY tenant, key`,

  limitRunning: `SELECT count(*) FROM running WHERE ${OF_KEY}`,
  /** ?3 now. */
  limitFree: `SELECT number, type, run_at <= ?3 FROM waiting WHERE ${OF_KEY} AND blocked = 0`,
  limitAwaits: `SELECT 1 FROM waiting WHERE ${OF_KEY} AND blocked > 0 LIMIT 1`,
  limitTypeAfter: `SELECT type FROM waiting WHERE ${BEHIND} AND type > ?3 ORDER BY type LIMIT 1`,
  limitPriorityBelow: `SELECT priority FROM waiting WHERE ${BEHIND} AND type = ?3 AND priority < ?4
    ORDER BY priority DESC LIMIT 1`,
  /** ?5 now. */
  limitDue: `SELECT number, type, priority, run_at FROM waiting WHERE ${BEHIND} AND type = ?3 AND priority = ?4 AND run_at <= ?5
    ORDER BY run_at, number LIMIT +?6`,
  limitAhead: `SELECT min(run_at) FROM waiting WHERE ${BEHIND} AND type = ?3 AND priority = ?4 AND run_at > ?5`,
  /** What the newest job says of its key that waits or runs. */
  limitTerms: `SELECT j.terms FROM jobs j WHERE j.number = (
    SELECT max(number) FROM (SELECT number FROM waiting WHERE ${OF_KEY} UNION ALL SELECT number FROM running WHERE ${OF_KEY}))
    AND j.terms IS NOT NULL`,
  ticketGive: `UPDATE waiting SET blocked = 0 WHERE number = ? AND blocked = ${BLOCKED_BY.limit}`,
  ticketTake: `UPDATE waiting SET blocked = ${BLOCKED_BY.limit} WHERE number = ? AND blocked = 0`,
};
