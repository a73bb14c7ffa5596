/**
 * The schema, as numbered steps compiled into the code: forward only and append-only, since a step that was released has
 * already run somewhere. The number of the last one is the schema version (the highest row of `migrations`).
 *
 * - Every name is qualified with the schema: behind a pooler there is no search_path to rely on.
 * - Texts compare by bytes (COLLATE "C"): faster, the same on every machine, and no operating-system upgrade can change an
 *   order that an index was built with. SQLite does the same.
 * - Indexes are named after the query that they serve and are partial wherever the query is. A job that nobody waits for any
 *   more is in those by id, number, kind and retention only.
 * - lease_until, percent and message are in no index: heartbeats and progress stay on the page (HOT) and touch no index.
 * - No foreign keys: each insert would lock the parent row, and jobs are only ever removed by the one statement that
 *   removes what belongs to them.
 */

export interface Migration {
  readonly version: number;
  readonly name: string;
  /** @param s the schema as a quoted identifier */
  sql(s: string): string;
}

/** Jobs in 2^53: numbers are handed to JavaScript clients as numbers. */
const NUMBER_MAX = Number.MAX_SAFE_INTEGER;

const first = (s: string) => `
CREATE SEQUENCE ${s}.job_numbers AS bigint MAXVALUE ${NUMBER_MAX};

CREATE TABLE ${s}.jobs (
  id uuid NOT NULL,
  number bigint NOT NULL,
  run_at bigint NOT NULL,
  fence bigint NOT NULL,
  revision bigint NOT NULL,
  created_at bigint NOT NULL,
  retain_ms bigint NOT NULL,
  lease_until bigint,
  cancel_requested_at bigint,
  timeout_ms bigint,
  deadline_ms bigint,
  deadline_at bigint,
  started_at bigint,
  finished_at bigint,
  result_bytes bigint,
  percent float8 NOT NULL,
  priority integer NOT NULL,
  attempt integer NOT NULL,
  -- Whether this job waits while an earlier one of its tenant and sequence key is unfinished, or any runs. Kept with every change, so
  -- that a claim steps over none of them: with a NOT EXISTS in the claim, 100,000 jobs behind one key cost every claim of
  -- their type 100,000 probes.
  blocked boolean NOT NULL,
  state text COLLATE "C" NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  retry text COLLATE "C" NOT NULL,
  worker text COLLATE "C",
  message text COLLATE "C",
  sequence_key text COLLATE "C",
  idempotency_key text COLLATE "C",
  request_hash text COLLATE "C",
  callback_url text COLLATE "C",
  result_type text COLLATE "C",
  tags text COLLATE "C",
  origin text COLLATE "C",
  error text COLLATE "C",
  input text COLLATE "C" NOT NULL,
  CONSTRAINT jobs_by_id PRIMARY KEY (id),
  CONSTRAINT jobs_state_is_known
    CHECK (state IN ('waiting', 'running', 'succeeded', 'failed', 'cancelled', 'expired')),
  CONSTRAINT jobs_finished_exactly_when_final
    CHECK ((finished_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled', 'expired'))),
  CONSTRAINT jobs_leased_exactly_when_running CHECK ((lease_until IS NOT NULL) = (state = 'running'))
) WITH (
  -- Room on the page for the next version of a row: heartbeats and progress of running jobs then stay HOT.
  fillfactor = 85,
  -- By default a fifth of the table must be dead before anyone cleans: with a million kept jobs that is 200,000 dead entries
  -- at the head of the claim order. Two versions of each job die, so this vacuums about every 5,000 jobs at first.
  autovacuum_vacuum_threshold = 10000,
  autovacuum_vacuum_scale_factor = 0.01,
  autovacuum_vacuum_insert_threshold = 50000,
  autovacuum_vacuum_insert_scale_factor = 0.05,
  autovacuum_analyze_threshold = 10000,
  autovacuum_analyze_scale_factor = 0.05,
  -- The default pause of 2 ms per 200 cost units cannot keep up with thousands of jobs a second.
  autovacuum_vacuum_cost_delay = 1,
  autovacuum_vacuum_cost_limit = 2000
);
CREATE UNIQUE INDEX jobs_by_number ON ${s}.jobs (number);
-- Running jobs are few, and have an index of their own that costs less to enter: that saves a seventh of each claim.
CREATE INDEX jobs_by_kind ON ${s}.jobs (tenant, type, state, number) INCLUDE (created_at) WHERE state <> 'running';
CREATE INDEX jobs_running_by_number ON ${s}.jobs (number) WHERE state = 'running';
CREATE UNIQUE INDEX jobs_by_idempotency_key ON ${s}.jobs (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_by_claim_order ON ${s}.jobs (type, priority DESC, run_at, number) WHERE state = 'waiting' AND NOT blocked;
CREATE INDEX jobs_by_tenant_claim_order ON ${s}.jobs (tenant, type, priority DESC, run_at, number)
  WHERE state = 'waiting' AND NOT blocked;
CREATE INDEX jobs_by_sequence ON ${s}.jobs (tenant, sequence_key, number)
  WHERE sequence_key IS NOT NULL AND state IN ('waiting', 'running');
CREATE INDEX jobs_running_by_sequence ON ${s}.jobs (tenant, sequence_key) WHERE sequence_key IS NOT NULL AND state = 'running';
CREATE INDEX jobs_by_deadline ON ${s}.jobs (deadline_at) WHERE state = 'waiting' AND deadline_at IS NOT NULL;
CREATE INDEX jobs_by_retention ON ${s}.jobs ((finished_at + retain_ms)) WHERE finished_at IS NOT NULL;

CREATE TABLE ${s}.job_results (
  number bigint NOT NULL,
  content_type text COLLATE "C" NOT NULL,
  bytes bytea NOT NULL,
  CONSTRAINT job_results_by_number PRIMARY KEY (number)
) WITH (
  -- Written once, removed once: only retention leaves dead rows here.
  autovacuum_vacuum_scale_factor = 0.05,
  toast.autovacuum_vacuum_scale_factor = 0.05
);

CREATE TABLE ${s}.job_tags (
  tenant text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  number bigint NOT NULL,
  CONSTRAINT job_tags_by_value PRIMARY KEY (tenant, name, value, number)
) WITH (autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE ${s}.tombstones (
  id uuid NOT NULL,
  number bigint NOT NULL,
  gone_at bigint NOT NULL,
  gone_until bigint NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  CONSTRAINT tombstones_by_id PRIMARY KEY (id)
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE UNIQUE INDEX tombstones_by_number ON ${s}.tombstones (number);
CREATE INDEX tombstones_by_end ON ${s}.tombstones (gone_until);

CREATE TABLE ${s}.deliveries (
  number bigint GENERATED ALWAYS AS IDENTITY,
  job_id uuid NOT NULL,
  revision bigint NOT NULL,
  at bigint NOT NULL,
  due_at bigint NOT NULL,
  fence bigint NOT NULL,
  attempt integer NOT NULL,
  state text COLLATE "C" NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  url text COLLATE "C" NOT NULL,
  origin text COLLATE "C",
  lane integer NOT NULL GENERATED ALWAYS AS (coalesce(hashtext(substring(url from '^[a-z]+://([^/?#]*)')) & 31, 0)) STORED,
  CONSTRAINT deliveries_by_number PRIMARY KEY (number)
) WITH (
  -- Every row is written, claimed and removed within seconds: mostly dead rows, as in any queue.
  fillfactor = 70,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_scale_factor = 0.01,
  autovacuum_vacuum_cost_delay = 1
);
CREATE INDEX deliveries_by_turn ON ${s}.deliveries (tenant, lane, due_at, number);
CREATE INDEX deliveries_by_job ON ${s}.deliveries (job_id, number);

CREATE TABLE ${s}.keys (
  id text COLLATE "C" NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  scopes text COLLATE "C" NOT NULL,
  hash text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  revoked_at bigint,
  expires_at bigint,
  CONSTRAINT keys_by_id PRIMARY KEY (id)
);

CREATE TABLE ${s}.documents (
  tenant text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  data text COLLATE "C" NOT NULL,
  revision bigint NOT NULL,
  created_at bigint NOT NULL,
  CONSTRAINT documents_by_name PRIMARY KEY (tenant, kind, name)
);
CREATE INDEX documents_by_creation ON ${s}.documents (tenant, kind, created_at DESC, name);
`;

export const MIGRATIONS: readonly Migration[] = [{ version: 1, name: 'jobs and what goes with them', sql: first }];

export const SCHEMA_VERSION = MIGRATIONS.length;
