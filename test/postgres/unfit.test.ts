/** Databases that are there and no good for Bide: each is told at the start, and by readiness, with what to change. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Store } from '../../src/store/contract.ts';
import { openPostgres } from '../../src/store/postgres/index.ts';
import { startPooler } from './pooler.ts';
import { queryOnce, startTestServer, type TestServer } from './server.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer({ isDurable: false });
  await server.query(`CREATE ROLE guest LOGIN PASSWORD 'guest'`);
  await server.query(`CREATE ROLE zone LOGIN SUPERUSER PASSWORD 'zone'`);
  await server.query(`ALTER ROLE zone SET array_nulls = off`);
});
after(() => server.end());

const as = (role: string, url: string) => Object.assign(new URL(url), { username: role, password: role }).href;

async function withStore(url: string, run: (store: Store) => Promise<unknown>): Promise<void> {
  const store = await openPostgres({ url });
  try {
    await run(store);
  } finally {
    await store.close();
  }
}

describe('a database that is not fit', () => {
  test('is told by its encoding', async () => {
    await server.query(`CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`);
    const url = Object.assign(new URL(await server.createDatabase()), { pathname: '/latin' }).href;
    await assert.rejects(openPostgres({ url }), {
      code: 'STORE_UNFIT',
      message: /LATIN1 and not UTF8.*CREATE DATABASE/,
    });
  });

  test('is told by tables of another program in its schema, which stay as they are', async () => {
    const url = await server.createDatabase();
    await queryOnce(url, 'CREATE SCHEMA bide');
    await queryOnce(url, 'CREATE TABLE bide.jobs (id int)');
    const foreign = { code: 'STORE_UNFIT', message: /holds what is not Bide's \(jobs\).*--schema/ };
    await withStore(url, (store) => assert.rejects(store.migrate(), foreign));
    await queryOnce(url, 'DROP TABLE bide.jobs');
    await queryOnce(url, 'CREATE TABLE bide.migrations (id int, migration text)');
    const theirs = { code: 'STORE_UNFIT', message: /"migrations" of another program.*--schema/ };
    await withStore(url, (store) => assert.rejects(store.migrate(), theirs));
    const rows = await queryOnce(url, `SELECT relname FROM pg_class WHERE relnamespace = 'bide'::regnamespace`);
    assert.deepEqual(rows, [{ relname: 'migrations' }]);
  });

  test('is told by rights that are missing, at the start and later', async () => {
    const url = await server.createDatabase();
    const noRights = { code: 'STORE_UNFIT', message: /may not do what Bide needs.*AUTHORIZATION/ };
    await withStore(as('guest', url), (store) => assert.rejects(store.migrate(), noRights));
    await withStore(url, (store) => store.migrate());
    await queryOnce(url, 'GRANT USAGE ON SCHEMA bide TO guest');
    await queryOnce(url, 'GRANT SELECT ON ALL TABLES IN SCHEMA bide TO guest');
    await withStore(as('guest', url), (store) => assert.rejects(store.ping(), noRights));
  });

  test('is told by settings of the role that a pooler keeps us from setting', async () => {
    const url = await server.createDatabase();
    const pooler = await startPooler(server.port, 2);
    try {
      const wrong = { code: 'STORE_UNFIT', message: /ALTER ROLE … SET array_nulls = 'on'/ };
      const through = pooler.through(as('zone', url));
      await assert.rejects(openPostgres({ url: through, notify: false }), wrong);
    } finally {
      await pooler.end();
    }
    await withStore(as('zone', url), (store) => store.migrate());
  });
});
