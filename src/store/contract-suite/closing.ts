/** The end: writes under way get through, later calls are refused. */
import assert from 'node:assert/strict';
import { claimSome, dumped, insertJob, NOW, newDelivery, newJob, readJob, rejectsWith } from './fixtures.ts';
import { alone, type Topic } from './suite.ts';

export const closing: Topic = [
  alone('close is safe when it is called twice or at once', async ({ store }) => {
    await Promise.all([store.close(), store.close()]);
    await store.close();
  }),

  alone('close lets every write under way through when it is called beside them', async (context) => {
    const batch = Array.from({ length: 30 }, () => newJob(context));
    const writes = batch.map((item) => context.store.insert([item]));
    const closed = context.store.close();
    const outcomes = (await Promise.all(writes)).flat();
    await closed;
    assert.ok(outcomes.every(({ kind }) => kind === 'created'));
    const store = await context.opened.reopen();
    for (const { spec } of batch) assert.equal((await readJob(store, spec.id)).state, 'waiting');
  }),

  alone('every call rejects with SHUTTING_DOWN when the store is closed', async (context) => {
    const job = await insertJob(context);
    const { store, tenant } = context;
    await store.close();
    const ref = { tenant, kind: 'k', name: 'n' };
    const calls = [
      () => store.insert([newJob(context)]),
      () => claimSome(context, 1),
      () => store.apply([{ id: job.id, expect: { states: ['waiting'] }, patch: {} }]),
      () => store.read([{ id: job.id }]),
      () => store.readResult([{ id: job.id }]),
      () => store.readInput([{ id: job.id }]),
      () => store.list({ tenant, limit: 1 }),
      () => store.count({ tenant }),
      () => store.extend([{ id: job.id, fence: 1, leaseUntil: NOW }]),
      () => store.sweep({ now: NOW, limit: 1 }),
      () => store.nextRunAt({ types: [context.type], now: NOW }),
      () => store.remove([{ id: job.id, revision: 1, now: NOW, goneUntil: NOW }]),
      () => store.deliveryClaim({ now: NOW, leaseMs: 1, max: 1 }),
      () => store.deliverySettle([{ number: 1, fence: 1, tried: null, outcome: { kind: 'retry', at: NOW } }]),
      () => store.deliveryAdd([newDelivery(context)]),
      () => store.deliveryList({ tenant, limit: 1 }),
      () => store.deliveryRead({ tenant, number: 1 }),
      () => store.deliveryRedeliver({ tenant, now: NOW, number: 1 }),
      () => store.deliveryPending({ tenant, endpointId: 'e' }),
      () => store.deliveryPrune({ now: NOW, limit: 1 }),
      () => store.follow({ tenant, name: 'n', wants: [], until: null, now: NOW }),
      () => store.unfollow({ tenant, name: 'n' }),
      () => store.eventRead({ tenant, after: 0, limit: 1 }),
      () => store.eventPrune({ now: NOW, before: NOW, limit: 1 }),
      () => store.fanOutRead({ limit: 1 }),
      () => store.fanOutWrite({ from: 0, to: 0, deliveries: [] }),
      () => store.endedRead({ limit: 1 }),
      () => store.groupRead([{ tenant: '', id: '' }]),
      () => store.groupDue({ limit: 1 }),
      () => store.groupPrune({ now: 0, limit: 1 }),
      () => store.endedDrop([]),
      () => store.linkRead({ parents: [1], limit: 1 }),
      () => store.linkClose({ links: [], now: NOW }),
      () => store.linkJoin({ children: [], now: NOW }),
      () => store.linkChildren({ parent: 1, after: 0, limit: 1 }),
      () => store.keyRead('k'),
      () => store.keyList(null),
      () => store.keyRevoke({ id: 'k', now: NOW }),
      () => store.documentRead(ref),
      () => store.documentWrite({ ...ref, data: 1, expectRevision: null, now: NOW }),
      () => store.documentList({ tenant, kind: 'k', limit: 1 }),
      () => store.documentRemove(ref),
      () => store.documentDue({ kind: 'k', now: NOW, limit: 1 }),
      () => store.documentNextDue({ kind: 'k', now: NOW }),
      () => store.documentStep({ write: { ...ref, data: 1, expectRevision: 1, now: NOW }, jobs: [] }),
      () => dumped(store),
      () => store.restore([{ kind: 'counter', number: 1, position: 0 }]),
      () => store.ping(),
      () => store.time(),
      () => store.migrate(),
      () => store.inspect(),
    ];
    for (const call of calls) await rejectsWith(call(), 'SHUTTING_DOWN');
    assert.doesNotThrow(() => store.hint([{ kind: 'everything' }]));
  }),

  alone('close leaves the store as it was when it is opened again, three times over', async (context) => {
    const job = await insertJob(context);
    for (let round = 0; round < 3; round += 1) {
      const store = await context.opened.reopen();
      assert.deepEqual(await readJob(store, job.id), job);
    }
  }),
];
