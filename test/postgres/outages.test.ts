/** The store while its database is away, slow, full, or ends its connections: clear errors, no hanging, and work again after. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { BideError } from '../../src/core/errors.ts';
import type { Hint, NewJob } from '../../src/store/contract.ts';
import { claimOne, first, insertJob, newJob, readJob } from '../../src/store/contract-suite/fixtures.ts';
import { isTakenId } from '../../src/store/postgres/connection/driver-errors.ts';
import { openPostgres } from '../../src/store/postgres/index.ts';
import { answersAgain, inScene, type Scene } from './scene.ts';
import { queryOnce, startTestServer, type TestServer } from './server.ts';

/** Shorter deadlines than the real ones, and still long enough for a machine that is busy with other tests. */
const SHORT = { answerMs: 2_000, patienceMs: 200, connectMs: 3_000 } as const;

const FEW = { max_connections: '10', superuser_reserved_connections: '0', max_wal_senders: '0' };

let server: TestServer;
before(async () => {
  server = await startTestServer({ isDurable: false });
});
after(() => server.end());

function scene(settings: Parameters<typeof inScene>[1], run: (scene: Scene) => Promise<void>): Promise<void> {
  return inScene(server, settings, run);
}

/** Right after all connections were ended a call may still meet one that nobody has found dead. */
async function codeOnceBack(call: () => Promise<unknown>): Promise<string> {
  let code = '';
  for (let looks = 0; looks < 20 && (code === '' || code === 'STORE_UNAVAILABLE'); looks += 1)
    code = await codeOf(call());
  return code;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    assert.ok(error instanceof BideError, String(error));
    return error.code;
  }
}

const endBackends = (url: string) =>
  queryOnce(
    url,
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  );

