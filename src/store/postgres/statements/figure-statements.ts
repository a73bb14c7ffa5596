/** The statements of figures by the minute and of who works. Each row belongs to one node, so writers meet in none but those of remote workers. */
import { FIGURE_COLUMNS, FIGURE_SUMS } from '../../stat-row.ts';

const STAT_ARRAYS = ['text', 'text', 'bigint', 'text', 'text', ...FIGURE_COLUMNS.map(() => 'bigint')];
const STAT_COLUMNS = ['tenant', 'type', 'minute', 'node', 'errors', ...FIGURE_COLUMNS];

export function figureStatementsOf(s: string) {
  return {
    statPut: `INSERT INTO ${s}.minute_stats (${STAT_COLUMNS.join(', ')})
      SELECT * FROM unnest(${STAT_ARRAYS.map((type, at) => `$${at + 1}::${type}[]`).join(', ')})
      ON CONFLICT (tenant, minute, type, node) DO UPDATE SET
        ${STAT_COLUMNS.slice(4)
          .map((column) => `${column} = excluded.${column}`)
          .join(', ')}`,
    /** $1 tenant, $2 from, $3 before, $4 step, $5 the type or null. */
    statRead: `SELECT minute - (minute - $2::bigint) % $4::bigint AS at, type, ${FIGURE_SUMS.map((sum) => `${sum}::bigint`).join(', ')}
      FROM ${s}.minute_stats
      WHERE tenant = $1 AND minute >= $2::bigint AND minute < $3::bigint AND ($5::text IS NULL OR type = $5)
      GROUP BY 1, 2 ORDER BY 1, 2`,
    /** Most minutes of a type say the same. */
    statErrors: `SELECT type, errors, count(*) FROM ${s}.minute_stats
      WHERE tenant = $1 AND minute >= $2::bigint AND errors IS NOT NULL GROUP BY type, errors`,
    statDrop: `WITH gone AS (
        DELETE FROM ${s}.minute_stats WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM ${s}.minute_stats WHERE minute < $1::bigint ORDER BY minute LIMIT $2::bigint FOR UPDATE SKIP LOCKED))
        RETURNING 1)
      SELECT count(*) FROM gone`,
    /** Seen last is seen: nodes may tell of a remote worker in another order. */
    workerPut: `INSERT INTO ${s}.workers AS w (tenant, name, seen_at, facts)
      SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
      ON CONFLICT (tenant, name) DO UPDATE SET seen_at = excluded.seen_at, facts = excluded.facts
      WHERE excluded.seen_at >= w.seen_at`,
    workerList: `SELECT tenant, name, seen_at, facts FROM ${s}.workers
      WHERE tenant = ANY ($1::text[]) AND seen_at >= $2::bigint ORDER BY tenant, name LIMIT $3::bigint`,
    workerRemove: `DELETE FROM ${s}.workers WHERE tenant = $1 AND name = $2`,
    workerDrop: `DELETE FROM ${s}.workers WHERE seen_at < $1::bigint`,
    workerLoads: `SELECT tenant, worker, count(*) FROM ${s}.running
      WHERE worker IS NOT NULL AND ($1::text IS NULL OR tenant = $1) GROUP BY tenant, worker ORDER BY tenant, worker`,
  };
}
