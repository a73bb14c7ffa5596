/** A whole store from SQLite to PostgreSQL and back, and what can go wrong with a restore there. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { archiveOf, importArchive, openArchive } from '../../src/app.ts';
import type { Store, StoreRecord } from '../../src/store/contract.ts';
import { dumped, insertJobs, NOW, newDelivery, newJob, wholeJobsOf } from '../../src/store/contract-suite/fixtures.ts';
import { populate } from '../../src/store/contract-suite/population.ts';
import { openPostgres } from '../../src/store/postgres/index.ts';
import { DATABASE_FILE, openSqlite } from '../../src/store/sqlite/index.ts';
import { seededChance } from '../process/seeded.ts';
import { type Pooler, startPooler } from './pooler.ts';
import { inScene, losing } from './scene.ts';
import { queryOnce, startTestServer, type TestServer } from './server.ts';

const folder = mkdtempSync(join(tmpdir(), 'bide-moving-'));
let server: TestServer;
let pooler: Pooler;
before(async () => {
  server = await startTestServer({ isDurable: false });
  pooler = await startPooler(server.port, 2);
});
after(async () => {
  await pooler.end();
  await server.end();
  rmSync(folder, { recursive: true });
});

/** As the command line does it: through the text of an archive. */
async function move(from: Store, to: Store): Promise<void> {
  const text = archiveOf(from, NOW, () => {});
  const archive = await openArchive(bytesOf(text));
  const { written } = await importArchive({ store: to, archive, isContinued: false, onTally: () => {} });
  assert.ok(written.job > 0);
}

async function* bytesOf(text: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const piece of text) yield Buffer.from(piece);
}

/** Engines order names differently where these hold U+0000; nothing else of a dump may differ. */
function sorted(records: readonly StoreRecord[]): readonly StoreRecord[] {
  const nameOf = (record: StoreRecord) => (record.kind === 'document' ? JSON.stringify(record.document) : '');
  return records.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0));
}

/**
 * What stands beside the jobs and follows from them: jobs whose mark in their sequence is wrong, that are in no room or in several, rooms
 * of no job, and tags of no job.
 */
const BESIDE = {
  blocked: `SELECT count(*) AS n FROM bide.waiting w WHERE ((blocked & 1) = 0) = (sequence_key IS NOT NULL AND (
    EXISTS (SELECT 1 FROM bide.waiting e WHERE e.tenant = w.tenant AND e.sequence_key = w.sequence_key AND e.number < w.number)
    OR EXISTS (SELECT 1 FROM bide.running e WHERE e.tenant = w.tenant AND e.sequence_key = w.sequence_key)))`,
  misplaced: `SELECT count(*) AS n FROM bide.jobs j WHERE (SELECT count(*) FROM bide.waiting w WHERE w.number = j.number)
    + (SELECT count(*) FROM bide.running r WHERE r.number = j.number)
    + (SELECT count(*) FROM bide.finished f WHERE f.number = j.number) <> 1`,
  rooms: `SELECT count(*) AS n FROM (SELECT number FROM bide.waiting UNION ALL SELECT number FROM bide.running
    UNION ALL SELECT number FROM bide.finished) r WHERE NOT EXISTS (SELECT 1 FROM bide.jobs j WHERE j.number = r.number)`,
  tags: `SELECT count(*) AS n FROM bide.job_tags t
    WHERE NOT EXISTS (SELECT 1 FROM bide.jobs j WHERE j.number = t.number AND j.tags IS NOT NULL)`,
};
const BESIDE_IS_RIGHT = { blocked: 0, misplaced: 0, rooms: 0, tags: 0 };

async function besideOf(query: (text: string) => Promise<readonly Record<string, unknown>[]>) {
  const counts: Record<string, number> = {};
  for (const [name, text] of Object.entries(BESIDE)) counts[name] = Number((await query(text))[0]?.n);
  return counts;
}

async function countsOf(store: Store): Promise<readonly string[]> {
  return (await store.count({ tenant: null })).map((count) => JSON.stringify(Object.entries(count).sort())).sort();
}

