/** The PostgreSQL store, from outside. */
export { openPostgres, type PostgresOptions } from './open-postgres.ts';
