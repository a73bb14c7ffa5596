/** Keys lived through, step by step: what must never happen, and what must have happened in the end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isClosed, type KeyBounds, type KeyView, NO_TICKETS, ticketPlan, ticketsWanted } from './limit-tickets.ts';

interface Waiting {
  readonly number: number;
  readonly type: string;
  readonly runAt: number;
  hasTicket: boolean;
}

/** A key as a store keeps it, which looks at it after every change but a claim, as the stores do. */
class Key {
  readonly bounds: KeyBounds;
  now = 1_000_000;
  state = NO_TICKETS;
  lookAt: number | null = null;
  waiting: Waiting[] = [];
  running: Waiting[] = [];
  readonly starts: number[] = [];
  #last = 0;

  constructor(bounds: Partial<KeyBounds>) {
    this.bounds = { concurrency: null, rate: null, ...bounds };
  }

  submit(type: string, delayMs = 0): void {
    this.#last += 1;
    this.waiting.push({ number: this.#last, type, runAt: this.now + delayMs, hasTicket: false });
    this.look();
  }

  claim(types: readonly string[], max: number): void {
    const free = this.waiting.filter(
      ({ hasTicket, runAt, type }) => hasTicket && runAt <= this.now && types.includes(type),
    );
    for (const job of free.slice(0, max)) {
      this.waiting = this.waiting.filter((other) => other !== job);
      this.running.push(job);
      this.starts.push(this.now);
    }
  }

  end(): void {
    if (this.running.shift() !== undefined) this.look();
  }

  /** Time passes, and every look is made when it is due. */
  pass(ms: number): void {
    const until = this.now + ms;
    while (this.lookAt !== null && this.lookAt <= until) {
      this.now = Math.max(this.now, this.lookAt);
      this.look();
    }
    this.now = until;
  }

  look(): void {
    for (let steps = 0; steps < 100; steps += 1) {
      const plan = ticketPlan(this.bounds, this.state, this.view(), this.now);
      for (const job of this.waiting) {
        if (plan.take.includes(job.number)) job.hasTicket = false;
        if (plan.give.includes(job.number)) job.hasTicket = true;
      }
      this.state = plan.state;
      this.lookAt = plan.lookAt;
      if (plan.lookAt === null || plan.lookAt > this.now) return;
    }
    assert.fail('a key asks to be looked at without an end');
  }

  view(): KeyView {
    const free = this.waiting.filter(({ hasTicket }) => hasTicket);
    const behind = this.waiting.filter(({ hasTicket }) => !hasTicket);
    const due = behind.filter(({ runAt }) => runAt <= this.now);
    const wanted = ticketsWanted(this.bounds.concurrency, this.running.length, free.length);
    const types = [...new Set(due.map(({ type }) => type))];
    const best = types.flatMap((type) => due.filter((job) => job.type === type).slice(0, wanted));
    const ahead = behind.filter(({ runAt }) => runAt > this.now).map(({ runAt }) => runAt);
    return {
      running: this.running.length,
      free: free.map(({ number, type, runAt }) => ({ number, type, isDue: runAt <= this.now })),
      best: best.sort((a, b) => a.runAt - b.runAt || a.number - b.number),
      nextRunAt: ahead.length === 0 ? null : Math.min(...ahead),
      isAwaited: behind.length > 0,
    };
  }

  check(): void {
    const tickets = this.waiting.filter(({ hasTicket }) => hasTicket).length;
    const { concurrency, rate } = this.bounds;
    if (concurrency !== null) assert.ok(this.running.length + tickets <= concurrency, 'more than may run');
    if (isClosed(this.state, this.now)) assert.equal(tickets, 0, 'a ticket of a closed key');
    if (rate === null) return;
    for (const [at, start] of this.starts.entries()) {
      const last = this.starts[at + rate.count];
      assert.ok(
        last === undefined || last - start >= rate.perMs,
        `${rate.count + 1} starts in ${(last ?? 0) - start} ms`,
      );
    }
  }
}

const TYPES = ['a', 'b', 'c'];
const step = fc.oneof(
  fc.record({
    kind: fc.constant('submit' as const),
    type: fc.constantFrom(...TYPES),
    delayMs: fc.constantFrom(0, 0, 0, 700),
  }),
  fc.record({ kind: fc.constant('claim' as const), max: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant('end' as const) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 5_000 }) }),
  fc.record({ kind: fc.constant('close' as const), ms: fc.integer({ min: 0, max: 3_000 }) }),
);
const bounds = fc.record({
  concurrency: fc.option(fc.integer({ min: 1, max: 4 })),
  rate: fc.option(fc.record({ count: fc.integer({ min: 1, max: 5 }), perMs: fc.integer({ min: 1, max: 4_000 }) })),
});

