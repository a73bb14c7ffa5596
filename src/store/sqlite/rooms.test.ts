/** A job is in exactly one room, whatever has happened to it: what no caller can see, and everything rests on. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { type Command, decide, expectedStates } from '../../core/decide.ts';
import { NOW, newJob, textResult } from '../contract-suite/fixtures.ts';
import { connectionOf } from './connection.ts';
import { readJob } from './main-reads.ts';
import { migrateDatabase } from './migrate.ts';
import { claimedOf, newJobValues, patchBatch } from './wire.ts';
import { applyPatches } from './writes/apply-patches.ts';
import { claimJobs } from './writes/claim-jobs.ts';
import { insertJobs } from './writes/insert-jobs.ts';
import { transactionOn } from './writes/transaction.ts';

const LEASE_MS = 10;
const DEADLINE_MS = 100_000;
const LATER = NOW + 50_000;

/** One job in an empty database. */
function stage() {
  const database = new DatabaseSync(':memory:');
  migrateDatabase(database, false);
  const connection = connectionOf(database);
  const transaction = transactionOn(connection);
  const item = newJob({ tenant: 't', type: 'x' }, { deadlineMs: DEADLINE_MS, timeoutMs: 5, sequenceKey: 's' });
  const { id } = item.spec;
  insertJobs(transaction, newJobValues([item]));
  const job = () => {
    const outcome = readJob(connection, { id });
    assert.ok(outcome.kind === 'found');
    return outcome.job;
  };
  return {
    rooms() {
      const rows = (room: string) => Number(database.prepare(`SELECT count(*) AS n FROM ${room}`).get()?.n);
      return { waiting: rows('waiting'), running: rows('running'), finished: rows('finished') };
    },
    claim: () => claimedOf(claimJobs(transaction, { ...CLAIM, now: Math.max(NOW, job().runAt) })).length,
    take(command: Command, now: number, result?: ReturnType<typeof textResult>) {
      const decision = decide(job(), command, now);
      assert.ok(decision.kind === 'accepted', JSON.stringify(decision));
      const patch = { id, expect: { states: expectedStates(command.kind) }, patch: decision.patch };
      applyPatches(transaction, patchBatch([{ ...patch, ...(result === undefined ? {} : { result }) }]).batch);
      return job().state;
    },
  };
}

const CLAIM = { wants: [{ type: 'x', max: 9 }], max: 9, tenant: null, worker: 'w', leaseMs: LEASE_MS };

test('a job is in the room of its state and in no other after every transition', () => {
  const { rooms, claim, take } = stage();
  const waiting = { waiting: 1, running: 0, finished: 0 };
  const running = { waiting: 0, running: 1, finished: 0 };
  const finished = { waiting: 0, running: 0, finished: 1 };
  const isIn = (room: typeof waiting, step: unknown) => assert.deepEqual(rooms(), room, String(step));
  const random = 0;
  const failure = { code: 'C', message: 'm', details: null };
  isIn(waiting, 'insert');
  isIn(running, claim());
  isIn(running, take({ kind: 'report', fence: 1, percent: 5 }, NOW));
  isIn(waiting, take({ kind: 'release', fence: 1 }, NOW));
  isIn(running, claim());
  isIn(waiting, take({ kind: 'timeOut', fence: 2, random }, NOW));
  isIn(finished, take({ kind: 'cancel' }, NOW));
  isIn(waiting, take({ kind: 'retry' }, LATER));
  isIn(running, claim());
  isIn(waiting, take({ kind: 'lose', fence: 3, random }, LATER + LEASE_MS));
  isIn(finished, take({ kind: 'expire' }, LATER + DEADLINE_MS));
  isIn(waiting, take({ kind: 'retry' }, NOW));
  isIn(running, claim());
  isIn(finished, take({ kind: 'fail', fence: 4, failure, isRetryable: false, random }, NOW));
  isIn(waiting, take({ kind: 'retry' }, NOW));
  isIn(running, claim());
  isIn(running, take({ kind: 'cancel' }, NOW));
  isIn(finished, take({ kind: 'stop', fence: 5 }, NOW));
  isIn(waiting, take({ kind: 'retry' }, NOW));
  isIn(running, claim());
  isIn(finished, take({ kind: 'succeed', fence: 6, result: { contentType: 'x/y', bytes: 1 } }, NOW, textResult('1')));
});
