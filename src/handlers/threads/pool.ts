/**
 * The pool of handler threads: every function job of this process runs in one of them, many at once in each.
 *
 * A thread can stop answering, since a handler may compute for as long as it likes. Then:
 * 1. What it had not begun is taken back and given to another thread; it gets nothing more until it answers.
 * 2. When a job on it must end (cancel, timeout, shutdown) and it does not answer within `threadPingMs`, it is terminated.
 * 3. When it answers but the job does not end within `cancelGraceMs`, it gets no more jobs; the others have `threadDrainMs`
 *    to finish, then it is terminated. Terminating at once was rejected: cancelling handlers that know no signals would again and
 *    again start the long jobs beside them over.
 * 4. Jobs that a terminated thread had begun are `released` (attempt given back), apart from those that had to end. Which of them
 *    made it stick is not known, so each of them next runs in a thread of its own: a loop harms its neighbours once.
 * A thread that ends by itself (`process.exit`, an error outside of any promise, out of memory) fails the job that did it, or
 * where that is not known all that had begun.
 * A thread that this machine cannot start (no descriptors, no memory) fails nothing: its runs go to threads that stand, or back to the
 * queue with their attempts, and for `SCARCE_REST_MS` no other thread is tried.
 */
import { availableParallelism } from 'node:os';
import type { Limits } from '../../core/limits.ts';
import type { AbortReason, Attempt, AttemptOutcome } from '../../engine/api.ts';
import type { CancelTimer, Clock } from '../../engine/clock.ts';
import { retryableFailure } from '../failed.ts';
import { callFactsOf } from '../function/job-context.ts';
import { notStarted } from '../scarce.ts';
import { HandlerThread, type Run, type ThreadEnd } from './handler-thread.ts';
import type { ModuleRef } from './messages.ts';

export interface PoolOptions {
  readonly modules: readonly ModuleRef[];
  readonly limits: Limits;
  readonly clock: Clock;
}

/** Threads in all, stuck and reserved ones included, as a multiple of those that take jobs; past it jobs wait. */
const THREADS_FACTOR_MAX = 4;
/** Each try costs a thread's memory until it is collected. */
const SCARCE_REST_MS = 2_000;
/** Jobs remembered as suspects; the oldest are forgotten. */
const SUSPECTS_MAX = 10_000;

