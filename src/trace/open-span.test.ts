import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { DONE, openEngine, TENANT } from '../../test/engine/engine-fixture.ts';
import { type ShownSpan, shownSpan } from '../../test/tracing/shown-span.ts';
import type { TraceContext } from '../core/trace-context.ts';
import { withCallerTrace } from '../engine/tracing/caller-trace.ts';
import { openProcess } from './job-spans.ts';
import { activeTrace, flushSpans, openSpan, withTraceActive } from './open-span.ts';
import { remoteSpan, spanContextOf, traceOfSpan } from './remote-span.ts';

const CALLER: TraceContext = { parent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, state: 'x=1,y=2' };
const UNSAMPLED: TraceContext = { parent: `00-${'c'.repeat(32)}-${'d'.repeat(16)}-00` };
const START = { name: 'n', kind: 'client', attributes: {}, parent: null } as const;
const disable = () => {
  for (const api of [trace, context]) api.disable();
};

describe('spans without an SDK', () => {
  it('are not there, and work goes on in the trace that was given', () => {
    assert.equal(openSpan(START), null);
    assert.equal(activeTrace(CALLER), CALLER);
    assert.equal(
      withTraceActive(CALLER, () => 7),
      7,
    );
  });

  it('break no work where all that is registered breaks, wherever it does', async () => {
    const throws = () => assert.fail('broken');
    const context = { active: throws, with: throws };
    const spanContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    const span = { spanContext: () => spanContext, setAttributes: throws, setStatus: throws, end: throws };
    const state = { serialize: throws };
    const getTracer = () => ({ startSpan: () => span });
    const registered = globalThis as Record<symbol, unknown>;
    const key = Symbol.for('opentelemetry.js.api.1');
    const works = async () => {
      const opened = openSpan({ ...START, parent: CALLER });
      assert.equal(opened === null ? 7 : opened.run(() => 7), 7);
      opened?.end({ error: { type: 'X' } });
      assert.equal(
        withTraceActive(CALLER, () => 7),
        7,
      );
      assert.throws(() => withTraceActive(CALLER, () => assert.fail('own')), /own/);
      assert.equal(activeTrace(CALLER), CALLER);
      await flushSpans(1_000);
    };
    const EMPTY = { getValue: () => undefined, setValue: () => EMPTY, deleteValue: () => EMPTY };
    try {
      for (const api of [
        { trace: { getTracer: throws, getDelegate: throws } },
        { trace: { getTracer, getDelegate: throws }, context },
        { trace: { getTracer }, context: { active: () => EMPTY, with: throws } },
        { trace: { getTracer }, context: { active: () => ({ getValue: throws, setValue: throws }), with: throws } },
        { trace: { getTracer, getDelegate: () => ({ forceFlush: throws }) } },
        { trace: { getTracer: () => ({ startSpan: () => ({ ...span, spanContext: throws }) }) } },
        {
          trace: {
            getTracer: () => ({
              startSpan: () => ({ ...span, spanContext: () => ({ ...spanContext, traceState: state }) }),
            }),
          },
        },
        { trace: { getTracer: () => ({ startSpan: () => undefined }), getDelegate: () => undefined } },
        { trace: {}, context: {} },
        { trace: null },
      ]) {
        registered[key] = api;
        await works();
      }
    } finally {
      delete registered[key];
    }
  });

  it('run their work once, where the context manager breaks after it', () => {
    let count = 0;
    const context = {
      active: () => assert.fail('broken'),
      with(_context: unknown, work: () => unknown) {
        work();
        assert.fail('broken');
      },
    };
    const registered = globalThis as Record<symbol, unknown>;
    const EMPTY = { getValue: () => undefined, setValue: () => EMPTY, deleteValue: () => EMPTY };
    registered[Symbol.for('opentelemetry.js.api.1')] = { trace: {}, context: { ...context, active: () => EMPTY } };
    assert.equal(
      withTraceActive(CALLER, () => {
        count += 1;
        return 7;
      }),
      7,
    );
    assert.equal(count, 1);
    delete registered[Symbol.for('opentelemetry.js.api.1')];
  });

  it('are not there either where what is registered breaks', () => {
    const broken = { getTracer: () => assert.fail('broken') };
    trace.setGlobalTracerProvider(broken);
    assert.equal(openSpan(START), null);
    disable();
  });

  it('need no context manager', () => {
    const provider = new TracerProvider();
    trace.setGlobalTracerProvider(provider);
    const span = openSpan({ ...START, parent: CALLER });
    assert.equal(
      span?.run(() => 7),
      7,
    );
    assert.equal(span?.trace?.parent.slice(3, 35), 'a'.repeat(32));
    disable();
  });
});

