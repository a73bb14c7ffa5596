/**
 * What the database itself allows: jobs claimed and finished by prepared statements on one connection, a transaction per 100 jobs, on tables
 * of the shape that Bide's SQLite store has (a job's row lives in one of `waiting`, `running` and `finished` at a time). No engine,
 * no thread, no promise, no leases, no callers, and no index but the primary keys and that of the ids.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { uuidv7 } from 'uuidv7';
import type { OpenSide } from './side.ts';

const BATCH = 100;
const TYPE = 'noop';
const RESULT = new TextEncoder().encode('null');
const RETRY = '{"attempts":3,"backoffMs":1000,"factor":2,"maxMs":60000}';

const SCHEMA = `
CREATE TABLE IF NOT EXISTS jobs (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL, type TEXT NOT NULL,
  priority INTEGER NOT NULL, created_at INTEGER NOT NULL, timeout_ms INTEGER, deadline_ms INTEGER, retain_ms INTEGER,
  sequence_key TEXT, idempotency_key TEXT, request_hash TEXT, callback_url TEXT, retry TEXT NOT NULL, tags TEXT, origin TEXT,
  input TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS waiting (type TEXT NOT NULL, priority INTEGER NOT NULL, run_at INTEGER NOT NULL, number INTEGER NOT NULL,
  tenant TEXT NOT NULL, attempt INTEGER NOT NULL, fence INTEGER NOT NULL, revision INTEGER NOT NULL,
  PRIMARY KEY (type, priority, run_at, number)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS running (number INTEGER PRIMARY KEY, tenant TEXT NOT NULL, run_at INTEGER NOT NULL, attempt INTEGER NOT NULL,
  fence INTEGER NOT NULL, revision INTEGER NOT NULL, started_at INTEGER NOT NULL, lease_until INTEGER NOT NULL, worker TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS finished (number INTEGER PRIMARY KEY, tenant TEXT NOT NULL, state TEXT NOT NULL, run_at INTEGER NOT NULL,
  attempt INTEGER NOT NULL, fence INTEGER NOT NULL, revision INTEGER NOT NULL, finished_at INTEGER NOT NULL, retain_until INTEGER NOT NULL,
  result_type TEXT, result_bytes INTEGER, result BLOB) STRICT;
`;

type Claimed = readonly [
  number: number,
  tenant: string,
  runAt: number,
  attempt: number,
  fence: number,
  revision: number,
];

export const open: OpenSide = async ({ folder }) => {
  const database = new DatabaseSync(join(folder, 'stages.db'));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536');
  database.exec(SCHEMA);
  const { insert, claim, finish } = prepare(database);
  return {
    async fill(jobs) {
      for (let from = 0; from < jobs; from += BATCH)
        transaction(database, () => insertSome(insert, from, Math.min(BATCH, jobs - from)));
    },
    async work(handled) {
      for (;;) {
        let claimed: readonly Claimed[] = [];
        transaction(database, () => {
          claimed = claim();
        });
        if (claimed.length === 0) return;
        for (const _ of claimed) handled();
        transaction(database, () => claimed.forEach(finish));
      }
    },
    unfinished: async () => 0,
    async submit() {
      throw new Error('The stage tables have no callers.');
    },
    close: async () => database.close(),
  };
};

function insertSome(insert: (number: number) => void, from: number, count: number): void {
  for (let at = 1; at <= count; at += 1) insert(from + at);
}

function prepare(database: DatabaseSync) {
  const job =
    database.prepare(`INSERT INTO jobs (number, id, tenant, type, priority, created_at, retain_ms, retry, input)
    VALUES (?, ?, 'default', '${TYPE}', 0, ?, 604800000, '${RETRY}', ?)`);
  const waiting = database.prepare(`INSERT INTO waiting VALUES ('${TYPE}', 0, ?, ?, 'default', 0, 0, 1)`);
  const leave =
    database.prepare(`DELETE FROM waiting WHERE (type, priority, run_at, number) IN (SELECT type, priority, run_at, number
    FROM waiting WHERE type = '${TYPE}' AND priority = 0 AND run_at <= ? ORDER BY run_at, number LIMIT ${BATCH})
    RETURNING number, tenant, run_at, attempt, fence, revision`);
  leave.setReturnArrays(true);
  const running = database.prepare(`INSERT INTO running VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'bench')`);
  const input = database.prepare('SELECT * FROM jobs WHERE number = ?');
  input.setReturnArrays(true);
  const end = database.prepare('DELETE FROM running WHERE number = ? AND fence = ?');
  const finished = database.prepare(
    `INSERT INTO finished VALUES (?, ?, 'succeeded', ?, ?, ?, ?, ?, ?, 'application/json', 4, ?)`,
  );
  return {
    insert(number: number): void {
      const now = Date.now();
      job.run(number, uuidv7(), now, `{"n":${number}}`);
      waiting.run(now, number);
    },
    claim(): readonly Claimed[] {
      const now = Date.now();
      const claimed = leave.all(now) as unknown as readonly Claimed[];
      for (const [number, tenant, runAt, attempt, fence, revision] of claimed) {
        running.run(number, tenant, runAt, attempt + 1, fence + 1, revision + 1, now, now + 30_000);
        input.get(number);
      }
      return claimed;
    },
    finish([number, tenant, runAt, attempt, fence, revision]: Claimed): void {
      const now = Date.now();
      end.run(number, fence + 1);
      finished.run(number, tenant, runAt, attempt + 1, fence + 1, revision + 2, now, now + 604_800_000, RESULT);
    },
  };
}

function transaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  work();
  database.exec('COMMIT');
}
