/**
 * Hands work to remote workers that wait for it.
 *
 * A request claims at once; with nothing to get it stands in line with those of the same tenant that want the same types. News
 * for a line (a job became due, a hint, the safety poll) makes its first worker ask again, then the next one, until one of
 * them gets nothing: a single new job costs two claims, not one per waiting worker.
 */
import { BideError } from '../../core/errors.ts';
import type { JobSpec } from '../../core/job.ts';
import { isFinal } from '../../core/state.ts';
import type { ClaimedJob } from '../../store/contract.ts';
import type { ClaimWorkRequest } from '../api.ts';
import type { Change } from '../changes.ts';
import type { CancelTimer } from '../clock.ts';
import { createLoop, type Loop } from '../loop.ts';
import { createPollTimer, type PollTimer } from '../poll-timer.ts';
import type { AttemptOptions } from '../running/attempt.ts';
import { type ClaimContext, claimJobs, madeRoom, nextOpening } from '../running/claim-jobs.ts';
import { createDueTimes } from '../running/due-times.ts';
import { giveBack } from '../running/give-back.ts';
import { wasForetold } from '../submitting/coming.ts';

export interface WorkDesk extends Loop {
  /** At least one job, or none when time is over, the worker went away, or the desk closes meanwhile. */
  claim(request: ClaimWorkRequest): Promise<readonly ClaimedJob[]>;
  /** Releases jobs that their worker never got. Never rejects. */
  giveBack(jobs: readonly ClaimedJob[]): Promise<void>;
  /** Jobs of these types may be due; null for all types. */
  hint(types: readonly string[] | null): void;
  /** As `hint`, of jobs that are on their way into the store: whoever is in line for them asks behind their insert. */
  expect(specs: readonly JobSpec[]): void;
  /** Sends everybody in line away empty-handed. Later claims reject with SHUTTING_DOWN: an empty answer would bring them back at once. */
  close(): void;
  /** Workers in line. */
  readonly count: number;
}

export interface WorkDeskOptions extends AttemptOptions, ClaimContext {
  readonly remoteTypes: () => readonly string[];
}

interface Waiting {
  readonly request: ClaimWorkRequest;
  readonly leave: (jobs: readonly ClaimedJob[]) => void;
}

/** Workers who would get the same jobs, in the order in which they came. */
interface Line {
  readonly tenant: string;
  readonly types: ReadonlySet<string>;
  readonly waiting: Set<Waiting>;
  /** There may be work since the last claim of this line began. */
  hasNews: boolean;
}

export function createWorkDesk(options: WorkDeskOptions): WorkDesk {
  return new Desk(options);
}

class Desk implements WorkDesk {
  readonly #options: WorkDeskOptions;
  readonly #lines = new Map<string, Line>();
  readonly #due = createDueTimes();
  readonly #polls: PollTimer;
  readonly #loop: Loop;
  #isClosed = false;

