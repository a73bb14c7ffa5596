/** The schema: made once however many begin, refused when newer, and the same as the manifest says. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import type { Store } from '../../src/store/contract.ts';
import { insertJob } from '../../src/store/contract-suite/fixtures.ts';
import { openPostgres } from '../../src/store/postgres/index.ts';
import { SCHEMA_VERSION } from '../../src/store/postgres/schema/migrations.ts';
import { SCHEMA_MANIFEST } from '../../src/store/postgres/schema/schema-manifest.ts';
import { freshManifest } from './fresh-manifest.ts';
import { startPooler } from './pooler.ts';
import { inScene, untilRow } from './scene.ts';
import { queryOnce, startTestServer, type TestServer } from './server.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer({ isDurable: false });
});
after(() => server.end());

async function withStore(url: string, run: (store: Store) => Promise<void>, schema = 'bide'): Promise<void> {
  const store = await openPostgres({ url, schema });
  try {
    await run(store);
  } finally {
    await store.close();
  }
}

describe('migrate', () => {
  test('migrate makes the schema once when twenty processes find none', async () => {
    const url = await server.createDatabase();
    const stores = await Promise.all(Array.from({ length: 20 }, () => openPostgres({ url, connections: 1 })));
    const reports = await Promise.all(stores.map((store) => store.migrate()));
    assert.equal(reports.filter(({ applied }) => applied.length > 0).length, 1);
    assert.ok(reports.every(({ to }) => to === SCHEMA_VERSION));
    await Promise.all(stores.map((store) => store.close()));
    await withStore(url, async (store) => assert.deepEqual(await store.inspect(), []));
  });

  test('migrate reports what it would do and does nothing when it is a dry run on an empty database', async () => {
    const url = await server.createDatabase();
    await withStore(url, async (store) => {
      const dry = await store.migrate({ dryRun: true });
      assert.deepEqual(dry, { from: 0, to: SCHEMA_VERSION, applied: dry.applied });
      assert.equal(dry.applied.length, SCHEMA_VERSION);
      assert.deepEqual(await queryOnce(url, `SELECT 1 FROM pg_namespace WHERE nspname = 'bide'`), []);
      assert.deepEqual(await store.migrate(), dry);
    });
  });

  test('migrate rejects with SCHEMA_NEWER when a newer version was here, and changes nothing', async () => {
    const url = await server.createDatabase();
    await withStore(url, async (store) => {
      await store.migrate();
      const newer = SCHEMA_VERSION + 1;
      await queryOnce(url, 'INSERT INTO bide.migrations (version, name) VALUES ($1, $2)', [newer, 'from the future']);
      await assert.rejects(store.migrate(), {
        code: 'SCHEMA_NEWER',
        details: { found: newer, supported: SCHEMA_VERSION },
      });
      await assert.rejects(store.migrate({ dryRun: true }), { code: 'SCHEMA_NEWER' });
    });
  });

  test('migrate refuses tables of another build that gave them the same number, and takes more columns than its own', async () => {
    const url = await server.createDatabase();
    await withStore(url, async (store) => {
      await store.migrate();
      await queryOnce(url, 'ALTER TABLE bide.jobs ADD COLUMN extra text');
      assert.deepEqual((await store.migrate()).applied, []);
      await queryOnce(url, 'ALTER TABLE bide.finished DROP COLUMN percent');
      const refused = { code: 'SCHEMA_MISMATCH', message: /no column finished\.percent/ };
      await assert.rejects(store.migrate(), refused);
      await assert.rejects(store.migrate({ dryRun: true }), refused);
    });
  });

  test('migrate leaves the database as it was when a step fails', async () => {
    const url = await server.createDatabase();
    await queryOnce(url, 'CREATE SCHEMA bide');
    // Not a table, so that it is no schema of another program; the step that makes the table of this name fails.
    await queryOnce(url, `CREATE TYPE bide.documents AS ENUM ('mine')`);
    await withStore(url, async (store) => {
      await assert.rejects(store.migrate(), { code: 'INTERNAL' });
      const tables = await queryOnce(url, `SELECT relname FROM pg_class WHERE relnamespace = 'bide'::regnamespace`);
      assert.deepEqual(tables, []);
    });
  });

  test('migrate says that the database cannot be reached when the connection is cut while it waits', () =>
    inScene(server, {}, async ({ store, url, wire }) => {
      await queryOnce(url, 'DROP SCHEMA bide CASCADE');
      const holder = new pg.Client({ connectionString: url });
      await holder.connect();
      await holder.query(`SELECT pg_advisory_lock(${0x62696465}, hashtext('bide'))`);
      const migrating = assert.rejects(store.migrate(), { code: 'STORE_UNAVAILABLE' });
      await untilRow(holder, `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`);
      wire.cut();
      await migrating;
      await holder.end();
    }));

  test('migrate needs no right to make schemas when it is given one', async () => {
    const url = await server.createDatabase();
    await queryOnce(url, `CREATE ROLE guest LOGIN PASSWORD 'guest'`);
    await queryOnce(url, 'CREATE SCHEMA bide AUTHORIZATION guest');
    const guest = Object.assign(new URL(url), { username: 'guest', password: 'guest' });
    await withStore(guest.href, async (store) => {
      await store.migrate();
      assert.deepEqual(await store.inspect(), []);
    });
  });

  test('two schemas of one database know nothing of each other', async () => {
    const url = await server.createDatabase();
    await withStore(url, async (one) => {
      await one.migrate();
      const context = {
        store: one,
        tenant: 't',
        type: 'x',
        opened: { store: one, reopen: async () => one, cleanup: async () => {} },
        openEmpty: assert.fail,
      };
      await insertJob(context);
      await withStore(
        url,
        async (two) => {
          await two.migrate();
          assert.deepEqual(await two.list({ tenant: null, limit: 10 }), []);
          assert.deepEqual(await two.inspect(), []);
        },
        'other',
      );
      assert.equal((await one.list({ tenant: null, limit: 10 })).length, 1);
    });
  });
});

describe('inspect', () => {
  test('the manifest is what a fresh schema looks like, under any name', async () => {
    assert.deepEqual(await freshManifest(await server.createDatabase(), 'bide'), SCHEMA_MANIFEST);
    assert.deepEqual(await freshManifest(await server.createDatabase(), 'user'), SCHEMA_MANIFEST);
  });

  const CHANGES = [
    ['DROP INDEX bide.waiting_by_turn', 'There is no index waiting_by_turn (CREATE INDEX waiting_by_turn'],
    [
      'ALTER TABLE bide.jobs ADD COLUMN extra int',
      'There is a column jobs.extra that this version does not make (integer).',
    ],
    [
      'ALTER TABLE bide.finished DROP CONSTRAINT finished_state_is_final',
      'There is no constraint finished_state_is_final (finished: CHECK',
    ],
    [
      'ALTER TABLE bide.running ALTER COLUMN worker SET NOT NULL',
      'The column running.worker is "text not null collate C" and should be "text',
    ],
    ['ALTER TABLE bide.running RESET (fillfactor)', 'The options running is "autovacuum_'],
  ] as const;
  for (const [change, sentence] of CHANGES) {
    test(`inspect says so when somebody ran ${change}`, async () => {
      const url = await server.createDatabase();
      await withStore(url, async (store) => {
        await store.migrate();
        await queryOnce(url, change);
        const sentences = await store.inspect();
        assert.equal(sentences.length, 1);
        assert.ok(sentences[0]?.startsWith(sentence), sentences[0]);
      });
    });
  }

  test('inspect lists everything as missing when there is no schema', async () => {
    await withStore(await server.createDatabase(), async (store) => {
      assert.equal((await store.inspect()).length, Object.keys(SCHEMA_MANIFEST).length);
    });
  });
});

describe('openPostgres through a pooler', () => {
  test('openPostgres says what to do when notifications are on and the pooler shares sessions', async () => {
    const pooler = await startPooler(server.port, 2);
    const url = pooler.through(await server.createDatabase());
    try {
      await assert.rejects(openPostgres({ url }), { code: 'STORE_UNFIT', message: /notifications off/ });
    } finally {
      await pooler.end();
    }
  });
});
