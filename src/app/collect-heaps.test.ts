import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { getHeapStatistics } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { collectHeaps } from './collect-heaps.ts';

/** Says 'filled' once its heap is full of garbage, then keeps its event loop busy until the cell says that it may stop. */
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  (() => Array.from({ length: 1_000_000 }, (_, index) => ({ index, text: 'text ' + index })))();
  parentPort.postMessage('filled');
  parentPort.on('message', () => Atomics.wait(workerData, 0, 0));
`;

async function filledThread(cell = new Int32Array(new SharedArrayBuffer(4))) {
  const worker = new Worker(THREAD, { eval: true, workerData: cell });
  await once(worker, 'message');
  return {
    worker,
    heapBytes: async () => (await worker.getHeapStatistics()).total_heap_size,
    [Symbol.asyncDispose]: async () => void (await worker.terminate()),
  };
}

test('collectHeaps gives back what all threads of the process had reserved for garbage', async () => {
  await using one = await filledThread();
  await using two = await filledThread();
  let garbage: object[] | null = Array.from({ length: 1_000_000 }, (_, index) => ({ index, text: `text ${index}` }));
  assert.equal(garbage.length, 1_000_000);
  garbage = null;
  const sizes = async () => [getHeapStatistics().total_heap_size, await one.heapBytes(), await two.heapBytes()];
  const before = await sizes();
  await collectHeaps({ ownBytesMin: 0, threadBytesMin: 0 });
  const after = await sizes();
  assert.ok(
    after.every((bytes, at) => bytes < (before[at] ?? 0) / 2),
    `${before} -> ${after}`,
  );
});

test('collectHeaps leaves heaps alone that are not large', async () => {
  await using thread = await filledThread();
  const before = await thread.heapBytes();
  await collectHeaps({ ownBytesMin: Number.POSITIVE_INFINITY, threadBytesMin: 2 * before });
  // By itself it may only grow.
  assert.ok((await thread.heapBytes()) >= before);
});

test('collectHeaps passes over a thread that does not come to answer, and collects the next', async () => {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  await using stuck = await filledThread(cell);
  await using next = await filledThread();
  stuck.worker.postMessage('wait');
  const before = await next.heapBytes();
  await collectHeaps({ ownBytesMin: Number.POSITIVE_INFINITY, threadBytesMin: 0 });
  assert.ok((await next.heapBytes()) < before / 2);
  Atomics.notify(cell, 0);
});
