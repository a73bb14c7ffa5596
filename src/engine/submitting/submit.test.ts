import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createPlay,
  DONE,
  type Fixture,
  NEVER,
  openEngine,
  openStore,
  TENANT,
} from '../../../test/engine/engine-fixture.ts';
import { spyOn } from '../../../test/engine/store-spy.ts';
import type { Store } from '../../store/contract.ts';
import type { SubmitRequest } from '../index.ts';

function submitOne(fixture: Fixture, request: Partial<SubmitRequest>) {
  return fixture.engine.submit([{ tenant: TENANT, type: 'task', ...request }]).then(([outcome]) => outcome);
}

describe('submit', () => {
  it('fills in what the request leaves out, from the type first and the limits last', async () => {
    const defaults = { timeoutMs: 7_000, retainMs: null, retry: { attempts: 9 } };
    await using fixture = await openEngine({ runsJobs: false, types: { task: { defaults }, plain: async () => DONE } });
    const typed = await fixture.job(await fixture.submit('task', { retry: { factor: 3 } }));
    assert.deepEqual(typed.retry, { attempts: 9, backoffMs: 1_000, factor: 3, maxMs: 60_000 });
    assert.equal(typed.timeoutMs, 7_000);
    assert.equal(typed.retainMs, fixture.engine.limits.retainMs);
    const plain = await fixture.job(await fixture.submit('plain', { timeoutMs: 1_000, retainMs: 0, delayMs: 500 }));
    assert.equal(plain.timeoutMs, 1_000);
    assert.equal(plain.retainMs, 0);
    assert.equal(plain.retry.attempts, 3);
    assert.equal(plain.runAt, fixture.clock.now() + 500);
    assert.equal(plain.createdAt, fixture.clock.now());
    assert.equal(plain.requestHash, null);
  });

  it('waits as long between attempts as it was asked to, also beyond the default maximum', async () => {
    await using fixture = await openEngine({ runsJobs: false });
    const { retry } = await fixture.job(await fixture.submit('task', { retry: { backoffMs: 300_000 } }));
    assert.deepEqual([retry.backoffMs, retry.maxMs], [300_000, 300_000]);
  });

  it('takes a time in the past as now', async () => {
    await using fixture = await openEngine({ runsJobs: false });
    const job = await fixture.job(await fixture.submit('task', { runAt: 1 }));
    assert.equal(job.runAt, fixture.clock.now());
  });

  it('names the known types when the type is unknown', async () => {
    await using fixture = await openEngine({ types: { a: async () => DONE, b: 'remote' } });
    assert.deepEqual(await submitOne(fixture, { type: 'c' }), { kind: 'unknownType', types: ['a', 'b'] });
  });

  it('stores what the check of the input made of it, and refuses what it refuses', async () => {
    const checkInput = async (input: unknown) =>
      input === 'bad'
        ? { kind: 'invalid' as const, issues: [{ path: '/x', message: 'is bad' }] }
        : { kind: 'valid' as const, input: { x: 1 } };
    await using fixture = await openEngine({ runsJobs: false, types: { task: { checkInput } } });
    assert.deepEqual(await submitOne(fixture, { input: 'bad' }), {
      kind: 'invalidInput',
      issues: [{ path: '/x', message: 'is bad' }],
    });
    const id = await fixture.submit('task', { input: 'good' });
    assert.equal(await fixture.engine.readInput(TENANT, id), '{"x":1}');
    assert.equal(await fixture.engine.readInput('other', id), null);
  });

  it('refuses what JSON cannot carry', async () => {
    const input = { n: 1n } as never;
    await using fixture = await openEngine({ runsJobs: false });
    assert.deepEqual(await submitOne(fixture, { input }), {
      kind: 'invalidInput',
      issues: [{ path: '', message: 'must be JSON' }],
    });
  });

  it('stores no input as null', async () => {
    await using fixture = await openEngine({ runsJobs: false });
    assert.equal(await fixture.engine.readInput(TENANT, await fixture.submit('task')), 'null');
  });

  it('answers each of many on its own, in order', async () => {
    await using fixture = await openEngine({ runsJobs: false });
    const outcomes = await fixture.engine.submit([
      { tenant: TENANT, type: 'task' },
      { tenant: TENANT, type: 'nope' },
      { tenant: TENANT, type: 'task', priority: 1_000 },
      { tenant: TENANT, type: 'task' },
    ]);
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['created', 'unknownType', 'invalidRequest', 'created'],
    );
    assert.equal(fixture.spy.calls.get('insert'), 1);
  });

  it('rejects with the store’s error when the job is not on disk, and the room of the job is given back', async () => {
    await using fixture = await openEngine({ runsJobs: false, limits: { jobsWaitingMax: 1 } });
    fixture.spy.breakDown('insert');
    await assert.rejects(submitOne(fixture, {}), { code: 'STORE_UNAVAILABLE' });
    fixture.spy.repair();
    assert.equal((await submitOne(fixture, {}))?.kind, 'created');
  });
});

