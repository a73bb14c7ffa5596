/**
 * The schema of `bide.db`, as numbered steps compiled into the code: forward only and append-only, since a step that was
 * released has already run somewhere. The number of the last one is the schema version (`PRAGMA user_version`).
 *
 * Every index ends with the row's number, unwritten, since that is the key of its table: rows come in its order too, and are found by it.
 * Indexes are named after the query that they serve, and are partial wherever the query is: a job that nobody waits for any
 * more is in the indexes by id, tenant, type and retention only.
 */

import { FINAL_STATES } from '../../core/state.ts';
import { IS_DUE } from '../group-row.ts';
import { FIGURE_COLUMNS } from '../stat-row.ts';

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/** "BIDE" in ASCII, written into the header of the file: tells our database from any other. */
export const APPLICATION_ID = 0x42494445;

const FIRST = `
-- What a change of state leaves alone. Inserted once, deleted once, updated only where somebody amends a job that waits.
CREATE TABLE jobs (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  tenant TEXT NOT NULL,
  type TEXT NOT NULL,
  priority INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  timeout_ms INTEGER,
  deadline_ms INTEGER,
  retain_ms INTEGER NOT NULL,
  sequence_key TEXT,
  limit_key TEXT,
  idempotency_key TEXT,
  request_hash TEXT,
  callback_url TEXT,
  retry TEXT NOT NULL,
  tags TEXT,
  origin TEXT,
  terms TEXT,
  unique_key TEXT,
  -- Last: what stands before it is read without it, however large it is.
  input TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX jobs_by_id ON jobs (id);
CREATE UNIQUE INDEX jobs_by_idempotency_key ON jobs (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
-- The newest job with a key holds it.
CREATE INDEX jobs_by_unique_key ON jobs (tenant, type, unique_key) WHERE unique_key IS NOT NULL;
CREATE INDEX jobs_by_tenant ON jobs (tenant);
CREATE INDEX jobs_by_type ON jobs (tenant, type);

-- The rest is in one of three rooms: a job leaves one and enters another in the transaction of its change. What they repeat of jobs
-- is what their indexes need.
CREATE TABLE waiting (
  number INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  type TEXT NOT NULL,
  priority INTEGER NOT NULL,
  sequence_key TEXT,
  limit_key TEXT,
  timeout_ms INTEGER,
  -- Why it cannot be claimed: see blocks.ts. Kept with every change, so that a claim steps over none of them: with a NOT EXISTS in the claim,
  -- 100,000 jobs behind one conversation cost every claim 100,000 probes.
  blocked INTEGER NOT NULL,
  run_at INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  deadline_at INTEGER,
  started_at INTEGER,
  percent REAL NOT NULL,
  message TEXT,
  error TEXT,
  attempts TEXT,
  marks TEXT
) STRICT;
-- By number with two indexes: clustered in claim order, and found by number through an index, the same work took as long.
-- Tenant by tenant: a claim goes round them, and never steps over the jobs of one to find another.
CREATE INDEX waiting_by_turn ON waiting (type, tenant, priority DESC, run_at) WHERE blocked = 0;
-- When work becomes due, whoever's it is. By turn alone that would be a probe per tenant and priority.
CREATE INDEX waiting_by_time ON waiting (type, run_at) WHERE blocked = 0;
CREATE INDEX waiting_by_sequence ON waiting (tenant, sequence_key) WHERE sequence_key IS NOT NULL;
-- By blocked first: those with a ticket, those that wait for one and nothing else, in the order in which they get it, and the rest.
CREATE INDEX waiting_by_limit ON waiting (tenant, limit_key, blocked, type, priority DESC, run_at)
  WHERE limit_key IS NOT NULL;
CREATE INDEX waiting_by_deadline ON waiting (deadline_at) WHERE deadline_at IS NOT NULL;

CREATE TABLE running (
  number INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  sequence_key TEXT,
  limit_key TEXT,
  timeout_ms INTEGER,
  run_at INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  deadline_at INTEGER,
  started_at INTEGER,
  percent REAL NOT NULL,
  message TEXT,
  error TEXT,
  attempts TEXT,
  marks TEXT,
  cancel_requested_at INTEGER,
  lease_until INTEGER NOT NULL,
  worker TEXT,
  -- When somebody has to look at it: its lease, its timeout or its deadline is over. One index for the three, since each costs a tenth of an attempt.
  ends_at INTEGER AS (min(lease_until, coalesce(started_at + timeout_ms, lease_until), coalesce(deadline_at, lease_until)))
) STRICT;
CREATE INDEX running_by_end ON running (ends_at);
CREATE INDEX running_by_sequence ON running (tenant, sequence_key) WHERE sequence_key IS NOT NULL;
CREATE INDEX running_by_limit ON running (tenant, limit_key) WHERE limit_key IS NOT NULL;

CREATE TABLE finished (
  number INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  retain_ms INTEGER NOT NULL,
  state TEXT NOT NULL,
  run_at INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  deadline_at INTEGER,
  started_at INTEGER,
  percent REAL NOT NULL,
  message TEXT,
  error TEXT,
  attempts TEXT,
  marks TEXT,
  worker TEXT,
  cancel_requested_at INTEGER,
  finished_at INTEGER NOT NULL,
  result_type TEXT,
  result_bytes INTEGER,
  -- Last, as the input of a job. The first part of it, where it is larger than one.
  result BLOB,
  retain_until INTEGER AS (finished_at + retain_ms),
  -- Without an IN for what nearly all are: SQLite makes a table of the list for each row, 1.3 us each.
  CONSTRAINT finished_state_is_final CHECK (state = 'succeeded' OR state IN ('failed', 'cancelled', 'expired'))
) STRICT;
CREATE INDEX finished_by_retention ON finished (retain_until);
-- By the time of their end: each state is a part of the query. Codes as in JSON, and cut, since a code may be as long as an error.
CREATE INDEX finished_by_end ON finished (tenant, state, finished_at);
CREATE INDEX finished_by_error ON finished (tenant, substr(error -> '$.code', 1, 200), finished_at)
  WHERE state <> 'succeeded';
-- What an operator looks for among a million jobs that went well.
CREATE INDEX finished_by_trouble ON finished (tenant) WHERE state <> 'succeeded';

-- When jobs of a type that is limited as a whole were started, as JSON: see core/fairness/type-limit.ts.
CREATE TABLE type_limits (type TEXT NOT NULL PRIMARY KEY, starts TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Large results but for their first part: SQLite cuts a slice out of a value by reading all of it, 150 ms for 64 MiB.
CREATE TABLE result_parts (
  number INTEGER NOT NULL,
  part INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (number, part)
) STRICT;

CREATE TABLE job_tags (
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (tenant, name, value, number)
) STRICT, WITHOUT ROWID;

-- Ends that somebody waits for and has not been told of: see contract-ended.ts.
CREATE TABLE ended (
  -- No place comes twice: who drops what they read before must not drop what came after.
  place INTEGER PRIMARY KEY AUTOINCREMENT,
  number INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  id TEXT NOT NULL,
  tenant TEXT NOT NULL,
  state TEXT NOT NULL
) STRICT;
-- Of retries alone, which are few: an end that frees children looks for each of them.
CREATE INDEX ended_looking ON ended (number) WHERE state = 'waiting';

-- Which jobs come after which: see contract-links.ts. Removed with the child.
CREATE TABLE job_links (
  child INTEGER NOT NULL,
  parent INTEGER NOT NULL,
  policy TEXT NOT NULL,
  is_open INTEGER NOT NULL,
  PRIMARY KEY (child, parent)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_links_by_parent ON job_links (parent, child);

-- Jobs that are looked at as one, with how many of them have ended how: see contract-groups.ts. Members have its number, not its id: 36 bytes less in each of
-- two trees.
CREATE TABLE job_groups (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  tenant TEXT NOT NULL,
  is_open INTEGER NOT NULL,
  total INTEGER NOT NULL,
  ${FINAL_STATES.map((state) => `${state} INTEGER NOT NULL`).join(',\n  ')},
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  closed_at INTEGER,
  finished_at INTEGER,
  remove_at INTEGER,
  retain_ms INTEGER NOT NULL,
  outcome TEXT,
  follow_up_jobs TEXT NOT NULL,
  idempotency_key TEXT,
  request_hash TEXT,
  -- Last: what stands before it is read without it, however large it is.
  follow_ups TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX job_groups_by_id ON job_groups (id);
CREATE UNIQUE INDEX job_groups_by_idempotency_key ON job_groups (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX job_groups_by_tenant ON job_groups (tenant, id);
CREATE INDEX job_groups_due ON job_groups (number) WHERE ${IS_DUE};
CREATE INDEX job_groups_by_removal ON job_groups (remove_at) WHERE remove_at IS NOT NULL;

CREATE TABLE group_members (
  -- The job's.
  number INTEGER PRIMARY KEY,
  group_number INTEGER NOT NULL,
  -- As the group counts it; null while it is not final.
  state TEXT
) STRICT;
CREATE INDEX group_members_by_group ON group_members (group_number);

-- What jobs say: their logs (stream 0) and their output (1). Clustered by job: its lines are one stretch, read and removed as such. Jobs that say nothing
-- have no row here or elsewhere.
CREATE TABLE job_lines (
  number INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  position INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  at INTEGER NOT NULL,
  level INTEGER NOT NULL,
  line TEXT NOT NULL,
  fields TEXT,
  PRIMARY KEY (number, stream, position)
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

-- Jobs of a tenant, and the bytes of their inputs, results, logs and output, kept in the same way. Not by state: then every change of one would have to know
-- the bytes of the input.
CREATE TABLE job_usage (
  tenant TEXT NOT NULL PRIMARY KEY,
  jobs INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Figures by the minute, a row for each node that counted: a node that writes its own again does no harm. Numbers of 0 take no byte.
CREATE TABLE minute_stats (
  tenant TEXT NOT NULL,
  minute INTEGER NOT NULL,
  type TEXT NOT NULL,
  node TEXT NOT NULL,
  ${FIGURE_COLUMNS.map((column) => `${column} INTEGER NOT NULL`).join(',\n  ')},
  errors TEXT,
  PRIMARY KEY (tenant, minute, type, node)
) STRICT, WITHOUT ROWID;
CREATE INDEX minute_stats_by_age ON minute_stats (minute);

-- Who works: see contract-workers.ts.
CREATE TABLE workers (
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  seen_at INTEGER NOT NULL,
  facts TEXT NOT NULL,
  PRIMARY KEY (tenant, name)
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
-- And positions of events: the newest, how far they have been turned into deliveries, and the newest that was pruned.
INSERT INTO sequences (name, last) VALUES ('job', 0), ('event', 0), ('fan-out', 0), ('pruned', 0);

-- Who wants to be told of a tenant's changes, and of which kinds, as bits. The writer has it in memory.
CREATE TABLE followers (
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  wants INTEGER NOT NULL,
  until INTEGER,
  since INTEGER NOT NULL,
  PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX followers_by_end ON followers (until) WHERE until IS NOT NULL;

-- Changes that somebody wanted to be told of, with the cells of the job as JSON. Nothing joins them to jobs, which may be gone.
CREATE TABLE events (
  position INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL,
  at INTEGER NOT NULL,
  job TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_tenant ON events (tenant);

-- Pending ones and, until their time is over, settled ones.
CREATE TABLE deliveries (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  job_id TEXT,
  endpoint_id TEXT,
  revision INTEGER NOT NULL,
  event TEXT NOT NULL,
  url TEXT NOT NULL,
  lane INTEGER NOT NULL,
  origin TEXT,
  at INTEGER NOT NULL,
  state TEXT NOT NULL,
  -- 1 while an older one of the same job and endpoint is pending.
  blocked INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  first_tried_at INTEGER,
  keep_until INTEGER,
  tries TEXT,
  headers TEXT NOT NULL,
  -- Last: what stands before it is read without it, however large it is.
  body TEXT NOT NULL
) STRICT;
CREATE INDEX deliveries_by_turn ON deliveries (tenant, lane, due_at) WHERE state = 'pending' AND blocked = 0;
-- Whose turn may come at all. Without it a claim walks over every tenant whose receiver is down: 30 ms for 2,000.
CREATE INDEX deliveries_by_due ON deliveries (due_at, tenant, lane) WHERE state = 'pending' AND blocked = 0;
CREATE INDEX deliveries_by_order ON deliveries (tenant, job_id, endpoint_id)
  WHERE state = 'pending' AND job_id IS NOT NULL;
CREATE INDEX deliveries_by_end ON deliveries (keep_until) WHERE keep_until IS NOT NULL;
CREATE INDEX deliveries_by_state ON deliveries (tenant, state);
CREATE INDEX deliveries_by_endpoint ON deliveries (tenant, endpoint_id, state) WHERE endpoint_id IS NOT NULL;
-- Without the state: a job has few, and a settlement then leaves this index, whose pages are as many as the jobs, alone.
CREATE INDEX deliveries_by_job ON deliveries (tenant, job_id) WHERE job_id IS NOT NULL;

-- Keys with a limit: see contract-limits.ts. Those that only jobs name go with the last of them.
CREATE TABLE limit_keys (
  tenant TEXT NOT NULL,
  key TEXT NOT NULL,
  concurrency INTEGER,
  rate_count INTEGER,
  rate_per_ms INTEGER,
  is_kept INTEGER NOT NULL,
  state TEXT NOT NULL,
  look_at INTEGER,
  PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX limit_keys_by_look ON limit_keys (look_at) WHERE look_at IS NOT NULL;

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
  -- When somebody has to look at it. Schedules have one.
  due_at INTEGER,
  PRIMARY KEY (tenant, kind, name)
) STRICT;
CREATE INDEX documents_by_creation ON documents (tenant, kind, created_at DESC, name);
CREATE INDEX documents_by_due ON documents (kind, due_at, tenant, name) WHERE due_at IS NOT NULL;
`;

export const MIGRATIONS: readonly Migration[] = [{ version: 1, name: 'jobs and what goes with them', sql: FIRST }];

export const SCHEMA_VERSION = MIGRATIONS.length;