describe('a store that is moved', () => {
  test('is the same in PostgreSQL, and again in SQLite', async (t) => {
    const chance = seededChance();
    t.diagnostic(`BIDE_SEED=${chance.seed}`);
    const from = await openSqlite({ folder: join(folder, 'from'), synchronous: 'normal' });
    const url = await server.createDatabase();
    const over = await openPostgres({ url });
    const back = await openSqlite({ folder: join(folder, 'back'), synchronous: 'normal' });
    try {
      await from.migrate();
      await populate(from, chance, { jobs: 1_500, largeBytes: 3_000_000 });
      await move(from, over);
      await move(over, back);
      const records = sorted(await dumped(from));
      assert.deepEqual(sorted(await dumped(over)), records, `BIDE_SEED=${chance.seed}`);
      assert.deepEqual(sorted(await dumped(back)), records, `BIDE_SEED=${chance.seed}`);
      assert.deepEqual(await over.inspect(), []);
      assert.deepEqual(await besideOf((text) => queryOnce(url, text)), BESIDE_IS_RIGHT);
      for (const store of [over, back]) assert.deepEqual(await countsOf(store), await countsOf(from));
    } finally {
      await Promise.all([from, over, back].map((store) => store.close()));
    }
    const database = new DatabaseSync(join(folder, 'back', DATABASE_FILE), { readOnly: true });
    assert.deepEqual(
      await besideOf(async (text) => database.prepare(text.replaceAll('bide.', '')).all()),
      BESIDE_IS_RIGHT,
    );
    database.close();
  });

  test('is the same through a pooler in transaction mode', async (t) => {
    const chance = seededChance();
    t.diagnostic(`BIDE_SEED=${chance.seed}`);
    const [from, to] = await Promise.all(
      [1, 2].map(async () => openPostgres({ url: pooler.through(await server.createDatabase()), notify: false })),
    );
    assert.ok(from !== undefined && to !== undefined);
    try {
      await from.migrate();
      await populate(from, chance, { jobs: 300, largeBytes: 100_000 });
      await move(from, to);
      assert.deepEqual(await dumped(to), await dumped(from), `BIDE_SEED=${chance.seed}`);
    } finally {
      await Promise.all([from.close(), to.close()]);
    }
  });
});

describe('restore in PostgreSQL', () => {
  test('writes once and answers written when its answer was lost', () =>
    inScene(server, { connections: 1, notify: false }, async (context) => {
      const source = await context.openEmpty();
      await source.insert([
        newJob(context, { callbackUrl: 'http://127.0.0.1:1/', sequenceKey: 's', tags: { a: 'b' } }),
        newJob(context, { sequenceKey: 's' }),
      ]);
      await source.deliveryAdd([newDelivery(context)]);
      const records = (await dumped(source)).slice(1);
      assert.deepEqual(
        records.map(({ kind }) => kind),
        ['delivery', 'event', 'job', 'job'],
      );
      const outcomes = await losing(context, () => context.store.restore(records));
      assert.deepEqual(outcomes, Array(4).fill('written'));
      assert.deepEqual((await dumped(context.store)).slice(1), records);
      assert.equal((await queryOnce(context.url, 'SELECT FROM bide.deliveries')).length, 1);
    }));

  test('writes nothing of a batch that fails, and no number is lost for it', () =>
    inScene(server, {}, async (context) => {
      const [job] = await insertJobs(context, [{}]);
      assert.ok(job !== undefined);
      const broken = { ...job, id: 'no uuid', number: 9 };
      const batch = [{ ...job, id: crypto.randomUUID(), number: 8 }, broken].map(
        (one) => ({ kind: 'job', job: one, input: '{}', result: null, logs: [] }) as const,
      );
      await assert.rejects(context.store.restore(batch));
      assert.equal(wholeJobsOf(await dumped(context.store)).length, 1);
      const [next] = await insertJobs(context, [{}]);
      assert.equal(next?.number, 2);
    }));

  test('leaves no result of a job that was not written', () =>
    inScene(server, {}, async (context) => {
      const [job] = await insertJobs(context, [{}]);
      assert.ok(job !== undefined);
      const result = { contentType: 'text/plain', bytes: Uint8Array.from([1, 2, 3]) };
      const ended = { state: 'succeeded', finishedAt: NOW, result: { contentType: 'text/plain', bytes: 3 } } as const;
      const other = { ...job, ...ended, id: crypto.randomUUID() };
      const record = { kind: 'job', job: other, input: '{}', result, logs: [] } as const;
      assert.deepEqual(await context.store.restore([record]), ['conflict']);
      assert.deepEqual(await queryOnce(context.url, 'SELECT number FROM bide.finished'), []);
    }));
});

describe('dump in PostgreSQL', () => {
  test('rejects with STORE_UNAVAILABLE when its connection is lost on the way', () =>
    inScene(server, {}, async (context) => {
      await context.store.insert(Array.from({ length: 1_100 }, () => newJob(context)));
      const batches = context.store.dump()[Symbol.asyncIterator]();
      await batches.next();
      context.wire.cut();
      await assert.rejects(
        async () => {
          for (let step = await batches.next(); step.done !== true; step = await batches.next());
        },
        { code: 'STORE_UNAVAILABLE' },
      );
    }));

  test('leaves no transaction open when it is left before its end', () =>
    inScene(server, {}, async (context) => {
      await context.store.insert(Array.from({ length: 1_100 }, () => newJob(context)));
      for await (const batch of context.store.dump()) {
        assert.ok(batch.length > 0);
        break;
      }
      const open = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`;
      // The server hears of the end of the connection a moment later.
      let left = 1;
      for (let looks = 0; looks < 100 && left > 0; looks += 1) left = (await queryOnce(context.url, open)).length;
      assert.equal(left, 0);
    }));
});
