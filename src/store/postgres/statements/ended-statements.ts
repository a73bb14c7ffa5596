/** Ends that somebody waits for: written with the change, read and dropped by whoever tells of them. See `contract-ended.ts`. */

/** @param ends SQL of rows of number, revision, id, tenant, state */
export function writeEnds(s: string, ends: string): string {
  return `INSERT INTO ${s}.ended (number, revision, id, tenant, state) ${ends}`;
}

export function endedStatementsOf(s: string) {
  return {
    endedRead: `SELECT place, number, revision, id, tenant, state FROM ${s}.ended ORDER BY place LIMIT $1::bigint`,
    /** $1 places. Two who drop the same do not wait for each other in a circle. */
    endedDrop: `DELETE FROM ${s}.ended WHERE ctid = ANY (ARRAY(
      SELECT e.ctid FROM unnest($1::bigint[]) AS g(place)
      CROSS JOIN LATERAL (SELECT ctid FROM ${s}.ended WHERE place = g.place LIMIT 1 FOR UPDATE SKIP LOCKED) e))`,
  };
}
