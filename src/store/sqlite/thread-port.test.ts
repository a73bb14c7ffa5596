import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { newJob, rejectsWith } from '../contract-suite/fixtures.ts';
import { openSqlite } from './index.ts';
import { openThread } from './thread-port.ts';

const SHELL = new URL('./thread-shell.ts', import.meta.url).href;

type Echo = {
  readonly echo: (payload: number) => number;
  readonly lots: (payload: null) => readonly number[];
  readonly crash: (payload: null) => never;
};

/** A thread that echoes, tells how large its lots were, and dies when it is told to. */
const ENTRY = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { serveThread } from ${JSON.stringify(SHELL)};
    const lots = [];
    serveThread('test', () => ({
      answer(requests) {
        lots.push(requests.length);
        return requests.map(([id, operation, payload]) => {
          if (operation === 'crash') throw new Error('crash');
          return [id, operation === 'lots' ? lots : payload];
        });
      },
      close() {},
    }));`)}`,
);

function openEcho(itemsMax: number) {
  return openThread<Echo>({ entry: ENTRY, data: null, itemsMax });
}

test('call sends all calls of one turn in one lot, and answers each its own', async () => {
  const port = await openEcho(1_000);
  const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => port.call('echo', index, 1)));
  assert.deepEqual(
    answers,
    Array.from({ length: 100 }, (_, index) => index),
  );
  assert.deepEqual(await port.call('lots', null, 1), [100, 1]);
  await port.close();
});

test('call makes lots of at most 5,000 items when more wait', async () => {
  const port = await openEcho(100_000);
  await Promise.all([3_000, 1_500, 600, 7_000, 10].map((items) => port.call('echo', items, items)));
  assert.deepEqual(await port.call('lots', null, 1), [2, 1, 1, 1, 1]);
  await port.close();
});

test('call rejects with OVERLOADED when more items wait than may, and goes on when they are answered', async () => {
  const port = await openEcho(10);
  const waiting = [port.call('echo', 1, 6), port.call('echo', 2, 4)];
  await rejectsWith(port.call('echo', 3, 1), 'OVERLOADED');
  assert.deepEqual(await Promise.all(waiting), [1, 2]);
  assert.equal(await port.call('echo', 4, 5_000), 4, 'larger than the queue, alone');
  assert.equal(await port.call('echo', 5, 10), 5);
  await port.close();
});

test('call rejects with STORE_UNAVAILABLE when the thread dies, and the next one is answered by another thread', async () => {
  const port = await openEcho(10);
  await Promise.all([
    rejectsWith(port.call('crash', null, 1), 'STORE_UNAVAILABLE'),
    rejectsWith(port.call('echo', 1, 9), 'STORE_UNAVAILABLE'),
  ]);
  assert.deepEqual(await Promise.all([port.call('echo', 2, 9), port.call('echo', 3, 1)]), [2, 3]);
  assert.deepEqual(await port.call('lots', null, 1), [2, 1], 'a thread of its own');
  await port.close();
});

test('call is refused with the reason for good when the thread has found its file unsafe, and close leaves the thread alone', async () => {
  const entry = new URL(
    `data:text/javascript,${encodeURIComponent(`
      import { serveThread } from ${JSON.stringify(SHELL)};
      let lots = 0;
      serveThread('test', () => ({
        answer: (requests) => requests.map(([id, , payload]) => [id, payload]),
        rest() {
          lots += 1;
          if (lots === 2) throw Object.assign(new Error('disk I/O error'), { errcode: 1034 });
        },
        close() { throw new Error('a close is one more checkpoint'); },
      }));`)}`,
  );
  const port = await openThread<Echo>({ entry, data: null, itemsMax: 10 });
  assert.equal(await port.call('echo', 1, 1), 1);
  assert.equal(await port.call('echo', 2, 1), 2, 'what was committed before is acknowledged');
  const late = port.call('echo', 3, 1);
  const reason = await port.unsafe;
  await assert.rejects(late, reason);
  await assert.rejects(port.call('echo', 4, 1), reason);
  await port.close();
  assert.equal(reason.code, 'STORE_UNAVAILABLE');
});

test('call is refused for ever longer when threads die young, and not when they had grown old', async () => {
  let nowMs = 0;
  const port = await openThread<Echo>({ entry: ENTRY, data: null, itemsMax: 10, now: () => nowMs });
  const crash = () => rejectsWith(port.call('crash', null, 1), 'STORE_UNAVAILABLE');
  const isRefusedFor = async (ms: number) => {
    nowMs += ms - 1;
    await rejectsWith(port.call('echo', 1, 1), 'STORE_UNAVAILABLE');
    nowMs += 1;
    assert.equal(await port.call('echo', 1, 1), 1);
  };
  await crash();
  await crash();
  for (const ms of [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]) {
    await isRefusedFor(ms);
    await crash();
  }
  await isRefusedFor(10_000);
  nowMs += 60_000;
  await crash();
  assert.equal(await port.call('echo', 1, 1), 1);
  await port.close();
  await rejectsWith(port.call('echo', 1, 1), 'STORE_UNAVAILABLE');
});

