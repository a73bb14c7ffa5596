import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
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

test('call rejects with STORE_UNAVAILABLE when the thread dies, and so does every later one', async () => {
  const port = await openEcho(10);
  await Promise.all([
    rejectsWith(port.call('crash', null, 1), 'STORE_UNAVAILABLE'),
    rejectsWith(port.call('echo', 1, 1), 'STORE_UNAVAILABLE'),
  ]);
  await rejectsWith(port.call('echo', 2, 1), 'STORE_UNAVAILABLE');
  await port.close();
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