describe('spans', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  before(() => {
    trace.setGlobalTracerProvider(provider);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });
  afterEach(() => exporter.reset());
  after(async () => {
    await provider.shutdown();
    disable();
  });
  const spans = (): ShownSpan[] => exporter.getFinishedSpans().map(shownSpan);

  it('keep the state of the trace, and are not made of what was not sampled', () => {
    const span = openSpan({ ...START, parent: CALLER });
    assert.equal(span?.trace?.state, CALLER.state);
    span?.end();
    const unsampled = openSpan({ ...START, parent: UNSAMPLED });
    assert.match(unsampled?.trace?.parent ?? '', /^00-c{32}-[0-9a-f]{16}-00$/);
    unsampled?.end();
    assert.deepEqual(
      spans().map(({ trace, parent }) => [trace, parent]),
      [['a'.repeat(32), 'b'.repeat(16)]],
    );
  });

  it('are those of the API while they are active', () => {
    const span = openSpan(START);
    const inside = span?.run(() => traceOfSpan(trace.getActiveSpan()?.spanContext() ?? spanContextOf(CALLER)));
    assert.deepEqual(inside, span?.trace);
    const remote = withTraceActive(CALLER, () => trace.getActiveSpan()?.spanContext());
    assert.deepEqual([remote?.traceId, remote?.traceState?.serialize()], ['a'.repeat(32), 'x=1,y=2']);
    assert.equal(remote?.traceState?.set('y', '3').unset('x').serialize(), 'y=3');
  });

  it('end once, with what failed', () => {
    const span = openProcess({ id: 'i', type: 't', attempt: 2, fence: 3, trace: CALLER });
    span?.end({ error: { type: 'X', message: 'no luck' } });
    span?.end();
    const [one, ...others] = spans();
    assert.deepEqual([others, one?.hasFailed, one?.attributes['error.type']], [[], true, 'X']);
    assert.deepEqual(one?.links, ['b'.repeat(16)]);
  });

  it('of remote parents take whatever the API may do to a span', () => {
    const span = remoteSpan(CALLER) as unknown as ReturnType<typeof trace.wrapSpanContext>;
    span.setAttribute('a', 1).setAttributes({}).addEvent('e').addLink({ context: span.spanContext() }).addLinks([]);
    span.setStatus({ code: 1 }).updateName('x').recordException('e');
    span.end();
    assert.equal(span.isRecording(), false);
  });

  it('are told of members and runs of schedules that were stored, each run a trace of its own', async () => {
    await using fixture = await openEngine({ types: { far: 'remote', report: 'remote' } });
    const draft = { tenant: TENANT, jobs: [{ type: 'far' }], followUps: { always: { type: 'report' } }, isOpen: false };
    await withCallerTrace(CALLER, () => fixture.engine.groups.create(draft));
    const refused = { ...draft, jobs: [{ type: 'far' }, { type: 'none' }] };
    await assert.rejects(withCallerTrace(CALLER, () => fixture.engine.groups.create(refused)));
    assert.deepEqual(
      spans().map(({ name, parent }) => [name, parent]),
      [['create far', 'b'.repeat(16)]],
    );
    exporter.reset();
    await fixture.engine.schedules.put(TENANT, 's', {
      ...{ cron: '@every 1m', timeZone: 'UTC', jitterMs: 0, overlap: 'allow', missed: 'last' },
      ...{ startAt: null, endAt: null, job: { type: 'far' } },
    });
    await withCallerTrace(CALLER, () => fixture.advance(120_000));
    const runs = spans();
    assert.deepEqual(
      runs.map(({ name, parent }) => [name, parent]),
      [
        ['create far', null],
        ['create far', null],
      ],
    );
    assert.equal(new Set([...runs.map(({ trace }) => trace), 'a'.repeat(32)]).size, 3);
  });

  it('of attempts end with what became of the job, and whatever runs in them is a part of them', async () => {
    const run = async () => {
      trace.getTracer('x').startSpan('inside').end();
      return DONE;
    };
    await using fixture = await openEngine({ types: { task: run } });
    const id = await withCallerTrace(CALLER, () => fixture.submit('task'));
    await fixture.until(id, ({ state }) => state === 'succeeded');
    await fixture.spy.idle();
    const of = (name: string) => spans().find((span) => span.name === name);
    assert.equal(of('send task')?.parent, 'b'.repeat(16));
    assert.equal(of('process task')?.parent, of('send task')?.id);
    assert.equal(of('inside')?.parent, of('process task')?.id);
    assert.equal(of('process task')?.attributes['bide.job.state'], 'succeeded');
    assert.equal(of('process task')?.attributes['bide.job.tenant'], TENANT);
  });

  it('are flushed at the end, for no longer than they may take', async () => {
    await flushSpans(60_000);
    trace.disable();
    trace.setGlobalTracerProvider({ getTracer: () => assert.fail(), forceFlush: () => new Promise(() => {}) } as never);
    await flushSpans(1);
  });
});