test('call rejects with what keeps the next thread from starting, and asks again after a pause', async (t) => {
  let nowMs = 0;
  const folder = mkdtempSync(join(tmpdir(), 'bide-port-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const flag = join(folder, 'broken');
  const entry = new URL(
    `data:text/javascript,${encodeURIComponent(`
      import { existsSync } from 'node:fs';
      import { serveThread } from ${JSON.stringify(SHELL)};
      serveThread('the file', () => {
        if (existsSync(${JSON.stringify(flag)})) throw Object.assign(new Error('x'), { errcode: 13 });
        return { answer: (requests) => requests.map(([id, , payload]) => { if (payload < 0) throw 0; return [id, payload]; }), close() {} };
      });`)}`,
  );
  const port = await openThread<Echo>({ entry, data: null, itemsMax: 10, now: () => nowMs });
  writeFileSync(flag, '');
  await rejectsWith(port.call('echo', -1, 1), 'STORE_UNAVAILABLE');
  await rejectsWith(port.call('echo', 1, 1), 'STORE_FULL');
  rmSync(flag);
  await rejectsWith(port.call('echo', 2, 1), 'STORE_FULL');
  nowMs += 100;
  assert.equal(await port.call('echo', 3, 1), 3);
  await port.close();
});

test('close waits for a thread that is starting again', async () => {
  const port = await openEcho(10);
  await rejectsWith(port.call('crash', null, 1), 'STORE_UNAVAILABLE');
  const answer = port.call('echo', 1, 1);
  await port.close();
  assert.equal(await answer, 1);
});

test('close lets every call before it be answered', async () => {
  const port = await openEcho(1_000);
  const answers = Array.from({ length: 10 }, (_, index) => port.call('echo', index, 1));
  await port.close();
  assert.equal((await Promise.all(answers)).length, 10);
});

test('openThread rejects when the thread cannot open what it answers from', async () => {
  const entry = new URL(
    `data:text/javascript,${encodeURIComponent(`
      import { serveThread } from ${JSON.stringify(SHELL)};
      serveThread('the file', () => { throw Object.assign(new Error('x'), { errcode: 11 }); });`)}`,
  );
  await rejectsWith(openThread({ entry, data: null, itemsMax: 1 }), 'STORE_DAMAGED');
});

/** Threads in the order of their start, from now on. */
function watchThreads(t: TestContext): readonly Worker[] {
  const workers: Worker[] = [];
  const note = (worker: Worker) => void workers.push(worker);
  process.on('worker', note);
  t.after(() => process.off('worker', note));
  return workers;
}

test('the store goes on with all that it acknowledged when its writer is killed in the middle of writes', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-port-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const threads = watchThreads(t);
  const store = await openSqlite({ folder });
  t.after(() => store.close());
  await store.migrate();
  const batchOf = (size: number) => Array.from({ length: size }, () => newJob({ tenant: 't', type: 'x' }));
  for (const turns of [0, 1, 4, 16]) {
    const kept = batchOf(3);
    await store.insert(kept);
    const batch = batchOf(3_000);
    const code = store.insert(batch).then(
      () => 'none',
      (error) => error.code,
    );
    for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
    await threads.at(-1)?.terminate();
    assert.ok(['none', 'STORE_UNAVAILABLE'].includes(await code), await code);
    const found = await store.read([...kept, ...batch].map(({ spec }) => ({ id: spec.id })));
    const kinds = found.map(({ kind }) => kind);
    assert.deepEqual(new Set(kinds.slice(0, 3)), new Set(['found']));
    assert.equal(new Set(kinds.slice(3)).size, 1, 'all or nothing');
    // The clock of the pauses is a real one here: the last of them says when the next thread may start.
    while ((await store.insert(batchOf(1)).catch(() => null)) === null) await new Promise(setImmediate);
  }
  assert.deepEqual(await store.inspect(), []);
});

test('the store lists again when its scanner was killed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-port-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const threads = watchThreads(t);
  const store = await openSqlite({ folder });
  t.after(() => store.close());
  await store.migrate();
  await store.insert([newJob({ tenant: 't', type: 'x' })]);
  const count = async () => (await store.list({ tenant: 't', limit: 9 })).length;
  assert.equal(await count(), 1);
  assert.equal(threads.length, 2);
  await threads[1]?.terminate();
  assert.equal(await count(), 1);
});

test('insert rejects with OVERLOADED when the queue of the store is full', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-port-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const store = await openSqlite({ folder, queueMax: 5 });
  t.after(() => store.close());
  await store.migrate();
  const batch = () => Array.from({ length: 5 }, () => newJob({ tenant: 't', type: 'x' }));
  const first = store.insert(batch());
  await rejectsWith(store.insert(batch()), 'OVERLOADED');
  assert.equal((await first).length, 5);
  assert.equal((await store.insert(batch())).length, 5);
});
