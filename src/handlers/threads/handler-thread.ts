/**
 * One handler thread, as the main thread sees it: which runs it has, whether it still answers, and how it ended.
 *
 * It hands messages on and decides nothing: who gets a run, when a thread must go and what becomes of its runs is the pool's.
 */
import { Worker } from 'node:worker_threads';
import { threadMemory } from '../../core/thread-memory.ts';
import type { AbortReason, Attempt, AttemptOutcome } from '../../engine/api.ts';
import { vouchFor } from '../../engine/json-check.ts';
import { describeThrown } from '../function/describe-thrown.ts';
import type { CallFacts } from '../function/job-context.ts';
import type { FunctionLimits } from '../function/run-function.ts';
import { isScarce } from '../scarce.ts';
import { type FromThread, type ModuleRef, PLACES, type SharedTable, sharedTable, type ToThread } from './messages.ts';
import { type Outbox, outbox } from './outbox.ts';

/** One attempt on its way through the pool. */
export interface Run {
  readonly number: number;
  readonly attempt: Attempt;
  readonly moduleIndex: number;
  readonly facts: CallFacts;
  /** Told once. */
  settle(outcome: AttemptOutcome): void;
}

export interface ThreadEnd {
  /** Why, for people. */
  readonly message: string;
  /** The run that did it, 'nobody' where it was none of those still running, null where that is unknown. */
  readonly culprit: Run | 'nobody' | null;
  /** The code of what this machine had too little of, where that is why; its runs had no part in it. */
  readonly scarce: string | null;
}

export interface ThreadEvents {
  /** Its modules are loaded. */
  onReady(thread: HandlerThread): void;
  /** Any sign of life, after what was said has been taken in. */
  onMessage(thread: HandlerThread): void;
  /** The thread ended by itself; its runs are still in it. */
  onEnd(thread: HandlerThread, end: ThreadEnd): void;
}

export interface ThreadOptions {
  readonly modules: readonly ModuleRef[];
  readonly limits: FunctionLimits & { readonly threadMemoryMib: number };
}

/** The entry beside this file, as TypeScript from the sources and as JavaScript once built. */
const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url);
/** Terminating interrupts JavaScript at once; only a call into native code that blocks can hold it up. */
const TERMINATE_MS_MAX = 5_000;

export class HandlerThread {
  /** The modules are loaded. Until then silence means nothing. */
  isReady = false;
  /** What the pool thinks of it; `retired` threads get no more runs and go when the last one is done. */
  standing: 'open' | 'stuck' | 'retired' = 'open';
  /** Left to a single run, which is suspected of having brought a thread down. */
  isReserved = false;

  readonly #worker: Worker;
  readonly #table: SharedTable = sharedTable();
  readonly #out: Outbox<ToThread>;
  readonly #runs = new Map<number, { readonly run: Run; readonly place: number }>();
  readonly #free = Array.from({ length: PLACES }, (_, index) => PLACES - 1 - index);
  readonly #pings = new Map<number, () => void>();
  readonly #memoryMib: number;
  #pingNumber = 0;
  #isTerminating = false;
  #lastWords: string | null = null;
  #scarce: string | null = null;