export class ThreadPool {
  readonly #options: PoolOptions;
  readonly #openMax: number;
  readonly #threads = new Set<HandlerThread>();
  /** Pings under way that tell whether newly put runs are taken on; stale where more runs were put since. */
  readonly #watches = new Map<HandlerThread, { isStale: boolean }>();
  /** Runs that no thread has room for: at most what the types' slots allow, since the engine runs no more at once. */
  readonly #backlog = new Set<Run>();
  /** Job ids. */
  readonly #suspects = new Set<string>();
  /** Threads that load their modules still, each with the timer of that. */
  readonly #loading = new Map<HandlerThread, CancelTimer>();
  /** The code of what the machine had too little of, and until when that is taken to be so. */
  #scarcity: { readonly code: string; readonly until: number } | null = null;
  #runNumber = 0;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#openMax = options.limits.threads || Math.min(8, Math.max(2, availableParallelism()));
  }

  run(attempt: Attempt, moduleIndex: number): Promise<AttemptOutcome> {
    if (attempt.signal.aborted) return Promise.resolve({ kind: 'aborted' });
    if (this.#isClosed) return Promise.resolve({ kind: 'released' });
    return new Promise((resolve) => {
      const onAbort = () => this.#end(run);
      const suspects = this.#suspects;
      this.#runNumber += 1;
      const run: Run = {
        number: this.#runNumber,
        attempt,
        moduleIndex,
        facts: callFactsOf(attempt, this.#options.clock),
        settle(outcome) {
          attempt.signal.removeEventListener('abort', onAbort);
          if (outcome.kind === 'succeeded') suspects.delete(attempt.job.id);
          resolve(outcome);
        },
      };
      attempt.signal.addEventListener('abort', onAbort, { once: true });
      this.#place(run);
    });
  }

  /** Ends every thread. Runs that are left are released. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const waiting = [...this.#backlog];
    this.#backlog.clear();
    await Promise.all([...this.#threads].map((thread) => this.#remove(thread, 'gone')));
    for (const run of waiting) run.settle({ kind: 'released' });
  }

  // --- Placing --------------------------------------------------------------------------------------------------------------

  #place(run: Run): void {
    const thread = this.#threadFor(run);
    const scarce = this.#scarce();
    if (thread !== null) this.#put(thread, run);
    else if (scarce !== null && this.#threads.size === 0) run.settle(notStarted('A handler thread', scarce));
    else this.#backlog.add(run);
  }

  #put(thread: HandlerThread, run: Run): void {
    thread.put(run);
    if (thread.isReady) this.#watch(thread);
  }

  /** Gives waiting runs to threads that have room again. */
  #pump(): void {
    if (this.#isClosed) return;
    for (const run of [...this.#backlog]) {
      const thread = this.#threadFor(run);
      // A suspect waits for a thread of its own; that is no reason for others to wait.
      if (thread === null && !this.#suspects.has(run.facts.id)) return;
      if (thread === null) continue;
      this.#backlog.delete(run);
      this.#put(thread, run);
    }
  }

  #threadFor(run: Run): HandlerThread | null {
    if (this.#suspects.has(run.facts.id)) {
      const own = this.#open().find(({ load }) => load === 0) ?? this.#start();
      if (own !== null) own.isReserved = true;
      return own;
    }
    const open = this.#open();
    let best: HandlerThread | null = null;
    for (const thread of open) {
      if (thread.hasRoom && (best === null || thread.load < best.load)) best = thread;
    }
    if (best?.load === 0 || open.length >= this.#openMax) return best;
    return this.#start() ?? best;
  }

  #open(): HandlerThread[] {
    return [...this.#threads].filter((thread) => thread.standing === 'open' && !thread.isReserved);
  }

  #start(): HandlerThread | null {
    if (this.#threads.size >= this.#openMax * THREADS_FACTOR_MAX || this.#scarce() !== null) return null;
    const thread = new HandlerThread(this.#options, {
      onReady: (self) => {
        this.#endLoading(self);
        this.#watch(self);
      },
      onMessage: (self) => this.#heard(self),
      onEnd: (self, end) => this.#fell(self, end),
    });
    this.#threads.add(thread);
    const { clock, limits } = this.#options;
    const giveUp = () => {
      const message = `The config took longer than ${limits.configLoadMs} ms (configLoadMs) to load in a handler thread.`;
      void thread.terminate().then(() => this.#fell(thread, { message, culprit: null, scarce: null }));
    };
    this.#loading.set(thread, clock.after(limits.configLoadMs, giveUp));
    return thread;
  }

  /** Its modules are loaded, or it is gone: the timer would hold on to all that it knows. */
  #endLoading(thread: HandlerThread): void {
    this.#loading.get(thread)?.();
    this.#loading.delete(thread);
  }

  /** The code of what threads cannot be started for, null where they can. */
  #scarce(): string | null {
    if (this.#scarcity !== null && this.#options.clock.now() >= this.#scarcity.until) this.#scarcity = null;
    return this.#scarcity?.code ?? null;
  }

  /** Finds out whether the thread takes on what it was given. One ping at a time, whatever the number of runs. */
  #watch(thread: HandlerThread): void {
    const watch = this.#watches.get(thread);
    if (watch !== undefined) {
      watch.isStale = true;
      return;
    }
    const fresh = { isStale: false };
    this.#watches.set(thread, fresh);
    const { clock, limits } = this.#options;
    const cancelTimer = clock.after(limits.threadPingMs, () => this.#isSilent(thread));
    thread.ping(() => {
      cancelTimer();
      this.#watches.delete(thread);
      // Any other sign of life may be an old one, said before the loop began that the thread is in.
      if (thread.standing === 'stuck') thread.standing = 'open';
      if (fresh.isStale && thread.load > 0) this.#watch(thread);
    });
  }

  /** It has not come to what it was given last: somebody else takes that on. It counts as stuck until it answers. */
  #isSilent(thread: HandlerThread): void {
    if (!this.#threads.has(thread)) return;
    if (thread.standing === 'open') thread.standing = 'stuck';
    for (const run of thread.runs()) {
      if (thread.takeBack(run)) this.#place(run);
    }
  }

  #heard(thread: HandlerThread): void {
    if (!this.#threads.has(thread)) return;
    if (thread.load === 0) thread.isReserved = false;
    if (thread.standing === 'retired') this.#removeIfDone(thread);
    else if (thread.load === 0 && this.#open().length > this.#openMax) void this.#remove(thread, 'gone');
    this.#pump();
  }

  // --- Ending ---------------------------------------------------------------------------------------------------------------

  /** The run's signal has fired. */
  #end(run: Run): void {
    const thread = [...this.#threads].find((each) => each.has(run));
    if (thread === undefined || thread.takeBack(run)) {
      // In the backlog, not begun, or its thread is being removed, which settles it.
      if (this.#backlog.delete(run) || thread !== undefined) run.settle({ kind: 'aborted' });
      return;
    }
    thread.abort(run, run.attempt.signal.reason as AbortReason);
    const { clock, limits } = this.#options;
    this.#removeIfSilent(thread, run, Math.min(limits.threadPingMs, limits.cancelGraceMs));
    clock.after(limits.cancelGraceMs, () => {
      if (thread.has(run) && this.#threads.has(thread)) this.#retire(thread, run);
    });
  }

  #removeIfSilent(thread: HandlerThread, run: Run, waitMs: number): void {
    const cancelTimer = this.#options.clock.after(waitMs, () => {
      if (thread.has(run)) void this.#remove(thread, 'stuck');
    });
    thread.ping(cancelTimer);
  }

  /** It answers, but one of its runs has ignored its signal for too long. */
  #retire(thread: HandlerThread, run: Run): void {
    if (thread.standing === 'retired') return;
    thread.standing = 'retired';
    const { clock, limits } = this.#options;
    this.#removeIfSilent(thread, run, limits.threadPingMs);
    clock.after(limits.threadDrainMs, () => void this.#remove(thread, 'gone'));
    this.#removeIfDone(thread);
  }

  /** Nothing is left in it but runs that ignore their end. */
  #removeIfDone(thread: HandlerThread): void {
    if (thread.runs().every(({ attempt }) => attempt.signal.aborted)) void this.#remove(thread, 'gone');
  }

  async #remove(thread: HandlerThread, why: 'stuck' | 'gone'): Promise<void> {
    if (!this.#threads.delete(thread)) return;
    this.#endLoading(thread);
    await thread.terminate();
    for (const run of thread.runs()) {
      if (run.attempt.signal.aborted) run.settle({ kind: 'aborted' });
      else if (!this.#isClosed && thread.takeBack(run)) this.#place(run);
      else this.#release(run, why === 'stuck');
    }
    this.#pump();
  }

  /** The thread ended by itself. */
  #fell(thread: HandlerThread, end: ThreadEnd): void {
    if (!this.#threads.delete(thread)) return;
    this.#endLoading(thread);
    if (end.scarce !== null) {
      this.#couldNotStart(thread, end.scarce);
      return;
    }
    const begun = thread.runs().filter((run) => !this.#placeAgain(thread, run));
    const failed = end.culprit === null ? begun : begun.filter((run) => run === end.culprit);
    for (const run of begun) {
      if (run.attempt.signal.aborted) run.settle({ kind: 'aborted' });
      else if (failed.includes(run)) this.#fail(run, end.message, failed.length > 1);
      else this.#release(run, false);
    }
    this.#pump();
  }

  /** Its runs never began. */
  #couldNotStart(thread: HandlerThread, code: string): void {
    this.#scarcity = { code, until: this.#options.clock.now() + SCARCE_REST_MS };
    for (const run of thread.runs()) {
      if (run.attempt.signal.aborted) run.settle({ kind: 'aborted' });
      else this.#place(run);
    }
    this.#pump();
  }

  /** False where the run had begun, or the thread never loaded its modules: the next one would not either. */
  #placeAgain(thread: HandlerThread, run: Run): boolean {
    if (!thread.isReady || this.#isClosed || run.attempt.signal.aborted || !thread.takeBack(run)) return false;
    this.#place(run);
    return true;
  }

  #fail(run: Run, message: string, isSuspect: boolean): void {
    if (isSuspect) this.#suspect(run);
    run.settle(retryableFailure('HANDLER_FAILED', message));
  }

  #release(run: Run, isSuspect: boolean): void {
    if (isSuspect) this.#suspect(run);
    run.settle({ kind: 'released' });
  }

  #suspect({ facts }: Run): void {
    this.#suspects.add(facts.id);
    const [oldest] = this.#suspects;
    if (this.#suspects.size > SUSPECTS_MAX && oldest !== undefined) this.#suspects.delete(oldest);
  }
}
