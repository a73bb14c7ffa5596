/** Transactions that wait at their commit until the test lets them go: the named pause point of what only happens between several of them. */
import pg from 'pg';
import { untilRow } from './scene.ts';

export interface Held {
  /** Lets those wait no longer whose row has this key. */
  go(key?: number): Promise<void>;
  /** Has later ones wait again. */
  hold(key?: number): Promise<void>;
  /** Resolves when one waits. */
  arrived(key?: number): Promise<void>;
  end(): Promise<void>;
}

/** Of the advisory locks that stand for pause points. */
const LOCK = 4711;

/**
 * Holds up every transaction that inserts such a row, until `go` is called.
 * @param when SQL about `NEW` @param key SQL of a number, for pause points of their own
 */
export async function holdCommits(url: string, table: string, when: string, key = '0'): Promise<Held> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE FUNCTION bide.pause() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock(${LOCK}, ${key}); RETURN NULL; END $$`);
  await client.query(`CREATE CONSTRAINT TRIGGER pause AFTER INSERT ON bide.${table} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION bide.pause()`);
  const held: Held = {
    go: async (at = 0) => void (await client.query(`SELECT pg_advisory_unlock(${LOCK}, ${at})`)),
    hold: async (at = 0) => void (await client.query(`SELECT pg_advisory_lock(${LOCK}, ${at})`)),
    arrived: (at = 0) =>
      untilRow(
        client,
        `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = ${LOCK} AND objid = ${at} AND NOT granted`,
      ),
    end: () => client.end(),
  };
  await held.hold();
  return held;
}
