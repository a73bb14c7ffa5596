/** The SQLite store: one process, one data folder, no database server. */
export { DATABASE_FILE, openSqlite, type SqliteOptions } from './open-sqlite.ts';
