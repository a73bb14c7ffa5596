/**
 * The schema, as numbered steps compiled into the code: forward only and append-only, since a step that was released has
 * already run somewhere. The number of the last one is the schema version (the highest row of `migrations`).
 *
 * - Every name is qualified with the schema: behind a pooler there is no search_path to rely on.
 * - Texts compare by bytes (COLLATE "C"): faster, the same on every machine, and no operating-system upgrade can change an
 *   order that an index was built with. SQLite does the same.
 * - A job is one row in `jobs`, and one in `waiting`, `running` or `finished`: see `statements/rooms.ts`.
 * - Indexes are named after the query that they serve and are partial wherever the query is.
 * - The key of a table is its youngest index: for a table that a vacuum has found empty every index with a fitting column costs the same, and
 *   the planner takes the youngest.
 * - Of a running job only its number and its sequence are in an index: heartbeats and progress stay on the page (HOT).
 * - No foreign keys: each insert would lock the parent row, and jobs are only ever removed by the one statement that
 *   removes what belongs to them.
 */

import { FINAL_STATES } from '../../../core/state.ts';
import { IS_DUE } from '../../group-row.ts';
import { FIGURE_COLUMNS } from '../../stat-row.ts';
import { endTables } from './end-tables.ts';
import { eventTables } from './event-tables.ts';
import { typeLimitTable } from './type-limit-table.ts';

/**
 * The code of an error, escaped as in JSON. By a pattern, since a cast to jsonb fails for some texts that JSON may hold, and cut, since an
 * entry of an index has its bound.
 */
export const errorCodeOf = (column: string) =>
  String.raw`left(substring(${column} from '"code":"((?:[^"\\]|\\.)*)"'), 200)`;

/**
 * True of every job. Only lists by the time of the end and retention say it, so their indexes serve nothing else: by what is known of an empty
 * table, which is when connections plan, they looked as good as the key for reading one job, and then each read went through all that had
 * finished of the type (1.3 ms of CPU at 10,000).
 */
export const FOR_LISTS = 'number > 0';

/** In the same way, of every waiting job: who asks for the order of claims cannot be given that of times. */
export const FOR_TIMES = 'number > 0';

export interface Migration {
  readonly version: number;
  readonly name: string;
  /** @param s the schema as a quoted identifier */
  sql(s: string): string;
}

/** Jobs in 2^53: numbers are handed to JavaScript clients as numbers. */
const NUMBER_MAX = Number.MAX_SAFE_INTEGER;

/**
 * Every row is gone within seconds, as in any queue. By default a fifth of the table must be dead before anyone cleans: with a million
 * jobs that wait that is 200,000 dead entries at the head of the claim order.
 */
const QUEUE = `
  autovacuum_vacuum_threshold = 10000,
  autovacuum_vacuum_scale_factor = 0.01,
  autovacuum_vacuum_insert_threshold = 50000,
  autovacuum_vacuum_insert_scale_factor = 0.05,
  autovacuum_analyze_threshold = 10000,
  autovacuum_analyze_scale_factor = 0.05,
  autovacuum_vacuum_cost_delay = 1,
  autovacuum_vacuum_cost_limit = 2000`;

