/**
 * One connection to `bide.db`: its settings, and prepared statements by name.
 *
 * Rows come as arrays in the order of the selected columns: half the cost of objects to make, and much less to send between
 * threads. Settings are made at every open, since only the journal mode is kept by the file.
 */
import type { StatementSync } from 'node:sqlite';
import { DatabaseSync } from './database-sync.ts';
import { schemaVersion } from './migrate.ts';
import type { Row, Value } from './rows.ts';
import { STATEMENTS, type StatementName } from './statements.ts';

export interface Connection {
  readonly database: DatabaseSync;
  exec(sql: string): void;
  /** The first row, if any. */
  get(name: StatementName, ...values: readonly Value[]): Row | undefined;
  all(name: StatementName, ...values: readonly Value[]): readonly Row[];
  /** Row by row, while the statement runs; one at a time per name. */
  each(name: StatementName): Iterable<Row>;
  /** Rows changed. */
  run(name: StatementName, ...values: readonly Value[]): number;
  /** For statements whose text depends on what is asked. Kept for the next call, up to `TEXTS_MAX` texts. */
  prepareOnce(sql: string): Prepared;
  close(): void;
}

export interface Prepared {
  all(...values: readonly Value[]): readonly Row[];
  run(...values: readonly Value[]): number;
}

const TEXTS_MAX = 256;

/** What a reader waits for a lock of another program; in WAL mode that is only while the log is being recovered. */
const READER_BUSY_MS = 5_000;

const WRITER_SETTINGS = `
-- Takes effect in a new file only, so before anything else: see shrink.ts.
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
PRAGMA fullfsync = ON;
PRAGMA checkpoint_fullfsync = ON;
PRAGMA foreign_keys = OFF;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -65536;
-- Never inside a commit, where SQLite ignores what goes wrong: see checkpoint.ts.
PRAGMA wal_autocheckpoint = 0;
PRAGMA journal_size_limit = 67108864;
`;

const READER_SETTINGS = `
PRAGMA query_only = ON;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -32768;
`;

export interface WriterOptions {
  readonly path: string;
  /** `normal` lets power loss (never a crash of the process) take back the newest transactions. */
  readonly synchronous: 'full' | 'normal';
  /** The file never grows past this; a write that would is refused with STORE_FULL. Null: as large as the disk. */
  readonly databaseBytesMax: number | null;
  /** Waiting for a lock that another program (a backup, an operator's shell) holds on the file: then STORE_LOCKED. */
  readonly busyMs: number;
}

export function openWriterConnection(options: WriterOptions): Connection {
  const database = new DatabaseSync(options.path, { timeout: options.busyMs });
  return settled(database, () => {
    // Before anything is written: a database of another program is left as it is.
    schemaVersion(database);
    database.exec(WRITER_SETTINGS);
    database.exec(`PRAGMA synchronous = ${options.synchronous === 'full' ? 'FULL' : 'NORMAL'}`);
    if (options.databaseBytesMax !== null) capSize(database, options.databaseBytesMax);
  });
}

export function openReaderConnection(path: string): Connection {
  const database = new DatabaseSync(path, { readOnly: true, timeout: READER_BUSY_MS });
  return settled(database, () => database.exec(READER_SETTINGS));
}

/** Named statements over any database; used by the connections above and by tests that make statements fail. */
export function connectionOf(database: DatabaseSync): Connection {
  const named = new Map<StatementName, StatementSync>();
  const statementOf = (name: StatementName): StatementSync => {
    const known = named.get(name);
    if (known !== undefined) return known;
    const made = arraysFrom(database, STATEMENTS[name]);
    named.set(name, made);
    return made;
  };
  const texts = new Map<string, Prepared>();
  const prepareOnce = (sql: string): Prepared => {
    const known = texts.get(sql);
    if (known !== undefined) return known;
    if (texts.size >= TEXTS_MAX) texts.clear();
    const made = preparedOf(arraysFrom(database, sql));
    texts.set(sql, made);
    return made;
  };
  return {
    database,
    exec: (sql) => database.exec(sql),
    get: (name, ...values) => statementOf(name).get(...values) as unknown as Row | undefined,
    all: (name, ...values) => statementOf(name).all(...values) as unknown as readonly Row[],
    each: (name) => statementOf(name).iterate() as unknown as Iterable<Row>,
    run: (name, ...values) => Number(statementOf(name).run(...values).changes),
    prepareOnce,
    close: () => database.close(),
  };
}

function preparedOf(statement: StatementSync): Prepared {
  return {
    all: (...values) => statement.all(...values) as unknown as readonly Row[],
    run: (...values) => Number(statement.run(...values).changes),
  };
}

function arraysFrom(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  return statement;
}

function settled(database: DatabaseSync, settle: () => void): Connection {
  try {
    settle();
    return connectionOf(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

function capSize(database: DatabaseSync, bytes: number): void {
  const row = database.prepare('PRAGMA page_size').get();
  database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(bytes / Number(row?.page_size ?? 4096)))}`);
}
