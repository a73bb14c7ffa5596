import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createPlay,
  DONE,
  type Fixture,
  type FixtureOptions,
  failed,
  NEVER,
  openEngine,
  TENANT,
} from '../../../test/engine/engine-fixture.ts';
import type { ScheduleSpec } from '../../core/schedules/schedule.ts';
import type { TraceContext } from '../../core/trace-context.ts';
import { renderDelivery } from '../../dialects/native/render-delivery.ts';
import type { Posting } from '../deliveries/post-delivery.ts';
import { withCallerTrace } from './caller-trace.ts';

const TRACE: TraceContext = { parent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, state: 'vendor=1' };
const OTHER: TraceContext = { parent: `00-${'c'.repeat(32)}-${'d'.repeat(16)}-00` };

const SCHEDULE: ScheduleSpec = {
  ...{ cron: '@every 1m', timeZone: 'UTC', jitterMs: 0, overlap: 'allow', missed: 'last' },
  ...{ startAt: null, endAt: null, job: { type: 'far' } },
};

/** A receiver that keeps the headers of what it is told. */
function receiver() {
  const told: Posting[] = [];
  const postDelivery = async (_url: string, posting: Posting) => {
    told.push(posting);
    return { status: 204, retryAfter: null, text: null };
  };
  return {
    told,
    options: { postDelivery, renderDelivery: new Map([['native', renderDelivery]]) } satisfies FixtureOptions,
  };
}

async function traces({ engine }: Fixture, type: string) {
  const { snapshots } = await engine.list({ tenant: TENANT, types: [type], order: 'oldest', limit: 100 });
  return snapshots.map(({ job }) => job.terms?.trace ?? null);
}

describe('the trace of a caller', () => {
  it('is kept with each job of the call, and a job of a call without one has no terms', async () => {
    await using fixture = await openEngine({ types: { far: 'remote' } });
    const request = { tenant: TENANT, type: 'far' };
    await withCallerTrace(TRACE, () => fixture.engine.submit([request, request]));
    const bare = await fixture.submit('far');
    assert.deepEqual(await traces(fixture, 'far'), [TRACE, TRACE, null]);
    assert.equal((await fixture.job(bare)).terms, null);
  });

  it('does not make a replay another request', async () => {
    await using fixture = await openEngine({ types: { far: 'remote' } });
    const request = { tenant: TENANT, type: 'far', idempotencyKey: 'k' };
    await withCallerTrace(TRACE, () => fixture.engine.submit([request]));
    const [again] = await withCallerTrace(OTHER, () => fixture.engine.submit([request]));
    assert.equal(again?.kind, 'existing');
    assert.deepEqual(await traces(fixture, 'far'), [TRACE]);
  });

  it('is that of the members and the follow-ups of a group', async () => {
    await using fixture = await openEngine({ types: { task: async () => DONE, report: 'remote' } });
    const draft = {
      tenant: TENANT,
      jobs: [{ type: 'task' }],
      followUps: { always: { type: 'report' } },
      isOpen: false,
    };
    const { group } = await withCallerTrace(TRACE, () => fixture.engine.groups.create(draft));
    const until = { kind: 'done' } as const;
    await fixture.engine.groups.wait({ tenant: TENANT, id: group.id, until, timeoutMs: 60_000, signal: NEVER });
    assert.deepEqual(await traces(fixture, 'task'), [TRACE]);
    assert.deepEqual(await traces(fixture, 'report'), [TRACE]);
  });

  it('goes on with a copy of the job, whoever asks for it', async () => {
    await using fixture = await openEngine({ types: { far: 'remote' } });
    const [made] = await withCallerTrace(TRACE, () => fixture.engine.submit([{ tenant: TENANT, type: 'far' }]));
    const id = made?.kind === 'created' ? made.snapshot.job.id : '';
    await withCallerTrace(OTHER, () => fixture.engine.resubmit({ tenant: TENANT, id, changes: {} }));
    assert.deepEqual(await traces(fixture, 'far'), [TRACE, TRACE]);
  });

  it('is not that of the runs of a schedule, whoever makes it or asks for a run', async () => {
    await using fixture = await openEngine({ types: { far: 'remote' } });
    const { schedules } = fixture.engine;
    await withCallerTrace(TRACE, async () => {
      await schedules.put(TENANT, 'often', SCHEDULE);
      await schedules.run({ tenant: TENANT, name: 'often' });
      await fixture.advance(60_000);
    });
    assert.deepEqual(await traces(fixture, 'far'), [null, null]);
  });

  it('is given to each attempt, and is the trace of what the handler submits', async () => {
    const play = createPlay();
    const own = Promise.withResolvers<Fixture>();
    const run: typeof play.run = async (attempt) => {
      await (await own.promise).engine.submit([{ tenant: TENANT, type: 'far' }]);
      return play.run(attempt);
    };
    await using fixture = await openEngine({ types: { task: run, far: 'remote' } });
    own.resolve(fixture);
    await withCallerTrace(TRACE, () => fixture.engine.submit([{ tenant: TENANT, type: 'task' }]));
    const first = await play.next();
    assert.deepEqual(first.attempt.trace, TRACE);
    first.end(failed('again'));
    await fixture.advance(1_000);
    const second = await play.next();
    assert.deepEqual(second.attempt.trace, TRACE);
    second.end(DONE);
    assert.deepEqual(await traces(fixture, 'far'), [TRACE, TRACE]);
  });

  it('does not stick to jobs of others that its call sets in motion', async () => {
    const play = createPlay();
    const own = Promise.withResolvers<Fixture>();
    const run: typeof play.run = async (attempt) => {
      await (await own.promise).engine.submit([{ tenant: TENANT, type: 'far' }]);
      return play.run(attempt);
    };
    await using fixture = await openEngine({
      types: { task: { slots: 1, handler: { kind: 'function', run } }, far: 'remote' },
    });
    own.resolve(fixture);
    const blocker = await withCallerTrace(TRACE, () => fixture.submit('task'));
    const first = await play.next();
    await fixture.submit('task');
    first.end(DONE);
    await fixture.until(blocker, ({ state }) => state === 'succeeded');
    const second = await play.next();
    assert.equal(second.attempt.trace, null);
    second.end(DONE);
    assert.deepEqual(await traces(fixture, 'far'), [TRACE, null]);
  });

  it('is told to webhooks and callbacks in their headers', async () => {
    const { told, options } = receiver();
    await using fixture = await openEngine(options);
    const { webhooks } = fixture.engine;
    await webhooks.create(TENANT, { url: 'https://a.example/hook', events: ['job.succeeded'] });
    for (const trace of [TRACE, null])
      await withCallerTrace(trace, async () => {
        const id = await fixture.submit('task');
        await fixture.until(id, ({ state }) => state === 'succeeded');
        await fixture.advance(2_000);
      });
    const headersOf = ({ headers }: Posting) => [headers.traceparent, headers.tracestate];
    assert.deepEqual(told.map(headersOf), [
      [TRACE.parent, TRACE.state],
      [undefined, undefined],
    ]);
  });
});
