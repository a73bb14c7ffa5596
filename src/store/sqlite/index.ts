/** The SQLite store: one process, one data folder, no database server. */
export { DATABASE_FILE, lossOf } from './lost-database.ts';
export { openSqlite, type SqliteOptions } from './open-sqlite.ts';
