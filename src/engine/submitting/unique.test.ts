import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPlay, DONE, type Fixture, openEngine, TENANT } from '../../../test/engine/engine-fixture.ts';
import type { Unique } from '../../core/unique.ts';
import type { SubmitRequest } from '../index.ts';

async function submitOne({ engine }: Fixture, unique: Partial<Unique>, more: Partial<SubmitRequest> = {}) {
  const request = { tenant: TENANT, type: 'task', unique: { key: 'k', mode: 'reject' as const, ...unique }, ...more };
  const [outcome] = await engine.submit([request]);
  assert.ok(outcome);
  return outcome;
}

describe('a unique key', () => {
  it('answers with the job that holds it, or says that it is held', async () => {
    await using fixture = await openEngine({ runsJobs: false });
    const first = await submitOne(fixture, {});
    assert.ok(first.kind === 'created');
    const { snapshot } = first;
    assert.deepEqual(await submitOne(fixture, { mode: 'existing' }), {
      kind: 'existing',
      snapshot,
      unique: 'existing',
    });
    assert.deepEqual(await submitOne(fixture, {}), { kind: 'held', snapshot });
  });

  it('replaces what waits: memory, waiters and the run have the new input', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const mode = 'replace' as const;
    const first = await submitOne(fixture, { mode }, { input: 1, delayMs: 100 });
    assert.ok(first.kind === 'created');
    const { id } = first.snapshot.job;
    assert.equal(fixture.engine.peek(TENANT, id)?.job.revision, 1);
    const replaced = await submitOne(fixture, { mode }, { input: 2, tags: { now: 'yes' } });
    assert.ok(replaced.kind === 'existing' && replaced.unique === 'replaced');
    assert.deepEqual([replaced.snapshot.job.id, replaced.snapshot.job.tags], [id, { now: 'yes' }]);
    const run = await play.next();
    assert.equal(run.attempt.input, '2');
    const next = await submitOne(fixture, { mode }, { input: 3 });
    assert.equal(next.kind, 'created');
    run.end(DONE);
    await fixture.until(id, ({ state }) => state === 'succeeded');
  });

  it('leaves the limit of what it replaces as it is', async () => {
    await using fixture = await openEngine({ runsJobs: false });
    const limit = { key: 'old', concurrency: 1 };
    const mode = 'replace' as const;
    await submitOne(fixture, { mode }, { input: 1, limit });
    const replaced = await submitOne(fixture, { mode }, { input: 2, limit: { key: 'new', concurrency: 2 } });
    assert.ok(replaced.kind === 'existing');
    const { terms } = await fixture.job(replaced.snapshot.job.id);
    assert.deepEqual(terms?.limit, limit);
    const page = await fixture.engine.keyLimits.list(TENANT, { limit: 10 });
    assert.deepEqual(
      page.map(({ key, bounds }) => [key, bounds.concurrency]),
      [['old', 1]],
    );
  });

  it('takes no room of the tenant where nothing is stored', async () => {
    await using fixture = await openEngine({ runsJobs: false, limits: { jobsWaitingMax: 2 } });
    for (let count = 0; count < 5; count += 1) {
      const outcome = await submitOne(fixture, { mode: count % 2 === 0 ? 'replace' : 'existing' });
      assert.equal(outcome.kind, count === 0 ? 'created' : 'existing');
    }
    assert.equal((await submitOne(fixture, { key: 'other' })).kind, 'created');
  });

  it('debounces: the job runs once, when it was quiet, or at the latest', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const unique = { mode: 'debounce', forMs: 1_000, maxMs: 2_500 } as const;
    for (const input of [1, 2, 3]) {
      await submitOne(fixture, unique, { input });
      await fixture.advance(900);
    }
    const run = await Promise.all([play.next(), fixture.advance(100)]).then(([next]) => next);
    assert.equal(run.attempt.input, '3');
    run.end(DONE);
  });

  it('refuses what can never be meant, each with a sentence that says what to do', async () => {
    await using fixture = await openEngine({ runsJobs: false });
    const cases: readonly (readonly [Partial<Unique>, Partial<SubmitRequest>, string, RegExp])[] = [
      [{ key: '' }, {}, '/unique/key', /1 to 255 characters/],
      [{ key: 'k'.repeat(10_000) }, {}, '/unique/key', /uniqueKeyLengthMax/],
      [{ mode: 'newest' as never }, {}, '/unique/mode', /one of reject, existing/],
      [{ forMs: 0 }, {}, '/unique/forMs', /whole number from 1 to/],
      [{ forMs: 1e15 }, {}, '/unique/forMs', /delayMsMax/],
      [{ mode: 'replace', forMs: 5 }, {}, '/unique/forMs', /does not go with replace/],
      [{ mode: 'debounce' }, {}, '/unique/forMs', /must be given with debounce/],
      [{ mode: 'debounce', forMs: 5, maxMs: 4 }, {}, '/unique/maxMs', /not be less than forMs/],
      [{ maxMs: 4 }, {}, '/unique/maxMs', /debounce alone/],
      [{ mode: 'debounce', forMs: 5 }, { delayMs: 3 }, '/unique/mode', /leave out runAt and delayMs/],
    ];
    for (const [unique, more, path, message] of cases) {
      const outcome = await submitOne(fixture, unique, more);
      assert.ok(outcome.kind === 'invalidRequest', JSON.stringify(unique));
      assert.equal(outcome.issues[0]?.path, path);
      assert.match(outcome.issues[0]?.message ?? '', message);
    }
  });
});
