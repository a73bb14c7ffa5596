/**
 * The writer of the SQLite store with the k-th call of SQLite failing, for every k: what is stored is the old state or the new
 * one, never between, and what was acknowledged is stored.
 *
 * A script of lots is played against a database in memory. First without a fault, which gives the image after every lot; then
 * once per k. The lot that is hit either fails, and the image is the one before it, or succeeds, and the image is the one after.
 * It is then played again where it failed, and the rest must come out as if nothing had happened.
 */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { JobPatch } from '../../src/core/job.ts';
import type { DeliverySettlement, GuardedPatch } from '../../src/store/contract.ts';
import { NOW, newDelivery, newJob, textResult } from '../../src/store/contract-suite/fixtures.ts';
import { connectionOf } from '../../src/store/sqlite/connection.ts';
import { deliveryRow } from '../../src/store/sqlite/event-wire.ts';
import { migrateDatabase } from '../../src/store/sqlite/migrate.ts';
import type { WireReply } from '../../src/store/sqlite/thread-protocol.ts';
import type { Answerer } from '../../src/store/sqlite/thread-shell.ts';
import { newJobValues, patchBatch } from '../../src/store/sqlite/wire.ts';
import { createWriter, type WriterRequest } from '../../src/store/sqlite/writer.ts';
import { type Aftermath, type Fault, faultyDatabase } from './faulty-database.ts';

const WHOSE = { tenant: 't', type: 'x' };
const CALLBACK = { callbackUrl: 'http://127.0.0.1:1/hook', sequenceKey: 's' };
const ID = (index: number) => `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`;

const DELIVERED = { kind: 'delivered', keepUntil: NOW + 50 } as const;

/** One lot per element, each the requests that the writer finds in its inbox at once. */
const SCRIPT: readonly (readonly Operation[])[] = [
  [insert(1, { tags: { a: 'b', c: 'd' }, ...CALLBACK }), insert(2, { ...CALLBACK, idempotencyKey: 'k' })],
  [insert(3, { idempotencyKey: 'k' }), follow('one', 0b111), ['unfollow', { tenant: 't', name: 'none' }, 1]],
  [insert(4, { priority: 5 }), insert(5, {}), key('one'), documentOf('n', null)],
  [claim(2)],
  [claim(10), extend(4, 1)],
  [apply(4, { progress: { percent: 50, message: 'half' } }), documentOf('n', 1)],
  [
    apply(
      4,
      { ...ended('succeeded'), result: { contentType: 'text/plain', bytes: 3 } },
      textResult('abc', 'text/plain'),
    ),
  ],
  [apply(5, { state: 'waiting', leaseUntil: null, worker: null, runAt: NOW + 5 }), apply(1, ended('failed'))],
  [fanOut(0, 3), fanOut(0, 9)],
  [claimDeliveries()],
  [settle(1, DELIVERED), settle(2, { kind: 'retry', at: NOW + 9 })],
  [
    ['deliveryRedeliver', { tenant: 't', now: NOW, number: 1 }, 1],
    ['deliveryPrune', { now: NOW + 99, limit: 9 }, 1],
  ],
  [['eventPrune', { now: NOW + 9, before: NOW + 9, limit: 2 }, 1], insert(7, {})],
  [remove(4, 4), remove(1, 3)],
  [apply(99, {}), ['keyRevoke', { id: 'one', now: NOW }, 1], ['documentRemove', refOf('n'), 1]],
  [insert(6, CALLBACK), claim(1)],
];

type Operation = readonly [operation: WriterRequest[1], payload: unknown, items: number];

function insert(index: number, over: Parameters<typeof newJob>[1]): Operation {
  return ['insert', newJobValues([newJob(WHOSE, { ...over, id: ID(index) }, `{"job":${index}}`)]), 1];
}

function claim(max: number): Operation {
  const wants = [{ type: 'x', max }];
  return ['claim', { wants, max, tenant: null, worker: 'w', leaseMs: 1_000, now: NOW }, max];
}

function apply(index: number, patch: JobPatch, result?: GuardedPatch['result']): Operation {
  const expect = { states: ['running', 'waiting'] as const };
  const guarded = { id: ID(index), expect, patch, now: NOW, ...(result === undefined ? {} : { result }) };
  return ['apply', patchBatch([guarded]).batch, 1];
}

function ended(state: 'succeeded' | 'failed'): JobPatch {
  return { state, finishedAt: NOW, leaseUntil: null, worker: null };
}

function extend(index: number, fence: number): Operation {
  return ['extend', [{ id: ID(index), fence, leaseUntil: NOW + 5_000 }], 1];
}

function remove(index: number, revision: number): Operation {
  return ['remove', [{ id: ID(index), revision, now: NOW, goneUntil: NOW + 10 }], 1];
}

function claimDeliveries(): Operation {
  return ['deliveryClaim', { now: NOW, leaseMs: 1_000, max: 10 }, 10];
}

