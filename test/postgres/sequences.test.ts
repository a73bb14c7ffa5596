/**
 * Sequences when several transactions are open at once: what the one writer of SQLite never sees. A trigger that waits at commit
 * for a lock of the test is the named pause point.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import {
  claimedIds,
  claimOne,
  claimSome,
  fail,
  first,
  insertJob,
  newJob,
  readJob,
  succeed,
  take,
} from '../../src/store/contract-suite/fixtures.ts';
import { type Held, holdCommits } from './held-commits.ts';
import { inScene, type Scene, untilRow } from './scene.ts';
import { startTestServer, type TestServer } from './server.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer({ isDurable: false });
});
after(() => server.end());

const PAUSE = 'held up at its commit';
const SEQUENCE = { sequenceKey: 's' };

function withHeldCommits(run: (scene: Scene, held: Held) => Promise<void>): Promise<void> {
  return inScene(server, {}, async (scene) => {
    const held = await holdCommits(scene.url, 'event_arrivals', `NEW.job LIKE '%${PAUSE}%'`);
    try {
      await run(scene, held);
    } finally {
      await held.end();
    }
  });
}

/** The end of the running job of the sequence, held up at its commit. */
async function endHeldUp(scene: Scene, held: Held): Promise<{ ending: Promise<unknown>; go(): Promise<void> }> {
  const running = await claimOne(scene);
  const client = new pg.Client({ connectionString: scene.url });
  await client.connect();
  await client.query('SELECT pg_advisory_lock(4711, 0)');
  const ending = succeed(scene.store, running);
  await held.arrived();
  return { ending, go: () => client.end() };
}

/** Another process: statements of one connection wait for each other anyway. */
async function anotherOf(scene: Scene): Promise<Scene> {
  return { ...scene, store: (await scene.opened.another?.()) ?? scene.store };
}

test('no job of a sequence starts while an earlier one is still on its way into the table', () =>
  withHeldCommits(async (scene, held) => {
    const another = await anotherOf(scene);
    const early = newJob(scene, { ...SEQUENCE, callbackUrl: PAUSE });
    const inserting = scene.store.insert([early]);
    await held.arrived();
    const late = newJob(scene, SEQUENCE);
    const insertingLate = another.store.insert([late]);
    const claimer = await anotherOf(scene);
    assert.deepEqual(await claimSome(claimer, 10), []);
    await held.go();
    await Promise.all([inserting, insertingLate]);
    assert.deepEqual(claimedIds(await claimSome(scene, 10)), [early.spec.id]);
    const [one, two] = await Promise.all([readJob(scene.store, early.spec.id), readJob(scene.store, late.spec.id)]);
    assert.ok(one.number < two.number);
  }));

test('the next job of a sequence is free when it came in while the one before was ending', () =>
  withHeldCommits(async (scene, held) => {
    await held.go();
    await insertJob(scene, { ...SEQUENCE, callbackUrl: PAUSE });
    const { ending, go } = await endHeldUp(scene, held);
    const another = await anotherOf(scene);
    const next = newJob(scene, SEQUENCE);
    const inserting = another.store.insert([next]);
    await go();
    await Promise.all([ending, inserting]);
    assert.deepEqual(claimedIds(await claimSome(scene, 10)), [next.spec.id]);
  }));

test('a waiting job of a sequence is free when the two before it end at once', () =>
  withHeldCommits(async (scene, held) => {
    await held.go();
    await insertJob(scene, { ...SEQUENCE, callbackUrl: PAUSE });
    const second = await insertJob(scene, SEQUENCE);
    const third = await insertJob(scene, SEQUENCE);
    const { ending, go } = await endHeldUp(scene, held);
    const another = await anotherOf(scene);
    const cancelling = take(another.store, second.id, { kind: 'cancel' });
    await go();
    await Promise.all([ending, cancelling]);
    assert.deepEqual(claimedIds(await claimSome(scene, 10)), [third.id]);
    assert.equal(first(await scene.store.count({ tenant: scene.tenant, states: ['running'] })).count, 1);
  }));

test('a job that is retried while a later one of its sequence is being claimed waits for it', () =>
  withHeldCommits(async (scene, held) => {
    await held.go();
    const early = await insertJob(scene, SEQUENCE);
    const late = await insertJob(scene, { ...SEQUENCE, callbackUrl: PAUSE });
    await fail(scene.store, await claimOne(scene), false);
    const client = new pg.Client({ connectionString: scene.url });
    await client.connect();
    await client.query('SELECT pg_advisory_lock(4711, 0)');
    const claiming = claimOne(scene);
    await held.arrived();
    const another = await anotherOf(scene);
    const retrying = take(another.store, early.id, { kind: 'retry' });
    await untilRow(client, `SELECT 1 FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted`);
    await client.end();
    const [claimed] = await Promise.all([claiming, retrying]);
    assert.equal(claimed.id, late.id);
    assert.deepEqual(await claimSome(another, 10), []);
    await succeed(scene.store, claimed);
    assert.deepEqual(claimedIds(await claimSome(another, 10)), [early.id]);
  }));
