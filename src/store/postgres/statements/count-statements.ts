/**
 * How many jobs there are, and how many bytes, without looking at them: sums in `job_counts`, and what statements have appended to
 * `job_count_changes` since (`countChanges`). The answer is the sum over both, whatever has been added up already.
 *
 * differs: SQLite adds to one row per tenant, type and state, in its one writer. Here every writer of a tenant would wait for that row.
 */

/** Both tables, as one. */
export const countRowsOf = (s: string) =>
  `(SELECT * FROM ${s}.job_counts UNION ALL SELECT * FROM ${s}.job_count_changes) c`;

/**
 * $1 how many changes at most: takes them away and puts their sums in place of those that were there. Changes that another node is taking
 * are skipped. Two nodes that add to the same sum at once leave two rows of it, whose sum is right, and which the next one makes one of;
 * so there is no key. A sum of nothing leaves no row.
 */
const countFold = (s: string) => `
WITH taken AS (
  DELETE FROM ${s}.job_count_changes WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ${s}.job_count_changes LIMIT $1::bigint FOR UPDATE SKIP LOCKED))
  RETURNING *
), fresh AS MATERIALIZED (
  SELECT tenant, type, state, sum(jobs)::bigint AS jobs, sum(bytes)::bigint AS bytes FROM taken GROUP BY tenant, type, state
), earlier AS (
  DELETE FROM ${s}.job_counts WHERE ctid = ANY (ARRAY(
    SELECT c.place FROM fresh f CROSS JOIN LATERAL (
      SELECT ctid AS place FROM ${s}.job_counts WHERE tenant = f.tenant AND type = f.type AND state = f.state
      FOR UPDATE SKIP LOCKED) c))
  RETURNING *
)
INSERT INTO ${s}.job_counts (tenant, type, state, jobs, bytes)
SELECT tenant, type, state, sum(jobs)::bigint, sum(bytes)::bigint
FROM (SELECT * FROM fresh UNION ALL SELECT * FROM earlier) c GROUP BY tenant, type, state
HAVING sum(jobs) <> 0 OR sum(bytes) <> 0`;

export function countStatementsOf(s: string) {
  return {
    jobUsage: `SELECT coalesce(sum(jobs), 0)::bigint, coalesce(sum(bytes), 0)::bigint FROM ${countRowsOf(s)} WHERE tenant = $1`,
    countFold: countFold(s),
  };
}
