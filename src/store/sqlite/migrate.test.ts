import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { BideError } from '../../core/errors.ts';
import { claimOne, insertJob, newJob, rejectsWith } from '../contract-suite/fixtures.ts';
import { openSqlite } from './index.ts';
import { inspectDatabase, schemaOf } from './inspect.ts';
import { migrateDatabase, schemaVersion } from './migrate.ts';
import { MIGRATIONS, type Migration, SCHEMA_VERSION } from './migrations.ts';

function newFolder(t: { after(clean: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'bide-migrate-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A step that no release has: upgrades are tested with it until there is a second one. */
const EXTRA: Migration = {
  version: SCHEMA_VERSION + 1,
  name: 'extra',
  sql: 'CREATE TABLE extra (a TEXT) STRICT; CREATE INDEX extra_by_a ON extra (a);',
};

/** Of every migration that was released: changed ones would leave old databases unlike new ones. */
const RELEASED: readonly string[] = [];

test('MIGRATIONS are numbered without a gap, and released ones are never changed', () => {
  assert.deepEqual(
    MIGRATIONS.map(({ version }) => version),
    MIGRATIONS.map((_, index) => index + 1),
  );
  const hashes = MIGRATIONS.map(({ sql }) => createHash('sha256').update(sql).digest('hex'));
  assert.deepEqual(hashes.slice(0, RELEASED.length), RELEASED);
});

test('migrateDatabase makes the same schema fresh as by way of every older version', () => {
  const steps = [...MIGRATIONS, EXTRA];
  const fresh = schemaAfter([steps]);
  for (const { version } of steps) {
    const older = steps.filter((step) => step.version <= version);
    assert.deepEqual(schemaAfter([older, steps]), fresh, `by way of ${version}`);
  }
  assert.ok(fresh.has('table extra') && fresh.has('table jobs'));
});

function schemaAfter(stages: readonly (readonly Migration[])[]): ReadonlyMap<string, string> {
  const database = new DatabaseSync(':memory:');
  for (const steps of stages) migrateDatabase(database, false, steps);
  const schema = schemaOf(database);
  database.close();
  return schema;
}

test('migrateDatabase refuses tables of another build that gave them the same number, and takes more columns than its own', () => {
  const database = new DatabaseSync(':memory:');
  migrateDatabase(database, false);
  database.exec('ALTER TABLE jobs ADD COLUMN extra TEXT');
  assert.deepEqual(migrateDatabase(database, false).applied, []);
  database.exec('DROP TABLE running');
  for (const isDryRun of [true, false]) {
    const refused = { code: 'SCHEMA_MISMATCH', message: /no running\.number, no running\.tenant/ };
    assert.throws(() => migrateDatabase(database, isDryRun), refused);
  }
  database.close();
});

test('migrateDatabase reports what it has done, and what it would do in a dry run', () => {
  const database = new DatabaseSync(':memory:');
  const titles = MIGRATIONS.map(({ version, name }) => `${version} ${name}`);
  const wanted = { from: 0, to: SCHEMA_VERSION, applied: titles };
  assert.deepEqual(migrateDatabase(database, true), wanted);
  assert.equal(schemaVersion(database), 0);
  assert.deepEqual(migrateDatabase(database, false), wanted);
  assert.deepEqual(migrateDatabase(database, false), { from: SCHEMA_VERSION, to: SCHEMA_VERSION, applied: [] });
  database.close();
});

test('migrateDatabase leaves the schema as it was when a step fails', () => {
  const database = new DatabaseSync(':memory:');
  migrateDatabase(database, false);
  const before = schemaOf(database);
  const broken = { ...EXTRA, sql: 'CREATE TABLE half (a TEXT) STRICT; CREATE TABLE jobs (b TEXT);' };
  assert.throws(() => migrateDatabase(database, false, [...MIGRATIONS, broken]));
  assert.deepEqual(schemaOf(database), before);
  assert.equal(schemaVersion(database), SCHEMA_VERSION);
  database.close();
});

test('migrateDatabase applies each step once when twenty threads migrate one file at once', async (t) => {
  const path = join(newFolder(t), 'bide.db');
  const script = `
    import { DatabaseSync } from 'node:sqlite';
    import { parentPort } from 'node:worker_threads';
    import { migrateDatabase } from ${JSON.stringify(new URL('./migrate.ts', import.meta.url).href)};
    const database = new DatabaseSync(${JSON.stringify(path)}, { timeout: 30_000 });
    parentPort.postMessage(migrateDatabase(database, false).applied.length);
    database.close();`;
  const entry = new URL(`data:text/javascript,${encodeURIComponent(script)}`);
  const applied = await Promise.all(Array.from({ length: 20 }, () => answerOf(entry)));
  assert.equal(
    applied.reduce((sum, steps) => sum + steps, 0),
    MIGRATIONS.length,
  );
  const database = new DatabaseSync(path);
  assert.deepEqual(inspectDatabase(database), []);
  database.close();
});

test('schemaVersion and migrateDatabase meet a whole schema or none, whenever another connection makes it', (t) => {
  for (const work of [schemaVersion, (database: DatabaseSync) => migrateDatabase(database, false).to]) {
    const pauses = pausesOf(work);
    assert.ok(pauses > 0);
    for (let pause = 0; pause < pauses; pause += 1) {
      const path = join(newFolder(t), 'bide.db');
      const other = new DatabaseSync(path, { timeout: 0 });
      const paused = new PausedDatabase(path, pause, () => migrateUnlessLocked(other));
      assert.ok([0, SCHEMA_VERSION].includes(work(paused)), `pause ${pause}`);
      paused.close();
      other.close();
    }
  }
});

/** Before the statement of this number somebody else has the file. Each statement is a moment of its own unless a transaction is open. */
class PausedDatabase extends DatabaseSync {
  #statements = 0;
  readonly #pause: number;
  readonly #meanwhile: () => void;

  constructor(path: string, pause: number, meanwhile: () => void) {
    super(path);
    this.#pause = pause;
    this.#meanwhile = meanwhile;
  }

  get statements(): number {
    return this.#statements;
  }

  override prepare(...args: Parameters<DatabaseSync['prepare']>): ReturnType<DatabaseSync['prepare']> {
    this.#count();
    return super.prepare(...args);
  }

  override exec(sql: string): void {
    this.#count();
    super.exec(sql);
  }

  #count(): void {
    if (this.#statements === this.#pause) this.#meanwhile();
    this.#statements += 1;
  }
}

function pausesOf(work: (database: DatabaseSync) => unknown): number {
  const database = new PausedDatabase(':memory:', -1, () => {});
  work(database);
  database.close();
  return database.statements;
}

/** While the first one writes, it is the other one that has to wait. */
function migrateUnlessLocked(database: DatabaseSync): void {
  try {
    migrateDatabase(database, false);
  } catch (error) {
    assert.match(String(error), /database is locked/);
  }
}

function answerOf(entry: URL): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(entry);
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

test('every call rejects with SCHEMA_NEWER when the database was written by a newer version', async (t) => {
  const folder = newFolder(t);
  const store = await openSqlite({ folder });
  await store.migrate();
  const job = await insertJob({ store, tenant: 't', type: 'x', opened: { store, ...NEVER }, openEmpty: assert.fail });
  await store.close();
  setVersion(folder, SCHEMA_VERSION + 1);
  const old = await openSqlite({ folder });
  t.after(() => old.close());
  await rejectsWith(old.migrate(), 'SCHEMA_NEWER');
  await rejectsWith(old.migrate({ dryRun: true }), 'SCHEMA_NEWER');
  await rejectsWith(old.read([{ id: job.id }]), 'SCHEMA_NEWER');
  await rejectsWith(old.insert([newJob({ tenant: 't', type: 'x' })]), 'SCHEMA_NEWER');
  const error = await old.migrate().catch((reason: unknown) => reason);
  assert.ok(error instanceof BideError);
  assert.match(error.message, /has schema version 2, this version of Bide knows up to 1\./);
});

const NEVER = { reopen: assert.fail, cleanup: assert.fail };

function setVersion(folder: string, version: number): void {
  const database = new DatabaseSync(join(folder, 'bide.db'));
  database.exec(`PRAGMA user_version = ${version}`);
  database.close();
}

test('calls reject with STORE_UNAVAILABLE when the database was not migrated yet, and work after it was', async (t) => {
  const store = await openSqlite({ folder: newFolder(t) });
  t.after(() => store.close());
  const context = { store, tenant: 't', type: 'x', opened: { store, ...NEVER }, openEmpty: assert.fail };
  await rejectsWith(store.insert([newJob(context)]), 'STORE_UNAVAILABLE');
  await rejectsWith(store.list({ tenant: null, limit: 1 }), 'STORE_UNAVAILABLE');
  assert.equal((await store.inspect()).length > 5, true);
  await store.migrate();
  await insertJob(context);
  assert.equal((await claimOne(context)).state, 'running');
});

test('inspectDatabase says in a sentence what differs', () => {
  const database = new DatabaseSync(':memory:');
  migrateDatabase(database, false);
  assert.deepEqual(inspectDatabase(database), []);
  database.exec(
    'DROP INDEX running_by_end; DROP TABLE job_tags; CREATE TABLE job_tags (a TEXT); CREATE TABLE mine (a)',
  );
  assert.deepEqual(inspectDatabase(database).toSorted(), [
    'The table job_tags is not as this version makes it.',
    'The table mine is not one of Bide.',
    'There is no index running_by_end.',
  ]);
  database.close();
});
