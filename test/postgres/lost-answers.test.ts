/** What the store does when a connection dies after the server did its work: nothing twice, nothing forgotten. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decide, expectedStates } from '../../src/core/decide.ts';
import type { Job } from '../../src/core/job.ts';
import type { GuardedPatch } from '../../src/store/contract.ts';
import {
  at,
  claimOne,
  claimSome,
  first,
  insertJob,
  insertJobs,
  NOW,
  newDelivery,
  newJob,
  readJob,
  succeed,
  textResult,
} from '../../src/store/contract-suite/fixtures.ts';
import { answersAgain, inScene, losing, type Scene } from './scene.ts';
import { queryOnce, startTestServer, type TestServer } from './server.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer({ isDurable: false });
});
after(() => server.end());

/** One connection, so that the answer that gets lost is the one that is meant. */
function scene(run: (scene: Scene) => Promise<void>): Promise<void> {
  return inScene(server, { connections: 1, notify: false }, run);
}

/** From here on claims guess the tenant, and take jobs with their first statement. */
async function served(context: Scene): Promise<void> {
  await insertJob(context);
  await claimOne(context);
}

/** The command as the engine writes it. */
function guarded(job: Job, command: Parameters<typeof decide>[1]): GuardedPatch {
  const decision = decide(job, command, NOW);
  assert.ok(decision.kind === 'accepted');
  return {
    id: job.id,
    expect: { states: expectedStates(command.kind), revision: job.revision },
    patch: decision.patch,
  };
}

