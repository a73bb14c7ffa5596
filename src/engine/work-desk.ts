/**
 * Hands work to remote workers that wait for it.
 *
 * A request claims at once; with nothing to get it waits in line. News of a type (a job became due, a hint, the safety poll)
 * makes those in line that want it ask again, one after another in the order in which they came: as soon as one of them gets
 * nothing, the rest of the same kind need not ask. So a single new job costs two claims, not one per waiting worker.
 */
import type { Limits } from '../core/limits.ts';
import type { ClaimedJob, Store } from '../store/contract.ts';
import type { ClaimWorkRequest } from './api.ts';
import type { Changes } from './changes.ts';
import type { CancelTimer, Clock } from './clock.ts';
import type { Commands } from './commands.ts';
import { createLoop, type Loop } from './loop.ts';
import type { Snapshots } from './snapshots.ts';
import type { Telemetry } from './telemetry.ts';
import { createWorkCalendar } from './work-calendar.ts';

export interface WorkDesk extends Loop {
  /** At least one job, or none when time is over, the worker went away, or the desk closes. */
  claim(request: ClaimWorkRequest): Promise<readonly ClaimedJob[]>;
  hint(types: readonly string[] | null): void;
  /** Sends everybody in line away empty-handed; later requests do not wait. */
  close(): void;
  readonly count: number;
}

export interface WorkDeskOptions {
  readonly store: Store;
  readonly remoteTypes: readonly string[];
  readonly snapshots: Snapshots;
  readonly changes: Changes;
  readonly commands: Commands;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly random: () => number;
  readonly telemetry: Telemetry;
}

interface Waiting {
  readonly request: ClaimWorkRequest;
  /** Equal for requests that would get the same jobs. */
  readonly wish: string;
  readonly leave: (jobs: readonly ClaimedJob[]) => void;
}

export function createWorkDesk(options: WorkDeskOptions): WorkDesk {
  const { store, remoteTypes, snapshots, changes, commands, clock, limits, random } = options;
  const line = new Set<Waiting>();
  const calendar = createWorkCalendar(remoteTypes);
  /** Tides at which a wish got nothing: unchanged, it would get nothing again. */
  const emptyAt = new Map<string, number>();
  let isClosed = false;
  let pollAt = 0;

  const loop = createLoop({ ...options, name: 'work desk', run: serve });
  changes.listen((change) => {
    if (change.kind === 'changed' && calendar.note(change, clock.now()) && line.size > 0) loop.wake();
  });

  return {
    start: loop.start,
    wake: loop.wake,
    stop: loop.stop,
    async claim(request) {
      const jobs = await claimFor(request);
      if (jobs.length > 0 || request.timeoutMs <= 0 || isClosed || request.signal.aborted) return jobs;
      return standInLine(request);
    },
    hint(types) {
      calendar.flood(types);
      if (line.size > 0) loop.wake();
    },
    close() {
      isClosed = true;
      for (const waiting of [...line]) waiting.leave([]);
    },
    get count() {
      return line.size;
    },
  };

  function standInLine(request: ClaimWorkRequest): Promise<readonly ClaimedJob[]> {
    return new Promise((resolve) => {
      let cancelTimer: CancelTimer = () => {};
      const leave = (jobs: readonly ClaimedJob[]) => {
        if (!line.delete(waiting)) return;
        cancelTimer();
        request.signal.removeEventListener('abort', giveUp);
        if (line.size === 0) emptyAt.clear();
        resolve(jobs);
      };
      const giveUp = () => leave([]);
      const wish = JSON.stringify([request.tenant, [...request.types].sort()]);
      const waiting: Waiting = { request, wish, leave };
      line.add(waiting);
      request.signal.addEventListener('abort', giveUp, { once: true });
      if (Number.isFinite(request.timeoutMs)) cancelTimer = clock.after(request.timeoutMs, giveUp);
      // Asks once more before it sleeps: the first claim may have missed what came while it was under way.
      loop.wake();
    });
  }
  async function serve(): Promise<number | null> {
    if (line.size === 0) return null;
    const now = clock.now();
    calendar.turn(now);
    if (store.facts.isShared && now >= pollAt) {
      calendar.poll();
      pollAt = now + limits.pollIntervalMs * (0.75 + random() / 2);
    }
    for (const waiting of [...line]) await serveOne(waiting);
    if (calendar.isAskDue) calendar.answer(await store.nextRunAt({ types: remoteTypes, now }));
    return sleepMs();
  }
  async function serveOne(waiting: Waiting): Promise<void> {
    if (!line.has(waiting)) return;
    const tide = waiting.request.types.reduce((sum, type) => sum + calendar.tideOf(type), 0);
    if (emptyAt.get(waiting.wish) === tide) return;
    const jobs = await claimFor(waiting.request);
    if (jobs.length === 0) emptyAt.set(waiting.wish, tide);
    else if (line.has(waiting)) waiting.leave(jobs);
    // The worker went away while its claim was under way: the next one may have them.
    else for (const { job } of jobs) await commands.carryOut(job.id, { kind: 'release', fence: job.fence }, job);
  }
  function sleepMs(): number | null {
    const now = clock.now();
    const untilDueMs = calendar.nextAt === null ? Number.POSITIVE_INFINITY : Math.max(1, calendar.nextAt - now);
    const untilPollMs = store.facts.isShared ? Math.max(1, pollAt - now) : Number.POSITIVE_INFINITY;
    const ms = Math.min(untilDueMs, untilPollMs);
    return Number.isFinite(ms) ? ms : null;
  }
  async function claimFor({ tenant, types, max, worker, leaseMs }: ClaimWorkRequest): Promise<readonly ClaimedJob[]> {
    const wants = types.map((type) => ({ type, max }));
    const claimed = await store.claim({ wants, max, tenant, worker, leaseMs, now: clock.now() });
    for (const { job } of claimed) {
      const snapshot = snapshots.put(job, null);
      changes.announce({ kind: 'changed', snapshot, job, before: 'waiting', cause: 'claimed' });
    }
    return claimed;
  }
}
