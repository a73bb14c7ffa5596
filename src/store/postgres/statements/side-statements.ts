/** The statements of what lives beside the jobs: deliveries, keys and documents. How they are written stands in `statements.ts`. */

import { DELIVERY_LANES } from '../../contract.ts';

const DELIVERY_ROW = [
  'number',
  'job_id',
  'tenant',
  'revision',
  'state',
  'url',
  'lane',
  'origin',
  'attempt',
  'at',
  'fence',
];
const KEY_ROW = 'id, tenant, name, scopes, hash, created_at, revoked_at, expires_at';
const DOCUMENT_ROW = 'tenant, kind, name, data, revision, created_at';

const deliveries = (s: string) => ({
  /**
   * $1 now, $2 lease end, $3 max, $4 max of each tenant, $5 the tenant who had the last turn, $6 tenants to leave out, $7 max of
   * each lane, $8 the first lane, $9 lanes to leave out, each as tenant:lane.
   * differs: SQLite marks the deliveries behind an unsettled one. Here a mark could be missed: who settles the first does not see
   * a second one that is not committed yet. So the order is looked up with each claim.
   */
  deliveryClaim: `WITH RECURSIVE steps AS (
  SELECT min(tenant) AS tenant FROM ${s}.deliveries
  UNION ALL
  SELECT (SELECT min(d.tenant) FROM ${s}.deliveries d WHERE d.tenant > p.tenant) FROM steps p WHERE p.tenant IS NOT NULL
), due AS MATERIALIZED (
  SELECT d.number FROM (
    SELECT tenant FROM steps WHERE tenant IS NOT NULL AND tenant <> ALL ($6::text[])
    ORDER BY tenant COLLATE "C" <= $5::text, tenant COLLATE "C") t
  CROSS JOIN LATERAL (
    SELECT d.number FROM (
      SELECT (g.step + $8::integer) % ${DELIVERY_LANES} AS lane FROM generate_series(0, ${DELIVERY_LANES - 1}) AS g(step) ORDER BY g.step) l
    CROSS JOIN LATERAL (
      SELECT d.number FROM ${s}.deliveries d WHERE d.tenant = t.tenant AND d.lane = l.lane AND d.due_at <= $1::bigint
        AND t.tenant || ':' || l.lane <> ALL ($9::text[])
        AND NOT EXISTS (SELECT 1 FROM ${s}.deliveries e WHERE e.job_id = d.job_id AND e.number < d.number)
      ORDER BY d.due_at, d.number LIMIT $7::bigint FOR UPDATE SKIP LOCKED) d
    LIMIT $4::bigint) d
  LIMIT $3::bigint
)
UPDATE ${s}.deliveries d SET attempt = attempt + 1, fence = fence + 1, due_at = $2::bigint
FROM due WHERE d.number = due.number
RETURNING ${DELIVERY_ROW.map((column) => `d.${column}`).join(', ')}`,
  /** $1 numbers (sorted), $2 fences, $3 times of the next try, null to remove. The fence moves on: a second settlement finds nothing. */
  deliverySettle: `WITH locked AS MATERIALIZED (
  SELECT g.ord, g.number, g.retry_at
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS g(number, fence, retry_at, ord)
  CROSS JOIN LATERAL (
    SELECT number FROM ${s}.deliveries WHERE number = g.number AND fence = g.fence FOR UPDATE) d
), retried AS (
  UPDATE ${s}.deliveries d SET due_at = l.retry_at, fence = d.fence + 1
  FROM locked l WHERE d.number = l.number AND l.retry_at IS NOT NULL
), removed AS (
  DELETE FROM ${s}.deliveries WHERE number = ANY (ARRAY(SELECT number FROM locked WHERE retry_at IS NULL))
)
SELECT ord FROM locked`,
});

const keys = (s: string) => ({
  keyInsert: `INSERT INTO ${s}.keys (${KEY_ROW}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING RETURNING id`,
  keyRead: `SELECT ${KEY_ROW} FROM ${s}.keys WHERE id = $1`,
  keyListAll: `SELECT ${KEY_ROW} FROM ${s}.keys ORDER BY created_at, id`,
  keyListOfTenant: `SELECT ${KEY_ROW} FROM ${s}.keys WHERE tenant = $1 ORDER BY created_at, id`,
  keyRevoke: `UPDATE ${s}.keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id`,
});

const documents = (s: string) => ({
  documentRead: `SELECT ${DOCUMENT_ROW} FROM ${s}.documents WHERE tenant = $1 AND kind = $2 AND name = $3`,
  /** differs: SQLite reads, compares and writes inside its one writer; here each of the three cases is a guarded statement. */
  documentPut: `INSERT INTO ${s}.documents AS d (${DOCUMENT_ROW}) VALUES ($1, $2, $3, $4, 1, $5)
    ON CONFLICT (tenant, kind, name) DO UPDATE SET data = excluded.data, revision = d.revision + 1
    RETURNING ${DOCUMENT_ROW}`,
  documentInsert: `INSERT INTO ${s}.documents (${DOCUMENT_ROW}) VALUES ($1, $2, $3, $4, 1, $5)
    ON CONFLICT (tenant, kind, name) DO NOTHING RETURNING ${DOCUMENT_ROW}`,
  documentUpdate: `UPDATE ${s}.documents SET data = $4, revision = revision + 1
    WHERE tenant = $1 AND kind = $2 AND name = $3 AND revision = $5 RETURNING ${DOCUMENT_ROW}`,
  documentList: `SELECT ${DOCUMENT_ROW} FROM ${s}.documents WHERE tenant = $1 AND kind = $2
    ORDER BY created_at DESC, name LIMIT $3`,
  documentListAfter: `SELECT ${DOCUMENT_ROW} FROM ${s}.documents WHERE tenant = $1 AND kind = $2
    AND (created_at < $4 OR (created_at = $4 AND name > $5)) ORDER BY created_at DESC, name LIMIT $3`,
  documentUsage: `SELECT count(*), coalesce(sum(octet_length(data)), 0)::bigint FROM ${s}.documents WHERE tenant = $1`,
  documentDelete: `DELETE FROM ${s}.documents WHERE tenant = $1 AND kind = $2 AND name = $3 RETURNING name`,
});

export function sideStatementsOf(s: string) {
  return { ...deliveries(s), ...keys(s), ...documents(s) };
}
