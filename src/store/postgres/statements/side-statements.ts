/** The statements of what lives beside the jobs: keys and documents. How they are written stands in `statements.ts`. */

const KEY_ROW = 'id, tenant, name, scopes, hash, created_at, revoked_at, expires_at';
const DOCUMENT_ROW = 'tenant, kind, name, data, revision, created_at, due_at';

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
  documentPut: `INSERT INTO ${s}.documents AS d (${DOCUMENT_ROW}) VALUES ($1, $2, $3, $4, 1, $6, $5)
    ON CONFLICT (tenant, kind, name) DO UPDATE SET data = excluded.data, revision = d.revision + 1, due_at = excluded.due_at
    RETURNING ${DOCUMENT_ROW}`,
  documentInsert: `INSERT INTO ${s}.documents (${DOCUMENT_ROW}) VALUES ($1, $2, $3, $4, 1, $6, $5)
    ON CONFLICT (tenant, kind, name) DO NOTHING RETURNING ${DOCUMENT_ROW}`,
  /** Under \`countLock\`. $7 how many of the kind there may be. */
  documentAdd: `INSERT INTO ${s}.documents (${DOCUMENT_ROW}) SELECT $1, $2, $3, $4, 1, $6::bigint, $5::bigint
    WHERE (SELECT count(*) FROM ${s}.documents WHERE tenant = $1 AND kind = $2) < $7::bigint
    ON CONFLICT (tenant, kind, name) DO NOTHING RETURNING ${DOCUMENT_ROW}`,
  documentUpdate: `UPDATE ${s}.documents SET data = $4, revision = revision + 1, due_at = $5
    WHERE tenant = $1 AND kind = $2 AND name = $3 AND revision = $6 RETURNING ${DOCUMENT_ROW}`,
  documentList: `SELECT ${DOCUMENT_ROW} FROM ${s}.documents WHERE tenant = $1 AND kind = $2
    ORDER BY created_at DESC, name LIMIT $3`,
  documentListAfter: `SELECT ${DOCUMENT_ROW} FROM ${s}.documents WHERE tenant = $1 AND kind = $2
    AND (created_at < $4 OR (created_at = $4 AND name > $5)) ORDER BY created_at DESC, name LIMIT $3`,
  documentUsage: `SELECT count(*), coalesce(sum(octet_length(data)), 0)::bigint FROM ${s}.documents WHERE tenant = $1`,
  documentUsageOfKind: `SELECT count(*), coalesce(sum(octet_length(data)), 0)::bigint FROM ${s}.documents
    WHERE tenant = $1 AND kind = $2`,
  documentDue: `SELECT ${DOCUMENT_ROW} FROM ${s}.documents WHERE kind = $1 AND due_at <= $2::bigint
    AND (due_at, tenant, name) > ($3::bigint, $4::text, $5::text) ORDER BY due_at, tenant, name LIMIT $6`,
  documentNextDue: `SELECT min(due_at) FROM ${s}.documents WHERE kind = $1 AND due_at > $2::bigint`,
  documentDelete: `DELETE FROM ${s}.documents WHERE tenant = $1 AND kind = $2 AND name = $3 RETURNING name`,
});

export function sideStatementsOf(s: string) {
  return { ...keys(s), ...documents(s) };
}