function settle(number: number, outcome: DeliverySettlement['outcome']): Operation {
  const tried = { at: NOW, durationMs: 1, status: 200, error: null, answer: null };
  return ['deliverySettle', [{ number, fence: 1, tried, outcome }], 1];
}

function follow(name: string, wants: number): Operation {
  return ['follow', { tenant: 't', name, wants, until: NOW + 9, now: NOW }, 1];
}

function fanOut(from: number, to: number): Operation {
  const rows = [1, 2].map((revision) => deliveryRow(newDelivery(WHOSE, { revision, jobId: ID(revision) })));
  return ['fanOutWrite', { from, to, deliveries: rows }, 2];
}

function key(id: string): Operation {
  const times = { createdAt: NOW, revokedAt: null, expiresAt: null };
  return ['keyInsert', { id, tenant: 't', name: 'n', scopes: ['read'], hash: 'h', ...times }, 1];
}

function refOf(name: string) {
  return { tenant: 't', kind: 'k', name };
}

function documentOf(name: string, expectRevision: number | null): Operation {
  return ['documentWrite', { ...refOf(name), data: '{"a":1}', expectRevision, dueAt: null, now: NOW }, 1];
}

interface Played {
  readonly images: readonly string[];
  readonly answers: readonly (readonly unknown[])[];
  readonly fault: Fault;
  /** Lots that had to be played twice. */
  readonly failed: number;
}

/** Plays the script; `judge` sees the image before and after each lot, and whether it was acknowledged. */
function play(failAt: number, aftermath: Aftermath, judge: Judge): Played {
  const real = new DatabaseSync(':memory:');
  migrateDatabase(real, false);
  const { database, fault } = faultyDatabase(real, failAt, aftermath);
  const writer = createWriter(connectionOf(database), 'bide.db');
  const images = [imageOf(real)];
  const answers: unknown[][] = [];
  let failed = 0;
  for (const [index, lot] of SCRIPT.entries()) {
    let replies = answersOf(writer, lot);
    judge(index, imageOf(real), replies, fault);
    const left = lot.filter((_, at) => isError(replies[at]));
    if (left.length > 0) {
      failed += 1;
      const again = answersOf(writer, left);
      replies = replies.map((reply) => (isError(reply) ? (again.shift() as WireReply) : reply));
    }
    answers.push(replies.map(([, answer]) => answer));
    images.push(imageOf(real));
  }
  real.close();
  return { images, answers, fault, failed };
}

type Judge = (lot: number, image: string, replies: readonly WireReply[], fault: Fault) => void;

function answersOf(writer: Answerer, lot: readonly Operation[]): WireReply[] {
  const requests = lot.map(([operation, payload, items], index) => [index, operation, payload, items] as const);
  return writer.answer(requests).toSorted(([a], [b]) => a - b);
}

function isError(reply: WireReply | undefined): boolean {
  return reply?.[2] !== undefined;
}

/** Every row of every table, as text. */
function imageOf(database: DatabaseSync): string {
  const tables = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`).all();
  return tables.map(({ name }) => `${name}: ${rowsOf(database, String(name)).join('\n')}`).join('\n');
}

function rowsOf(database: DatabaseSync, table: string): readonly string[] {
  const rows = database.prepare(`SELECT * FROM ${table}`).all();
  const text = (row: unknown) =>
    JSON.stringify(row, (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value));
  return rows.map(text).toSorted();
}

for (const aftermath of ['open', 'rolled back'] as const) {
  test(`writer stores the old state or the new one when its k-th call of SQLite fails, transaction ${aftermath}`, () => {
    const truth = play(0, aftermath, (lot, _, replies) =>
      assert.ok(!replies.some(isError), `lot ${lot} failed by itself: ${JSON.stringify(replies)}`),
    );
    assert.ok(truth.fault.calls > 100, `only ${truth.fault.calls} calls`);
    let failures = 0;
    for (let k = 1; k <= truth.fault.calls; k += 1) {
      const played = play(k, aftermath, (lot, image, replies, { struck }) => {
        const isRefused = replies.some(isError);
        if (isRefused) assert.ok(replies.every(isError), `call ${k}: ${struck} failed half of lot ${lot}`);
        assert.equal(image, truth.images[isRefused ? lot : lot + 1], `call ${k}: ${struck} in lot ${lot}`);
        for (const [, , error] of replies) if (error !== undefined) assert.equal(error.code, 'STORE_FULL');
      });
      assert.ok(played.fault.hasStruck, `call ${k} never came`);
      assert.deepEqual(played.images, truth.images, `call ${k}: ${played.fault.struck}`);
      assert.deepEqual(played.answers, truth.answers, `call ${k}: ${played.fault.struck}`);
      failures += played.failed;
    }
    assert.ok(failures > 0, 'no lot ever failed');
  });
}