describe('an outage', () => {
  test('calls fail with STORE_UNAVAILABLE when the database is away, and work when it is back', () =>
    scene(SHORT, async (context) => {
      const job = await insertJob(context);
      context.wire.refuse();
      assert.equal(await codeOf(context.store.read([{ id: job.id }])), 'STORE_UNAVAILABLE');
      assert.equal(await codeOf(context.store.ping()), 'STORE_UNAVAILABLE');
      assert.equal(await codeOf(context.store.insert([newJob(context)])), 'STORE_UNAVAILABLE');
      context.wire.thaw();
      await answersAgain(context.store);
      assert.deepEqual(await readJob(context.store, job.id), job);
    }));

  test('calls on connections of their own fail with STORE_UNAVAILABLE when the database is away', () =>
    scene(SHORT, async ({ store, wire }) => {
      wire.refuse();
      assert.equal(await codeOf(store.migrate()), 'STORE_UNAVAILABLE');
      assert.equal(await codeOf(store.inspect()), 'STORE_UNAVAILABLE');
      assert.equal(await codeOf(store.dump()[Symbol.asyncIterator]().next()), 'STORE_UNAVAILABLE');
    }));

  test('calls fail without waiting when the outage is older than the patience', () =>
    scene({ ...SHORT, connections: 1 }, async ({ store, wire }) => {
      wire.refuse();
      await codeOf(store.ping());
      await codeOf(store.ping());
      const startedAt = performance.now();
      for (let call = 0; call < 50; call += 1) assert.equal(await codeOf(store.ping()), 'STORE_UNAVAILABLE');
      assert.ok(performance.now() - startedAt < 50 * SHORT.patienceMs, 'the calls waited');
    }));

  test('a call waits for the reconnect when its connection was just cut', () =>
    scene({ connections: 1 }, async (context) => {
      await insertJob(context);
      context.wire.cut();
      const job = await insertJob(context);
      assert.equal((await readJob(context.store, job.id)).state, 'waiting');
    }));

  test('a connection that is open but silent is given up after the answer time', () =>
    scene({ ...SHORT, connections: 1 }, async (context) => {
      const job = await insertJob(context);
      context.wire.freeze();
      assert.equal(await codeOf(context.store.read([{ id: job.id }])), 'STORE_UNAVAILABLE');
      context.wire.cut();
      context.wire.thaw();
      await answersAgain(context.store);
      assert.deepEqual(await readJob(context.store, job.id), job);
    }));

  test('close ends in time when the server is silent', () =>
    scene(SHORT, async (context) => {
      await insertJob(context);
      context.wire.freeze();
      const pending = codeOf(context.store.insert([newJob(context)]));
      await context.store.close();
      assert.equal(await pending, 'STORE_UNAVAILABLE');
    }));

  test('insert stores each job once when all backends are ended again and again', () =>
    scene({}, async (context) => {
      const batches = Array.from({ length: 60 }, () => Array.from({ length: 5 }, () => newJob(context)));
      const inserted = Promise.all(batches.map((batch) => insertUntilAnswered(context, batch)));
      let isDone = false;
      const attack = (async () => {
        for (let round = 0; round < 40 && !isDone; round += 1) await endBackends(context.url);
      })();
      await inserted;
      isDone = true;
      await attack;
      const rows = await queryOnce(context.url, 'SELECT count(*)::int AS jobs FROM bide.jobs');
      assert.deepEqual(rows, [{ jobs: 300 }]);
    }));

  test('work goes on when the server restarts fast and when it crashes', async () => {
    const own = await startTestServer();
    try {
      await inScene(own, {}, async (context) => {
        const job = await insertJob(context);
        for (const mode of ['fast', 'immediate'] as const) {
          await own.restart(mode);
          await answersAgain(context.store);
          assert.deepEqual(await readJob(context.store, job.id), job);
        }
        assert.equal((await claimOne(context)).id, job.id);
      });
    } finally {
      await own.end();
    }
  });

  test('sweeps, lists and counts go over a short lane when no connection is left for theirs', async () => {
    const own = await startTestServer({ isDurable: false, settings: FEW });
    try {
      await inScene(own, { ...SHORT, connections: 2 }, async (context) => {
        await insertJob(context);
        await endBackends(context.url);
        const guests = await holdConnections(context.url, 8);
        await Promise.all(Array.from({ length: 50 }, () => insertUntilAnswered(context, [newJob(context)])));
        const guest = await holdConnections(context.url, 1).catch(() => []);
        const { store, tenant } = context;
        assert.deepEqual((await store.sweep({ now: 0, limit: 1 })).lost, []);
        assert.equal((await store.list({ tenant, limit: 100 })).length, 51);
        assert.equal(first(await store.count({ tenant })).count, 51);
        await Promise.all([...guests, ...guest].map((one) => one.end()));
      });
    } finally {
      await own.end();
    }
  });

  test('calls go over the connections there are when the server has no more', async () => {
    const own = await startTestServer({ isDurable: false, settings: FEW });
    try {
      await inScene(own, { connections: 8 }, async (context) => {
        const guests = await holdConnections(context.url, 7);
        const calls = Array.from({ length: 50 }, () => context.store.insert([newJob(context)]));
        const outcomes = (await Promise.all(calls)).flat();
        assert.equal(outcomes.filter(({ kind }) => kind === 'created').length, 50);
        await Promise.all(guests.map((guest) => guest.end()));
      });
    } finally {
      await own.end();
    }
  });
});

