/**
 * The schema of `bide.db`, as numbered steps compiled into the code: forward only and append-only, since a step that was
 * released has already run somewhere. The number of the last one is the schema version (`PRAGMA user_version`).
 *
 * Indexes are named after the query that they serve, and are partial wherever the query is: a job that nobody waits for any
 * more is in the indexes by id, tenant and retention only.
 */

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/** "BIDE" in ASCII, written into the header of the file: tells our database from any other. */
export const APPLICATION_ID = 0x42494445;

const FIRST = `
CREATE TABLE jobs (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  tenant TEXT NOT NULL,
  type TEXT NOT NULL,
  state TEXT NOT NULL,
  priority INTEGER NOT NULL,
  run_at INTEGER NOT NULL,
  -- 1 while an earlier job of the same tenant and sequence key is unfinished, or any of them runs. Kept with every change, so that a claim steps
  -- over none of them: with a NOT EXISTS in the claim, 100,000 jobs behind one conversation cost every claim 100,000 probes.
  blocked INTEGER NOT NULL,
  percent REAL NOT NULL,
  message TEXT,
  attempt INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  lease_until INTEGER,
  worker TEXT,
  cancel_requested_at INTEGER,
  timeout_ms INTEGER,
  deadline_ms INTEGER,
  deadline_at INTEGER,
  started_at INTEGER,
  finished_at INTEGER,
  created_at INTEGER NOT NULL,
  retain_ms INTEGER NOT NULL,
  sequence_key TEXT,
  idempotency_key TEXT,
  request_hash TEXT,
  callback_url TEXT,
  result_type TEXT,
  result_bytes INTEGER,
  retry TEXT NOT NULL,
  tags TEXT,
  origin TEXT,
  error TEXT,
  CONSTRAINT jobs_state_is_known CHECK (state IN ('waiting', 'running', 'succeeded', 'failed', 'cancelled', 'expired')),
  CONSTRAINT jobs_finished_exactly_when_final
    CHECK ((finished_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled', 'expired'))),
  CONSTRAINT jobs_leased_exactly_when_running CHECK ((lease_until IS NOT NULL) = (state = 'running'))
) STRICT;

CREATE UNIQUE INDEX jobs_by_id ON jobs (id);
CREATE UNIQUE INDEX jobs_by_idempotency_key ON jobs (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_by_claim_order ON jobs (type, priority DESC, run_at, number)
  WHERE state = 'waiting' AND blocked = 0;
CREATE INDEX jobs_by_tenant_claim_order ON jobs (tenant, type, priority DESC, run_at, number)
  WHERE state = 'waiting' AND blocked = 0;
CREATE INDEX jobs_by_sequence ON jobs (tenant, sequence_key, number)
  WHERE sequence_key IS NOT NULL AND state IN ('waiting', 'running');
CREATE INDEX jobs_running_by_sequence ON jobs (tenant, sequence_key) WHERE sequence_key IS NOT NULL AND state = 'running';
-- Started, timeout and deadline ride along so that the look for overrun jobs reads this index only.
CREATE INDEX jobs_by_lease ON jobs (lease_until, started_at, timeout_ms, deadline_at) WHERE state = 'running';
CREATE INDEX jobs_by_deadline ON jobs (deadline_at) WHERE state = 'waiting' AND deadline_at IS NOT NULL;
CREATE INDEX jobs_by_retention ON jobs (finished_at + retain_ms) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_by_tenant ON jobs (tenant, number);
-- What an operator looks for among a million jobs that went well.
CREATE INDEX jobs_by_trouble ON jobs (tenant, number) WHERE state IN ('failed', 'cancelled', 'expired');
-- Written once per job, since none of its columns ever changes; a twelfth of an insert.
CREATE INDEX jobs_by_type ON jobs (tenant, type, number);

-- Out of the job row, which is written again at every transition, whatever the size of the input.
CREATE TABLE job_inputs (number INTEGER PRIMARY KEY, input TEXT NOT NULL) STRICT;
CREATE TABLE job_results (number INTEGER PRIMARY KEY, content_type TEXT NOT NULL, bytes BLOB NOT NULL) STRICT;

CREATE TABLE job_tags (
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (tenant, name, value, number)
) STRICT, WITHOUT ROWID;

-- Jobs per tenant, type and state, kept by the writer in the transaction of the change: counting a million rows for every
-- look at a dashboard takes 100 ms, and an index over them costs more per change than one row per transaction.
CREATE TABLE job_counts (
  tenant TEXT NOT NULL,
  type TEXT NOT NULL,
  state TEXT NOT NULL,
  jobs INTEGER NOT NULL,
  PRIMARY KEY (tenant, type, state)
) STRICT, WITHOUT ROWID;

CREATE TABLE tombstones (
  id TEXT NOT NULL PRIMARY KEY,
  number INTEGER NOT NULL,
  tenant TEXT NOT NULL,
  gone_at INTEGER NOT NULL,
  gone_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX tombstones_by_number ON tombstones (number);
CREATE INDEX tombstones_by_end ON tombstones (gone_until);

-- The last job number given out: survives the removal of the job that had it, so that no number names two jobs.
CREATE TABLE sequences (name TEXT NOT NULL PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO sequences (name, last) VALUES ('job', 0);

CREATE TABLE deliveries (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  job_number INTEGER NOT NULL,
  job_id TEXT NOT NULL,
  tenant TEXT NOT NULL,
  revision INTEGER NOT NULL,
  state TEXT NOT NULL,
  url TEXT NOT NULL,
  lane INTEGER NOT NULL,
  origin TEXT,
  attempt INTEGER NOT NULL,
  at INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  -- When it may be claimed; null while an earlier delivery of the job is unsettled.
  due_at INTEGER
) STRICT;
CREATE INDEX deliveries_by_turn ON deliveries (tenant, lane, due_at, number) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_by_job ON deliveries (job_number, number);

CREATE TABLE keys (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  hash TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER,
  expires_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE documents (
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  data TEXT NOT NULL,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, kind, name)
) STRICT;
CREATE INDEX documents_by_creation ON documents (tenant, kind, created_at DESC, name);
`;

export const MIGRATIONS: readonly Migration[] = [{ version: 1, name: 'jobs and what goes with them', sql: FIRST }];

export const SCHEMA_VERSION = MIGRATIONS.length;