  constructor({ modules, limits }: ThreadOptions, events: ThreadEvents) {
    this.#memoryMib = limits.threadMemoryMib;
    const worker = new Worker(ENTRY, {
      workerData: { modules, limits, shared: this.#table.shared },
      resourceLimits: threadMemory(limits.threadMemoryMib),
    });
    this.#worker = worker;
    this.#out = outbox<ToThread>((messages) => worker.postMessage(messages));
    worker.on('message', (messages: readonly FromThread[]) => {
      const wasReady = this.isReady;
      for (const message of messages) this.#receive(message);
      if (this.isReady && !wasReady) events.onReady(this);
      events.onMessage(this);
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      if (!this.isReady && isScarce(error.code)) this.#scarce = error.code ?? null;
      this.#lastWords ??= this.#wordsOf(error);
    });
    worker.on('exit', (code) => {
      if (!this.#isTerminating) events.onEnd(this, this.#endOf(code));
    });
  }

  get load(): number {
    return this.#runs.size;
  }

  get hasRoom(): boolean {
    return this.#free.length > 0;
  }

  runs(): readonly Run[] {
    return [...this.#runs.values()].map(({ run }) => run);
  }

  has(run: Run): boolean {
    return this.#runs.has(run.number);
  }

  /** Only where there is room. */
  put(run: Run): void {
    const place = this.#free.pop() ?? 0;
    this.#runs.set(run.number, { run, place });
    this.#table.post(place);
    const { number, moduleIndex, facts, attempt } = run;
    this.#out.push({ kind: 'run', run: number, place, moduleIndex, facts, input: attempt.input });
  }

  /** Takes a run back that the thread has not begun; false when it has. */
  takeBack(run: Run): boolean {
    const entry = this.#runs.get(run.number);
    if (entry === undefined || !this.#table.withdraw(entry.place)) return false;
    this.#runs.delete(run.number);
    // Its place stays taken until the thread has passed by the message that names it.
    this.ping(() => this.#free.push(entry.place));
    return true;
  }

  abort(run: Run, reason: AbortReason): void {
    const entry = this.#runs.get(run.number);
    if (entry === undefined) return;
    this.#table.abort(entry.place, reason);
    this.#out.push({ kind: 'abort', run: run.number, reason });
  }

  /** Calls `answered` when the thread has handled everything sent before. */
  ping(answered: () => void): void {
    this.#pingNumber += 1;
    this.#pings.set(this.#pingNumber, answered);
    this.#out.push({ kind: 'ping', ping: this.#pingNumber });
  }

  /** Ends the thread; resolves when it is gone, or stays stuck in native code past a deadline. */
  async terminate(): Promise<void> {
    this.#isTerminating = true;
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, TERMINATE_MS_MAX);
    });
    await Promise.race([this.#worker.terminate(), deadline]);
    clearTimeout(timer);
  }

  #receive(message: FromThread): void {
    switch (message.kind) {
      case 'ready':
        this.isReady = true;
        return;
      case 'report':
        this.#runs.get(message.run)?.run.attempt.report(message.percent, message.message);
        return;
      case 'log':
        this.#runs.get(message.run)?.run.attempt.log(message.line, message.level, message.fields);
        return;
      case 'emit':
        this.#runs.get(message.run)?.run.attempt.emit(message.chunk);
        return;
      case 'parents':
        void this.#tellParents(message.run);
        return;
      case 'ended':
        this.#ended(message.run, message.outcome);
        return;
      case 'pong':
        this.#pings.get(message.ping)?.();
        this.#pings.delete(message.ping);
        return;
      case 'unusable':
        if (isScarce(message.code)) this.#scarce = message.code;
        this.#lastWords = `The config could not be loaded in a handler thread: ${message.message}`;
        return;
      case 'broken':
        this.#lastWords = message.message;
    }
  }

  async #tellParents(run: number): Promise<void> {
    const entry = this.#runs.get(run);
    if (entry === undefined) return;
    const answer = await entry.run.attempt.parents().then(
      (parents) => ({ kind: 'read', parents }) as const,
      (error: unknown) => ({ kind: 'failed', message: describeThrown(error) }) as const,
    );
    if (this.#runs.has(run)) this.#out.push({ kind: 'parents', run, answer });
  }

  #ended(number: number, outcome: AttemptOutcome): void {
    const entry = this.#runs.get(number);
    if (entry === undefined) return;
    this.#runs.delete(number);
    this.#free.push(entry.place);
    // What comes out of the thread was written or checked there.
    if (outcome.kind === 'succeeded' && outcome.result !== null) vouchFor(outcome.result.bytes);
    entry.run.settle(outcome);
  }

  #endOf(code: number): ThreadEnd {
    const blamed = this.#table.blamed();
    const entry = [...this.#runs.values()].find(({ place }) => place === blamed);
    const culprit = blamed === 'nobody' ? 'nobody' : (entry?.run ?? null);
    return { message: this.#lastWords ?? `The handler thread ended with code ${code}.`, culprit, scarce: this.#scarce };
  }

  #wordsOf(error: unknown): string {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_WORKER_OUT_OF_MEMORY') return `The handler thread broke down: ${message}`;
    return `The handler thread used more memory than threadMemoryMib allows (${this.#memoryMib} MiB).`;
  }
}