describe('trouble of the server', () => {
  test('apply fails in time when another session holds the row, and nobody else waits', () =>
    scene({ ...SHORT, answerMs: 4_000, connections: 2 }, async (context) => {
      const held = await insertJob(context);
      const free = await insertJob(context);
      const holder = new pg.Client({ connectionString: context.url });
      await holder.connect();
      await holder.query('BEGIN');
      await holder.query('SELECT 1 FROM bide.waiting WHERE number = $1 FOR UPDATE', [held.number]);
      const patch = { expect: { states: ['waiting'] as const }, patch: { progress: { percent: 1, message: null } } };
      const blocked = codeOf(context.store.apply([{ id: held.id, ...patch }]));
      const [outcome] = await context.store.apply([{ id: free.id, ...patch }]);
      assert.equal(outcome?.kind, 'applied');
      assert.equal(await blocked, 'STORE_UNAVAILABLE');
      await holder.end();
    }));

  test('ping rejects when a table is locked, and when it may not be written', () =>
    scene({ ...SHORT, answerMs: 1_000, connections: 1 }, async (context) => {
      const holder = new pg.Client({ connectionString: context.url });
      await holder.connect();
      await holder.query('BEGIN; LOCK TABLE bide.job_lines IN EXCLUSIVE MODE');
      assert.equal(await codeOf(context.store.ping()), 'STORE_UNAVAILABLE');
      await holder.query('ROLLBACK');
      await context.store.ping();
      await holder.query('DROP TABLE bide.job_tags');
      await assert.rejects(context.store.ping(), /A table does not exist/);
      await holder.end();
    }));

  test('claim passes over a job that another session holds', () =>
    scene({}, async (context) => {
      const held = await insertJob(context, { priority: 9 });
      const free = await insertJob(context);
      const holder = new pg.Client({ connectionString: context.url });
      await holder.connect();
      await holder.query('BEGIN');
      await holder.query('SELECT 1 FROM bide.waiting WHERE number = $1 FOR UPDATE', [held.number]);
      assert.equal((await claimOne(context)).id, free.id);
      await holder.end();
    }));

  const REFUSALS = [
    ['53100', 'STORE_FULL'],
    ['25006', 'STORE_READ_ONLY'],
    ['53200', 'STORE_UNAVAILABLE'],
    ['XX001', 'STORE_DAMAGED'],
    ['P0001', 'INTERNAL'],
  ] as const;
  for (const [state, code] of REFUSALS) {
    test(`insert rejects with ${code} when the server says ${state}`, () =>
      scene({}, async (context) => {
        await queryOnce(
          context.url,
          `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${state}'; END $$`,
        );
        await queryOnce(context.url, 'CREATE TRIGGER refuse BEFORE INSERT ON bide.jobs EXECUTE FUNCTION refuse()');
        assert.equal(await codeOf(context.store.insert([newJob(context)])), code);
        await queryOnce(context.url, 'DROP TRIGGER refuse ON bide.jobs');
        assert.equal(first(await context.store.insert([newJob(context)])).kind, 'created');
      }));
  }

  test('calls reject with STORE_READ_ONLY when the database takes no writes, and work when it does', () =>
    scene({}, async (context) => {
      const job = await insertJob(context);
      const database = new URL(context.url).pathname.slice(1);
      await queryOnce(context.url, `ALTER DATABASE ${database} SET default_transaction_read_only = on`);
      await endBackends(context.url);
      assert.equal(await codeOnceBack(() => context.store.ping()), 'STORE_READ_ONLY');
      assert.equal(await codeOf(context.store.insert([newJob(context)])), 'STORE_READ_ONLY');
      assert.equal(await codeOf(context.store.read([{ id: job.id }])), 'STORE_READ_ONLY');
      await queryOnce(
        context.url,
        `BEGIN READ WRITE; ALTER DATABASE ${database} RESET default_transaction_read_only; COMMIT`,
      );
      await answersAgain(context.store);
      assert.deepEqual(await readJob(context.store, job.id), job);
    }));

  test('calls work when a migration elsewhere changed the tables under prepared statements', () =>
    scene({ connections: 1 }, async (context) => {
      for (let call = 0; call < 6; call += 1) await insertJob(context);
      await queryOnce(context.url, 'ALTER TABLE bide.jobs ADD COLUMN later text');
      const job = await insertJob(context);
      assert.equal((await claimOne(context)).state, 'running');
      assert.equal(job.state, 'waiting');
      assert.deepEqual(await context.store.inspect(), [
        'There is a column jobs.later that this version does not make (text collate default).',
      ]);
    }));

  test('two writers of the same jobs in opposite order both end', () =>
    scene({}, async (context) => {
      const other = (await context.opened.another?.()) ?? context.store;
      const jobs = await Promise.all(Array.from({ length: 40 }, () => insertJob(context)));
      const patches = jobs.map(({ id }, index) => ({
        id,
        expect: { states: ['waiting'] as const },
        patch: { progress: { percent: index, message: null } },
      }));
      const calls = Array.from({ length: 20 }, (_, index) =>
        index % 2 === 0 ? context.store.apply(patches) : other.apply(patches.toReversed()),
      );
      const outcomes = (await Promise.all(calls)).flat();
      assert.ok(outcomes.every(({ kind }) => kind === 'applied'));
      assert.equal((await readJob(context.store, first(jobs).id)).revision, 21);
    }));

  test('batches that share idempotency keys in opposite order both end', () =>
    scene({}, async (context) => {
      const other = (await context.opened.another?.()) ?? context.store;
      const keys = Array.from({ length: 60 }, (_, index) => ({ idempotencyKey: `k${index}`, requestHash: 'h' }));
      const batch = () => keys.map((over) => newJob(context, { ...over, id: uuidv7() }));
      const calls = Array.from({ length: 10 }, (_, index) =>
        index % 2 === 0 ? context.store.insert(batch()) : other.insert(batch().toReversed()),
      );
      const outcomes = (await Promise.all(calls)).flat();
      assert.equal(outcomes.filter(({ kind }) => kind === 'created').length, 60);
      assert.equal(outcomes.filter(({ kind }) => kind === 'existing').length, 540);
    }));
});