describe('an idempotency key', () => {
  it('makes a replay answer with the job as it is now, and another request a conflict', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const request = { idempotencyKey: 'k', input: { a: 1, b: 2 } };
    const id = await fixture.submit('task', request);
    (await play.next()).end(DONE);
    await fixture.until(id, ({ state }) => state === 'succeeded');
    const replay = await submitOne(fixture, { idempotencyKey: 'k', input: { b: 2, a: 1 } });
    assert.equal(replay?.kind === 'existing' && replay.snapshot.job.state, 'succeeded');
    const other = await submitOne(fixture, { ...request, priority: 1 });
    assert.equal(other?.kind === 'conflict' && other.snapshot.job.id, id);
  });

  it('belongs to its tenant', async () => {
    await using fixture = await openEngine({ runsJobs: false });
    await fixture.submit('task', { idempotencyKey: 'k' });
    assert.equal((await submitOne(fixture, { idempotencyKey: 'k', tenant: 'other', input: 1 }))?.kind, 'created');
  });

  it('takes no room in the quota for a replay', async () => {
    await using fixture = await openEngine({ runsJobs: false, limits: { jobsWaitingMax: 2 } });
    await fixture.submit('task', { idempotencyKey: 'k' });
    for (let times = 0; times < 5; times += 1) await submitOne(fixture, { idempotencyKey: 'k' });
    assert.equal((await submitOne(fixture, {}))?.kind, 'created');
    assert.equal((await submitOne(fixture, {}))?.kind, 'overQuota');
  });
});

describe('an idempotency key of a tenant without room', () => {
  const outcomesOf = async (fixture: Fixture, keys: readonly (string | null)[]) => {
    const requests = keys.map((idempotencyKey) => ({ tenant: TENANT, type: 'task', idempotencyKey }));
    return (await fixture.engine.submit(requests)).map((outcome) =>
      'snapshot' in outcome ? `${outcome.kind} ${outcome.snapshot.job.idempotencyKey}` : outcome.kind,
    );
  };

  it('finds the job that it made, tells another request the conflict, and makes no new one', async () => {
    await using fixture = await openEngine({ runsJobs: false, limits: { jobsWaitingMax: 1 } });
    const id = await fixture.submit('task', { idempotencyKey: 'k' });
    const replay = await submitOne(fixture, { idempotencyKey: 'k' });
    assert.equal(replay?.kind === 'existing' && replay.snapshot.job.id, id);
    const other = await submitOne(fixture, { idempotencyKey: 'k', priority: 1 });
    assert.equal(other?.kind === 'conflict' && other.snapshot.job.id, id);
    assert.deepEqual(await submitOne(fixture, { idempotencyKey: 'new' }), {
      kind: 'overQuota',
      limit: 'jobsWaitingMax',
      value: 1,
    });
    await fixture.engine.cancel(TENANT, id);
    assert.equal((await submitOne(fixture, { idempotencyKey: 'new' }))?.kind, 'created');
  });

  it('finds it among new ones of the same bulk, in one batch, also when the bulk itself took the last room', async () => {
    await using fixture = await openEngine({ runsJobs: false, limits: { jobsWaitingMax: 2 } });
    await fixture.submit('task', { idempotencyKey: 'a' });
    const kinds = await outcomesOf(fixture, ['b', 'a', 'c', null, 'b']);
    assert.deepEqual(kinds, ['created b', 'existing a', 'overQuota', 'overQuota', 'existing b']);
    assert.equal(fixture.spy.calls.get('insert'), 2);
    await fixture.advance(60_000);
    assert.deepEqual(await outcomesOf(fixture, ['c', 'a']), ['overQuota', 'existing a']);
  });

  it('costs the store nothing more while there is room, and nothing at all without a key', async () => {
    await using fixture = await openEngine({ runsJobs: false, limits: { jobsWaitingMax: 1 } });
    await fixture.submit('task', { idempotencyKey: 'a' });
    assert.deepEqual(await outcomesOf(fixture, [null]), ['overQuota']);
    assert.equal(fixture.spy.calls.get('insert'), 1);
    assert.equal(fixture.spy.calls.get('read'), undefined);
  });
});

