/**
 * The outside of a store thread: calls in, promises out.
 *
 * - Calls of one turn of the event loop travel in one message, sent by `setImmediate`, which runs right after the turn's I/O: a
 *   lone call waits for nothing, and sixty-four callers that were read in one turn make one message.
 * - The thread keeps the process alive only while a call is under way.
 * - A thread that says farewell has found its file unsafe: no other is started, every call is refused with its reason, and
 *   `close` leaves it as it is, with its connection open, for the end of the process.
 * - A thread that dies (out of memory, an exception that escapes) takes the calls under way with it: nobody knows whether its
 *   last transaction was committed, so nothing of it is acknowledged. The next call starts another thread and waits for it; SQLite has
 *   rolled back what was not committed. To end the process instead was turned down: it would take the jobs that run
 *   in it along. Threads that die young are started again ever later, and calls in between are refused; that never ends, as a
 *   database that is away is asked again for ever, too.
 */
import { Worker } from 'node:worker_threads';
import { BideError } from '../../core/errors.ts';
import {
  CLOSE,
  errorOfWire,
  type Farewell,
  type Greeting,
  type WireReply,
  type WireRequest,
} from './thread-protocol.ts';

/** What a thread does: a function of its payload per operation. */
export type OperationTable = Readonly<Record<string, (payload: never) => unknown>>;

export interface ThreadPort<Table extends OperationTable> {
  /** @param items how many items the payload holds: what the queue is measured by */
  call<Name extends keyof Table & string>(
    operation: Name,
    payload: Parameters<Table[Name]>[0],
    items: number,
  ): Promise<ReturnType<Table[Name]>>;
  /** Resolves when everything called before is answered and the thread has ended. Then no thread is started any more. */
  close(): Promise<void>;
  /** Resolves with the reason when the file must not be used on; else never. */
  readonly unsafe: Promise<BideError>;
}

interface Pending {
  readonly items: number;
  resolve(answer: unknown): void;
  reject(error: BideError): void;
}

export interface ThreadOptions {
  /** The entry of the thread. */
  readonly entry: URL;
  readonly data: unknown;
  /** Items that may wait for an answer; past it a call is refused with OVERLOADED. */
  readonly itemsMax: number;
  /** Ms from anywhere; replaceable for tests. */
  readonly now?: () => number;
}

/** What a thread has lived through when its death counts as the first again. */
const GROWN_UP_MS = 60_000;
/** Between the deaths of threads that die young, doubled each time; the first is followed by a start at once. */
const PAUSE_MS = 100;
const PAUSE_MS_MAX = 10_000;

/** Starts the thread. Rejects with the error that kept it from opening its connection. */
export async function openThread<Table extends OperationTable>(options: ThreadOptions): Promise<ThreadPort<Table>> {
  return new RestartingPort(options, await startThread(options));
}

/** The cache of compiled code alone: without it each thread strips the types of its files again, 160 ms of CPU. */
function threadEnvironment(): NodeJS.ProcessEnv {
  const { NODE_COMPILE_CACHE } = process.env;
  return NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };
}

async function startThread({ entry, data }: ThreadOptions): Promise<Worker> {
  // No flags of the process, nor those of NODE_OPTIONS: they are for its own entry (--input-type, --import of a loader or of an SDK for traces), and break or slow this one.
  const worker = new Worker(entry, { workerData: data, name: 'bide-store', execArgv: [], env: threadEnvironment() });
  await greeted(worker);
  return worker;
}

function greeted(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    const exited = () => reject(new BideError('STORE_UNAVAILABLE', 'The thread of the store ended while it started.'));
    worker.once('error', reject);
    worker.once('exit', exited);
    worker.once('message', (greeting: Greeting) => {
      worker.off('error', reject);
      worker.off('exit', exited);
      if (greeting.kind === 'ready') resolve();
      else reject(errorOfWire(greeting.error));
    });
  });
}

class RestartingPort<Table extends OperationTable> implements ThreadPort<Table> {
  readonly #options: ThreadOptions;
  readonly #now: () => number;
  readonly #pending = pendingCalls();
  #outbox: WireRequest[] = [];
  /** Null while there is none: it has died, or another one is starting. */
  #worker: Worker | null = null;
  #starting: Promise<void> | null = null;
  #isClosing = false;
  readonly #farewell = Promise.withResolvers<BideError>();
  #isUnsafe = false;
  #exited: Promise<void> = Promise.resolve();
  #failure = new BideError('STORE_UNAVAILABLE');
  #bornAt = 0;
  #youngDeaths = 0;
  #startsAgainAt = 0;