describe('a lost answer', () => {
  test('insert answers created with the stored number when it had been stored', () =>
    scene(async (context) => {
      const batch = [newJob(context), newJob(context, { tags: { a: 'b' }, idempotencyKey: 'k', requestHash: 'h' })];
      const outcomes = await losing(context, () => context.store.insert(batch));
      for (const [index, outcome] of outcomes.entries()) {
        const stored = await readJob(context.store, at(batch, index).spec.id);
        assert.deepEqual(outcome, { kind: 'created', number: stored.number });
      }
      assert.equal((await context.store.list({ tenant: context.tenant, limit: 10 })).length, 2);
    }));

  test('insert still tells an existing job and a conflict apart when it is repeated', () =>
    scene(async (context) => {
      const earlier = await insertJob(context, { idempotencyKey: 'k', requestHash: 'h' });
      const batch = [
        newJob(context, { idempotencyKey: 'k', requestHash: 'h' }),
        newJob(context),
        newJob(context, { idempotencyKey: 'k', requestHash: 'other' }),
      ];
      const outcomes = await losing(context, () => context.store.insert(batch));
      assert.deepEqual(
        outcomes.map(({ kind }) => kind),
        ['existing', 'created', 'conflict'],
      );
      assert.ok(
        outcomes.every((outcome) => outcome.kind === 'created' || ('job' in outcome && outcome.job.id === earlier.id)),
      );
    }));

  test('apply answers applied when the patch had been written', () =>
    scene(async (context) => {
      await insertJob(context);
      const job = await claimOne(context);
      const result = textResult('42');
      const meta = { contentType: result.contentType, bytes: result.bytes.byteLength };
      const patch = { ...guarded(job, { kind: 'succeed', fence: 1, result: meta }), result };
      const outcome = first(await losing(context, () => context.store.apply([patch])));
      assert.deepEqual(outcome, { kind: 'applied', job: await readJob(context.store, job.id) });
      assert.equal(outcome.kind === 'applied' && outcome.job.revision, job.revision + 1);
      assert.deepEqual(await context.store.readResult([{ id: job.id }]), [result]);
    }));

  test('apply answers stale when somebody else had changed the job before', () =>
    scene(async (context) => {
      const job = await insertJob(context);
      await context.store.apply([guarded(job, { kind: 'cancel' })]);
      const late = { ...guarded(job, { kind: 'cancel' }), patch: { progress: { percent: 3, message: null } } };
      const outcome = first(await losing(context, () => context.store.apply([late])));
      assert.equal(outcome.kind, 'stale');
    }));

  test('apply writes once when the same patch of two callers is in one batch', () =>
    scene(async (context) => {
      const job = await insertJob(context);
      const patch = guarded(job, { kind: 'cancel' });
      await losing(context, () => context.store.apply([patch, patch]));
      assert.equal((await readJob(context.store, job.id)).revision, job.revision + 1);
    }));

  test('claim gives back the jobs that it took for nobody, and hands them out', () =>
    scene(async (context) => {
      await served(context);
      await insertJobs(context, [{}, {}, {}]);
      const claimed = await losing(context, () => claimSome(context, 2));
      assert.equal(claimed.length, 2);
      assert.ok(claimed.every(({ job }) => job.fence === 2 && job.attempt === 1));
      const rest = await claimSome(context, 10);
      assert.deepEqual(
        rest.map(({ job }) => job.attempt),
        [1],
      );
    }));

  test('claim leaves alone what an earlier claim of the same moment handed out', () =>
    scene(async (context) => {
      await insertJobs(context, [{}, {}, {}]);
      const held = await claimSome(context, 1);
      const claimed = await losing(context, () => claimSome(context, 1));
      const job = await readJob(context.store, first(held).job.id);
      assert.deepEqual(job, first(held).job);
      assert.notEqual(first(claimed).job.id, job.id);
    }));

  test('claim gives back later what it took when the database is away for long', () =>
    scene(async (context) => {
      const { store, wire } = context;
      await served(context);
      await insertJob(context);
      const swallowed = wire.loseAnswers();
      const answer = claimSome(context, 1);
      await swallowed;
      wire.refuse();
      await assert.rejects(answer, { code: 'STORE_UNAVAILABLE' });
      wire.thaw();
      await answersAgain(store);
      const again = first(await claimSome(context, 1, { now: NOW + 1 }));
      assert.equal(again.job.attempt, 1);
      assert.equal(again.job.fence, 2);
    }));

  test('remove answers removed when it had been removed', () =>
    scene(async (context) => {
      await insertJob(context);
      const done = await succeed(context.store, await claimOne(context));
      const removal = { id: done.id, revision: done.revision, now: NOW, goneUntil: NOW + 1 };
      assert.deepEqual(await losing(context, () => context.store.remove([removal])), ['removed']);
    }));

  test('extend answers held when it had been extended', () =>
    scene(async (context) => {
      await insertJob(context);
      const job = await claimOne(context);
      const extension = { id: job.id, fence: job.fence, leaseUntil: NOW + 99_000 };
      const outcomes = await losing(context, () => context.store.extend([extension]));
      assert.deepEqual(outcomes, [{ kind: 'held', cancelRequestedAt: null }]);
      assert.equal((await readJob(context.store, job.id)).leaseUntil, NOW + 99_000);
    }));

  test('documentWrite answers written with one revision when it had been written', () =>
    scene(async (context) => {
      const ref = { tenant: 't', kind: 'k', name: 'n' };
      const write = { ...ref, data: { a: 1 }, expectRevision: 0, now: NOW };
      const outcome = await losing(context, () => context.store.documentWrite(write));
      assert.deepEqual(outcome, { kind: 'written', document: await context.store.documentRead(ref) });
      assert.equal(outcome.document?.revision, 1);
    }));

  test('keyInsert answers true when the key had been stored', () =>
    scene(async (context) => {
      const key = {
        id: 'k',
        tenant: 't',
        name: 'n',
        scopes: [],
        hash: 'h',
        createdAt: NOW,
        revokedAt: null,
        expiresAt: null,
      };
      assert.equal(await losing(context, () => context.store.keyInsert(key)), true);
      assert.equal(await context.store.keyInsert({ ...key, hash: 'other' }), false);
    }));

  test('deliverySettle leaves no delivery behind when it had been settled', () =>
    scene(async (context) => {
      await context.store.deliveryAdd([newDelivery(context)]);
      const [delivery] = await context.store.deliveryClaim({ now: NOW, leaseMs: 1_000, max: 1 });
      assert.ok(delivery !== undefined);
      const outcome = { kind: 'delivered', keepUntil: NOW + 1 } as const;
      const settlement = { number: delivery.number, fence: delivery.fence, tried: null, outcome };
      await losing(context, () => context.store.deliverySettle([settlement]));
      assert.deepEqual(await queryOnce(context.url, 'SELECT number FROM bide.deliveries'), []);
      assert.equal((await queryOnce(context.url, 'SELECT number FROM bide.delivery_log')).length, 1);
    }));

  test('fanOutWrite writes once and answers true when it had been written', () =>
    scene(async (context) => {
      await insertJobs(context, [{ callbackUrl: 'http://127.0.0.1:1/' }]);
      const { from, events } = await context.store.fanOutRead({ limit: 9 });
      const write = { from, to: first(events).position, deliveries: [newDelivery(context)] };
      assert.equal(await losing(context, () => context.store.fanOutWrite(write)), true);
      assert.equal(await losing(context, () => context.store.fanOutWrite({ ...write, to: 99 })), false);
      assert.equal((await queryOnce(context.url, 'SELECT number FROM bide.deliveries')).length, 1);
      assert.deepEqual(await context.store.fanOutRead({ limit: 9 }), { from: write.to, events: [] });
    }));

  test('eventRead gives each event one position when they had been given out', () =>
    scene(async (context) => {
      await insertJobs(context, [{ callbackUrl: 'http://127.0.0.1:1/' }, {}]);
      const { wire, store, tenant } = context;
      // The answer to the look that found arrivals is the one that arrives; then those of the transaction that moves them are lost.
      const all = { tenant, after: 0, limit: 9 };
      const { events } = await losing(context, () => store.eventRead(all));
      wire.cut();
      assert.equal(events.length, 1);
      assert.deepEqual((await store.eventRead(all)).events, events);
    }));

  test('deliveryRedeliver answers how many when they had been put back', () =>
    scene(async (context) => {
      const { store, tenant } = context;
      await store.deliveryAdd([newDelivery(context)]);
      const { number, fence } = first(await store.deliveryClaim({ now: NOW, leaseMs: 1_000, max: 1 }));
      const outcome = { kind: 'failed', keepUntil: NOW + 1 } as const;
      await store.deliverySettle([{ number, fence, tried: null, outcome }]);
      assert.equal(await losing(context, () => store.deliveryRedeliver({ tenant, now: NOW, number })), 1);
      assert.equal((await queryOnce(context.url, 'SELECT number FROM bide.deliveries')).length, 1);
    }));
});
