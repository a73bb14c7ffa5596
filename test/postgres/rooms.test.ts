/** A job is in exactly one room, and the counts say how many are where, whoever moves them at the same time. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { type Command, decide, expectedStates } from '../../src/core/decide.ts';
import type { Job } from '../../src/core/job.ts';
import type { GuardedPatch, Store } from '../../src/store/contract.ts';
import {
  at,
  claimOne,
  claimSome,
  first,
  insertJob,
  LEASE_MS,
  NOW,
  newJob,
  readJob,
  succeed,
  textResult,
} from '../../src/store/contract-suite/fixtures.ts';
import { populate } from '../../src/store/contract-suite/population.ts';
import { seededChance } from '../process/seeded.ts';
import { inScene, type Scene, untilRow } from './scene.ts';
import { queryOnce, startTestServer, type TestServer } from './server.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer({ isDurable: false });
});
after(() => server.end());

/** Jobs that are in no room or in several, and rows of rooms that belong to no job. */
const MISPLACED = `SELECT j.number FROM bide.jobs j WHERE 1 <>
    (SELECT count(*) FROM bide.waiting w WHERE w.number = j.number)
    + (SELECT count(*) FROM bide.running r WHERE r.number = j.number)
    + (SELECT count(*) FROM bide.finished f WHERE f.number = j.number)
  UNION ALL
  SELECT number FROM (SELECT number FROM bide.waiting UNION ALL SELECT number FROM bide.running UNION ALL SELECT number FROM bide.finished) r
  WHERE number NOT IN (SELECT number FROM bide.jobs)`;

/** What the counts say, and what there is. */
const COUNTED = `SELECT tenant, type, state, sum(jobs)::int AS jobs, sum(bytes)::int AS bytes
  FROM (SELECT * FROM bide.job_counts UNION ALL SELECT * FROM bide.job_count_changes) c
  GROUP BY 1, 2, 3 HAVING sum(jobs) <> 0 OR sum(bytes) <> 0 ORDER BY 1, 2, 3`;
const THERE = `SELECT r.tenant, r.type, r.state, count(*)::int AS jobs, sum(octet_length(j.input) + r.result)::int AS bytes
  FROM bide.jobs j JOIN (
    SELECT number, tenant, type, 'waiting' AS state, 0 AS result FROM bide.waiting
    UNION ALL SELECT number, tenant, type, 'running', 0 FROM bide.running
    UNION ALL SELECT number, tenant, type, state, coalesce(octet_length(result), 0) FROM bide.finished) r USING (number)
  GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`;

async function assertInOrder({ url }: Pick<Scene, 'url'>): Promise<void> {
  assert.deepEqual(await queryOnce(url, MISPLACED), []);
  assert.deepEqual(await queryOnce(url, COUNTED), await queryOnce(url, THERE));
}

async function fold(store: Store): Promise<void> {
  await store.sweep({ now: 0, limit: 0 });
}

async function changesLeft({ url }: Pick<Scene, 'url'>): Promise<number> {
  const [row] = await queryOnce(url, 'SELECT count(*)::int AS changes FROM bide.job_count_changes');
  return Number(row?.changes);
}

async function nodes({ store, opened }: Scene, count: number): Promise<readonly Store[]> {
  const others = Array.from({ length: count - 1 }, () => opened.another?.());
  return [store, ...(await Promise.all(others))].filter((one) => one !== undefined);
}

function guarded(job: Job, command: Command): GuardedPatch | null {
  const decision = decide(job, command, NOW + LEASE_MS);
  if (decision.kind === 'refused') return null;
  const expect = { states: expectedStates(command.kind), revision: job.revision };
  const result = command.kind === 'succeed' ? { result: textResult('null') } : {};
  return { id: job.id, expect, patch: decision.patch, now: NOW, ...result };
}

const COMMANDS: readonly ((job: Job) => Command)[] = [
  () => ({ kind: 'cancel' }),
  () => ({ kind: 'retry' }),
  ({ fence }) => ({ kind: 'release', fence }),
  ({ fence }) => ({ kind: 'lose', fence, random: 0 }),
  ({ fence }) => ({ kind: 'report', fence, percent: 50 }),
  ({ fence }) => ({ kind: 'succeed', fence, result: { contentType: 'application/json', bytes: 4 } }),
];

