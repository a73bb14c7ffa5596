/**
 * Events where several transactions are open at once, which the one writer of SQLite never sees: no reader misses one or meets it twice, whoever
 * commits late, reads at the same time or ends on the way.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import type { Job, JobPatch } from '../../src/core/job.ts';
import type { EventKind, JobEvent, Store } from '../../src/store/contract.ts';
import {
  at,
  claimSome,
  first,
  insertJob,
  insertJobs,
  NOW,
  newDelivery,
  newJob,
} from '../../src/store/contract-suite/fixtures.ts';
import { statementsOf } from '../../src/store/postgres/statements/statements.ts';
import { type Chance, seededChance } from '../process/seeded.ts';
import { type Held, holdCommits } from './held-commits.ts';
import { inScene, type Scene, untilRow } from './scene.ts';
import { queryOnce, startTestServer, type TestServer } from './server.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer({ isDurable: false });
});
after(() => server.end());

const ALL: readonly EventKind[] = ['waiting', 'running', 'succeeded', 'failed', 'cancelled', 'expired', 'changed'];
const LATE = 'a late writer';

async function nodes({ store, opened }: Scene, count: number): Promise<readonly Store[]> {
  const others = Array.from({ length: count - 1 }, () => opened.another?.());
  return [store, ...(await Promise.all(others))].filter((one) => one !== undefined);
}

function follow(store: Store, tenant: string, wants = ALL): Promise<{ readonly since: number }> {
  return store.follow({ tenant, name: 'feed', wants, until: null, now: NOW });
}

async function read(store: Store, after = 0, limit = 1_000): Promise<readonly JobEvent[]> {
  return (await store.eventRead({ tenant: null, after, limit })).events;
}

function withHeldCommits(
  { table, when, key = '0' }: { readonly table: string; readonly when: string; readonly key?: string },
  run: (scene: Scene, held: Held) => Promise<void>,
): Promise<void> {
  return inScene(server, {}, async (scene) => {
    const held = await holdCommits(scene.url, table, when, key);
    try {
      await run(scene, held);
    } finally {
      await held.end();
    }
  });
}

test('a reader who has gone on meets the event of a writer who began earlier and commits later', () =>
  withHeldCommits({ table: 'event_arrivals', when: `NEW.job LIKE '%${LATE}%'` }, async (scene, held) => {
    const [one, two] = await nodes(scene, 2);
    assert.ok(one !== undefined && two !== undefined);
    await follow(two, scene.tenant);
    const early = newJob(scene, { tags: { is: LATE } });
    const inserting = one.insert([early]);
    await held.arrived();
    const later = await insertJob({ ...scene, store: two });
    const [seen] = await read(two);
    assert.equal(seen?.job.id, later.id);
    const page = await two.fanOutRead({ limit: 9 });
    assert.equal(await two.fanOutWrite({ from: page.from, to: seen.position, deliveries: [] }), true);
    await held.go();
    await inserting;
    const rest = await read(two, seen.position);
    assert.deepEqual(
      rest.map(({ job }) => job.id),
      [early.spec.id],
    );
    assert.deepEqual((await two.fanOutRead({ limit: 9 })).events, rest);
  }));

test('follow answers when the changes that did not see it have ended, and holds up none', () =>
  withHeldCommits({ table: 'waiting', when: `NEW.message IS NULL AND NEW.priority = 7` }, async (scene, held) => {
    const [one, two, three] = await nodes(scene, 3);
    assert.ok(one !== undefined && two !== undefined && three !== undefined);
    const order: string[] = [];
    const inserting = one.insert([newJob(scene, { priority: 7 })]).then(() => order.push('change'));
    await held.arrived();
    const following = follow(two, scene.tenant).finally(() => order.push('follow'));
    const client = new pg.Client({ connectionString: scene.url });
    await client.connect();
    await untilRow(client, 'SELECT FROM bide.followers WHERE since IS NULL');
    // Another change goes through meanwhile, and is written.
    const seen = await insertJob({ ...scene, store: three });
    await client.end();
    await held.go();
    await inserting;
    const { since } = await following;
    assert.deepEqual(order, ['change', 'follow']);
    const events = await read(two);
    assert.deepEqual(
      events.map(({ job }) => job.id),
      [seen.id],
    );
    assert.equal(since, events[0]?.position);
    await claimSome(scene, 2);
    assert.equal((await read(two, since)).length, 2);
  }));

test('a follower whose node ended before it was told since when is told by the next call', () =>
  inScene(server, {}, async ({ store, tenant, type, url }) => {
    await follow(store, tenant);
    await queryOnce(url, 'UPDATE bide.followers SET since = NULL');
    await store.insert([newJob({ tenant, type })]);
    const { since } = await follow(store, tenant);
    assert.equal(since, first(await read(store)).position);
  }));

test('events have their positions once when the node that was giving them out ended', () =>
  inScene(server, {}, async (scene) => {
    const { store, tenant, url } = scene;
    await follow(store, tenant);
    await insertJobs(scene, [{}, {}, {}]);
    const { eventLock, eventPlace } = statementsOf('bide');
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    await client.query('BEGIN');
    await client.query(eventLock);
    assert.equal((await client.query(eventPlace, [2])).rows[0].count, '2');
    const reading = read(store);
    const [row] = (await client.query('SELECT pg_backend_pid() AS pid')).rows;
    await queryOnce(url, `SELECT pg_terminate_backend(${row.pid})`);
    const events = await reading;
    assert.deepEqual(
      events.map(({ position }) => position),
      [1, 2, 3],
    );
    assert.deepEqual(await read(store), events);
  }));

/** Tenants, each with at most one change under way, which is held up at its commit until it is let go. */
const WRITERS = 3;
const STEPS = 120;
const END: JobPatch = { state: 'succeeded', leaseUntil: null, worker: null, finishedAt: NOW };