describe('the quota', () => {
  it('counts unfinished jobs per tenant, and a finished one makes room', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run }, limits: { jobsWaitingMax: 2 } });
    const first = await fixture.submit('task');
    const delayed = await fixture.submit('task', { delayMs: 60_000 });
    assert.deepEqual(await submitOne(fixture, {}), { kind: 'overQuota', limit: 'jobsWaitingMax', value: 2 });
    assert.equal((await submitOne(fixture, { tenant: 'other', delayMs: 60_000 }))?.kind, 'created');
    (await play.next()).end(DONE);
    await fixture.until(first, ({ state }) => state === 'succeeded');
    const next = await fixture.submit('task');
    assert.equal((await submitOne(fixture, {}))?.kind, 'overQuota');
    await fixture.engine.cancel(TENANT, delayed);
    assert.equal((await submitOne(fixture, {}))?.kind, 'created');
    await fixture.until(next, ({ state }) => state === 'running');
  });

  it('holds among submits of the same moment', async () => {
    await using fixture = await openEngine({ runsJobs: false, limits: { jobsWaitingMax: 10 } });
    const requests = Array.from({ length: 25 }, () => ({ tenant: TENANT, type: 'task' }));
    const outcomes = await fixture.engine.submit(requests);
    assert.equal(outcomes.filter(({ kind }) => kind === 'created').length, 10);
  });

  it('counts a job that a person retries', async () => {
    await using fixture = await openEngine({ runsJobs: false, limits: { jobsWaitingMax: 1 } });
    const id = await fixture.submit('task');
    await fixture.engine.cancel(TENANT, id);
    await fixture.engine.retry(TENANT, id);
    assert.equal((await submitOne(fixture, {}))?.kind, 'overQuota');
  });

  it('knows at its start what is there', async () => {
    await using first = await openEngine({ runsJobs: false });
    await first.submit('task');
    await using second = await openEngine({ spy: first.spy, runsJobs: false, limits: { jobsWaitingMax: 1 } });
    assert.equal((await submitOne(second, {}))?.kind, 'overQuota');
  });
});

describe('engine.retryAfterMs', () => {
  it('is honest: 0 when done, the rest of a usual run while running, the queue before that', async () => {
    const play = createPlay();
    await using fixture = await openEngine({
      types: { task: { slots: 1, handler: { kind: 'function', run: play.run } } },
    });
    const { engine } = fixture;
    for (const ms of [1_000, 4_000, 4_000]) {
      const id = await fixture.submit('task');
      const run = await play.next();
      await fixture.advance(ms);
      run.end(DONE);
      const job = await fixture.until(id, ({ state }) => state === 'succeeded');
      assert.equal(engine.retryAfterMs({ job, resultText: null }), 0);
    }
    const running = await fixture.submit('task');
    await play.next();
    await fixture.advance(1_500);
    assert.equal(engine.retryAfterMs({ job: await fixture.job(running), resultText: null }), 3_000);
    await fixture.advance(8_500);
    assert.equal(engine.retryAfterMs({ job: await fixture.job(running), resultText: null }), 1_000);
    const first = await fixture.submit('task');
    assert.equal(engine.retryAfterMs({ job: await fixture.job(first), resultText: null }), 4_000);
    const second = await fixture.submit('task');
    assert.equal(engine.retryAfterMs({ job: await fixture.job(second), resultText: null }), 7_000);
    const late = await fixture.submit('task', { delayMs: 30_000 });
    assert.equal(engine.retryAfterMs({ job: await fixture.job(late), resultText: null }), 34_000);
  });
});

describe('engine.list', () => {
  it('tells scheduled, queued and retrying apart, page by page, without losing or doubling any', async () => {
    await using fixture = await openEngine({ runsJobs: false });
    const queued: string[] = [];
    for (let index = 0; index < 30; index += 1) {
      const id = await fixture.submit('task', index % 3 === 0 ? {} : { delayMs: 60_000 });
      if (index % 3 === 0) queued.push(id);
    }
    const listed: string[] = [];
    let after: number | null = null;
    do {
      const cursor: { after?: number } = after === null ? {} : { after };
      const page = await fixture.engine.list({ tenant: TENANT, states: ['queued'], limit: 4, ...cursor });
      assert.ok(page.snapshots.length <= 4);
      listed.push(...page.snapshots.map(({ job }) => job.id));
      after = page.next?.number ?? null;
    } while (after !== null);
    assert.deepEqual(listed, queued.reverse());
    assert.deepEqual((await fixture.engine.list({ tenant: 'other', limit: 10 })).snapshots, []);
  });

  it('shows the snapshot that a read shows', async () => {
    await using fixture = await openEngine();
    const id = await fixture.submit('task');
    await fixture.until(id, ({ state }) => state === 'succeeded');
    const { snapshots } = await fixture.engine.list({ tenant: TENANT, limit: 10 });
    assert.equal(snapshots[0], fixture.engine.peek(TENANT, id));
    assert.equal(snapshots[0], fixture.engine.peekByNumber(TENANT, snapshots[0]?.job.number ?? 0));
    assert.equal(fixture.engine.peek('other', id), undefined);
    assert.equal(fixture.engine.peekByNumber('other', 1), undefined);
  });
});

