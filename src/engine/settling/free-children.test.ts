import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPlay, DONE, type Fixture, openEngine, TENANT } from '../../../test/engine/engine-fixture.ts';
import { BideError } from '../../core/errors.ts';
import { DEFAULT_LIMITS } from '../../core/limits.ts';
import { isFinal } from '../../core/state.ts';
import type { Attempt, AttemptOutcome, ParentJob, SubmitRequest } from '../api.ts';

const FAILED: AttemptOutcome = {
  kind: 'failed',
  failure: { code: 'BROKEN', message: 'It broke.', details: null },
  isRetryable: false,
};

const types = {
  task: async () => DONE,
  broken: async () => FAILED,
};

const ended = ({ state }: { readonly state: Parameters<typeof isFinal>[0] }) => isFinal(state);

describe('jobs that come after others', () => {
  it('run once all of them have succeeded, and not before', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { ...types, slow: play.run } });
    const one = await fixture.submit('slow');
    const two = await fixture.submit('slow');
    const child = await fixture.submit('task', { after: [one, two, one] });
    assert.deepEqual((await fixture.job(child)).terms?.after, { ids: [one, two], policy: 'succeeded' });
    (await play.next()).end(DONE);
    const last = await play.next();
    await fixture.spy.idle();
    assert.equal((await fixture.job(child)).state, 'waiting');
    assert.equal((await fixture.job(child)).marks?.awaitsParents, true);
    last.end(DONE);
    const done = await fixture.until(child, ended);
    assert.equal(done.state, 'succeeded');
    assert.deepEqual(await fixture.store.endedRead({ limit: 1 }), []);
  });

  it('come one after another with one write of an end for each, and none of what was told', async () => {
    await using fixture = await openEngine({ types });
    const chain = [await fixture.submit('task', { delayMs: 1_000 })];
    for (let length = 1; length < 20; length += 1)
      chain.push(await fixture.submit('task', { after: [chain.at(-1) as string] }));
    await fixture.spy.idle();
    const writes = () => ['linkClose', 'endedDrop', 'endedRead'].map((name) => fixture.spy.calls.get(name) ?? 0);
    const before = writes();
    await fixture.advance(1_000);
    assert.equal((await fixture.until(chain.at(-1) as string, ended)).state, 'succeeded');
    assert.deepEqual(writes(), before);
    assert.deepEqual((await fixture.job(chain[10] as string)).marks, { isAwaited: true, awaitsParents: false });
  });

  it('are shown as they are where the answer to an end that freed them was lost', async () => {
    await using fixture = await openEngine({ types: { ...types, far: 'remote' } });
    const parent = await fixture.submit('task', { delayMs: 1_000 });
    const child = await fixture.submit('far', { after: [parent] });
    assert.equal((await fixture.job(child)).marks?.awaitsParents, true);
    fixture.spy.loseAnswer('apply');
    await fixture.advance(2_000);
    assert.equal((await fixture.job(parent)).state, 'succeeded');
    assert.equal((await fixture.job(child)).marks?.awaitsParents, false);
  });

  it('run at once where all have ended well before, and fail where one has not', async () => {
    await using fixture = await openEngine({ types });
    const good = await fixture.submit('task');
    const bad = await fixture.submit('broken');
    for (const id of [good, bad]) await fixture.until(id, ended);
    const child = await fixture.submit('task', { after: [good] });
    assert.equal((await fixture.until(child, ended)).state, 'succeeded');
    const other = await fixture.submit('task', { after: [good, bad] });
    const failed = await fixture.until(other, ended);
    assert.deepEqual([failed.state, failed.attempt, failed.error?.code], ['failed', 0, 'PARENT_FAILED']);
    assert.deepEqual(failed.error?.details, { parent: bad, state: 'failed' });
    const final = await fixture.submit('task', { after: [bad], afterPolicy: 'final' });
    assert.equal((await fixture.until(final, ended)).state, 'succeeded');
  });

  it('fail one after another down a chain when its first one is cancelled or expires', {
    timeout: 20_000,
  }, async () => {
    await using fixture = await openEngine({ types });
    for (const end of ['cancelled', 'expired']) {
      const first = await fixture.submit('task', { delayMs: 60_000, deadlineMs: 10_000 });
      const chain = [first];
      for (let length = 0; length < 5; length += 1) {
        chain.push(await fixture.submit('task', { after: [chain.at(-1) as string] }));
      }
      if (end === 'cancelled') await fixture.engine.cancel(TENANT, first);
      else await fixture.advance(15_000);
      assert.equal((await fixture.until(first, ended)).state, end);
      const last = await fixture.until(chain.at(-1) as string, ended);
      assert.deepEqual(last.error?.details, { parent: chain.at(-2), state: 'failed' });
    }
  });

  it('are refused where one is unknown, foreign or itself, and answered where they are a replay', {
    timeout: 20_000,
  }, async () => {
    await using fixture = await openEngine({ types });
    const foreign = await fixture.submit('task', { tenant: 'other' });
    for (const id of [foreign, 'x', '01890000-0000-7000-8000-000000000000']) {
      assert.deepEqual(await submitOne(fixture, { after: [id] }), { kind: 'noParent', id });
    }
    const parent = await fixture.submit('task');
    const request = { after: [parent], idempotencyKey: 'k' };
    const id = await fixture.submit('task', request);
    await fixture.until(id, ended);
    await fixture.engine.remove(TENANT, parent);
    const again = await submitOne(fixture, request);
    assert.ok(again?.kind === 'existing');
    assert.equal(again.snapshot.job.id, id);
    assert.equal((await submitOne(fixture, { ...request, afterPolicy: 'final' }))?.kind, 'conflict');
    assert.deepEqual(await submitOne(fixture, { after: [parent] }), { kind: 'noParent', id: parent });
  });

  it('are refused where there are too many of them', async () => {
    await using fixture = await openEngine({ types });
    const refused = await submitOne(fixture, { after: Array.from({ length: 1_001 }, () => 'x') });
    assert.ok(refused?.kind === 'invalidRequest');
    assert.deepEqual(refused.issues, [
      {
        path: '/after',
        message: 'must have at most 100 ids, not 1001; of more, submit a job after each 100 and one after those',
      },
    ]);
    const wrong = await submitOne(fixture, { after: [], afterPolicy: 'never' as 'final' });
    assert.ok(wrong?.kind === 'invalidRequest');
  });

  it('see the states and results of their parents, as far as they are there', {
    timeout: 20_000,
  }, async () => {
    const seen = Promise.withResolvers<readonly ParentJob[]>();
    const resultBytes = DEFAULT_LIMITS.resultInlineBytesMax + 2;
    const given = (text: string): AttemptOutcome => {
      return { kind: 'succeeded', result: { contentType: 'application/json', bytes: Buffer.from(text) } };
    };
    const look = async (attempt: Attempt) => {
      seen.resolve(await attempt.parents());
      return DONE;
    };
    const one = async () => given('{"a":1}');
    const large = async () => given(`"${'x'.repeat(resultBytes - 2)}"`);
    await using fixture = await openEngine({ types: { ...types, one, large, look } });
    const ids: string[] = [];
    for (const type of ['one', 'large', 'broken', 'task']) ids.push(await fixture.submit(type));
    for (const id of ids) await fixture.until(id, ended);
    const child = await fixture.submit('look', { after: ids, afterPolicy: 'final', delayMs: 1_000 });
    await fixture.until(child, ({ marks }) => marks?.awaitsParents === false);
    await fixture.engine.remove(TENANT, ids[3] as string);
    await fixture.advance(2_000);
    const [small, big, bad, gone] = await seen.promise;
    assert.deepEqual(small, { id: ids[0], state: 'succeeded', result: { a: 1 }, resultBytes: 7, error: null });
    assert.deepEqual(big, {
      id: ids[1],
      state: 'succeeded',
      result: 'x'.repeat(resultBytes - 2),
      resultBytes,
      error: null,
    });
    assert.deepEqual([bad?.state, bad?.result, bad?.error?.code], ['failed', null, 'BROKEN']);
    assert.deepEqual(gone, { id: ids[3], state: 'unknown', result: null, resultBytes: null, error: null });
  });

  it('are told by an error when the results of their parents are too large together', async () => {
    const bytes = Buffer.from(`"${'x'.repeat(600)}"`);
    const large = async (): Promise<AttemptOutcome> => {
      return { kind: 'succeeded', result: { contentType: 'application/json', bytes } };
    };
    const looked = Promise.withResolvers<unknown>();
    const look = async (attempt: Attempt) => {
      looked.resolve(await attempt.parents().catch((error: unknown) => error));
      return DONE;
    };
    await using fixture = await openEngine({ types: { large, look }, limits: { parentsBytesMax: 1_024 } });
    const ids = [await fixture.submit('large'), await fixture.submit('large')];
    await fixture.submit('look', { after: ids });
    const error = await looked.promise;
    assert.ok(error instanceof BideError && error.code === 'PARENTS_TOO_LARGE');
    assert.match(error.message, /1204 bytes together, and parentsBytesMax is 1024/);
  });

  it('are listed from both sides, page by page', async () => {
    await using fixture = await openEngine({ types, runsJobs: false });
    const parent = await fixture.submit('task');
    const children: string[] = [];
    for (let count = 0; count < 5; count += 1) children.push(await fixture.submit('task', { after: [parent] }));
    const { engine } = fixture;
    const first = await engine.children({ tenant: TENANT, id: parent, after: 0, limit: 3 });
    assert.ok(first.kind === 'found' && first.next !== null);
    const rest = await engine.children({ tenant: TENANT, id: parent, after: first.next, limit: 3 });
    assert.ok(rest.kind === 'found' && rest.next === null);
    assert.deepEqual(
      [...first.snapshots, ...rest.snapshots].map(({ job }) => job.id),
      children,
    );
    const up = await engine.parents(TENANT, children[0] as string);
    assert.ok(up.kind === 'found');
    assert.deepEqual(up.ids, [parent]);
    assert.equal((await engine.parents('other', children[0] as string)).kind, 'missing');
    const none = await engine.children({ tenant: 'other', id: parent, after: 0, limit: 3 });
    assert.equal(none.kind, 'missing');
  });

  it('go on where a process died between the end of a parent and what follows from it', {
    timeout: 20_000,
  }, async () => {
    await using fixture = await openEngine({ types, runsJobs: false });
    const parents = [await fixture.submit('task'), await fixture.submit('task')];
    const children: string[] = [];
    for (const id of parents) children.push(await fixture.submit('task', { after: [id] }));
    await fixture.engine.stop();
    const state = 'cancelled' as const;
    const patch = { state, finishedAt: fixture.clock.now(), cancelRequestedAt: fixture.clock.now() };
    const done = { ...patch, state: 'succeeded' as const };
    const expect = { states: ['waiting'] as const };
    await fixture.store.apply([
      { id: parents[0] as string, expect, patch: done },
      { id: parents[1] as string, expect, patch },
    ]);
    await using next = await openEngine({ types, spy: fixture.spy, clock: fixture.clock });
    const states = [];
    for (const id of children) states.push((await next.until(id, ended)).state);
    assert.deepEqual(states, ['succeeded', 'failed']);
  });

  it('wait for their parents again when they are retried with them', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { ...types, slow: play.run } });
    const parent = await fixture.submit('slow');
    const child = await fixture.submit('task', { after: [parent] });
    (await play.next()).end(FAILED);
    await fixture.until(child, ended);
    await fixture.engine.retry(TENANT, parent);
    await fixture.engine.retry(TENANT, child);
    const again = await play.next();
    await fixture.spy.idle();
    assert.equal((await fixture.job(child)).state, 'waiting');
    again.end(DONE);
    assert.equal((await fixture.until(child, ended)).state, 'succeeded');
  });
});

async function submitOne({ engine }: Fixture, request: Partial<SubmitRequest>) {
  const [outcome] = await engine.submit([{ tenant: TENANT, type: 'task', ...request }]);
  return outcome;
}