test('two readers and two fan-outs miss nothing and meet nothing twice beside three writers who commit late', () =>
  withHeldCommits({ table: 'event_arrivals', when: 'true', key: 'right(NEW.tenant, 1)::int' }, async (scene, held) => {
    const chance = seededChance();
    const message = `seed ${chance.seed}`;
    const stores = await nodes(scene, WRITERS + 4);
    const tenants = Array.from({ length: WRITERS }, (_, index) => `writer-${index + 1}`);
    for (const [index, tenant] of tenants.entries()) {
      await follow(scene.store, tenant);
      await held.hold(index + 1);
    }
    const idle = stores.slice(0, WRITERS);
    const writers = tenants.map((tenant) => lateWriter(scene, held, tenant, idle));
    const readers = [reader(at(stores, 3)), reader(at(stores, 4))];
    const others = [...readers, fanOut(at(stores, 5)), fanOut(at(stores, 6))];
    for (let step = 0; step < STEPS; step += 1) {
      await at(writers, chance.between(0, WRITERS - 1)).step(chance);
      await Promise.all(others.filter(() => chance.onceIn(2)).map((one) => one.step(chance)));
    }
    for (const one of [...writers, ...others]) await one.end();

    const all = await read(scene.store);
    assert.equal(
      all.length,
      writers.reduce((sum, { changes }) => sum + changes, 0),
      message,
    );
    for (const { seen } of readers) assert.deepEqual(seen, all, message);
    for (const id of new Set(all.map(({ job }) => job.id))) {
      const revisions = all.filter(({ job }) => job.id === id).map(({ job }) => job.revision);
      assert.deepEqual(revisions, [1, 2, 3].slice(0, revisions.length), message);
    }
    const delivered = await queryOnce(scene.url, 'SELECT job_id, revision::int FROM bide.deliveries ORDER BY number');
    assert.deepEqual(
      delivered.map((row) => ({ ...row })),
      all.map(({ job }) => ({ job_id: job.id, revision: job.revision })),
      message,
    );
  }));

interface Player {
  step(chance: Chance): Promise<void>;
  /** Until there is nothing left to do. */
  end(): Promise<void>;
}

interface Writer extends Player {
  readonly changes: number;
}

/**
 * Each step begins a change on some node, or lets the one under way commit.
 * @param idle nodes without a change under way: a second one on the same connection would wait for the first
 */
function lateWriter(scene: Scene, held: Held, tenant: string, idle: Store[]): Writer {
  const key = Number(tenant.at(-1));
  const running: Job[] = [];
  let waiting = 0;
  let changes = 0;
  let underWay: { readonly store: Store; readonly over: Promise<void> } | null = null;

  async function change(store: Store, isInsert: boolean): Promise<void> {
    const context = { ...scene, tenant, type: tenant, store };
    const job = running.pop();
    if (job !== undefined) {
      await store.apply([{ id: job.id, expect: { states: ['running'], fence: job.fence }, patch: END }]);
      changes += 1;
    } else if (isInsert || waiting === 0) {
      await store.insert([newJob(context), newJob(context)]);
      [waiting, changes] = [waiting + 2, changes + 2];
    } else {
      const claimed = await claimSome(context, 2, { tenant });
      running.push(...claimed.map((one) => one.job));
      [waiting, changes] = [waiting - claimed.length, changes + claimed.length];
    }
  }

  async function end(): Promise<void> {
    if (underWay === null) return;
    await held.go(key);
    await underWay.over;
    await held.hold(key);
    idle.push(underWay.store);
    underWay = null;
  }

  return {
    async step(chance) {
      if (underWay !== null) return end();
      const store = first(idle.splice(chance.between(0, idle.length - 1), 1));
      underWay = { store, over: change(store, chance.onceIn(3)) };
      await held.arrived(key);
    },
    end,
    get changes() {
      return changes;
    },
  };
}

interface Reader extends Player {
  readonly seen: readonly JobEvent[];
}

function reader(store: Store): Reader {
  const seen: JobEvent[] = [];
  const next = async (limit: number) => {
    const events = await read(store, seen.at(-1)?.position, limit);
    seen.push(...events);
    return events.length;
  };
  return {
    seen,
    step: async (chance) => void (await next(chance.between(1, 3))),
    async end() {
      while ((await next(50)) > 0);
    },
  };
}

/** A delivery for each event; two of them race for the same ones. */
function fanOut(store: Store): Player {
  const next = async (limit: number) => {
    const { from, events } = await store.fanOutRead({ limit });
    const to = events.at(-1)?.position;
    if (to === undefined) return 0;
    const deliveries = events.map(({ job }) => newDelivery(job, { jobId: job.id, revision: job.revision }));
    await store.fanOutWrite({ from, to, deliveries });
    return events.length;
  };
  return {
    step: async (chance) => void (await next(chance.between(1, 3))),
    async end() {
      while ((await next(50)) > 0);
    },
  };
}
