/**
 * Gets work for the free slots of this process, in one claim for all types, and starts it.
 *
 * - A slot is taken while a handler runs, and free the moment it ends: the next claim travels together with the completion
 *   of the job before, in one transaction of the store. What has ended and is not stored yet is bounded by the slots too.
 * - It sleeps unless there is a reason to look (`work-calendar.ts`); it never asks twice for what it was told is not there.
 * - What a claim brings after `stop` began is released at once, with its attempt given back.
 */
import type { Limits } from '../core/limits.ts';
import type { ClaimedJob, Store } from '../store/contract.ts';
import type { Handler, JobType, Snapshot } from './api.ts';
import { type AttemptOptions, startAttempt } from './attempt.ts';
import type { Changes } from './changes.ts';
import type { Clock } from './clock.ts';
import type { Commands } from './commands.ts';
import type { LiveAttempts } from './live-attempts.ts';
import { createLoop, type Loop } from './loop.ts';
import type { Snapshots } from './snapshots.ts';
import type { Telemetry } from './telemetry.ts';
import { createWorkCalendar } from './work-calendar.ts';

export interface Dispatcher extends Loop {
  /** Jobs of these types may be due; null for all types. */
  hint(types: readonly string[] | null): void;
  /** Handlers running, per type. */
  running(): ReadonlyMap<string, number>;
}

export interface DispatcherOptions extends AttemptOptions {
  readonly store: Store;
  readonly types: readonly JobType[];
  readonly workerName: string;
  readonly snapshots: Snapshots;
  readonly changes: Changes;
  readonly live: LiveAttempts;
  readonly commands: Commands;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly random: () => number;
  readonly telemetry: Telemetry;
}

/** The slots of one type in this process. */
interface Bench {
  readonly type: string;
  readonly handler: Handler;
  readonly slots: number;
  running: number;
  /** Ended, outcome not stored yet. */
  settling: number;
}

interface Want {
  readonly bench: Bench;
  readonly max: number;
  readonly tide: number;
}

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { store, snapshots, changes, live, commands, clock, limits, random } = options;
  const benches = new Map(options.types.flatMap(benchOf).map((bench) => [bench.type, bench]));
  const calendar = createWorkCalendar([...benches.keys()]);
  const releases: Promise<void>[] = [];
  let isStopping = false;
  let pollAt = 0;

  const loop = createLoop({ ...options, name: 'dispatcher', run: turn });
  changes.listen((change) => {
    if (change.kind === 'changed' && calendar.note(change, clock.now())) loop.wake();
  });

  return {
    start: loop.start,
    wake: loop.wake,
    async stop() {
      isStopping = true;
      await loop.stop();
      await Promise.all(releases);
    },
    hint(types) {
      calendar.flood(types);
      loop.wake();
    },
    running: () => new Map([...benches.values()].map(({ type, running }) => [type, running])),
  };

  async function turn(): Promise<number | null> {
    const now = clock.now();
    calendar.turn(now);
    if (store.facts.isShared && now >= pollAt) {
      calendar.poll();
      pollAt = now + limits.pollIntervalMs * (0.75 + random() / 2);
    }
    const wants = wanted();
    if (wants.length > 0) await claim(wants, now);
    return wanted().length > 0 ? 0 : sleepMs(now);
  }
  function wanted(): Want[] {
    const wants: Want[] = [];
    for (const bench of benches.values()) {
      const max = freeSlots(bench);
      if (max > 0 && !calendar.isDry(bench.type)) wants.push({ bench, max, tide: calendar.tideOf(bench.type) });
    }
    return wants;
  }
  async function claim(wants: readonly Want[], now: number): Promise<void> {
    const claimed = await store.claim({
      wants: wants.map(({ bench, max }) => ({ type: bench.type, max })),
      max: wants.reduce((sum, { max }) => sum + max, 0),
      tenant: null,
      worker: options.workerName,
      leaseMs: limits.leaseMs,
      now,
    });
    const got = new Map<string, number>();
    for (const one of claimed) {
      got.set(one.job.type, (got.get(one.job.type) ?? 0) + 1);
      take(one);
    }
    for (const { bench, max, tide } of wants) {
      if ((got.get(bench.type) ?? 0) < max) calendar.dry(bench.type, tide);
    }
  }
  function take(claimed: ClaimedJob): void {
    const { job } = claimed;
    const snapshot = snapshots.put(job, null);
    changes.announce({ kind: 'changed', snapshot, job, before: 'waiting', cause: 'claimed' });
    const bench = benches.get(job.type);
    if (bench === undefined || isStopping) releases.push(giveBack(claimed));
    else begin(claimed, snapshot, bench);
  }
  function begin(claimed: ClaimedJob, snapshot: Snapshot, bench: Bench): void {
    const { job } = claimed;
    const attempt = startAttempt(options, claimed, bench.handler);
    live.add(attempt);
    // A cancel may have been written between the claim and its answer.
    if (snapshot.job.fence === job.fence && snapshot.job.cancelRequestedAt !== null) attempt.abort('cancel');
    bench.running += 1;
    void attempt.ended.then(() => {
      bench.running -= 1;
      bench.settling += 1;
      loop.wake();
    });
    void attempt.settled.then(() => {
      bench.settling -= 1;
      loop.wake();
    });
  }
  /** A release that fails is not tried again: the lease runs out soon, and another worker takes the job. */
  async function giveBack({ job }: ClaimedJob): Promise<void> {
    try {
      await commands.carryOut(job.id, { kind: 'release', fence: job.fence }, job);
    } catch (error) {
      options.telemetry.emit({ kind: 'outcomeDropped', id: job.id, type: job.type, error });
    }
  }
  /** @param turnedAt when this turn began: what became due since then has not been looked for, and must not be passed over. */
  async function sleepMs(turnedAt: number): Promise<number | null> {
    if (calendar.isAskDue && benches.size > 0)
      calendar.answer(await store.nextRunAt({ types: [...benches.keys()], now: turnedAt }));
    const now = clock.now();
    const untilDueMs = calendar.nextAt === null ? Number.POSITIVE_INFINITY : Math.max(1, calendar.nextAt - now);
    const untilPollMs = store.facts.isShared ? Math.max(1, pollAt - now) : Number.POSITIVE_INFINITY;
    const ms = Math.min(untilDueMs, untilPollMs);
    return Number.isFinite(ms) ? ms : null;
  }
}

function benchOf({ name, handler, slots }: JobType): Bench[] {
  return handler === 'remote' ? [] : [{ type: name, handler, slots, running: 0, settling: 0 }];
}

function freeSlots({ slots, running, settling }: Bench): number {
  return slots - running - Math.max(0, settling - slots);
}