describe('openPostgres', () => {
  test('rejects with STORE_UNAVAILABLE when nobody listens, and with STORE_UNFIT when waiting does not help', async () => {
    const url = await server.createDatabase();
    const cases = [
      ['port', '1', 'STORE_UNAVAILABLE'],
      ['password', 'wrong', 'STORE_UNFIT'],
      ['pathname', '/nowhere', 'STORE_UNFIT'],
    ] as const;
    for (const [part, value, code] of cases) {
      const wrong = Object.assign(new URL(url), { [part]: value });
      assert.equal(await codeOf(openPostgres({ url: wrong.href, ...SHORT })), code, part);
    }
  });

  test('rejects with CONFIG_INVALID when the schema is no plain name or the URL is none', async () => {
    const url = await server.createDatabase();
    for (const schema of ['Bide', 'a-b', '', 'pg_x', 'x'.repeat(60), 'a"b']) {
      assert.equal(await codeOf(openPostgres({ url, schema })), 'CONFIG_INVALID', schema);
    }
    assert.equal(await codeOf(openPostgres({ url: 'postgres://[' })), 'CONFIG_INVALID');
  });

  test('says what to do when a call finds no schema', async () => {
    const store = await openPostgres({ url: await server.createDatabase() });
    await assert.rejects(
      store.time().then(() => store.keyRead('k')),
      /bide migrate/,
    );
    await store.close();
  });
});

describe('hints', () => {
  test('changes tells everything when the listener was away and is back', () =>
    scene({}, async (context) => {
      const hints = hintsOf(context);
      await hints.next('everything');
      await endBackends(context.url);
      await hints.next('everything');
      const other = (await context.opened.another?.()) ?? context.store;
      const job = await insertJob(context);
      other.hint([{ kind: 'jobs', ids: [job.id] }]);
      assert.deepEqual(await hints.next('jobs'), { kind: 'jobs', ids: [job.id] });
      hints.stop();
    }));

  test('changes tells of thousands of jobs, one by one or all together', () =>
    scene({}, async (context) => {
      const hints = hintsOf(context);
      await hints.next('everything');
      const other = (await context.opened.another?.()) ?? context.store;
      const ids = Array.from({ length: 1_500 }, () => uuidv7());
      other.hint([{ kind: 'jobs', ids }]);
      const heard = new Set<string>();
      while (heard.size < ids.length) {
        const hint = await hints.next('jobs');
        for (const id of hint.kind === 'jobs' ? hint.ids : []) heard.add(id);
      }
      assert.deepEqual([...heard].toSorted(), ids.toSorted());
      other.hint([{ kind: 'jobs', ids: Array.from({ length: 5_000 }, () => uuidv7()) }]);
      await hints.next('everything');
      hints.stop();
    }));
});

/** Collects hints; `next` resolves with the next one of a kind, and drops those before it. */
function hintsOf({ store }: Scene) {
  const heard: Hint[] = [];
  let wake = () => {};
  const stop = store.changes((hint) => {
    heard.push(hint);
    wake();
  });
  return {
    stop,
    async next(kind: Hint['kind']): Promise<Hint> {
      for (;;) {
        const hint = heard.shift();
        if (hint?.kind === kind) return hint;
        if (hint !== undefined) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/** As a client does that gets 503: the same jobs again, until somebody has stored them. */
async function insertUntilAnswered({ store }: Scene, batch: readonly NewJob[]): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const code = await insertCodeOf(store.insert(batch));
    if (code === 'none' || code === 'taken') return;
    assert.equal(code, 'STORE_UNAVAILABLE');
    await answersAgain(store);
  }
}

/** `taken` where a try that was reported as failed had stored the batch: its ids are taken now. */
async function insertCodeOf(insert: Promise<unknown>): Promise<string> {
  try {
    await insert;
    return 'none';
  } catch (error) {
    assert.ok(error instanceof BideError);
    return isTakenId(error.cause) ? 'taken' : error.code;
  }
}

async function holdConnections(url: string, count: number): Promise<readonly pg.Client[]> {
  const clients = Array.from({ length: count }, () => new pg.Client({ connectionString: url }));
  await Promise.all(clients.map((client) => client.connect()));
  return clients;
}
