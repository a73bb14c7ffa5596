/** Who works, and how much each has in hand. */
import assert from 'node:assert/strict';
import type { WorkerRow } from '../contract.ts';
import { claimSome, insertJobs, NOW } from './fixtures.ts';
import { type Context, type Topic, test } from './suite.ts';

const ALL = { since: 0, limit: 100 };

export const workers: Topic = [
  test('workerList answers those of the tenants that were seen since, by tenant and name', async (context) => {
    const { store, tenant } = context;
    const other = `${tenant}-2`;
    const rows = [
      worker(context, { name: 'b', facts: { types: ['x \0'], slots: 2 } }),
      worker(context, { name: 'a', seenAt: NOW - 10 }),
      worker(context, { tenant: other }),
    ];
    await store.workerWrite(rows);
    assert.deepEqual(await store.workerList({ ...ALL, tenants: [tenant] }), [rows[1], rows[0]]);
    assert.deepEqual(await store.workerList({ ...ALL, tenants: [other, tenant] }), [rows[1], rows[0], rows[2]]);
    assert.deepEqual(await store.workerList({ ...ALL, tenants: [tenant], since: NOW }), [rows[0]]);
    assert.deepEqual(await store.workerList({ ...ALL, tenants: [other, tenant], limit: 1 }), [rows[1]]);
    assert.deepEqual(await store.workerList({ ...ALL, tenants: [] }), []);
  }),

  test('workerWrite puts a row in place of the one before, unless that was seen later', async (context) => {
    const { store, tenant } = context;
    const now = worker(context, { seenAt: NOW, facts: 2 });
    await store.workerWrite([worker(context, { seenAt: NOW - 1, facts: 1 })]);
    await store.workerWrite([now]);
    await store.workerWrite([worker(context, { seenAt: NOW - 1, facts: 1 })]);
    assert.deepEqual(await store.workerList({ ...ALL, tenants: [tenant] }), [now]);
  }),

  test('workerRemove and workerDrop remove one, and those not seen since', async (context) => {
    const { store, tenant } = context;
    const rows = ['a', 'b', 'c'].map((name, at) => worker(context, { name, seenAt: 100 + at }));
    await store.workerWrite(rows);
    await store.workerRemove({ tenant, name: 'c' });
    await store.workerRemove({ tenant, name: 'none' });
    await store.workerDrop({ before: 101 });
    assert.deepEqual(await store.workerList({ ...ALL, tenants: [tenant] }), [rows[1]]);
  }),

  test('workerLoads counts the running jobs of each worker', async (context) => {
    const { store, tenant } = context;
    await insertJobs(context, [{}, {}, {}]);
    await claimSome(context, 2, { worker: 'one' });
    await claimSome(context, 5, { worker: 'two \0' });
    const loads = [
      { tenant, worker: 'one', running: 2 },
      { tenant, worker: 'two \0', running: 1 },
    ];
    assert.deepEqual(await store.workerLoads({ tenant }), loads);
    const all = await store.workerLoads({ tenant: null });
    assert.deepEqual(
      all.filter((load) => load.tenant === tenant),
      loads,
    );
    assert.deepEqual(await store.workerLoads({ tenant: `${tenant}-2` }), []);
  }),
];

function worker({ tenant }: Context, over: Partial<WorkerRow> = {}): WorkerRow {
  return { tenant, name: 'w', seenAt: NOW, facts: null, ...over };
}
