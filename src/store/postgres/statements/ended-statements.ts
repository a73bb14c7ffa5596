/** Ends that somebody waits for: written with the change, read and dropped by whoever tells of them. See `contract-ended.ts`. */
import { IS_AWAITED } from '../../mark-text.ts';

/** Null, of nearly all jobs, is not. */
export function isAwaited(marks: string): string {
  return `${marks} IS NOT NULL AND ${marks} LIKE '%${IS_AWAITED}%'`;
}

/** @param ends SQL of rows of number, revision, id, tenant, state */
export function writeEnds(s: string, ends: string): string {
  return `INSERT INTO ${s}.ended (number, revision, id, tenant, state) ${ends} ON CONFLICT DO NOTHING`;
}

export function endedStatementsOf(s: string) {
  return {
    endedRead: `SELECT number, revision, id, tenant, state FROM ${s}.ended ORDER BY number, revision LIMIT $1::bigint`,
    /** $1 numbers, $2 revisions. */
    endedDrop: `DELETE FROM ${s}.ended WHERE ctid = ANY (ARRAY(
      SELECT e.ctid FROM unnest($1::bigint[], $2::bigint[]) AS g(number, revision)
      CROSS JOIN LATERAL (
        SELECT ctid FROM ${s}.ended WHERE number = g.number AND revision = g.revision LIMIT 1 FOR UPDATE SKIP LOCKED) e))`,
  };
}
