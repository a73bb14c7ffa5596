/** A standby takes over: what a store with both hosts in its URL makes of it, and one that was pointed at the wrong server. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { BideError } from '../../src/core/errors.ts';
import type { Store } from '../../src/store/contract.ts';
import { first, insertJob, newJob, readJob } from '../../src/store/contract-suite/fixtures.ts';
import { openPostgres } from '../../src/store/postgres/index.ts';
import { answersAgain } from './scene.ts';
import { startTestServer, type TestServer } from './server.ts';

let primary: TestServer;
let standby: TestServer;
before(async () => {
  primary = await startTestServer();
  standby = await primary.startStandby();
});
after(async () => {
  await standby?.end();
  await primary.end();
});

const SHORT = { connectMs: 2_000 };
const OWN = { tenant: 'tenant', type: 'type' };

const hostOf = ({ port }: TestServer) => `127.0.0.1:${port}`;
const withHosts = (url: string, ...servers: readonly TestServer[]) =>
  url.replace(/127\.0\.0\.1:\d+/, servers.map(hostOf).join(','));

/** What operators and their tools do: first keep everybody from writing to the old one, then make the standby the primary. */
async function failOver(): Promise<void> {
  await primary.query('ALTER SYSTEM SET default_transaction_read_only = on');
  await primary.query('SELECT pg_reload_conf()');
  await standby.query('SELECT pg_promote(true, 30)');
}

async function insertAgainAndAgain(store: Store, isOver: () => boolean, acknowledged: string[]): Promise<void> {
  const context = { ...OWN, store } as Parameters<typeof newJob>[0];
  while (!isOver()) {
    const job = newJob(context);
    try {
      assert.equal(first(await store.insert([job])).kind, 'created');
      acknowledged.push(job.spec.id);
    } catch (error) {
      assert.ok(error instanceof BideError && error.kind === 'unavailable', String(error));
      await answersAgain(store);
    }
  }
}

describe('a standby', () => {
  test('is told from its primary at the start, and will do for those who only read', async () => {
    const url = await primary.createDatabase();
    const writer = await openPostgres({ url, ...SHORT });
    await writer.migrate();
    const job = await insertJob({ ...OWN, store: writer } as Parameters<typeof insertJob>[0]);
    await writer.close();
    const onStandby = withHosts(url, standby);
    await assert.rejects(openPostgres({ url: onStandby, ...SHORT }), {
      code: 'STORE_READ_ONLY',
      message: /is a standby/,
    });
    const reader = await openPostgres({ url: onStandby, ...SHORT, readsOnly: true });
    try {
      assert.deepEqual(await readJob(reader, job.id), job);
      const kinds: string[] = [];
      for await (const batch of reader.dump()) kinds.push(...batch.map(({ kind }) => kind));
      assert.deepEqual(kinds, ['counter', 'job']);
    } finally {
      await reader.close();
    }
  });

  test('is passed over when the primary is named after it', async () => {
    const url = withHosts(await primary.createDatabase(), standby, primary);
    const store = await openPostgres({ url: `${url}?target_session_attrs=read-write`, ...SHORT });
    await store.migrate();
    await store.ping();
    await store.close();
  });
});

test('writers go on with the new primary when the old one lives and takes no writes, and nothing is lost', async (t) => {
  const url = withHosts(await primary.createDatabase(), primary, standby);
  const store = await openPostgres({ url, ...SHORT, connections: 3 });
  const other = await openPostgres({ url, ...SHORT, connections: 3 });
  await store.migrate();
  const acknowledged: string[] = [];
  let movedAt = Number.POSITIVE_INFINITY;
  let enough = Number.POSITIVE_INFINITY;
  const isOver = () => acknowledged.length >= enough;
  const writers = [store, store, other, other].map((one) => insertAgainAndAgain(one, isOver, acknowledged));
  try {
    while (acknowledged.length < 50) await store.ping();
    await failOver();
    movedAt = performance.now();
    const before = acknowledged.length;
    while (acknowledged.length === before) await answersAgain(other);
    t.diagnostic(`first job ${(performance.now() - movedAt).toFixed(0)} ms after the promotion, ${before} before`);
    enough = acknowledged.length + 50;
    await Promise.all(writers);
    const there = await Promise.all(acknowledged.map((id) => store.read([{ id }])));
    assert.equal(there.flat().filter(({ kind }) => kind === 'found').length, acknowledged.length);
    const left = `SELECT count(*)::int AS lanes FROM pg_stat_activity WHERE application_name = 'bide'`;
    assert.deepEqual(await primary.query(left), [{ lanes: 0 }]);
  } finally {
    enough = 0;
    await Promise.allSettled(writers);
    await Promise.all([store.close(), other.close()]);
  }
});