  constructor(options: WorkDeskOptions) {
    this.#options = options;
    this.#polls = createPollTimer(options);
    this.#loop = createLoop({ ...options, name: 'work desk', run: () => this.#turn() });
    options.changes.listen((change) => {
      if (change.kind !== 'changed' || wasForetold(options.store.facts, change)) return;
      if (this.#note(change)) this.#loop.wake();
      if (madeRoom(options.types, change)) this.hint([change.job.type]);
    });
  }

  start(): void {
    this.#loop.start();
  }

  wake(): void {
    this.#loop.wake();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  hint(types: readonly string[] | null): void {
    if (types === null) this.#due.doubt();
    if (this.#spread(({ types: wanted }) => types === null || types.some((type) => wanted.has(type))))
      this.#loop.wake();
  }

  expect(specs: readonly JobSpec[]): void {
    if (this.#lines.size > 0) for (const spec of specs) if (this.#spreadOf(spec)) this.#loop.wake();
  }

  close(): void {
    this.#isClosed = true;
    for (const { waiting } of [...this.#lines.values()]) for (const { leave } of [...waiting]) leave([]);
  }

  get count(): number {
    let count = 0;
    for (const { waiting } of this.#lines.values()) count += waiting.size;
    return count;
  }

  async claim(request: ClaimWorkRequest): Promise<readonly ClaimedJob[]> {
    if (this.#isClosed) throw new BideError('SHUTTING_DOWN', 'Nothing more is claimed here.');
    const jobs = await this.#claimFor(request);
    if (request.signal.aborted) {
      await this.giveBack(jobs);
      return [];
    }
    if (jobs.length > 0 || request.timeoutMs <= 0 || this.#isClosed) return jobs;
    return new Promise((resolve) => this.#standInLine(request, resolve));
  }

  #standInLine(request: ClaimWorkRequest, resolve: (jobs: readonly ClaimedJob[]) => void): void {
    const key = JSON.stringify([request.tenant, [...request.types].sort()]);
    const line = this.#lines.get(key) ?? {
      tenant: request.tenant,
      types: new Set(request.types),
      waiting: new Set(),
      hasNews: false,
    };
    this.#lines.set(key, line);
    let cancelTimer: CancelTimer = () => {};
    const leave = (jobs: readonly ClaimedJob[]) => {
      if (!line.waiting.delete(waiting)) return;
      cancelTimer();
      request.signal.removeEventListener('abort', giveUp);
      if (line.waiting.size === 0) this.#lines.delete(key);
      resolve(jobs);
    };
    const giveUp = () => leave([]);
    const waiting: Waiting = { request, leave };
    line.waiting.add(waiting);
    request.signal.addEventListener('abort', giveUp, { once: true });
    if (Number.isFinite(request.timeoutMs)) cancelTimer = this.#options.clock.after(request.timeoutMs, giveUp);
    // Asks once more: the first claim may have missed what came while it was under way.
    line.hasNews = true;
    this.#loop.wake();
  }

  #note({ job }: Change): boolean {
    // The end of a job in a sequence frees the next one, of whatever type.
    if (isFinal(job.state)) return job.sequenceKey !== null && this.#spread(({ tenant }) => tenant === job.tenant);
    if (job.state !== 'waiting') return false;
    if (job.runAt > this.#options.clock.now())
      return this.#options.remoteTypes().includes(job.type) && this.#due.expect(job.runAt);
    return this.#spreadOf(job);
  }

  #spreadOf({ tenant, type }: JobSpec): boolean {
    return this.#spread((line) => line.tenant === tenant && line.types.has(type));
  }

  /** True when it concerns anybody in line. */
  #spread(isConcerned: (line: Line) => boolean): boolean {
    let isAny = false;
    for (const line of this.#lines.values()) {
      if (!isConcerned(line)) continue;
      line.hasNews = true;
      isAny = true;
    }
    return isAny;
  }

  async #turn(): Promise<number | null> {
    if (this.#lines.size === 0) return null;
    const { clock, store, remoteTypes } = this.#options;
    const now = clock.now();
    const isPollDue = this.#polls.isDue();
    if (isPollDue) this.#due.doubt();
    if (this.#due.hasCome(now) || isPollDue) this.#spread(() => true);
    for (const line of [...this.#lines.values()]) if (line.hasNews) await this.#serve(line);
    if (this.#due.isAskDue) this.#due.answer(await store.nextRunAt({ types: remoteTypes(), now }));
    return this.#polls.sleepMs(this.#due.nextAt);
  }

  async #serve(line: Line): Promise<void> {
    line.hasNews = false;
    for (const waiting of [...line.waiting]) {
      // Left while others were served.
      if (!line.waiting.has(waiting)) continue;
      const jobs = await this.#claimFor(waiting.request);
      if (jobs.length === 0) return;
      if (line.waiting.has(waiting)) waiting.leave(jobs);
      else await this.giveBack(jobs);
    }
  }

  async giveBack(jobs: readonly ClaimedJob[]): Promise<void> {
    await Promise.all(jobs.map((claimed) => giveBack(this.#options, claimed)));
  }

  async #claimFor({ tenant, types, max, worker, leaseMs }: ClaimWorkRequest): Promise<readonly ClaimedJob[]> {
    const wants = types.map((type) => ({ type, max }));
    const now = this.#options.clock.now();
    const jobs = await claimJobs(this.#options, { wants, max, tenant, worker, leaseMs, now });
    const opensAt = jobs.length < max ? await nextOpening(this.#options, types, now) : null;
    if (opensAt !== null && this.#due.expect(opensAt)) this.#loop.wake();
    return jobs;
  }
}
