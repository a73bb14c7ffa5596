/**
 * Limits per key: who gets a ticket when is the store's own choice, so a claim is judged and not foretold. No job of a key that is closed may
 * start, none may start beside as many as the key lets run, and in no stretch of time more than its rate; that all of them start in
 * the end is looked at when the play is over.
 */
import assert from 'node:assert/strict';
import type { Job } from '../../src/core/job.ts';
import type { KeyLimit } from '../../src/core/limit-spec.ts';
import type { KeyBounds } from '../../src/core/limit-tickets.ts';
import { isFinal } from '../../src/core/state.ts';
import type { LimitOutcome, LimitRef, LimitRow, LimitWrite } from '../../src/store/contract.ts';
import type { Book } from './book.ts';

/** Every job of a key says the same of it: what holds where no call does. */
export const KEY_LIMITS: readonly KeyLimit[] = [
  { key: 'one', concurrency: 1 },
  { key: 'two', concurrency: 2 },
  { key: 'rate', rate: { count: 2, perMs: 6 } },
  { key: 'both', concurrency: 2, rate: { count: 3, perMs: 20 } },
];

export interface LimitOracle {
  /** A job of the key has come in. */
  came(job: Job): void;
  claimed(jobs: readonly Job[], now: number): void;
  wrote(write: LimitWrite, kind: LimitOutcome['kind']): void;
  read(ref: LimitRef, row: LimitRow | null, now: number): void;
  boundsOf(ref: LimitRef): KeyBounds | null;
}

interface Key {
  /** Set by a call. */
  kept: KeyBounds | null;
  /** Whether what the jobs say holds: not where a call made the key known and no job came since. */
  isSaid: boolean;
  closedUntil: number;
  /** Since the bounds are what they are. */
  starts: readonly number[];
}

export function createLimitOracle(book: Book): LimitOracle {
  const keys = new Map<string, Key>();

  function keyAt({ tenant, key }: LimitRef): Key {
    const name = `${tenant} ${key}`;
    const there = keys.get(name) ?? { kept: null, isSaid: false, closedUntil: 0, starts: [] };
    keys.set(name, there);
    return there;
  }

  const jobsOf = ({ tenant, key }: LimitRef) =>
    book.jobs().filter((job) => job.tenant === tenant && job.terms?.limit?.key === key && !isFinal(job.state));

  function boundsOf(ref: LimitRef): KeyBounds | null {
    const { kept, isSaid } = keyAt(ref);
    const said = KEY_LIMITS.find(({ key }) => key === ref.key);
    if (kept !== null || !isSaid || said === undefined) return kept;
    return { concurrency: said.concurrency ?? null, rate: said.rate ?? null };
  }

  function started(ref: LimitRef, count: number, now: number): void {
    const key = keyAt(ref);
    const { concurrency = null, rate = null } = boundsOf(ref) ?? {};
    assert.ok(key.closedUntil <= now, `${ref.key} is closed until ${key.closedUntil}`);
    const running = jobsOf(ref).filter(({ state }) => state === 'running').length;
    assert.ok(running <= (concurrency ?? running), `${running} of ${ref.key} run`);
    key.starts = [...key.starts, ...Array.from({ length: count }, () => now)];
    const recent = key.starts.filter((at) => at + (rate?.perMs ?? 0) > now).length;
    assert.ok(rate === null || recent <= rate.count, `${recent} of ${ref.key} started`);
  }

  return {
    boundsOf,
    came({ tenant, terms }) {
      if (terms?.limit !== undefined) keyAt({ tenant, key: terms.limit.key }).isSaid = true;
    },
    claimed(jobs, now) {
      const counts = new Map<string, LimitRef & { count: number }>();
      for (const { tenant, terms } of jobs) {
        if (terms?.limit === undefined) continue;
        const { key } = terms.limit;
        const there = counts.get(`${tenant} ${key}`);
        counts.set(`${tenant} ${key}`, { tenant, key, count: (there?.count ?? 0) + 1 });
      }
      for (const { count, ...ref } of counts.values()) started(ref, count, now);
    },
    wrote(write, kind) {
      const key = keyAt(write);
      const isUsed = jobsOf(write).length > 0;
      const isSaying = write.bounds != null || write.closedUntil != null;
      if (kind === 'missing') assert.ok(!isUsed && !isSaying && key.kept === null, `${write.key} is known`);
      if (kind === 'missing') return;
      assert.equal(kind, 'written');
      if (!isUsed) key.isSaid = false;
      if (write.bounds !== undefined) {
        key.kept = write.bounds;
        key.starts = [];
      }
      if (write.closedUntil === undefined) return;
      key.closedUntil = Math.max(write.closedUntil ?? 0, write.keepsLonger === true ? key.closedUntil : 0);
    },
    read(ref, row, now) {
      const { kept, closedUntil } = keyAt(ref);
      const jobs = jobsOf(ref);
      if (row === null) {
        assert.ok(jobs.length === 0 && kept === null && closedUntil <= now, `${ref.key} is forgotten`);
        return;
      }
      const running = jobs.filter(({ state }) => state === 'running').length;
      const counts = { tenant: row.tenant, key: row.key, running: row.running, waiting: row.waiting };
      assert.deepEqual(counts, { ...ref, running, waiting: jobs.length - running });
      assert.equal(row.isKept, kept !== null);
      const bounds = boundsOf(ref);
      if (bounds !== null && jobs.length > 0) assert.deepEqual(row.bounds, bounds);
      if (closedUntil > now) assert.equal(row.closedUntil, closedUntil);
      else assert.ok((row.closedUntil ?? 0) <= now, `${row.closedUntil} is ahead`);
    },
  };
}