const first = (s: string) => `
CREATE SEQUENCE ${s}.job_numbers AS bigint MAXVALUE ${NUMBER_MAX};

-- What a change of state leaves alone. Inserted once, deleted once, updated only where somebody amends a job that waits.
CREATE TABLE ${s}.jobs (
  id uuid NOT NULL,
  number bigint NOT NULL,
  created_at bigint NOT NULL,
  retain_ms bigint NOT NULL,
  timeout_ms bigint,
  deadline_ms bigint,
  priority integer NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  retry text COLLATE "C" NOT NULL,
  sequence_key text COLLATE "C",
  limit_key text COLLATE "C",
  idempotency_key text COLLATE "C",
  request_hash text COLLATE "C",
  callback_url text COLLATE "C",
  tags text COLLATE "C",
  origin text COLLATE "C",
  terms text COLLATE "C",
  unique_key text COLLATE "C",
  input text COLLATE "C" NOT NULL,
  CONSTRAINT jobs_by_id PRIMARY KEY (id)
) WITH (
  -- Only retention leaves dead rows here. By default a fifth of the table must be dead before anyone cleans.
  autovacuum_vacuum_threshold = 10000,
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_vacuum_insert_threshold = 50000,
  autovacuum_vacuum_insert_scale_factor = 0.05,
  autovacuum_analyze_threshold = 10000,
  autovacuum_analyze_scale_factor = 0.05,
  -- The default pause of 2 ms per 200 cost units cannot keep up with thousands of jobs a second.
  autovacuum_vacuum_cost_delay = 1,
  autovacuum_vacuum_cost_limit = 2000
);
CREATE UNIQUE INDEX jobs_by_number ON ${s}.jobs (number);
CREATE UNIQUE INDEX jobs_by_idempotency_key ON ${s}.jobs (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
-- The newest job with a key holds it.
CREATE INDEX jobs_by_unique_key ON ${s}.jobs (tenant, type, unique_key, number) WHERE unique_key IS NOT NULL;

CREATE TABLE ${s}.waiting (
  number bigint NOT NULL,
  run_at bigint NOT NULL,
  fence bigint NOT NULL,
  revision bigint NOT NULL,
  created_at bigint NOT NULL,
  deadline_at bigint,
  started_at bigint,
  percent float8 NOT NULL,
  priority integer NOT NULL,
  attempt integer NOT NULL,
  -- Why it cannot be claimed: see blocks.ts. Kept with every change, so that a claim steps over none of them: with a NOT EXISTS in the
  -- claim, 100,000 jobs behind one sequence key cost every claim of their type 100,000 probes.
  blocked smallint NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  sequence_key text COLLATE "C",
  limit_key text COLLATE "C",
  message text COLLATE "C",
  error text COLLATE "C",
  attempts text COLLATE "C",
  marks text COLLATE "C"
) WITH (${QUEUE}
);
-- When work becomes due, whoever's it is. By turn alone that would be a probe per tenant and priority.
CREATE INDEX waiting_by_time ON ${s}.waiting (type, run_at) WHERE blocked = 0 AND ${FOR_TIMES};
-- Tenant by tenant: a claim goes round them, and never steps over the jobs of one to find another.
CREATE INDEX waiting_by_turn ON ${s}.waiting (type, tenant, priority DESC, run_at, number) WHERE blocked = 0;
CREATE INDEX waiting_by_deadline ON ${s}.waiting (deadline_at) WHERE deadline_at IS NOT NULL;
-- Whoever asks for one row comes from \`jobs\` and knows its tenant and type: so the order of the lists serves as the key.
ALTER TABLE ${s}.waiting ADD CONSTRAINT waiting_by_kind PRIMARY KEY (tenant, type, number) INCLUDE (created_at);
-- Younger still: only who looks for a sequence can take it.
CREATE INDEX waiting_by_sequence ON ${s}.waiting (tenant, sequence_key, number) WHERE sequence_key IS NOT NULL;
-- By blocked first: those with a ticket, those that wait for one and nothing else, in the order in which they get it, and the rest.
CREATE INDEX waiting_by_limit ON ${s}.waiting (tenant, limit_key, blocked, type, priority DESC, run_at, number)
  WHERE limit_key IS NOT NULL;

CREATE TABLE ${s}.running (
  number bigint NOT NULL,
  run_at bigint NOT NULL,
  fence bigint NOT NULL,
  revision bigint NOT NULL,
  created_at bigint NOT NULL,
  lease_until bigint NOT NULL,
  deadline_at bigint,
  started_at bigint,
  cancel_requested_at bigint,
  percent float8 NOT NULL,
  attempt integer NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  sequence_key text COLLATE "C",
  limit_key text COLLATE "C",
  worker text COLLATE "C",
  message text COLLATE "C",
  error text COLLATE "C",
  attempts text COLLATE "C",
  marks text COLLATE "C"
) WITH (
  -- Room on the page for the next version of a row: heartbeats and progress then stay HOT.
  fillfactor = 70,${QUEUE}
);
CREATE INDEX running_by_sequence ON ${s}.running (tenant, sequence_key) WHERE sequence_key IS NOT NULL;
CREATE INDEX running_by_limit ON ${s}.running (tenant, limit_key) WHERE limit_key IS NOT NULL;
ALTER TABLE ${s}.running ADD CONSTRAINT running_by_number PRIMARY KEY (number);

${typeLimitTable(s)}-- Written once per run. Big results go out of line by themselves.
CREATE TABLE ${s}.finished (
  number bigint NOT NULL,
  run_at bigint NOT NULL,
  fence bigint NOT NULL,
  revision bigint NOT NULL,
  created_at bigint NOT NULL,
  finished_at bigint NOT NULL,
  retain_until bigint NOT NULL,
  deadline_at bigint,
  started_at bigint,
  cancel_requested_at bigint,
  result_bytes bigint,
  percent float8 NOT NULL,
  attempt integer NOT NULL,
  state text COLLATE "C" NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  worker text COLLATE "C",
  message text COLLATE "C",
  error text COLLATE "C",
  attempts text COLLATE "C",
  marks text COLLATE "C",
  result_type text COLLATE "C",
  result bytea,
  CONSTRAINT finished_state_is_final CHECK (state IN ('succeeded', 'failed', 'cancelled', 'expired'))
) WITH (
  -- Only retention and retries leave dead rows here.
  autovacuum_vacuum_threshold = 10000,
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_vacuum_insert_threshold = 50000,
  autovacuum_vacuum_insert_scale_factor = 0.05,
  autovacuum_analyze_threshold = 10000,
  autovacuum_analyze_scale_factor = 0.05,
  autovacuum_vacuum_cost_delay = 1,
  autovacuum_vacuum_cost_limit = 2000,
  toast.autovacuum_vacuum_scale_factor = 0.05
);
CREATE INDEX finished_by_end ON ${s}.finished (tenant, type, state, finished_at, number) WHERE ${FOR_LISTS};
CREATE INDEX finished_by_error ON ${s}.finished (tenant, ${errorCodeOf('error')}, finished_at, number)
  WHERE state IN ('failed', 'cancelled', 'expired');
CREATE INDEX finished_by_retention ON ${s}.finished (retain_until, number) WHERE ${FOR_LISTS};
-- As in \`waiting\`, and the last one as there. With an index by number beside it, a list of a rare state would be planned as a walk through all that
-- has finished.
ALTER TABLE ${s}.finished ADD CONSTRAINT finished_by_kind PRIMARY KEY (tenant, type, state, number) INCLUDE (created_at);

-- How many jobs a tenant has, and the bytes of their inputs and results (those of all logs and output of a type as state 'log'). A statement that changes it appends what it changed, in a
-- table without any index, so that no two of them meet in one row; the sweep adds these rows up.
CREATE TABLE ${s}.job_counts (
  tenant text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  jobs bigint NOT NULL,
  bytes bigint NOT NULL
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 1);
CREATE INDEX job_counts_by_kind ON ${s}.job_counts (tenant, type, state);

CREATE TABLE ${s}.job_count_changes (
  tenant text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  jobs bigint NOT NULL,
  bytes bigint NOT NULL
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 1);

${endTables(s, QUEUE)}-- Jobs that are looked at as one, with how many of them have ended how: see contract-groups.ts.
CREATE TABLE ${s}.job_groups (
  id uuid NOT NULL,
  total bigint NOT NULL,
  ${FINAL_STATES.map((state) => `${state} bigint NOT NULL`).join(',\n  ')},
  revision bigint NOT NULL,
  created_at bigint NOT NULL,
  closed_at bigint,
  finished_at bigint,
  remove_at bigint,
  retain_ms bigint NOT NULL,
  is_open integer NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  outcome text COLLATE "C",
  follow_up_jobs text COLLATE "C" NOT NULL,
  idempotency_key text COLLATE "C",
  request_hash text COLLATE "C",
  follow_ups text COLLATE "C" NOT NULL,
  CONSTRAINT job_groups_by_id PRIMARY KEY (id)
) WITH (fillfactor = 50,${QUEUE}
);
CREATE UNIQUE INDEX job_groups_by_idempotency_key ON ${s}.job_groups (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX job_groups_by_tenant ON ${s}.job_groups (tenant, id);
CREATE INDEX job_groups_due ON ${s}.job_groups (id) WHERE ${IS_DUE};
CREATE INDEX job_groups_by_removal ON ${s}.job_groups (remove_at) WHERE remove_at IS NOT NULL;

CREATE TABLE ${s}.group_members (
  -- The job's.
  number bigint NOT NULL,
  group_id uuid NOT NULL,
  -- As the group counts it; null while it is not final.
  state text COLLATE "C",
  CONSTRAINT group_members_by_number PRIMARY KEY (number)
) WITH (
  -- Each is counted once at least, which stays on its page.
  fillfactor = 70,${QUEUE}
);
CREATE INDEX group_members_by_group ON ${s}.group_members (group_id, number);

-- What jobs say: their logs (stream 0) and their output (1). By job: its lines are one stretch, read and removed as such. Jobs that say nothing have no
-- row here or elsewhere.
CREATE TABLE ${s}.job_lines (
  number bigint NOT NULL,
  stream integer NOT NULL,
  position bigint NOT NULL,
  fence bigint NOT NULL,
  attempt integer NOT NULL,
  at bigint NOT NULL,
  level integer NOT NULL,
  line text COLLATE "C" NOT NULL,
  fields text COLLATE "C",
  CONSTRAINT job_lines_by_job PRIMARY KEY (number, stream, position)
) WITH (
  -- Removed with their jobs, a stretch at a time. By default a fifth of the table must be dead before anyone cleans.
  autovacuum_vacuum_threshold = 10000,
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_vacuum_insert_threshold = 50000,
  autovacuum_vacuum_insert_scale_factor = 0.05,
  autovacuum_vacuum_cost_delay = 1,
  autovacuum_vacuum_cost_limit = 2000
);

CREATE TABLE ${s}.job_tags (
  tenant text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  number bigint NOT NULL,
  CONSTRAINT job_tags_by_value PRIMARY KEY (tenant, name, value, number)
) WITH (autovacuum_vacuum_scale_factor = 0.05);

-- Figures by the minute, a row for each node that counted: no two nodes meet in one, and one that writes its own again does no harm.
CREATE TABLE ${s}.minute_stats (
  minute bigint NOT NULL,
  ${FIGURE_COLUMNS.map((column) => `${column} bigint NOT NULL`).join(',\n  ')},
  tenant text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  node text COLLATE "C" NOT NULL,
  errors text COLLATE "C"
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX minute_stats_by_age ON ${s}.minute_stats (minute);
ALTER TABLE ${s}.minute_stats ADD CONSTRAINT minute_stats_by_tenant PRIMARY KEY (tenant, minute, type, node);

-- Who works. Renewed all the time, never many rows: no index but the key, so that renewals stay on their page (HOT).
CREATE TABLE ${s}.workers (
  seen_at bigint NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  facts text COLLATE "C" NOT NULL,
  CONSTRAINT workers_by_name PRIMARY KEY (tenant, name)
) WITH (fillfactor = 70, autovacuum_vacuum_threshold = 1000);

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

-- Keys with a limit: see statements/limit-statements.ts. Those that only jobs name go with the last of them.
CREATE TABLE ${s}.limit_keys (
  revision bigint NOT NULL,
  look_at bigint,
  rate_per_ms bigint,
  concurrency integer,
  rate_count integer,
  is_kept boolean NOT NULL,
  -- Made by a job that came back: what holds has to be read from the jobs.
  is_bare boolean NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX limit_keys_by_look ON ${s}.limit_keys (look_at) WHERE look_at IS NOT NULL;
ALTER TABLE ${s}.limit_keys ADD CONSTRAINT limit_keys_by_key PRIMARY KEY (tenant, key);

${eventTables(s)}CREATE TABLE ${s}.keys (
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
  -- When somebody has to look at it. Schedules have one.
  due_at bigint
);
CREATE INDEX documents_by_creation ON ${s}.documents (tenant, kind, created_at DESC, name);
CREATE INDEX documents_by_due ON ${s}.documents (kind, due_at, tenant, name) WHERE due_at IS NOT NULL;
ALTER TABLE ${s}.documents ADD CONSTRAINT documents_by_name PRIMARY KEY (tenant, kind, name);
`;

export const MIGRATIONS: readonly Migration[] = [{ version: 1, name: 'jobs and what goes with them', sql: first }];

export const SCHEMA_VERSION = MIGRATIONS.length;