describe('engine.readResult', () => {
  it('says when there is none yet, or none at all', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    const run = await play.next();
    assert.equal((await fixture.engine.readResult(TENANT, id)).kind, 'notReady');
    run.end(DONE);
    await fixture.until(id, ({ state }) => state === 'succeeded');
    assert.equal((await fixture.engine.readResult(TENANT, id)).kind, 'none');
    assert.equal((await fixture.engine.readResult('other', id)).kind, 'missing');
  });

  for (const [what, contentType, text, isInline] of [
    ['JSON', 'application/json', '{"a":1}', true],
    ['JSON with a suffix and a charset', 'application/problem+json; charset=utf-8', '[1]', true],
    ['another type', 'text/plain', '1', false],
    ['JSON over the limit', 'application/json', `"${'x'.repeat(70_000)}"`, false],
  ] as const) {
    it(`hands out ${what}, ${isInline ? 'inline too' : 'never inline'}, also after a restart`, async () => {
      const bytes = Buffer.from(text, 'latin1');
      const run = async () => ({ kind: 'succeeded' as const, result: { contentType, bytes } });
      await using fixture = await openEngine({ types: { task: run } });
      const id = await fixture.submit('task');
      await fixture.until(id, ({ state }) => state === 'succeeded');
      await using second = await openEngine({ spy: fixture.spy, runsJobs: false });
      for (const engine of [fixture.engine, second.engine]) {
        const found = await engine.readResult(TENANT, id);
        assert.equal(found.kind, 'found');
        assert.deepEqual(found.kind === 'found' && Buffer.from(found.result.bytes), bytes);
        assert.equal(found.kind === 'found' && found.snapshot.resultText, isInline ? text : null);
      }
    });
  }
});

it('engine.types says what each type is', async () => {
  await using fixture = await openEngine({ types: { a: async () => DONE, b: 'remote' } });
  const rest = {
    slots: 2,
    agingMs: null,
    expectedMs: null,
    limit: null,
    description: null,
    inputSchema: null,
    pausedAt: null,
  };
  assert.deepEqual(fixture.engine.types(), [
    { name: 'a', kind: 'function', ...rest },
    { name: 'b', kind: 'remote', ...rest },
  ]);
});

it('a restarted engine answers a wait for a job that finished before', async () => {
  await using fixture = await openEngine();
  const id = await fixture.submit('task');
  await fixture.until(id, ({ state }) => state === 'succeeded');
  await using second = await openEngine({ spy: fixture.spy, runsJobs: false });
  const request = { tenant: TENANT, ids: [id], for: 'all', timeoutMs: 10, signal: NEVER } as const;
  assert.equal((await second.engine.wait({ ...request, until: { kind: 'done' } })).isSatisfied, true);
});

describe('a job that is claimed before its submit has heard that it is stored', () => {
  it('is running to whoever reads it, and its worker may end it', async () => {
    await using own = await openStore();
    const stored = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    const insert: Store['insert'] = async (batch) => {
      const outcomes = await own.store.insert(batch);
      stored.resolve();
      await told.promise;
      return outcomes;
    };
    const spy = spyOn({ ...own.store, insert });
    await using fixture = await openEngine({ spy, runsJobs: false, types: { parcel: 'remote' } });
    const { engine } = fixture;
    const seen: string[] = [];
    engine.subscribe((event) => void (event.kind === 'changed' && seen.push(event.snapshot.job.state)));
    const submitted = fixture.submit('parcel');
    await stored.promise;
    const ask = {
      tenant: TENANT,
      types: ['parcel'],
      max: 1,
      leaseMs: 60_000,
      worker: 'w',
      timeoutMs: 0,
      signal: NEVER,
    };
    const claim = await engine.workClaim(ask);
    const [claimed] = claim.kind === 'claimed' ? claim.jobs : [];
    told.resolve();
    const id = await submitted;
    // Whoever runs it would take a job that is announced as waiting for one that is lost to them.
    assert.deepEqual(seen, ['running', 'running']);
    assert.equal((await fixture.job(id)).state, 'running');
    const ended = await engine.workSucceed({ tenant: TENANT, id, fence: claimed?.job.fence ?? 0, result: null });
    assert.equal(ended.kind, 'done');
  });
});
