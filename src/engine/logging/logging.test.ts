import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createPlay,
  DONE,
  type Fixture,
  failed,
  NEVER,
  openEngine,
  TENANT,
} from '../../../test/engine/engine-fixture.ts';
import { isFinal } from '../../core/state.ts';
import type { LogRequest } from '../api.ts';

describe('what a job says', () => {
  it('is stored with its level, fields, attempt and time before the job is over', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    const { attempt, end } = await play.next();
    attempt.log('one');
    attempt.log('two', 'error', '{"page":3}');
    end(DONE);
    await fixture.until(id, ({ state }) => isFinal(state));
    const said = { stream: 'log', at: fixture.clock.now(), attempt: 1, fence: 1 } as const;
    assert.deepEqual(await linesOf(fixture, id), [
      { ...said, level: 'info', line: 'one', fields: null, offset: 35 },
      { ...said, level: 'error', line: 'two', fields: '{"page":3}', offset: 80 },
    ]);
    assert.equal(fixture.spy.calls.get('logAppend'), 1, 'one write for all of a turn');
  });

  it('costs nothing where nothing is said', async () => {
    await using fixture = await openEngine({ types: { task: async () => DONE } });
    const id = await fixture.submit('task');
    await fixture.until(id, ({ state }) => isFinal(state));
    assert.equal(fixture.spy.calls.get('logAppend'), undefined);
  });

  it('waits for a store that is away, and comes before the outcome', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    const { attempt, end } = await play.next();
    fixture.spy.breakDown('logAppend');
    attempt.log('one');
    await fixture.advance(3_000);
    attempt.log('two');
    end(DONE);
    await fixture.advance(3_000);
    assert.equal((await fixture.job(id)).state, 'running');
    fixture.spy.repair();
    await fixture.advance(3_000);
    assert.equal((await fixture.job(id)).state, 'succeeded');
    assert.deepEqual(await textsOf(fixture, id), ['one', 'two']);
  });

  it('is left out past so many lines a second, and a line says how many', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run }, limits: { logLinesPerSecondMax: 2 } });
    const id = await fixture.submit('task');
    const { attempt, end } = await play.next();
    for (const line of ['a', 'b', 'c', 'd', 'e']) attempt.log(line);
    await fixture.advance(1_000);
    attempt.log('f');
    attempt.log('g');
    attempt.log('h');
    end(DONE);
    await fixture.until(id, ({ state }) => isFinal(state));
    const texts = await textsOf(fixture, id);
    assert.deepEqual(
      texts.map((text) => text.slice(0, 9)),
      ['a', 'b', '… 3 lines', 'f', 'g', '… 1 lines'],
    );
    assert.match(texts[2] ?? '', /more than 2 a second \(logLinesPerSecondMax\)/);
  });

  it('is cut at its length, and fields that are too large are dropped and said so', async () => {
    const play = createPlay();
    const limits = { logLineLengthMax: 100, logFieldsBytesMax: 10 };
    await using fixture = await openEngine({ types: { task: play.run }, limits });
    const id = await fixture.submit('task');
    const { attempt, end } = await play.next();
    attempt.log('x'.repeat(101), 'debug', '{"a":"123456"}');
    end(DONE);
    await fixture.until(id, ({ state }) => isFinal(state));
    const [line] = await linesOf(fixture, id);
    assert.equal(line?.line, `${'x'.repeat(99)}…`);
    assert.match(line?.fields ?? '', /"The fields had 14 bytes; the limit is 10 \(logFieldsBytesMax\)\."/);
  });

  it('is kept per attempt, a failed one included', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task', { retry: { attempts: 2, backoffMs: 0 } });
    for (const line of ['first', 'second']) {
      const { attempt, end } = await play.next();
      attempt.log(line);
      end(failed('no'));
      await fixture.advance(1_000);
    }
    assert.deepEqual(await textsOf(fixture, id), ['first', 'second']);
    assert.deepEqual(await textsOf(fixture, id, { attempt: 2 }), ['second']);
  });

  it('tells an attempt that it was lost', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    const { attempt } = await play.next();
    const { fence, revision } = await fixture.job(id);
    // As another process would after the lease.
    await fixture.store.apply([{ id, expect: { states: ['running'], revision }, patch: { fence: fence + 1 } }]);
    const lost = new Promise((resolve) => attempt.signal.addEventListener('abort', resolve, { once: true }));
    attempt.log('late');
    await lost;
    assert.equal(attempt.signal.reason, 'lost');
    assert.deepEqual(await textsOf(fixture, id), []);
  });
});

describe('what a job emits', () => {
  it('waits for a store that is away, loses nothing, and comes before the outcome', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    const { attempt, end } = await play.next();
    fixture.spy.breakDown('logAppend');
    attempt.emit('1');
    attempt.log('said');
    await fixture.advance(3_000);
    for (let chunk = 2; chunk <= 2_000; chunk += 1) attempt.emit(String(chunk));
    end(DONE);
    await fixture.advance(3_000);
    assert.equal((await fixture.job(id)).state, 'running');
    fixture.spy.repair();
    await fixture.advance(3_000);
    assert.equal((await fixture.job(id)).state, 'succeeded');
    const first = await textsOf(fixture, id, { stream: 'output', limit: 1_000 });
    assert.deepEqual([first.length, first[0], first.at(-1)], [1_000, '1', '1000']);
    assert.deepEqual(await textsOf(fixture, id), ['said']);
  });

  it('is not kept after its end', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    const { attempt, end } = await play.next();
    end(DONE);
    await fixture.until(id, ({ state }) => isFinal(state));
    attempt.emit('"late"');
    await fixture.spy.idle();
    assert.deepEqual(await textsOf(fixture, id, { stream: 'output' }), []);
  });
});

describe('whoever reads a log', () => {
  it('waits for the next line, and is told when there will be none', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    const { attempt, end } = await play.next();
    const first = read(fixture, id, { timeoutMs: 60_000 });
    await fixture.spy.idle();
    attempt.log('one');
    const page = await first;
    assert.ok(page.kind === 'found');
    assert.deepEqual([page.lines.map(({ line }) => line), page.next, page.isDone], [['one'], 35, false]);
    const second = read(fixture, id, { after: page.next, timeoutMs: 60_000 });
    await fixture.spy.idle();
    end(DONE);
    const last = await second;
    assert.ok(last.kind === 'found');
    assert.deepEqual([last.lines, last.next, last.isDone], [[], 35, true]);
  });

  it('is answered when their time is over, and finds nothing of jobs that are not theirs', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    await play.next();
    const empty = read(fixture, id, { timeoutMs: 5_000, after: 1_000 });
    await fixture.advance(5_000);
    const page = await empty;
    assert.ok(page.kind === 'found');
    assert.deepEqual([page.lines, page.next, page.isDone], [[], 1_000, false]);
    assert.equal((await read(fixture, id, { tenant: 'other' })).kind, 'missing');
  });
});

function read({ engine }: Fixture, id: string, over: Partial<LogRequest> = {}) {
  return engine.readLogs({
    tenant: TENANT,
    id,
    stream: 'log',
    after: 0,
    limit: 100,
    timeoutMs: 0,
    signal: NEVER,
    ...over,
  });
}

async function linesOf(fixture: Fixture, id: string, over: Partial<LogRequest> = {}) {
  const page = await read(fixture, id, over);
  assert.ok(page.kind === 'found');
  return page.lines;
}

async function textsOf(fixture: Fixture, id: string, over: Partial<LogRequest> = {}): Promise<readonly string[]> {
  return (await linesOf(fixture, id, over)).map(({ line }) => line);
}