test('whatever happens to a key: never more at once, never more in any stretch of time, and no job is left', () => {
  const lives = fc.property(bounds, fc.array(step, { maxLength: 60 }), (given, steps) => {
    const key = new Key(given);
    for (const one of steps) {
      if (one.kind === 'submit') key.submit(one.type, one.delayMs);
      else if (one.kind === 'claim') key.claim(TYPES, one.max);
      else if (one.kind === 'end') key.end();
      else if (one.kind === 'pass') key.pass(one.ms);
      else {
        key.state = { ...key.state, closedUntil: key.now + one.ms };
        key.look();
      }
      key.check();
    }
    for (let turn = 0; turn < 2_000 && key.waiting.length + key.running.length > 0; turn += 1) {
      key.claim(TYPES, 10);
      key.check();
      while (key.running.length > 0) key.end();
      key.pass(500);
    }
    assert.deepEqual(key.waiting, [], 'a job that nobody can claim');
    key.pass(100_000);
    assert.equal(ticketPlan(key.bounds, key.state, key.view(), key.now).isIdle, true, 'a key that is never forgotten');
  });
  fc.assert(lives, { numRuns: 400 });
});

test('tickets of a type that nobody works off go to the others of the key, and stay with them', () => {
  const key = new Key({ concurrency: 2 });
  for (let index = 0; index < 50; index += 1) key.submit('dead');
  for (let index = 0; index < 300; index += 1) key.submit('alive');
  let lastEnd = key.now;
  let ended = 0;
  while (ended < 300 && key.now < lastEnd + 10_000) {
    key.claim(['alive'], 2);
    if (key.running.length > 0) lastEnd = key.now;
    ended += key.running.length;
    while (key.running.length > 0) key.end();
    key.pass(100);
  }
  assert.equal(ended, 300);
  // 150 rounds of 100 ms, and once STALE_MS in each SKIP_MS.
  assert.ok(key.now - 1_000_000 < 25_000, `took ${key.now - 1_000_000} ms`);
});

test('a rate is used up: at least nine tenths of it, whatever else waits', () => {
  const key = new Key({ rate: { count: 100, perMs: 60_000 } });
  for (let index = 0; index < 1_000; index += 1) key.submit('a');
  const from = key.now;
  while (key.starts.length < 1_000) {
    key.claim(['a'], 50);
    key.check();
    key.pass(100);
    assert.ok(key.now - from < 700_000, `${key.starts.length} started after ${key.now - from} ms`);
  }
  assert.ok(key.now - from >= 9 * 60_000);
});

test('a long history is kept short, and allows less, never more', () => {
  const key = new Key({ rate: { count: 1_000, perMs: 100_000 } });
  for (let index = 0; index < 300; index += 1) {
    key.submit('a');
    key.claim(['a'], 1);
    key.end();
    key.pass(7);
  }
  assert.ok((key.state.starts ?? []).length <= 64);
  assert.equal(
    (key.state.starts ?? []).reduce((sum, [, count]) => sum + count, 0),
    300,
  );
});

test('a clock that is set back holds a rate up for its time, and not until it has caught up', () => {
  const key = new Key({ rate: { count: 1, perMs: 1_000 } });
  key.submit('a');
  key.claim(['a'], 1);
  key.look();
  key.now -= 600_000;
  key.submit('a');
  assert.equal(key.lookAt, key.now + 1_000);
  key.pass(1_000);
  assert.equal(key.view().free.length, 1);
});