  constructor(options: ThreadOptions, worker: Worker) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#adopt(worker);
  }

  call<Name extends keyof Table & string>(
    operation: Name,
    payload: Parameters<Table[Name]>[0],
    items: number,
  ): Promise<ReturnType<Table[Name]>> {
    if (!this.#pending.hasRoomFor(items, this.#options.itemsMax)) {
      const message = `More than ${this.#options.itemsMax} operations wait for the store.`;
      return Promise.reject(new BideError('OVERLOADED', message));
    }
    if (this.#isUnsafe) return Promise.reject(this.#failure);
    if (this.#worker === null && !this.#startAgain()) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      if (this.#pending.isEmpty()) this.#worker?.ref();
      if (this.#outbox.length === 0) setImmediate(() => this.#flush());
      const id = this.#pending.add({ items, resolve: resolve as (answer: unknown) => void, reject });
      this.#outbox.push([id, operation, payload, items]);
    });
  }

  get unsafe(): Promise<BideError> {
    return this.#farewell.promise;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#starting;
    if (this.#isUnsafe) return;
    this.#flush();
    this.#worker?.ref();
    this.#worker?.postMessage(CLOSE);
    // A farewell in between: the thread will not end by itself.
    await Promise.race([this.#exited, this.#farewell.promise]);
  }

  #flush(): void {
    if (this.#worker === null || this.#outbox.length === 0) return;
    const requests = this.#outbox;
    this.#outbox = [];
    this.#worker.postMessage(requests);
  }

  #adopt(worker: Worker): void {
    let cause: unknown;
    this.#worker = worker;
    this.#bornAt = this.#now();
    worker.on('message', (message: readonly WireReply[] | Farewell) => {
      if ('kind' in message) this.#partWith(message);
      else for (const reply of message) this.#pending.settle(reply);
      if (this.#pending.isEmpty()) worker.unref();
    });
    // An exit follows; only then has the thread let go of the database.
    worker.on('error', (error) => {
      cause = error;
    });
    this.#exited = new Promise((resolve) =>
      worker.once('exit', (code) => {
        this.#died(cause ?? new Error(`Exit code ${code}.`));
        resolve();
      }),
    );
    if (this.#pending.isEmpty()) worker.unref();
  }

  #partWith({ error }: Farewell): void {
    this.#isUnsafe = true;
    this.#failure = errorOfWire(error);
    this.#outbox = [];
    this.#pending.rejectAll(this.#failure);
    this.#worker?.unref();
    this.#farewell.resolve(this.#failure);
  }

  #died(cause: unknown): void {
    if (this.#isUnsafe) return;
    this.#worker = null;
    this.#youngDeaths = this.#now() - this.#bornAt < GROWN_UP_MS ? this.#youngDeaths : 0;
    this.#failAll(new BideError('STORE_UNAVAILABLE', 'The thread of the store has ended.', {}, { cause }));
  }

  /** A call may start another thread: at once the first time, then after a pause. */
  #failAll(failure: BideError): void {
    const pauseMs = this.#youngDeaths === 0 ? 0 : PAUSE_MS * 2 ** (this.#youngDeaths - 1);
    this.#startsAgainAt = this.#now() + Math.min(PAUSE_MS_MAX, pauseMs);
    this.#youngDeaths += 1;
    this.#failure = failure;
    this.#outbox = [];
    this.#pending.rejectAll(failure);
  }

  /** False when it is too early to start another one, or too late. */
  #startAgain(): boolean {
    if (this.#starting !== null) return true;
    if (this.#isClosing || this.#now() < this.#startsAgainAt) return false;
    this.#starting = startThread(this.#options).then(
      (worker) => {
        this.#starting = null;
        this.#adopt(worker);
        this.#flush();
      },
      (error: unknown) => {
        this.#starting = null;
        const unknown = new BideError(
          'STORE_UNAVAILABLE',
          'The thread of the store does not start.',
          {},
          { cause: error },
        );
        this.#failAll(error instanceof BideError ? error : unknown);
      },
    );
    return true;
  }
}

/** Calls that wait for their answers, by id, and how many items they hold in all. */
function pendingCalls() {
  const calls = new Map<number, Pending>();
  let nextId = 1;
  let itemsPending = 0;
  return {
    isEmpty: () => calls.size === 0,
    /** A call larger than the queue gets through when nothing else waits. */
    hasRoomFor: (items: number, itemsMax: number) => itemsPending === 0 || itemsPending + items <= itemsMax,
    add(call: Pending): number {
      const id = nextId++;
      calls.set(id, call);
      itemsPending += call.items;
      return id;
    },
    settle([id, answer, error]: WireReply): void {
      const call = calls.get(id);
      if (call === undefined) return;
      calls.delete(id);
      itemsPending -= call.items;
      if (error === undefined) call.resolve(answer);
      else call.reject(errorOfWire(error));
    },
    rejectAll(error: BideError): void {
      for (const call of calls.values()) call.reject(error);
      calls.clear();
      itemsPending = 0;
    },
  };
}

/** The file of a thread beside `importer`: TypeScript when the importer is, else what it was built to. */
export function threadEntry(name: string, importer: string): URL {
  return new URL(`./${name}${importer.endsWith('.ts') ? '.ts' : '.js'}`, importer);
}