describe('rooms', () => {
  test('hold every job once after all that can happen to jobs', (t) =>
    inScene(server, {}, async (scene) => {
      const chance = seededChance();
      t.diagnostic(`BIDE_SEED=${chance.seed}`);
      await populate(scene.store, chance, { jobs: 400, largeBytes: 10_000 });
      await assertInOrder(scene);
      await fold(scene.store);
      assert.equal(await changesLeft(scene), 0);
      await assertInOrder(scene);
    }));

  test('hold every job once when nodes move the same jobs at the same time', (t) =>
    inScene(server, {}, async (scene) => {
      const chance = seededChance();
      t.diagnostic(`BIDE_SEED=${chance.seed}`);
      const stores = await nodes(scene, 3);
      const batch = Array.from({ length: 12 }, () =>
        newJob(scene, { retry: { attempts: 9, backoffMs: 0, factor: 1, maxMs: 0 } }),
      );
      await scene.store.insert(batch);
      const ids = batch.map(({ spec }) => spec.id);
      const meddle = async (store: Store) => {
        for (let round = 0; round < 40; round += 1) {
          await claimSome({ ...scene, store }, 3, { now: NOW + LEASE_MS });
          const reads = await store.read(ids.map((id) => ({ id })));
          const jobs = reads.flatMap((read) => (read.kind === 'found' ? [read.job] : []));
          const patches = jobs.flatMap(
            (job) => guarded(job, at(COMMANDS, chance.between(0, COMMANDS.length - 1))(job)) ?? [],
          );
          await store.apply(patches);
          if (round % 8 === 7) await fold(store);
          if (round === 30) {
            await store.remove(
              jobs.slice(0, 4).map(({ id, revision }) => ({ id, revision, now: NOW, goneUntil: NOW + 1 })),
            );
          }
        }
      };
      await Promise.all(stores.map(meddle));
      await assertInOrder(scene);
    }));

  test('answer applied when the job is still as expected though it left and came back meanwhile', () =>
    inScene(server, {}, async (scene) => {
      const { id, number } = await insertJob(scene);
      const client = new pg.Client({ connectionString: scene.url });
      await client.connect();
      await client.query('BEGIN');
      await client.query('SELECT FROM bide.waiting WHERE number = $1 FOR UPDATE', [number]);
      const patch = { progress: { percent: 1, message: null } };
      const applying = scene.store.apply([{ id, expect: { states: ['waiting', 'running'] }, patch }]);
      await untilRow(client, `SELECT 1 FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted`);
      // What a claim does, by hand, so that it happens while the patch waits.
      await client.query(`WITH taken AS (DELETE FROM bide.waiting RETURNING *)
        INSERT INTO bide.running (number, tenant, type, created_at, run_at, fence, revision, percent, attempt, lease_until)
        SELECT number, tenant, type, created_at, run_at, fence + 1, revision + 1, 0, 1, 9 FROM taken`);
      await client.query('COMMIT');
      await client.end();
      const outcome = first(await applying);
      assert.equal(outcome.kind, 'applied');
      assert.deepEqual(outcome.kind === 'applied' && outcome.job, await readJob(scene.store, id));
    }));

  test('leave nothing of a log behind that is cut while its job ends and is removed', () =>
    inScene(server, {}, async (scene) => {
      const { url } = scene;
      const [store, other] = [scene.store, at(await nodes(scene, 2), 1)];
      await insertJob(scene);
      const job = await claimOne(scene);
      const say = (lines: number) => {
        const line = { at: NOW, level: 'info', line: 'x'.repeat(100), fields: null } as const;
        return store.logAppend([
          { id: job.id, fence: job.fence, stream: 'log', entries: Array(lines).fill(line), bytesMax: 2_000 },
        ]);
      };
      await say(10);
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query('BEGIN; SELECT FROM bide.job_lines FOR UPDATE');
      const saying = say(10);
      await untilRow(client, `SELECT 1 FROM pg_locks WHERE NOT granted`);
      const removing = succeed(other, job).then(({ id, revision }) =>
        other.remove([{ id, revision, now: NOW, goneUntil: NOW + 1 }]),
      );
      await untilRow(client, `SELECT 1 FROM pg_locks WHERE NOT granted HAVING count(*) > 1`);
      await client.query('COMMIT');
      await client.end();
      assert.deepEqual([await saying, await removing], [['written'], ['removed']]);
      assert.deepEqual(await queryOnce(url, 'SELECT position FROM bide.job_lines'), []);
      await assertInOrder({ url });
    }));

  test('let heartbeats and progress of running jobs stay on their page', () =>
    inScene(server, {}, async (scene) => {
      await insertJob(scene);
      let job = await claimOne(scene);
      for (let round = 1; round <= 20; round += 1) {
        await scene.store.extend([{ id: job.id, fence: job.fence, leaseUntil: NOW + LEASE_MS + round }]);
        const report = guarded(job, { kind: 'report', fence: job.fence, percent: round });
        const outcome = first(await scene.store.apply(report === null ? [] : [report]));
        assert.ok(outcome.kind === 'applied');
        job = outcome.job;
      }
      await scene.store.close();
      // The numbers of a session arrive with its end.
      const client = new pg.Client({ connectionString: scene.url });
      await client.connect();
      await untilRow(
        client,
        `SELECT 1 FROM pg_stat_user_tables WHERE relname = 'running' AND n_tup_upd = 40 AND n_tup_hot_upd = 40`,
      );
      await client.end();
    }));
});

describe('counts', () => {
  test('are right while two nodes fold them at once, in portions', () =>
    inScene(server, {}, async (scene) => {
      const stores = await nodes(scene, 3);
      for (let round = 0; round < 15; round += 1) {
        await Promise.all(stores.map((store) => insertJob({ ...scene, store })));
        await Promise.all(stores.map(fold));
        assert.deepEqual(await scene.store.count({ tenant: scene.tenant }), [
          { tenant: scene.tenant, type: scene.type, state: 'waiting', count: (round + 1) * stores.length },
        ]);
      }
      await assertInOrder(scene);
      await fold(scene.store);
      assert.equal((await queryOnce(scene.url, 'SELECT FROM bide.job_counts')).length, 1);
    }));

  test('are right when a node dies while it folds them', () =>
    inScene(server, {}, async (scene) => {
      await insertJob(scene);
      await fold(scene.store);
      await insertJob(scene);
      const client = new pg.Client({ connectionString: scene.url });
      await client.connect();
      await client.query('BEGIN; DELETE FROM bide.job_count_changes; DELETE FROM bide.job_counts');
      await insertJob(scene);
      await fold(scene.store);
      assert.equal(first(await scene.store.count({ tenant: scene.tenant })).count, 3);
      await client.end();
      await fold(scene.store);
      await assertInOrder(scene);
      assert.equal(first(await scene.store.count({ tenant: scene.tenant })).count, 3);
    }));
});
